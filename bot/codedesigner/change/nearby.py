"""Files of a commit that may have to do with a change: the nearest first, up to a bound."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from codedesigner.change.git import Git
from codedesigner.change.languages import WITH_GRAMMAR, language_of

_TEST_WORDS = ("test_", "_test", "tests_", "_tests", "_spec", ".test", ".spec", "Test", "Tests", "Spec")


@dataclass(frozen=True, slots=True)
class NearbyLimits:
    """What may be read. Bytes are those of all files together; a larger file than `file_bytes` is passed over."""

    files: int = 2_000
    total_bytes: int = 12_000_000
    file_bytes: int = 400_000


@dataclass(frozen=True, slots=True)
class Nearby:
    """Contents by path, nearest first, and whether these are all files of the commit that are code."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    complete: bool = False


_USUAL = NearbyLimits()


def nearby(
    git: Git,
    commit: str,
    changed: Collection[str],
    *,
    wanted: Callable[[str], bool] = lambda _path: True,
    limits: NearbyLimits = _USUAL,
) -> Nearby:
    """Files of `commit` (a full id) in languages with a grammar, but for the `changed` ones.

    Which they are depends on the names and sizes of files alone.

    Raises:
        RepositoryError: the commit cannot be read, or git hit a limit.
    """
    near = Nearness(changed)
    known = frozenset(changed)
    tree = {
        path: entry.oid
        for path, entry in git.tree(commit).items()
        if entry.is_file and path not in known and language_of(path) in WITH_GRAMMAR and wanted(path)
    }
    order = sorted(tree, key=lambda path: (near(path), path))
    sizes = git.sizes(tree[path] for path in order[: 4 * limits.files])
    chosen: list[str] = []
    room = limits.total_bytes
    for path in order[: 4 * limits.files]:
        size = sizes.get(tree[path], limits.file_bytes + 1)
        if size <= min(limits.file_bytes, room) and len(chosen) < limits.files:
            chosen.append(path)
            room -= size
    blobs = git.blobs((tree[path] for path in chosen), limit=limits.file_bytes)
    files = {path: content for path in chosen if (content := blobs.get(tree[path])) is not None}
    return Nearby(files, complete=len(files) == len(order))


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
