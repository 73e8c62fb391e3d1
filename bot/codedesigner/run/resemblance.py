"""How much each line of some code resembles what a text says: measures, from which `whereabouts` tells the place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import log, sqrt

from rapidfuzz import fuzz

from codedesigner.run.anchor import MOST_LINES

_SHORTEST_SPAN, _LONGEST_SPAN = 4, 40  # of a span that stands in a line; characters
_SHORTEST_COPY, _COPY = 8, 80.0  # of a block's line that is (nearly, of 100) a line of the code; characters
_SHAPE = 400  # characters of a line that tell whether it defines something
_AROUND = 3  # lines to either side

_BLOCK = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_QUOTED = re.compile(r"[\"“']([^\"”'\n]{2,60})[\"”']")
_NAME = re.compile(r"[^\W\d]\w*|\d+")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_CODE_LOOKS = re.compile(r"_|\d|[a-z][A-Z]|^[A-Z]{3,}$")
_LINE = re.compile(r"\b[Ll]ines?\s+(\d{1,7})|\bL(\d{1,7})\b")
_DEFINES = re.compile(
    r"\s*(?:(?:export|public|private|protected|static|async|pub|default|abstract|final|override)\s+)*"
    r"(?:func|def|class|function|fn|interface|type|struct|enum|const|let|var)\b"
)
_DECLARED = re.compile(r"\b(?:class|type|interface|struct|enum|const|let|var|func|def|function|fn)\s+(\w+)")
_CALLED = re.compile(r"\b(\w+)\s*[(<]")
_OPENS = ("{", ":", "(")
_IMPORT = re.compile(r"\s*(?:import|from|using|package|#include)\b")
_ENDINGS = ("ing", "ed", "es", "s")
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "the a an is are of to in on at for and or not be this that it if with as by from when will should can could"
        " may might would which has have but so no into",
    )
)

Measures = tuple[float, ...]
MEASURES = (
    # Shared names, each weighed by how few lines have it, beside the line that shares most: in code within a line of
    # the text, with the looks of code, in prose, in a block (which mostly shows what should be there instead), and
    # parts of longer names.
    "span",
    "looks",
    "prose",
    "block",
    "part",
    "quoted",  # spans that stand in the line as they are
    "copied",  # the line that a block begins with
    "within",  # stands in a function or type that the text names as code
    "numbered",  # the text gives its number
    "changed",
    "goes_on",  # changed as the line before it
    "depth",  # how far down, of what is shown
    "touched",  # the share of changed lines around it
    "called",  # calls what the text names as code
    "import",
)
EVIDENCE = 9
"""So many measures, the first ones, say that the text shares something with the line."""
_KINDS = 5


@dataclass(frozen=True, slots=True)
class CodeLine:
    """A line of one side of a change: its 1-based number there, and whether the change touched it."""

    number: int
    text: str
    changed: bool


def measured(text: str, lines: Sequence[CodeLine]) -> list[Measures]:
    """`MEASURES` of each line."""
    said = _Said(text)
    names = [frozenset(_names(line.text)) for line in lines]
    common = Counter(name for each in names for name in each)
    rarity = {name: log(1 + len(lines) / count) for name, count in common.items()}
    shared = _beside_most([_shared(said, each, rarity) for each in names])
    copied, within = _copied(said, lines), _within(said, lines)
    return [
        (
            *shared[place],
            said.quoted_in(line.text),
            copied[place],
            within[place],
            *_shape(said, lines, place, names[place]),
        )
        for place, line in enumerate(lines)
    ]


class _Said:
    """A text's names by where they stand, its spans and blocks of code, and the lines that it gives by number."""

    def __init__(self, text: str) -> None:
        self.blocks = [found[2] for found in _BLOCK.finditer(text)]
        prose = _BLOCK.sub("\n", text)
        rest = _CODE.sub(" ", prose)
        spans = _CODE.findall(prose)
        self._spans = sorted({_folded(span) for span in (*spans, *_QUOTED.findall(rest))})
        words = _NAME.findall(rest)
        in_span = {name.casefold() for span in spans for name in _NAME.findall(span)}
        looks = {name.casefold() for name in words if _CODE_LOOKS.search(name)} - in_span
        plain = {name.casefold() for name in words if not _CODE_LOOKS.search(name)} - in_span - looks - _EMPTY
        block = {name.casefold() for each in self.blocks for name in _NAME.findall(each)} - in_span - looks - plain
        parts = {part for name in words for part in _pieces(name)} - {f"~{word}" for word in _EMPTY}
        self.code: AbstractSet[str] = in_span | looks
        self.kinds = (in_span, looks, plain, block, parts - {part for span in spans for part in _spanned(span)})
        self.numbers = {int(one or other) for one, other in _LINE.findall(prose)}

    def quoted_in(self, line: str) -> float:
        """What the spans that stand in the line are worth."""
        folded = _folded(line)
        sizes = (len(span) for span in self._spans if len(span) >= _SHORTEST_SPAN and span in folded)
        return sum(sqrt(min(size, _LONGEST_SPAN)) for size in sizes)


