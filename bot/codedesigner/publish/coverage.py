"""Counting what was answered, from the plan and from what the locations said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from codedesigner.change.model import FileChange, NotReviewed
from codedesigner.plan.executed import Answered
from codedesigner.plan.model import ExecutionItem, ExecutionPlan
from codedesigner.protocol.issue import Answer
from codedesigner.publish.inputs import Coverage, LocationStats, LocationStatus, Skipped
from codedesigner.run.examine import Looked
from codedesigner.run.reviewer import Reviewer

# A planned question that was left out for these reasons is listed; the others leave nothing to review.
_LISTED: dict[str, NotReviewed] = {"budget": "budget", "sampled": "sampled", "no_reviewer": "no_reviewer"}


def answered(answer: Answer | None) -> bool:
    """Whether the location looked. One that could not read on past a syntax error and reported it did look."""
    return answer is not None and (answer.status == "answered" or (answer.status == "unparsed" and bool(answer.issues)))


def by_file(looked: Looked, key_of: Mapping[str, str]) -> Answered:
    """Whether a location that looks at whole files has answered an item. `key_of` maps a path to its source's key."""

    def has_answered(item: ExecutionItem, location: str) -> bool:
        key = key_of.get(item.function_ref.file)
        return key is not None and answered(looked.of(location, key))

    return has_answered


def count(
    plan: ExecutionPlan,
    files: Sequence[FileChange],
    filtered: Iterable[str],
    has_answered: Answered,
    *,
    quorum: int,
    preexisting: int,
) -> Coverage:
    """How much of the plan was answered.

    An item counts as answered when `quorum` of the locations that could be asked answered, or all where there are
    fewer. What was left out under a budget was wanted: such an item counts as planned, and a location that it leaves
    out as asked.
    """
    planned = [item for item in plan.items if item.wanted]
    votes = {item.id: sum(has_answered(item, location) for location in item.heard) for item in planned}
    done = {item.id for item in planned if votes[item.id] >= max(1, min(quorum, _able(item)))}
    failed = {item.id for item in planned if votes[item.id] < min(quorum, len(item.heard))}
    return Coverage(
        items_planned=len(planned),
        items_answered=len(done),
        ballots_asked=sum(map(_able, planned)),
        ballots_answered=sum(votes.values()),
        not_reviewed=(*_files(files, filtered), *_functions(plan, done, failed)),
        preexisting=preexisting,
    )


def _able(item: ExecutionItem) -> int:
    return len(item.heard) + len(item.unasked)


def _files(files: Sequence[FileChange], filtered: Iterable[str]) -> list[Skipped]:
    left_out = frozenset(filtered)
    reasons: Iterable[tuple[str, NotReviewed | None]] = (
        (file.path, "filtered" if file.path in left_out else file.unread) for file in files
    )
    return [Skipped(path, None, reason) for path, reason in reasons if reason is not None]


def _functions(plan: ExecutionPlan, done: AbstractSet[str], failed: AbstractSet[str]) -> list[Skipped]:
    """Every function that was not looked at by all who were to, once per reason, in the order of the plan.

    One that a budget kept from some of its locations is among them, although others looked at it.
    """
    looked_at = {_place(item) for item in plan.items if item.id in done}
    skipped: dict[Skipped, None] = {}
    for item in plan.items:
        path, name, _ = _place(item)
        if item.id in failed:
            skipped[Skipped(path, name, "location_failed")] = None
        if item.unasked:
            skipped[Skipped(path, name, "budget")] = None
        elif item.skip_reason == "no_reviewer" and _place(item) in looked_at:
            continue  # nobody judges that angle, but the function was looked at
        elif item.skip_reason is not None and item.skip_reason in _LISTED:
            skipped[Skipped(path, name, _LISTED[item.skip_reason])] = None
    return list(skipped)


def _place(item: ExecutionItem) -> tuple[str, str, int]:
    ref = item.function_ref
    return (ref.file, ref.name, ref.start_line)


def stats(reviewers: Sequence[Reviewer], rounds: Sequence[Looked]) -> tuple[LocationStats, ...]:
    """What each location did over several rounds, in the order of `reviewers`."""
    return tuple(_stat(reviewer, rounds) for reviewer in reviewers)


def _stat(reviewer: Reviewer, rounds: Sequence[Looked]) -> LocationStats:
    said = [answer for looked in rounds for answer in looked.answers.get(reviewer.id, {}).values()]
    failed = [answer for answer in said if answer.status not in ("answered", "unparsed")]
    status: LocationStatus = "offline" if reviewer.unavailable else "degraded" if failed else "idle"
    details = sorted({answer.detail for answer in failed if answer.detail})
    more = f" (and {len(details) - 1} more reasons)" if len(details) > 1 else ""
    return LocationStats(
        id=reviewer.id,
        status=status,
        requests_total=len(said),
        requests_failed=len(failed),
        latencies_ms=tuple(ms for looked in rounds for ms in looked.latencies_ms.get(reviewer.id, ())),
        detail=reviewer.unavailable or (details[0] + more if details else ""),
    )
