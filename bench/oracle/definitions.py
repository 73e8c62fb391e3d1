"""What an oracle says about one file, and how its definitions become a name for each line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class Defined:
    """One definition in an oracle's words: lines are 1-based, `column` is that of its first character, 0-based."""

    start: int
    end: int
    column: int
    name: str


@dataclass(frozen=True, slots=True)
class Told:
    """Definitions, outer ones before what they hold, and the lines that hold a comment only (line -> column)."""

    definitions: Sequence[Defined]
    comments: dict[int, int]


def names(told: Told, lines: Sequence[str], *, by_column: bool = False) -> list[str]:
    """The name for each line; index 0 is unused. Comments right above a definition are part of it.

    A definition within a line of something else does not count, by our rule.
    """
    painted = [MODULE] * (len(lines) + 1)
    for one in told.definitions:
        if one.start == one.end and lines[one.start - 1][: one.column].strip():
            continue
        start = one.start
        while _joins(start - 1, one, told, painted, by_column=by_column):
            start -= 1
        for line in range(start, min(one.end, len(lines)) + 1):
            painted[line] = one.name
    return painted


def _joins(line: int, one: Defined, told: Told, painted: Sequence[str], *, by_column: bool) -> bool:
    if line not in told.comments or (by_column and told.comments[line] != one.column):
        return False
    # A comment inside the definition before this one stays there.
    ended = {other.end for other in told.definitions if other.start <= line <= other.end < one.start}
    return not ended and line < len(painted)


def c_like_comments(text: str) -> dict[int, int]:
    """Lines that hold nothing but `//` or `/* */` comments, for languages with C's strings and Java's text blocks."""
    found: dict[int, int] = {}
    state = ""
    for number, line in enumerate(text.split("\n"), start=1):
        code, comment, state = _scan(line, state)
        if comment and not code:
            found[number] = len(line) - len(line.lstrip())
    return found


def _scan(line: str, state: str) -> tuple[bool, bool, str]:
    """Whether the line has code, whether it has comment, and what is open at its end."""
    code, comment, at = state == '"""', state == "*/", 0
    while at < len(line):
        rest = line[at:]
        if state:
            end = rest.find(state)
            if end < 0:
                return code, comment, state
            at, state = at + end + len(state), ""
        elif rest.startswith("//"):
            return code, True, ""
        elif rest.startswith("/*"):
            comment, state, at = True, "*/", at + 2
        elif rest.startswith('"""'):
            code, state, at = True, '"""', at + 3
        elif rest[0] in "\"'":
            code, at = True, at + _literal(rest)
        else:
            code, at = code or not rest[0].isspace(), at + 1
    return code, comment, state


def _literal(rest: str) -> int:
    at = 1
    while at < len(rest) and rest[at] != rest[0]:
        at += 2 if rest[at] == "\\" else 1
    return at + 1
