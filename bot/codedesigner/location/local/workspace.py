"""A fresh folder with the files of one call, where nothing is named so that a program would obey it.

Programs look for their configuration by name, next to the files they read and above. A change can hold such a file;
it is examined like any other, under a name that means nothing.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from codedesigner.change.model import encode
from codedesigner.location.local.analyser import Layout
from codedesigner.location.local.prepare import Prepared, prepare
from codedesigner.protocol.issue import Source

_SAFE_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}\Z")
_SAFE_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,12}\Z")
# The formats that configuration comes in keep their name only where the name is what makes them worth examining.
_DATA_SUFFIXES = frozenset({".cfg", ".conf", ".ini", ".json", ".json5", ".jsonc", ".toml", ".yaml", ".yml", ".ron"})
_NAMED_DATA = re.compile(r"(^|/)(\.github/workflows/[^/]+|action)\.ya?ml\Z")
_CODE_CONFIG = re.compile(r"(\.config\.[cm]?[jt]s|^noxfile\.py|^setup\.py|^conftest\.py|rc)\Z")
_MAX_DEPTH = 12

_SUFFIX_OF_LANGUAGE = {
    "python": ".py", "javascript": ".js", "typescript": ".ts", "tsx": ".tsx", "go": ".go", "java": ".java",
    "rust": ".rs", "c": ".c", "cpp": ".cpp", "csharp": ".cs", "ruby": ".rb", "php": ".php", "kotlin": ".kt",
    "swift": ".swift", "scala": ".scala", "bash": ".sh", "lua": ".lua", "yaml": ".yml", "github-workflow": ".yml",
    "json": ".json", "toml": ".toml", "markdown": ".md", "dockerfile": ".dockerfile",
}  # fmt: skip

_PACKAGE = "/".join(["inner"] * 8)
NEUTRAL_NAME = re.compile(r"\b(?:files[./])?(?:inner[./])*module_\d+_of_change(?:\.pyi?\b|\.)?")
"""How the names of the layouts `flat` and `package` look in messages."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Files on disk for one call; `sources` and `prepared` by the name, relative to `folder`, that a program is given.

    `home` is an empty folder for what the program wants to keep.
    """

    folder: Path
    home: Path
    sources: Mapping[str, Source]
    prepared: Mapping[str, Prepared]


@contextmanager
def workspace(sources: Sequence[Source], layout: Layout, support: Mapping[str, str]) -> Iterator[Workspace]:
    """A new folder (mode 0700, gone afterwards) with `sources` and our own `support` files in `support/`."""
    named = {_name(index, source, layout): source for index, source in enumerate(sources)}
    prepared = {name: prepare(source.text) for name, source in named.items()}
    with tempfile.TemporaryDirectory(prefix="codedesigner-", ignore_cleanup_errors=True) as top:
        folder, home = Path(top, "work"), Path(top, "home")
        folder.mkdir()
        home.mkdir()
        for name, content in prepared.items():
            _write(folder / name, encode(content.text))
        if layout == "package":
            for depth in range(len(_PACKAGE.split("/"))):
                _write(folder / "files" / "/".join(_PACKAGE.split("/")[: depth + 1]) / "__init__.py", b"")
        for name, text in support.items():
            _write(folder / "support" / name, encode(text))
        yield Workspace(folder, home, named, prepared)


def _name(index: int, source: Source, layout: Layout) -> str:
    if layout == "flat":
        return f"files/module_{index}_of_change{_suffix(source)}"
    if layout == "package":
        return f"files/{_PACKAGE}/module_{index}_of_change{_suffix(source)}"
    return f"s{index}/{harmless_path(source)}"


def harmless_path(source: Source) -> str:
    """The path of a source if no program would take it for anything but a file to examine, else a neutral name."""
    path = source.path
    if _NAMED_DATA.search(path):
        return path if _all_safe(path.removeprefix(".github/")) else ".github/workflows/file" + _suffix(source)
    parts = PurePosixPath(path).parts
    folders = "/".join(parts[:-1])
    if not _all_safe(path) or PurePosixPath(path).suffix.lower() in _DATA_SUFFIXES or _CODE_CONFIG.search(parts[-1]):
        name = "file" + _suffix(source)
        return f"{folders}/{name}" if folders and _all_safe(folders) else name
    return path


def _all_safe(path: str) -> bool:
    parts = path.split("/")
    return len(parts) <= _MAX_DEPTH and all(_SAFE_SEGMENT.match(part) for part in parts)


def _suffix(source: Source) -> str:
    suffix = PurePosixPath(source.path).suffix
    if _SAFE_SUFFIX.match(suffix):
        return suffix
    return _SUFFIX_OF_LANGUAGE.get(source.language or "", ".txt")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(data)
