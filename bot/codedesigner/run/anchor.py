"""Finding the line that a model means: by the words it quotes, never by the number it claims.

Models copy a line well and count badly, so a claim without a quotation that stands in the code shown is not placed at
all. Exact text first, then text with its whitespace folded; among several places the one nearest to the claimed line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from codedesigner.change.model import Span
from codedesigner.change.visible import line_shown

How = Literal["exact", "folded", "part"]

MOST_LINES = 60  # of a quotation
LEAST_PART = 8  # characters that a part of a line has to have to stand for it
NEAR_LINES = 3  # how far from the claim a quotation may be that says next to nothing, such as `}`

# What stands before each line as it is shown: its number, and the mark of this change.
_PREFIX = re.compile(r"^\s*\d{1,7}(?:[+ ]?[0-9a-f:]*\||:)\s?")
_WORDS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Lines `line`..`end_line` of the file, and how the quotation was found there."""

    line: int
    end_line: int
    how: How


def anchor(evidence: str, claimed: int | None, lines: Sequence[str], span: Span) -> Anchor | None:
    """Where `evidence` stands within `span` of `lines` (the file's, the first is line 1); None where it does not.

    A quotation of several lines has to stand there as a block, blank lines aside; where only its first line does,
    that line is meant.
    """
    numbers = range(span.start, min(span.end, len(lines)) + 1)
    shown = [(number, line_shown(lines[number - 1])) for number in numbers]
    shown = [(number, text) for number, text in shown if text.strip()]
    readings = _readings(evidence)
    for quoted in readings:
        for how, same in _WAYS:
            for block in (quoted, quoted[:1]):
                found = _nearest(list(_blocks(block, shown, same)), claimed, block)
                if found is not None:
                    return Anchor(*found, how)
    parts = (_part(quoted[0], claimed, shown) for quoted in readings)
    return next((part for part in parts if part is not None), None)


def _readings(evidence: str) -> list[list[str]]:
    """The quotation as it stands, and without what may have been copied with it or put around it, if that differs.

    As it stands comes first, because a line of code can look like a line with a number before it.
    """
    said = [line_shown(line) for line in evidence.split("\n")[:MOST_LINES]]
    plain = [line for line in said if line.strip()]
    bare = [line for line in (_PREFIX.sub("", line, count=1) for line in plain) if line.strip()]
    unquoted = [line for line in (line.strip().strip("`") for line in bare) if line.strip()]
    found: list[list[str]] = []
    for reading in (plain, bare, unquoted):
        if reading and reading not in found:
            found.append(reading)
    return found


def _exact(quoted: str, line: str) -> bool:
    return quoted.rstrip() == line.rstrip() or quoted.strip() == line.strip()


def _folded(quoted: str, line: str) -> bool:
    return "".join(quoted.split()) == "".join(line.split())


_Same = Callable[[str, str], bool]
_WAYS: tuple[tuple[How, _Same], ...] = (("exact", _exact), ("folded", _folded))


def _blocks(block: Sequence[str], shown: Sequence[tuple[int, str]], same: _Same) -> Iterator[tuple[int, int]]:
    for start in range(len(shown) - len(block) + 1):
        if all(same(quoted, shown[start + offset][1]) for offset, quoted in enumerate(block)):
            yield shown[start][0], shown[start + len(block) - 1][0]


def _nearest(places: Sequence[tuple[int, int]], claimed: int | None, block: Sequence[str]) -> tuple[int, int] | None:
    if not places:
        return None
    if claimed is None:
        return places[0] if len(places) == 1 or _says_something(block) else None
    best = min(places, key=lambda place: (abs(place[0] - claimed), place[0]))
    return best if _says_something(block) or abs(best[0] - claimed) <= NEAR_LINES else None


def _says_something(block: Sequence[str]) -> bool:
    return any(_WORDS.search(line) for line in block)


def _part(quoted: str, claimed: int | None, shown: Sequence[tuple[int, str]]) -> Anchor | None:
    """A quotation that is a part of one line only."""
    wanted = "".join(quoted.split())
    if len(wanted) < LEAST_PART:
        return None
    places = [number for number, text in shown if wanted in "".join(text.split())]
    if not places:
        return None
    line = places[0] if claimed is None else min(places, key=lambda number: (abs(number - claimed), number))
    return Anchor(line, line, "part")
