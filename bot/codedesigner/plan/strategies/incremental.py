"""Only what has no known answer is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.inputs import PlannedLocation
from codedesigner.plan.keys import content_digest, content_key, file_key
from codedesigner.plan.order import by_pass
from codedesigner.plan.strategies.base import Policy
from codedesigner.plan.target import Target


def incremental(candidates: Sequence[Candidate], policy: Policy) -> list[Candidate]:
    """The items for which at least one location's answer is not known, put to those locations alone."""
    key_of = content_keys()

    def open_question(each: Candidate) -> Candidate:
        if each.skip is not None:
            return each
        known = tuple(where for where in each.locations if key_of(each, where) in policy.answered)
        unknown = tuple(where for where in each.locations if where not in known)
        if not unknown:
            reason = "nothing in the question has changed since it was answered"
            return each.skipped("answered_before", reason)._replace(locations=(), known=known)
        reason = f"{len(known)} of {len(each.locations)} answers are known" if known else "not answered before"
        return each._replace(locations=unknown, known=known, reason=reason)

    return by_pass([open_question(each) for each in candidates], policy.seed)


def content_keys() -> Callable[[Candidate, PlannedLocation], str]:
    """A function from item and location to the key of the answer, which remembers what it worked out.

    What looks at whole files has one answer per file and not one per question: see `file_key`.
    """
    digests: dict[str, str] = {}
    files: dict[tuple[str, str], str] = {}

    def content(target: Target) -> str:
        if target.identity not in digests:
            digests[target.identity] = content_digest(target.text, target.context)
        return digests[target.identity]

    def of_file(target: Target, location: str) -> str:
        known = (target.unit.path, location)
        if known not in files:
            files[known] = file_key(target.unit.path, target.file_text, location)
        return files[known]

    def key_of(each: Candidate, location: PlannedLocation) -> str:
        if location.whole_file:
            return of_file(each.target, location.id)
        return content_key(
            content(each.target),
            angle=each.angle.id,
            angle_version=each.angle.version,
            term=each.term.text if each.term else None,
            location=location.id,
            pass_number=each.pass_number,
        )

    return key_of
