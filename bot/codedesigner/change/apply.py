"""Hunks as a function from the old file to the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from codedesigner.change.model import Hunk, Line, encode
from codedesigner.errors import DiffError

_REVERSED: dict[str, Literal["added", "removed", "context"]] = {
    "added": "removed",
    "removed": "added",
    "context": "context",
}


def apply_hunks(old: bytes, hunks: Sequence[Hunk]) -> bytes:
    """The new file. Every hunk must fit at exactly the lines it names, on both sides: nothing is searched for.

    Raises:
        DiffError: a hunk does not fit; the message names it.
    """
    source = _pieces(old)
    result: list[bytes] = []
    done = 0
    for hunk in hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        if not done <= start <= len(source):
            raise _misfit(hunk, "it overlaps another hunk or lies past the end of the file")
        result += source[done:start]
        if len(result) != (hunk.new_start - 1 if hunk.new_count else hunk.new_start):
            raise _misfit(hunk, "its place in the new file does not follow from the hunks before it")
        done = _apply_one(hunk, source, start, result)
    result += source[done:]
    # Only the last line of a file can lack its LF.
    if any(not piece.endswith(b"\n") for piece in result[:-1]):
        raise DiffError("a hunk ends the file without a newline before its last line")
    return b"".join(result)


def reverse_hunks(hunks: Sequence[Hunk]) -> tuple[Hunk, ...]:
    """The hunks that lead from the new file back to the old one."""
    return tuple(
        Hunk(
            old_start=hunk.new_start,
            old_count=hunk.new_count,
            new_start=hunk.old_start,
            new_count=hunk.old_count,
            section=hunk.section,
            lines=tuple(replace(line, kind=_REVERSED[line.kind], old=line.new, new=line.old) for line in hunk.lines),
        )
        for hunk in hunks
    )


def _apply_one(hunk: Hunk, source: list[bytes], at: int, result: list[bytes]) -> int:
    """Put the new lines of `hunk` on `result`; the index of the first old line behind it."""
    for line in hunk.lines:
        piece = _piece(line)
        if line.kind != "added":
            if at >= len(source) or source[at] != piece:
                raise _misfit(hunk, f"line {at + 1} of the file is not what it expects")
            at += 1
        if line.kind != "removed":
            result.append(piece)
    return at


def _pieces(data: bytes) -> list[bytes]:
    """The lines of a file, each with its LF."""
    *complete, rest = data.split(b"\n")
    return [piece + b"\n" for piece in complete] + ([rest] if rest else [])


def _piece(line: Line) -> bytes:
    return encode(line.text) + (b"\n" if line.newline else b"")


def _misfit(hunk: Hunk, why: str) -> DiffError:
    place = f"@@ -{hunk.old_start},{hunk.old_count} +{hunk.new_start},{hunk.new_count} @@"
    return DiffError(f"the hunk {place} does not apply: {why}")
