"""What analysers say of a fixed file beside what they said of it before. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from codedesigner.angle.kinds import kind_of
from codedesigner.protocol.issue import Answer
from codedesigner.protocol.suggestion import Look
from codedesigner.run.examine import Looked
from codedesigner.run.loop.problem import Objection, Problem


def objection(problem: Problem, key: str, heard: Looked, looked: Looked) -> Objection | None:
    """What speaks against the copy that was looked at as `key`: somebody still complains, or sees what is new."""
    for location in sorted(looked.answers):
        before = heard.of(location, problem.source.key)
        after = looked.of(location, key)
        if before is None or before.status != "answered":
            continue
        if after is None or after.status != "answered":
            return Objection(f"{location} could not look at the result", problem.angle)
        said, was = _kinds(after), _kinds(before)
        kind = problem.kind
        if location in problem.complained and said[kind] > was[kind] - min(problem.gone, was[kind]):
            return Objection(f"{location} still complains", problem.angle)
        brought = sorted(kind for kind in said if said[kind] > was[kind])
        if brought:
            return _brought(location, brought[0], before, after, problem)
    return None


def looks(problem: Problem, key: str, heard: Looked, looked: Looked) -> tuple[Look, ...]:
    """By whose looks a copy without an objection is proved; whoever had not answered before has no say."""
    return tuple(
        Look(location, "satisfied" if location in problem.complained else "clean")
        for location in sorted(looked.answers)
        if (before := heard.of(location, problem.source.key)) is not None
        and before.status == "answered"
        and looked.of(location, key) is not None
    )


def _brought(location: str, kind: str, before: Answer, after: Answer, problem: Problem) -> Objection:
    old = {(issue.kind, issue.message) for issue in before.issues}
    issues = [issue for issue in after.issues if issue.kind == kind]
    new = next((issue for issue in issues if (issue.kind, issue.message) not in old), issues[0])
    angle = kind_of(kind, angle=new.angle or problem.angle).angle
    return Objection(f"{location} sees a new defect in the result: {kind}", angle, new.line)


def _kinds(answer: Answer) -> Mapping[str, int]:
    return Counter(issue.kind for issue in answer.issues)
