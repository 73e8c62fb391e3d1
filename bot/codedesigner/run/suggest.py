"""Proving fixes before they are offered: apply to a copy, parse, have everyone who answered look again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.change.model import FileChange
from codedesigner.protocol.issue import Answer, Fix, Source
from codedesigner.protocol.suggestion import Look, Proof, Suggestion
from codedesigner.run.examine import Looked
from codedesigner.run.fix import EditError, apply_edits, minimal_replacement, scattered
from codedesigner.run.reviewer import Reviewer


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fix that `location` offers for the defect of `kind` that `complained` reported in `source`."""

    finding: str
    file: FileChange
    source: Source
    kind: str
    location: str
    fix: Fix
    complained: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """A candidate applied to a copy: the whole new text and the lines that it replaces."""

    candidate: Candidate
    text: str
    suggestion: Suggestion


@dataclass(frozen=True, slots=True)
class Proved:
    """Finding -> its verified suggestion; finding -> why none of its fixes is offered; what the last look said."""

    suggestions: Mapping[str, Suggestion]
    refused: Mapping[str, str]
    looked: Looked


Parses = Callable[[str | None, str], bool | None]
Ask = Callable[[Sequence[Reviewer], Mapping[str, Sequence[Source]]], Awaitable[Looked]]
"""`run.examine.examine` with its limits filled in."""


def draft(candidate: Candidate, parses: Parses) -> Draft | str:
    """The candidate on a copy of its file, or why it cannot be offered."""
    new = apply_edits(candidate.source.text, candidate.fix.edits)
    if isinstance(new, EditError):
        return f"does not apply: {new.reason}"
    replaced = minimal_replacement(candidate.source.text, new, candidate.file.hunks)
    if replaced is None:
        return "changes nothing"
    apart = scattered(candidate.file, candidate.fix.edits, replaced)
    if apart is not None:
        return apart
    proofs: list[Proof] = ["applies"]
    parsed = parses(candidate.source.language, new)
    if parsed is False:
        return "the file would not parse"
    if parsed:
        proofs.append("parses")
    suggestion = Suggestion(
        replaced.start_line,
        replaced.end_line,
        replaced.replacement,
        tuple(proofs),
        candidate.location,
        candidate.fix.safe,
    )
    return Draft(candidate, new, suggestion)


async def prove(
    candidates: Sequence[Candidate],
    reviewers: Sequence[Reviewer],
    heard: Looked,
    *,
    parses: Parses,
    ask: Ask,
) -> Proved:
    """What came of the candidates.

    All drafts are looked at in one round. A draft is verified when nobody who complained still does, nobody sees a
    defect of a kind that was not there before, and everyone who answered about the file answered about the copy. Of
    several verified drafts the one that replaces the least text wins.
    """
    drafts: dict[str, Draft] = {}
    refused: dict[str, str] = {}
    for number, candidate in enumerate(candidates):
        made = draft(candidate, parses)
        if isinstance(made, str):
            refused[candidate.finding] = made
        else:
            drafts[f"fix{number}"] = made
    asked = {
        reviewer.id: [
            Source(key, made.candidate.source.path, made.candidate.source.language, made.text)
            for key, made in drafts.items()
            if heard.of(reviewer.id, made.candidate.source.key) is not None
        ]
        for reviewer in reviewers
    }
    looked = await ask(reviewers, asked)
    verified: dict[str, list[Suggestion]] = defaultdict(list)
    for key, made in drafts.items():
        objection = _objection(made.candidate, key, heard, looked)
        if objection is None:
            proofs: tuple[Proof, ...] = (*made.suggestion.verified, "reviewed")
            seen = _looks(made.candidate, key, heard, looked)
            verified[made.candidate.finding].append(replace(made.suggestion, verified=proofs, looked=seen))
        else:
            refused[made.candidate.finding] = objection
    best = {finding: min(found, key=_size) for finding, found in verified.items()}
    return Proved(best, {finding: reason for finding, reason in refused.items() if finding not in best}, looked)


def _size(suggestion: Suggestion) -> tuple[int, int, int, str]:
    lines = suggestion.end_line - suggestion.start_line
    return (lines, len(suggestion.replacement), suggestion.start_line, suggestion.source)


def _objection(candidate: Candidate, key: str, heard: Looked, looked: Looked) -> str | None:
    for location in sorted(looked.answers):
        before = heard.of(location, candidate.source.key)
        after = looked.of(location, key)
        if before is None or before.status != "answered":
            continue
        if after is None or after.status != "answered":
            return f"{location} could not look at the result"
        said = _kinds(after)
        was = _kinds(before)
        if location in candidate.complained and said[candidate.kind] >= was[candidate.kind]:
            return f"{location} still complains"
        brought = sorted(kind for kind in said if said[kind] > was[kind])
        if brought:
            return f"{location} sees a new defect in the result: {brought[0]}"
    return None


def _looks(candidate: Candidate, key: str, heard: Looked, looked: Looked) -> tuple[Look, ...]:
    """By whose looks a draft without an objection is proved; whoever had not answered before has no say."""
    return tuple(
        Look(location, "satisfied" if location in candidate.complained else "clean")
        for location in sorted(looked.answers)
        if (before := heard.of(location, candidate.source.key)) is not None
        and before.status == "answered"
        and looked.of(location, key) is not None
    )


def _kinds(answer: Answer) -> Mapping[str, int]:
    return Counter(issue.kind for issue in answer.issues)
