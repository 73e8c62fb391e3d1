"""Terms that come from the change itself: names that it introduces, and what somebody wrote that it does. Pure.

Both are bounded, and both go to the few functions that they concern. What was written about the change feeds these
questions alone; it is shown as data, one line a point, and no other question sees any of it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from codedesigner.change.callers import is_test
from codedesigner.change.identifiers import last, masked, names
from codedesigner.change.model import FileChange, Span, split_lines
from codedesigner.change.signatures import declaration
from codedesigner.plan.inputs import Term, TermSource
from codedesigner.plan.points import concerned, one_line, points_of
from codedesigner.plan.target import Target

MOST_FUNCTIONS = 8  # that are asked about a term; of a point, those that share most words with it
LEAST_NAME = 4  # characters of a new name worth a question

ABOUT_NAME = (
    "The change introduces this name. Is a use of it here at odds with what it is: the order, unit or meaning of its"
    " parameters, what it returns or raises, or what it leaves behind?\n\n> {where}"
)
ABOUT_POINT = (
    "Somebody wrote this about the change. As far as it concerns this code: is what it says missing here, or done"
    " otherwise?"
)

_NAME: Final = re.compile(r"[^\W\d]\w*")
_MODIFIERS: Final = r"(?:(?:export|pub|public|private|static|final|const|let|var|val|readonly|auto|int|string)\s+){0,4}"
_CONSTANT: Final = re.compile(
    rf"^\s*(?:#define\s+(?P<macro>[^\W\d]\w*)|{_MODIFIERS}(?P<name>[^\W\d]\w*)\s*(?:=(?!=)|:=|:\s+[\w\"'\[(]))"
)
_TYPE_FIRST: Final = frozenset({"java", "c", "cpp", "csharp", "php"})
_NO_NAME: Final = frozenset(
    {"self", "this", "else", "case", "default", "finally", "async", "mut", "const", "final", "ref"}
)


@dataclass(frozen=True, slots=True)
class TermLimits:
    """How many names, and how many points, are asked about; 0 for none."""

    names: int = 5
    points: int = 5


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    """The terms of each target (by `Target.identity`), and a line for each thing that a limit left out."""

    by_target: Mapping[str, tuple[Term, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    def of(self, target: Target) -> Sequence[Term]:
        """What to ask a function about."""
        return self.by_target.get(target.identity, ())

    @property
    def questions(self) -> dict[str, str]:
        """The question of each term, by its text."""
        every = (term for terms in self.by_target.values() for term in terms)
        return {term.text: term.question for term in every if term.question is not None}


def both(first: TermSource, second: TermSource) -> TermSource:
    """The terms of two sources, each text once."""

    def terms(target: Target) -> Sequence[Term]:
        return tuple({term.text: term for term in (*second(target), *first(target))}.values())

    return terms


def terms_of_change(
    targets: Sequence[Target],
    files: Sequence[FileChange],
    description: str,
    *,
    limits: TermLimits,
    angle: str,
) -> ChangeTerms:
    """What the change gives reason to ask, from one angle: from each, the same would be said several times."""
    shown = [target for target in targets if target.unit.side == "RIGHT"]
    found: defaultdict[str, list[Term]] = defaultdict(list)
    left_out: list[str] = []
    introduced = list(_introduced(shown, files)) if limits.names else []
    for new, users in introduced[: limits.names]:
        for user in users[:MOST_FUNCTIONS]:
            found[user].append(Term(new.text, frozenset({angle}), ABOUT_NAME.format(where=new.where)))
        left_out += _further(len(users), new.text)
    if len(introduced) > limits.names:
        left_out.append(_left_out(len(introduced) - limits.names, "new name", limits.names))
    points = list(points_of(description)) if limits.points else []
    concerning = [(point, found_in) for point in points if (found_in := concerned(point, shown))]
    for point, found_in in concerning[: limits.points]:
        for user in found_in[:MOST_FUNCTIONS]:
            found[user].append(Term(point, frozenset({angle}), ABOUT_POINT))
        left_out += _further(len(found_in), point)
    if len(concerning) > limits.points:
        left_out.append(_left_out(len(concerning) - limits.points, "point", limits.points))
    return ChangeTerms({identity: tuple(terms) for identity, terms in found.items()}, tuple(left_out))


def _further(users: int, term: str) -> list[str]:
    return [f"{users - MOST_FUNCTIONS} further functions not asked: {term}"] if users > MOST_FUNCTIONS else []


def _left_out(count: int, noun: str, limit: int) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'} of the change not asked about: the limit is {limit}"


@dataclass(frozen=True, slots=True)
class _New:
    """A name that a target defines. A parameter is used `through` its function alone."""

    text: str
    where: str
    through: str = ""

    def used_in(self, code: str, there: AbstractSet[str]) -> bool:
        if not self.through:
            return self.text in there
        named = self.text in there and self.through in there
        return named and re.search(rf"(?<!\w){re.escape(self.text)}\s*[=:]", code) is not None


def _introduced(targets: Sequence[Target], files: Sequence[FileChange]) -> Iterator[tuple[_New, tuple[str, ...]]]:
    """(name, the targets that use it) of names that were nowhere before; those that most use come first.

    Tests neither introduce a name nor use it here: what they get wrong shows when they run.
    """
    targets = [target for target in targets if not is_test(target.unit.path)]
    old = frozenset(name for file in files for name in names(file.old_text or ""))
    added = {target.identity: masked(target.added, target.unit.language) for target in targets}
    there = {identity: names(code) for identity, code in added.items()}
    first: dict[str, _New] = {}
    by: defaultdict[str, set[str]] = defaultdict(set)
    for target in targets:
        for new in _definitions(target):
            if len(new.text) >= LEAST_NAME and new.text not in old and not new.text.startswith("__"):
                first.setdefault(new.text, new)
                by[new.text].add(target.identity)
    mentioned = {name: [one for one in added if name in there[one] and one not in by[name]] for name in first}
    used = [
        (new, tuple(one for one in mentioned[name] if new.used_in(added[one], there[one])))
        for name, new in first.items()
    ]
    yield from sorted((one for one in used if one[1]), key=lambda one: (-len(one[1]), one[0].text))


def _definitions(target: Target) -> Iterator[_New]:
    """All that a target defines for others to use."""
    unit, path = target.unit, one_line(target.unit.path, 120)
    if unit.kind in ("function", "method", "class"):
        lines = split_lines(masked(target.text, unit.language))
        whole = declaration(lines, Span(1, max(1, len(lines))), unit.name, unit.language)
        said = f"`{one_line(whole, 160)}` in {path}"
        yield _New(last(unit.name), said)
        if unit.kind != "class":
            for name in _parameters(whole, last(unit.name), unit.language):
                yield _New(name, f"a parameter of {said}", last(unit.name))
    if unit.kind in ("block", "class"):
        for line in split_lines(masked(target.added, unit.language)):
            constant = _CONSTANT.match(line)
            if constant is not None and (name := constant["macro"] or constant["name"]) not in _NO_NAME:
                yield _New(name, f"`{one_line(line, 80)}` in {path}")


def _parameters(said: str, name: str, language: str | None) -> Iterator[str]:
    """The names of the parameters in a declaration."""
    _, _, inside = said.partition(name)
    depth, piece = 0, ""
    for char in inside[inside.find("(") + 1 :] if "(" in inside else "":
        depth += (char in "([{<") - (char in ")]}>")
        if depth < 0 or (char == "," and depth == 0):
            words = [word for word in _NAME.findall(re.split(r"=|:", piece, maxsplit=1)[0]) if word not in _NO_NAME]
            yield from words[-1:] if language in _TYPE_FIRST else words[:1]
            piece = ""
            if depth < 0:
                return
        else:
            piece += char
