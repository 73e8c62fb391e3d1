"""What somebody wrote that a change does or must do: its points, and the functions that each concerns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from codedesigner.change.identifiers import names, parts
from codedesigner.plan.target import Target

LONGEST_TEXT = 20_000  # characters of what was written about the change
LONGEST_POINT = 240


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_LISTED: Final = re.compile(r"^\s{0,8}(?:[-*+•]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s*)?(?P<point>\S.*)$")
_DEMAND: Final = re.compile(r"\b(?:must|should|shall|has to|have to|needs? to|never|always|ensures?)\b", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
_TRAILER: Final = re.compile(r"^[A-Za-z]+(?:-[A-Za-z]+)+: |^(?:fixes|closes|resolves|refs?)\b:? *#", re.IGNORECASE)
_FENCE: Final = re.compile(r"^\s*(```|~~~)")
_WORD: Final = re.compile(r"[^\W_][\w-]*")
_ENTRY: Final = "\0"  # before a paragraph that is an entry of a list
_QUOTED: Final = re.compile(r"`([^`\n]{2,80})`")
_COMMON: Final = _set(
    """
    the a an and or not no nor but if then else when while for from into onto to of in on at by with without as is are
    was were be been being it its this that these those there here which who whose what how why all any each every some
    none more most less least only also still just than too very can could may might must should shall will would do
    does did done has have had having make makes made use uses used using new old add adds added remove removes removed
    change changes changed fix fixes fixed update updates updated now never always ensure ensures need needs one two
    function functions method methods class classes code file files test tests case cases value values return returns
    set get self true false null name names type types data
    """
)


def points_of(text: str) -> Iterator[str]:
    """The points of a description, each once, on one line: entries of lists, check boxes, and what must or should be.

    Quoted text, code and trailers are no points. Reads `LONGEST_TEXT` characters.
    """
    seen: set[str] = set()
    for said in _said(text[:LONGEST_TEXT].replace(_ENTRY, " ")):
        point = one_line(said.replace("**", ""), LONGEST_POINT)
        if len(_WORD.findall(point)) >= 3 and point.casefold() not in seen:
            seen.add(point.casefold())
            yield point


def _said(text: str) -> Iterator[str]:
    paragraph: list[str] = []
    fenced = False
    for line in [*re.sub(r"<!--.*?(?:-->|\Z)", "", text, flags=re.DOTALL).split("\n"), ""]:
        mark = _FENCE.match(line) is not None
        fenced = fenced != mark
        listed = None if fenced else _LISTED.match(line)
        plain = line.strip()
        if listed is None and plain and not (fenced or mark) and not plain.startswith(("#", ">", "|")):
            if not _TRAILER.match(plain):
                paragraph.append(plain)
            continue
        yield from _demands(paragraph)
        # What follows without a mark of its own goes on with the entry.
        paragraph = [] if listed is None else [_ENTRY + listed["point"]]


def _demands(paragraph: Sequence[str]) -> Iterator[str]:
    text = " ".join(paragraph)
    if text.startswith(_ENTRY):
        yield text.removeprefix(_ENTRY)
        return
    yield from (sentence for sentence in _SENTENCE.split(text) if _DEMAND.search(sentence))


def concerned(point: str, targets: Sequence[Target]) -> list[str]:
    """The targets that share words with a point, those that share most first."""
    exact = {name for quoted in _QUOTED.findall(point) for name in names(quoted)}
    exact |= {word for word in names(point) if "_" in word.strip("_") or re.search(r"[a-z][A-Z]", word)}
    words = _words(names(point))
    scored = [(_score(exact, words, target), target.identity) for target in targets]
    return [identity for score, identity in sorted(scored, key=lambda one: (-one[0], one[1])) if score >= 2]


def _score(exact: AbstractSet[str], words: AbstractSet[str], target: Target) -> int:
    there = names(target.text) | names(target.unit.name)
    return 3 * len(exact & there) + len(words & _words(there | names(target.unit.path)))


def _words(found: Iterable[str]) -> frozenset[str]:
    plain = (part for name in found for part in parts(name))
    return frozenset(_stem(word) for word in plain if len(word) >= 3 and word not in _COMMON)


def _stem(word: str) -> str:
    for ending in ("ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word.removesuffix("e") if len(word) > 3 else word


def one_line(text: str, longest: int) -> str:
    """Somebody else's words on one line, printable, cut at `longest` characters."""
    plain = text.encode("utf-8", "replace").decode()
    line = " ".join("".join(char if char.isprintable() else " " for char in plain).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
