"""Fixes that reviewers themselves propose: the fix loop makes one pass of them, and no model is asked for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from codedesigner.change.model import FileChange, Span, Unit, split_lines
from codedesigner.protocol.issue import Fix, Source
from codedesigner.protocol.suggestion import Suggestion
from codedesigner.run.examine import Looked
from codedesigner.run.loop.bench import Ask, Bench
from codedesigner.run.loop.loop import FixLoop
from codedesigner.run.loop.problem import Attempt, Ended, Problem, attempt_of, place_of
from codedesigner.run.loop.shape import Shape
from codedesigner.run.reviewer import Reviewer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fix that `location` offers for the defect of `kind` that `complained` reported in `source`.

    `unit` is the function that the defect stands in; `angle` the one that it was found from.
    """

    finding: str
    file: FileChange
    source: Source
    kind: str
    location: str
    fix: Fix
    complained: frozenset[str]
    unit: Unit | None = None
    angle: str = "correctness"


@dataclass(frozen=True, slots=True)
class Proved:
    """Finding -> its verified suggestion; finding -> why none of its fixes is offered; what the last look said."""

    suggestions: Mapping[str, Suggestion]
    refused: Mapping[str, str]
    looked: Looked


Parses = Callable[[str | None, str], bool | None]


def proposed(candidate: Candidate) -> Attempt:
    """The candidate as an attempt: at its function, where it keeps to that, or else at the lines that it edits."""
    file = candidate.source.text
    last = max(1, len(split_lines(file)))
    numbers = [number for edit in candidate.fix.edits for number in (edit.line, edit.end_line)] or [1]
    edited = Span(min(max(1, min(numbers)), last), min(max(numbers), last))
    problem = Problem(
        candidate.finding,
        candidate.file,
        candidate.source,
        candidate.kind,
        candidate.angle,
        candidate.complained,
        unit=candidate.unit,
    )
    place = None if candidate.unit is None else place_of(candidate.unit, file)
    inside = place is not None and place.start <= edited.start and edited.end <= place.end
    return attempt_of(problem, candidate.location, place if inside else edited, fix=candidate.fix)


async def prove(
    candidates: Sequence[Candidate],
    reviewers: Sequence[Reviewer],
    heard: Looked,
    *,
    parses: Parses,
    ask: Ask,
) -> Proved:
    """What came of the candidates, where nobody but reviewers of files looks at them.

    A candidate is verified when the loop converges on it: nobody who complained still does, nobody sees a defect of a
    kind that was not there before, and everyone who answered about the file answered about the copy. Of several the
    one that replaces the least text wins.
    """

    def parse(texts: Sequence[tuple[str | None, str]]) -> list[Shape]:
        return [Shape(parses(language, text)) for language, text in texts]

    loop = FixLoop(Bench(reviewers, heard, ask, parse, lambda: 0.0))
    ended = await loop.run([proposed(candidate) for candidate in candidates])
    best = smallest(ended)
    refused = {one.attempt.problem.finding: one.refused for one in ended if one.attempt.problem.finding not in best}
    return Proved(best, refused, loop.looked)


def smallest(ended: Sequence[Ended]) -> dict[str, Suggestion]:
    """For each finding the suggestion that replaces the least."""
    best: dict[str, Suggestion] = {}
    for one in ended:
        known = best.get(one.attempt.problem.finding)
        if one.suggestion is not None and (known is None or size(one.suggestion) < size(known)):
            best[one.attempt.problem.finding] = one.suggestion
    return best


def size(suggestion: Suggestion) -> tuple[int, int, int, str]:
    """How much a suggestion replaces; the smaller one is read more easily."""
    lines = max(suggestion.end_line - suggestion.start_line + 1, suggestion.replacement.count("\n"))
    return (lines, len(suggestion.replacement), suggestion.start_line, suggestion.source)
