"""The shape of an embedded analyser: a table of rules, how to call the program, how to read what it printed.

An analyser is one file that makes one `Analyser` value, and one line in `ANALYSERS`. Everything in it is pure; the
processes are started in `reviewer.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

from codedesigner.angle.kinds import KINDS
from codedesigner.errors import ReviewerError
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Source
from codedesigner.severity import Severity

T = TypeVar("T")

Reads = Callable[[str, str | None], bool]
Judges = Callable[[str, str | None], frozenset[str]]
Command = Callable[[Path, Sequence[str]], list[str]]
Parse = Callable[[ProcessResult, Mapping[str, Source]], Mapping[str, Answer]]

Layout = Literal[
    "paths",  # the file keeps its place and name where they are harmless: `s0/tests/test_x.py`
    "package",  # as "flat", but deep in a package, so that relative imports have somewhere to point
    "flat",  # neutral unique names in one folder, `f0.py`: for programs that put the folder on an import path
]

_TEST_PATH = re.compile(r"(^|/)(tests?|testing|spec|__tests__)/|(^|/)(test_[^/]*|[^/]*_test|conftest)\.pyi?$")


class GarbageError(ReviewerError):
    """The program's output is not what it prints when it works."""


class HaltedError(GarbageError):
    """The program stopped at some files and said nothing about the others; those are asked again without them."""

    def __init__(self, message: str, answers: Mapping[str, Answer]) -> None:
        super().__init__(message)
        self.answers = answers


@dataclass(frozen=True, slots=True)
class Rule:
    """What an analyser's own rule means. `kind` is a row of the table of kinds, or `<analyser>/<rule>`.

    `angle` is needed only for a kind that is not in the table; `severity` overrides the kind's own.
    `sure` is False for a rule that finds only some cases of its kind: silence then says nothing about the kind.
    """

    kind: str
    angle: str | None = None
    severity: Severity | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Analyser:
    """One embedded program.

    `program` is the name of the executable. `command` gets its path and the names of the files, relative to the work
    folder that it runs in, at most `batch_files` and about `batch_bytes` of them at once. `parse` gets what was
    printed and the same names; a name that it leaves out means "answered, nothing found". It raises `GarbageError`
    where the output cannot be what a working program prints, and `HaltedError` where the program gave up at a file
    that it names.
    `kinds` are those whose absence means "no"; issues of other kinds are passed on, too.
    `own_angles` gives the angle of each kind that is not in the shared table. `support` are our own configuration
    files, written to the work folder as `support/<name>`.
    """

    id: str
    program: str
    distribution: str
    reads: Reads
    kinds: Judges
    command: Command
    parse: Parse
    own_angles: Mapping[str, str] = field(default_factory=dict)
    ok_codes: frozenset[int] = frozenset({0, 1})
    layout: Layout = "paths"
    batch_files: int = 100
    batch_bytes: int = 2_000_000
    support: Mapping[str, str] = field(default_factory=dict)

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles of all kinds that it judges in such a file."""
        if not self.reads(path, language):
            return frozenset()
        return frozenset(self._angle(kind) for kind in self.kinds(path, language))

    def _angle(self, kind: str) -> str:
        row = KINDS.get(kind)
        return row.angle if row is not None else self.own_angles[kind]


def own_angles(rules: Mapping[str, Rule]) -> dict[str, str]:
    """Kind -> angle for the rules of a table whose kinds are not shared."""
    return {rule.kind: rule.angle or "correctness" for rule in rules.values() if rule.kind not in KINDS}


def sure_kinds(rules: Mapping[str, Rule]) -> frozenset[str]:
    """The kinds that a table's rules find whenever they are there."""
    return frozenset(rule.kind for rule in rules.values() if rule.sure)


def listed(value: list[T]) -> list[T]:
    """What a program's JSON holds, where it has to be a list; a TypeError otherwise."""
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def is_test(path: str) -> bool:
    """Whether a path is a test's, where assertions, odd values and fixtures are the point."""
    return _TEST_PATH.search(path) is not None


def line_of(source: Source, number: int) -> str:
    """Line `number` (1-based) of a source without its LF, or nothing where there is no such line."""
    lines = source.text.split("\n")
    return lines[number - 1] if 0 < number <= len(lines) else ""


def column_of_byte(line: str, offset: int) -> int:
    """The 1-based code point column of a 0-based offset in bytes, the unit of Python's `ast`."""
    data = line.encode("utf-8", "surrogateescape")[: max(offset, 0)]
    return len(data.decode("utf-8", "surrogateescape")) + 1


def clamp_line(source: Source, number: int) -> int:
    """`number` brought into 1..last line: programs name the line after the last, or 0, for a whole file."""
    return max(1, min(number, source.text.count("\n") + (not source.text.endswith("\n")) or 1))
