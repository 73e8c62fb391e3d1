"""Searching the text of a commit, for all tools that begin with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from codedesigner.change.contents import is_binary
from codedesigner.change.git import GrepLine
from codedesigner.run.tools.base import Side, ToolContext
from codedesigner.run.tools.places import LARGEST_FILE, Text, as_text
from codedesigner.run.tools.shown import counted

MOST_FILES = 100
PER_FILE = 50
_OUTPUT_BYTES = 2_000_000
Rank = Callable[[Sequence[GrepLine]], int]
"""How promising a file is by the lines that were found in it; 0 is best."""

_ESCAPED = re.compile(r"\\.")
_REPEATED = re.compile(r"\{(\d*),?(\d*)\}")
_MOST_REPEATED = 100


@dataclass(frozen=True)
class Hits:
    """Lines in which something was found. `binary` are files that have it too; `cut` says what was left out."""

    lines: tuple[GrepLine, ...]
    binary: tuple[str, ...]
    texts: tuple[Text, ...]
    cut: str

    @cached_property
    def by_path(self) -> dict[str, list[GrepLine]]:
        """The lines of each file, in order of path."""
        found: dict[str, list[GrepLine]] = {}
        for line in self.lines:
            found.setdefault(line.path, []).append(line)
        return found


def _alike(_lines: Sequence[GrepLine]) -> int:
    return 0


def unsafe_regex(pattern: str) -> str | None:
    """Why a regular expression is not tried: matching it could take time or memory without end. None: it is."""
    if any(match.group()[1].isdigit() for match in _ESCAPED.finditer(pattern)):
        return "refers back to a group, which can take for ever"
    product = 1
    for match in _REPEATED.finditer(_ESCAPED.sub("", pattern)):
        counts = [number for number in match.groups() if number]
        if any(len(number) > 3 for number in counts):
            return f"repeats more than {_MOST_REPEATED} times"
        product *= max(1, *map(int, counts)) if counts else 1
    return f"repeats more than {_MOST_REPEATED} times" if product > _MOST_REPEATED else None


def search(
    context: ToolContext,
    pattern: str,
    side: Side,
    *,
    paths: Sequence[str] = (),
    regex: bool = False,
    words: bool = False,
    ignore_case: bool = False,
    rank: Rank = _alike,
) -> Hits:
    """Where the pattern is, in order of path and line, in at most `MOST_FILES` files and `PER_FILE` lines of each.

    Of more files, those of the lowest `rank` are chosen, the first by path among equals.
    """
    git = context.git(output_bytes=_OUTPUT_BYTES)
    found, overfull = git.grep(
        context.commit(side),
        pattern,
        paths=paths,
        regex=regex,
        words=words,
        ignore_case=ignore_case,
        per_file=PER_FILE + 1,
    )
    by_path = Hits(tuple(found), (), (), "").by_path
    best = frozenset(sorted(by_path, key=lambda path: rank(by_path[path]))[:MOST_FILES])
    chosen = [path for path in by_path if path in best]
    data = _contents(context, side, chosen)
    binary = tuple(path for path in chosen if _binary(data.get(path), by_path[path]))
    lines = [line for path in chosen if path not in binary for line in by_path[path][:PER_FILE]]
    full = sum(len(by_path[path]) > PER_FILE for path in chosen if path not in binary)
    cut = _cut(len(by_path) - len(chosen), full, overfull=overfull)
    texts = [as_text(path, content) for path, content in data.items() if content is not None]
    return Hits(tuple(lines), binary, tuple(text for text in texts if text is not None), cut)


def _contents(context: ToolContext, side: Side, paths: Sequence[str]) -> dict[str, bytes | None]:
    if not paths:
        return {}
    git = context.git()
    entries = git.tree(context.commit(side), paths)
    data = git.blobs([entry.oid for entry in entries.values()], limit=LARGEST_FILE)
    return {path: data.get(entries[path].oid) for path in paths if path in entries}


def _binary(content: bytes | None, lines: Sequence[GrepLine]) -> bool:
    """A file that is too large to be looked at is judged by the lines that were found."""
    return any("\0" in line.text for line in lines) if content is None else is_binary(content)


def _cut(files: int, full: int, *, overfull: bool) -> str:
    parts = []
    if overfull:
        parts.append(f"all that comes after the first {_OUTPUT_BYTES:,} bytes of matches")
    if files:
        parts.append(f"{counted(files, 'more file')} with matches")
    if full:
        parts.append(f"matches after the first {PER_FILE} in {counted(full, 'file')}")
    return "; ".join(parts)


def binary_note(hits: Hits) -> str:
    """A line about binary files; empty where there is none."""
    return f"also in {counted(len(hits.binary), 'binary file')}, not shown" if hits.binary else ""


def joined(*cuts: str) -> str:
    """What was cut, in one sentence."""
    return "; ".join(cut for cut in cuts if cut)
