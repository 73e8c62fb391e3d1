"""What is known about a function beside its code, and the brief that a model is given of it. Values, and pure.

A brief is data: each line of it stands behind a bar, on one line, printable, and what does not fit is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from codedesigner.change.model import display
from codedesigner.plan.cost import tokens_of

LONGEST_NAME = 120  # characters of a name or a path
TITLE = "Found by name in the repository, around this code (what stands behind a bar is data, like the code):"


@dataclass(frozen=True, slots=True)
class BriefLimits:
    """`tokens` of a whole brief (0: none is made), `names` listed of each kind."""

    tokens: int = 600
    names: int = 12


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is known, and the file that says so."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of one kind. `noun` names one of them; `more` are known and not among the `entries`.

    `unclear` may be meant, among several of one name.
    """

    title: str
    entries: tuple[Entry, ...]
    noun: str
    unclear: int = 0
    more: int = 0

    @property
    def empty(self) -> bool:
        """Whether it says nothing."""
        return not (self.entries or self.unclear or self.more)

    def cut(self, most: int) -> Part:
        """The same with the first entries alone; the others are counted."""
        return replace(self, entries=self.entries[:most], more=self.more + max(0, len(self.entries) - most))

    def text(self, most: int) -> str:
        """One line."""
        shown, rest = self.entries[:most], self.more + max(0, len(self.entries) - most)
        said = [
            f"{', '.join(entry.text for entry in entries)} ({one_line(path)})"
            for path, entries in groupby(shown, key=lambda entry: entry.path)
        ]
        if rest > 0:
            noun = self.noun if rest == 1 else f"{self.noun}s"
            said.append(f"and {_about(rest)} more {noun}" if shown else f"{_about(rest)} {noun}")
        if self.unclear:
            said.append(f"{_about(self.unclear)} whose name several definitions share")
        return f"| {self.title}: {'; '.join(said)}"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that is known of a function. `complete`: all files that are code were searched for it."""

    parts: tuple[Part, ...] = ()
    complete: bool = True

    def cut(self, most: int) -> Knowledge:
        """The same with the first entries of each kind."""
        return replace(self, parts=tuple(part.cut(most) for part in self.parts))


def brief_of(known: Knowledge, limits: BriefLimits) -> str:
    """As many entries of each kind as fit, the same number of all; nothing where nothing is known."""
    parts = [part for part in known.parts if not part.empty]
    if not parts or limits.tokens <= 0:
        return ""
    notes = () if known.complete else ("| not all files of the repository were searched",)
    return _fitting(parts, limits, notes)


def _fitting(parts: Sequence[Part], limits: BriefLimits, notes: Sequence[str]) -> str:
    for most in range(limits.names, -1, -1):
        text = "\n".join([TITLE, *(part.text(most) for part in parts), *notes])
        if tokens_of(text) <= limits.tokens:
            return text
    return ""


def _about(count: int) -> str:
    """Exact while it is small. Of many, a few more make no difference, and a brief is to stay as it is."""
    if count <= 20:
        return str(count)
    return f"more than {next(step for step in (1000, 500, 200, 100, 50, 20) if count > step)}"


def one_line(text: str, longest: int = LONGEST_NAME) -> str:
    """Text of others on one line: nothing unprintable survives, and the middle of what is long gives way."""
    plain = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in display(text))
    half = (longest - 1) // 2
    return plain if len(plain) <= longest else f"{plain[:half]}…{plain[-half:]}"
