"""Which line a text without a quotation seems to be about: a guess from the names that it shares with the code.

No claim of a model is placed so in a review; there, only a quotation counts. This is for texts that were written
without one: threads on a forge, and comments that are measured.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from rapidfuzz import fuzz

from codedesigner.run.anchor import MOST_LINES

# What a name in the text weighs, by where it stands: in code within a line, with the looks of code, in prose, in a
# block of code (which mostly shows what should be there instead), or as a part of a longer name.
_IN_SPAN, _LOOKS_LIKE_CODE, _IN_PROSE, _IN_BLOCK = 3.0, 2.0, 0.8, 0.3
_PART_IN_SPAN, _PART = 1.0, 0.7
_TWO_WORDS = 1.0  # two words of prose that are one name in code, such as "swap token"
_SPAN, _SHORTEST_SPAN, _LONGEST_SPAN = 1.5, 4, 40  # a span that stands in a line; characters
_COPIED, _SHORTEST_COPY, _COPY = 5.0, 12, 85.0  # a block's line that is (nearly, of 100) a line of the code; characters
_DEFINED = 2.0  # the line that defines what the text names
_UNCHANGED = 0.5  # of a changed line's score
_LENGTH = 0.3  # long lines share more names by chance
_REACH, _FADE = 3, 0.6  # lines that lend their score to a neighbour, and what is left of it a line further

_BLOCK = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_QUOTED = re.compile(r"[\"“']([^\"”'\n]{2,60})[\"”']")
_NAME = re.compile(r"[^\W\d]\w*|\d+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_CODE_LOOKS = re.compile(r"_|\d|[a-z][A-Z]|^[A-Z]{3,}$")
_DEFINES = re.compile(
    r"\s*(?:(?:export|public|private|protected|static|async|pub|default|abstract|final|override)\s+)*"
    r"(?:func|def|class|function|fn|interface|type|struct|enum|const|let|var)\b"
)
_ENDINGS = ("ing", "ed", "es", "s")


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of one side of a change: its 1-based number there, and whether the change touched it."""

    number: int
    text: str
    changed: bool


def whereabouts(text: str, lines: Sequence[CodeLine]) -> int | None:
    """The number of the line that the text is most likely about; None where it shares nothing with any of them."""
    if not lines:
        return None
    said = _Said(text)
    names = [frozenset(_names(line.text)) for line in lines]
    common = Counter(name for each in names for name in each)
    scores = [_shared(said, each, common, len(lines)) for each in names]
    for place, line in enumerate(lines):
        scores[place] += said.quoted_in(line.text) + said.defined_by(line.text)
    for copied in said.copied():
        _lend(scores, copied, lines)
    scores = [score * (1 if line.changed else _UNCHANGED) for score, line in zip(scores, lines, strict=True)]
    if not any(scores):
        return None
    around = [_around(place, scores, lines) for place in range(len(lines))]
    return lines[max(range(len(lines)), key=lambda place: (around[place], -place))].number


class _Said:
    """A text's names with their weights, its spans of code, and its blocks of code."""

    def __init__(self, text: str) -> None:
        self._blocks = [found[2] for found in _BLOCK.finditer(text)]
        prose = _BLOCK.sub("\n", text)
        rest = _CODE.sub(" ", prose)
        self._spans = [_folded(span) for span in (*_CODE.findall(prose), *_QUOTED.findall(rest))]
        self.weights: dict[str, float] = {}
        for block in self._blocks:
            self._weigh(block, _IN_BLOCK, 0.0)
        words = _NAME.findall(rest)
        for one, other in pairwise(words):
            self._raise((one + other).casefold(), _TWO_WORDS)
        for name in words:
            self._weigh(name, _LOOKS_LIKE_CODE if _CODE_LOOKS.search(name) else _IN_PROSE, _PART)
        for span in _CODE.findall(prose):
            self._weigh(span, _IN_SPAN, _PART_IN_SPAN)

    def _weigh(self, text: str, whole: float, part: float) -> None:
        for name in _NAME.findall(text):
            self._raise(name.casefold(), whole)
            for piece in _pieces(name):
                self._raise(piece, part)

    def _raise(self, name: str, weight: float) -> None:
        if weight > self.weights.get(name, 0.0):
            self.weights[name] = weight

    def quoted_in(self, line: str) -> float:
        """What the spans that stand in the line are worth."""
        folded = _folded(line)
        sizes = (len(span) for span in self._spans if len(span) >= _SHORTEST_SPAN and span in folded)
        return sum(_SPAN * sqrt(min(size, _LONGEST_SPAN)) for size in sizes)

    def defined_by(self, line: str) -> float:
        """What it is worth that the line defines something that is named as code."""
        names = _NAME.findall(line) if _DEFINES.match(line) else ()
        return _DEFINED if any(self.weights.get(name.casefold(), 0) >= _LOOKS_LIKE_CODE for name in names) else 0.0

    def copied(self) -> Iterator[str]:
        """The lines of blocks that say enough to be found again."""
        for block in self._blocks:
            for line in block.split("\n")[:MOST_LINES]:
                plain = line.lstrip("+-").strip()
                if len(_folded(plain)) >= _SHORTEST_COPY:
                    yield plain


def _shared(said: _Said, names: frozenset[str], common: Counter[str], lines: int) -> float:
    shared = sorted(said.weights[name] * log(1 + lines / common[name]) for name in names if name in said.weights)
    return sum(shared) / float((1 + len(names)) ** _LENGTH)


def _lend(scores: list[float], copied: str, lines: Sequence[CodeLine]) -> None:
    """Raise the lines that the copied one is (nearly), all together by as much as one."""
    near = [fuzz.ratio(copied, line.text.strip(), score_cutoff=_COPY) for line in lines]
    best = max(near)
    alike = [place for place, ratio in enumerate(near) if best and ratio >= best - 1]
    for place in alike:
        scores[place] += _COPIED * best / 100 / len(alike)


def _around(place: int, scores: Sequence[float], lines: Sequence[CodeLine]) -> float:
    """A line's score, and what its neighbours lend it: those of the text, not those of the next hunk."""
    whole = scores[place]
    for away in range(1, _REACH + 1):
        for other in (place - away, place + away):
            if 0 <= other < len(lines) and abs(lines[other].number - lines[place].number) <= away:
                whole += scores[other] * _FADE**away
    return whole


def _names(line: str) -> Iterator[str]:
    for name in _NAME.findall(line):
        yield name.casefold()
        yield from _pieces(name)


def _pieces(name: str) -> Iterator[str]:
    """The stems of a name's parts, marked so that they are no names of their own."""
    for piece in _PIECE.findall(name):
        word = piece.casefold()
        ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
        yield "~" + word.removesuffix(ending)


def _folded(text: str) -> str:
    return "".join(text.split())
