"""The cross product: functions x terms x angles x passes, before a strategy has chosen from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from codedesigner.angle.spec import sources
from codedesigner.plan.inputs import PlannedAngle, PlannedLocation, Term, TermSource
from codedesigner.plan.model import SkipReason
from codedesigner.plan.target import Target

AnglesOfPath = Callable[[str], frozenset[str]]


class Candidate(NamedTuple):
    """An item in the making. Named tuples, because plans make and copy hundreds of thousands of them."""

    target: Target
    term: Term | None
    angle: PlannedAngle
    pass_number: int
    locations: tuple[PlannedLocation, ...]
    skip: SkipReason | None = None
    reason: str = ""
    risk: float | None = None
    known: tuple[PlannedLocation, ...] = ()
    unasked: tuple[PlannedLocation, ...] = ()

    def skipped(self, skip: SkipReason, reason: str) -> Candidate:
        """The same item, not asked, and why."""
        return self._replace(skip=skip, reason=reason)


def expand(
    targets: Sequence[Target],
    angles: Sequence[PlannedAngle],
    locations: Sequence[PlannedLocation],
    *,
    terms: TermSource,
    max_passes: int,
    wanted: AnglesOfPath | None = None,
) -> Iterator[Candidate]:
    """Every item of the cross product, function by function.

    For each function and angle there is one question without a term and one for each term that applies, and each is
    asked `max_passes` times if a location can answer it that would not repeat itself, else once. `wanted(path)` are
    the angles that the rules of a path leave on.
    """
    able = _Able(locations)
    for target in targets:
        asked = (None, *terms(target))
        left_on = None if wanted is None else wanted(target.unit.path)
        for angle in angles:
            refusal = _refusal(target, angle, left_on)
            for term in asked:
                if term is None or term.angles is None or not term.angles.isdisjoint(sources(angle.id)):
                    yield from _passes(target, term, angle, able, max_passes, refusal)


class _Able:
    """Who can answer, remembered for each file and angle."""

    def __init__(self, locations: Sequence[PlannedLocation]) -> None:
        self._locations = locations
        self._angles: dict[tuple[str, str | None], tuple[frozenset[str], ...]] = {}
        self._known: dict[tuple[str, str | None, str, bool], tuple[PlannedLocation, ...]] = {}

    def __call__(self, target: Target, angle: str, term: Term | None) -> tuple[PlannedLocation, ...]:
        file = (target.unit.path, target.unit.language)
        key = (*file, angle, term is not None)
        if key not in self._known:
            if file not in self._angles:
                self._angles[file] = tuple(each.angles(*file) for each in self._locations)
            pairs = zip(self._locations, self._angles[file], strict=True)
            able = (each for each, angles in pairs if angle in angles)
            self._known[key] = tuple(each for each in able if term is None or each.takes_terms)
        return self._known[key]


def _refusal(target: Target, angle: PlannedAngle, left_on: frozenset[str] | None) -> tuple[SkipReason, str] | None:
    if target.unit.side == "LEFT":
        return "deleted", "the change removed it"
    if left_on is not None and angle.id not in left_on:
        return "filtered", f"the rules of its path leave {angle.id} out"
    return None


def _passes(
    target: Target,
    term: Term | None,
    angle: PlannedAngle,
    able: _Able,
    max_passes: int,
    refusal: tuple[SkipReason, str] | None,
) -> Iterator[Candidate]:
    everyone = able(target, angle.id, term)
    first = Candidate(target, term, angle, 1, everyone)
    if refusal is not None:
        yield first._replace(locations=()).skipped(*refusal)
    elif not everyone:
        language = target.unit.language or "such files"
        about = f"judge {language} from {angle.id}" if term is None else f"be asked about a term in {language}"
        yield first.skipped("no_reviewer", f"no location can {about}")
    else:
        yield first
        again = tuple(each for each in everyone if not each.deterministic)
        for number in range(2, max_passes + 1 if again else 2):
            yield first._replace(pass_number=number, locations=again)