def _spanned(span: str) -> Iterator[str]:
    for name in _NAME.findall(span):
        yield from _pieces(name)


def _shared(said: _Said, names: frozenset[str], rarity: dict[str, float]) -> Measures:
    # Sorted, because sums of fractions depend on their order, and that of a set on the process.
    return tuple(sum(sorted(rarity[name] for name in kind & names)) for kind in said.kinds)


def _beside_most(rows: Sequence[Measures]) -> list[Measures]:
    most = [max((row[kind] for row in rows), default=0.0) or 1.0 for kind in range(_KINDS)]
    return [tuple(value / top for value, top in zip(row, most, strict=True)) for row in rows]


def _copied(said: _Said, lines: Sequence[CodeLine]) -> list[float]:
    """For each block one in all, to the lines that are (nearly) its first line that is there."""
    found = [0.0] * len(lines)
    tries = MOST_LINES
    for block in said.blocks:
        for line in block.split("\n"):
            plain = line.lstrip("+-").strip()
            if len(_folded(plain)) < _SHORTEST_COPY:
                continue
            tries -= 1
            if tries < 0:
                return found
            alike = _alike(plain, lines)
            for place in alike:
                found[place] += 1 / len(alike)
            if alike:
                break
    return found


def _alike(plain: str, lines: Sequence[CodeLine]) -> list[int]:
    near = [fuzz.ratio(plain, line.text.strip(), score_cutoff=_COPY) for line in lines]
    best = max(near, default=0.0)
    return [place for place, ratio in enumerate(near) if best and ratio >= best - 1]


def _within(said: _Said, lines: Sequence[CodeLine]) -> list[float]:
    """Whether each line stands, by its indentation, in something that the text names as code."""
    found: list[float] = []
    open_ones: list[tuple[int, str]] = []
    last = None
    for line in lines:
        if last is not None and line.number - last > 1:
            open_ones.clear()
        last = line.number
        if line.text.strip():
            depth = len(line.text) - len(line.text.lstrip())
            while open_ones and open_ones[-1][0] >= depth:
                open_ones.pop()
            name = _opened(line.text[:_SHAPE])
            if name:
                open_ones.append((depth, name))
        found.append(float(any(name in said.code for _, name in open_ones)))
    return found


def _opened(line: str) -> str:
    """The name of what begins on the line; empty where nothing does."""
    defines = _DEFINES.match(line)
    if not defines and not line.rstrip().endswith(_OPENS):
        return ""
    named = _CALLED.search(line) or _DECLARED.search(line)
    return named[1].casefold() if named else ""


def _shape(said: _Said, lines: Sequence[CodeLine], place: int, names: AbstractSet[str]) -> Measures:
    line = lines[place]
    around = lines[max(0, place - _AROUND) : place + _AROUND + 1]
    short = line.text[:_SHAPE]
    folded = _folded(short).casefold()
    calls = not _DEFINES.match(short) and any(f"{name}(" in folded for name in said.code & names)
    return (
        float(line.number in said.numbers),
        float(line.changed),
        float(line.changed and place > 0 and lines[place - 1].changed),
        place / len(lines),
        sum(each.changed for each in around) / len(around),
        float(calls),
        float(_IMPORT.match(short) is not None),
    )


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
