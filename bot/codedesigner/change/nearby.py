"""Files of a commit that may have to do with a change: the nearest first, up to a bound."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from codedesigner.change.git import Git

_TEST_WORDS = ("test_", "_test", "tests_", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "Spec")


@dataclass(frozen=True, slots=True)
class NearbyLimits:
    """What may be read. Bytes are those of all files together; a larger file than `file_bytes` is passed over."""

    files: int = 2_000
    total_bytes: int = 12_000_000
    file_bytes: int = 400_000


_USUAL = NearbyLimits()


@dataclass(frozen=True, slots=True)
class Choice:
    """What may be read: the ids of contents by path, nearest first; and what is too large, or beyond the bounds."""

    oids: Mapping[str, str] = field(default_factory=dict)
    too_large: tuple[str, ...] = ()
    too_far: tuple[str, ...] = ()


def choose(git: Git, files: Mapping[str, str], changed: Collection[str], limits: NearbyLimits = _USUAL) -> Choice:
    """Which of some files (ids of contents by path) may be read. Depends on their names and sizes alone.

    Raises:
        RepositoryError: git hit a limit.
    """
    near = Nearness(changed)
    order = sorted(files, key=lambda path: (near(path), path))
    looked, beyond = order[: 4 * limits.files], order[4 * limits.files :]
    sizes = git.sizes(files[path] for path in looked)
    chosen: dict[str, str] = {}
    too_large: list[str] = []
    too_far: list[str] = []
    room = limits.total_bytes
    for path in looked:
        size = sizes.get(files[path], limits.file_bytes + 1)
        if size > limits.file_bytes:
            too_large.append(path)
        elif size > room or len(chosen) >= limits.files:
            too_far.append(path)
        else:
            chosen[path] = files[path]
            room -= size
    return Choice(chosen, tuple(too_large), (*too_far, *beyond))


def contents(git: Git, oids: Mapping[str, str], limits: NearbyLimits = _USUAL) -> dict[str, bytes]:
    """The contents of files, by path, in the order of `oids`; one that is missing, or too large, is left out.

    Raises:
        RepositoryError: git hit a limit.
    """
    blobs = git.blobs(oids.values(), limit=limits.file_bytes)
    return {path: content for path, oid in oids.items() if (content := blobs.get(oid)) is not None}


class Nearness:
    """How many folders up from a file one finds a changed file; 0 for the test of one by its name."""

    def __init__(self, changed: Collection[str]) -> None:
        folders = {path.rpartition("/")[0] for path in changed}
        self._above = {"", *folders}
        for folder in folders:
            while folder := folder.rpartition("/")[0]:
                self._above.add(folder)
        self._stems = {PurePosixPath(path).stem for path in changed}

    def __call__(self, path: str) -> int:
        stem = PurePosixPath(path).stem
        if any(word in stem and stem.replace(word, "") in self._stems for word in _TEST_WORDS):
            return 0
        folder, steps = path.rpartition("/")[0], 0
        while folder not in self._above:
            folder, steps = folder.rpartition("/")[0], steps + 1
        return steps
