"""Which file of the repository a SARIF result is about (SARIF 2.1.0, 3.4 and 3.14.14)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from codedesigner.location.sarif_node import Node

# What programs call the folder that they were started in; where it was on their machine does not matter.
_ROOT = re.compile(
    r"%?(SRCROOT|SOURCEROOT|PROJECTROOT|REPOROOT|REPO_ROOT|ROOTPATH|ROOT|WORKSPACE|CHECKOUT)%?\Z", re.IGNORECASE
)
_SCHEME = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+):")
_DRIVE = re.compile(r"/?[A-Za-z]:[/\\]")
_MAX_BASES = 10


@dataclass(frozen=True, slots=True)
class Places:
    """The base folders of one run. `bases` maps a name to its absolute folder on the machine of the run, if it says."""

    repository: Path
    bases: Mapping[str, str | None]

    def resolve(self, uri: str, base: str | None) -> str | None:
        """The path relative to the repository, or None for what lies outside it or is no file."""
        scheme = _SCHEME.match(uri)
        if scheme is not None and not _DRIVE.match(uri):
            if scheme["scheme"].lower() != "file":
                return None
            return self._from_absolute(_without_host(uri[len(scheme[0]) :]))
        path = unquote(uri.partition("#")[0]).replace("\\", "/")
        if path.startswith("/") or _DRIVE.match(path):
            return self._from_absolute(path)
        if base is None or _ROOT.match(base):
            folder = self.bases.get(base) if base is not None else None
            # A base below the repository says more than its name.
            inside = None if folder is None else self._inside(folder)
            return _normal(f"{inside}/{path}" if inside else path)
        folder = self.bases.get(base)
        return None if folder is None else self._from_absolute(f"{folder.rstrip('/')}/{path}")

    def _from_absolute(self, path: str) -> str | None:
        inside = self._inside(path)
        if inside is not None:
            return inside or None
        for name, folder in self.bases.items():
            if folder is not None and _ROOT.match(name) and path.startswith(folder.rstrip("/") + "/"):
                return _normal(path[len(folder.rstrip("/")) + 1 :])
        return None

    def _inside(self, path: str) -> str | None:
        """`path` relative to the repository ("" for the repository itself), None if it is outside."""
        for top in (self.repository.as_posix(), self.repository.resolve().as_posix()):
            if path.rstrip("/") == top:
                return ""
            if path.startswith(top.rstrip("/") + "/"):
                return _normal(path[len(top.rstrip("/")) + 1 :])
        return None


def places(run: Node, repository: Path) -> Places:
    """The base folders that a run declares."""
    declared = run.get("originalUriBaseIds")
    entries = {} if declared is None else dict(declared.members())
    return Places(repository, {name: _folder(name, entries) for name in entries})


def _folder(name: str, entries: Mapping[str, Node]) -> str | None:
    parts: list[str] = []
    current: str | None = name
    for _ in range(_MAX_BASES):
        entry = entries.get(current or "")
        uri = None if entry is None else entry.text("uri")
        if entry is None or uri is None:
            return None
        parts.append(uri)
        if _SCHEME.match(uri) or uri.startswith("/"):
            top = parts.pop()
            scheme = _SCHEME.match(top)
            if scheme is not None and not _DRIVE.match(top):
                if scheme["scheme"].lower() != "file":
                    return None
                top = _without_host(top[len(scheme[0]) :])
            return "/".join([top.rstrip("/"), *(unquote(part).strip("/") for part in reversed(parts))]) + "/"
        current = entry.text("uriBaseId")
    return None


def _without_host(rest: str) -> str:
    """The path of what follows `file:`."""
    path = unquote(rest.partition("#")[0])
    if path.startswith("//"):
        path = "/" + path[2:].partition("/")[2]
    return path[1:] if _DRIVE.match(path) and path.startswith("/") else path


def _normal(path: str) -> str | None:
    """`path` without `.` and `..`; None where it leaves the repository or cannot be a file in it."""
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    if not parts or parts[0] == ".git" or "\0" in path:
        return None
    return "/".join(parts)
