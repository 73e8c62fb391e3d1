"""What is most at risk is asked first, so that a budget cuts what matters least."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.risk import Assessor
from codedesigner.plan.strategies.base import Policy


def adaptive(candidates: Sequence[Candidate], policy: Policy) -> list[Candidate]:
    """Every item, most at risk first; what cannot be asked comes last, in the order of the change.

    A second look at the same function finds less than a first, so the n-th pass counts for an n-th of the risk.
    """
    del policy  # nothing in it is left to chance
    heaviest = max((each.angle.weight for each in candidates), default=1.0)
    assessor = Assessor(heaviest or 1.0)

    def weighed(each: Candidate) -> Candidate:
        if each.skip is not None:
            return each
        risk, reason = assessor(each.target, each.angle)
        return each._replace(risk=risk, reason=reason)

    def urgency(each: Candidate) -> tuple[bool, float]:
        return each.skip is not None, -(each.risk or 0.0) / each.pass_number

    return sorted((weighed(each) for each in candidates), key=urgency)
