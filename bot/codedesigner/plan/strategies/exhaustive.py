"""Everything is asked."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.order import by_pass
from codedesigner.plan.strategies.base import Policy

_REASON = "every changed function, from every angle"


def exhaustive(candidates: Sequence[Candidate], policy: Policy) -> list[Candidate]:
    """Every item that someone can answer."""
    chosen = [each if each.skip else each._replace(reason=_REASON) for each in candidates]
    return by_pass(chosen, policy.seed)
