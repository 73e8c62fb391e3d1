"""A share of the (function, term) pairs is asked, drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.keys import unit_interval
from codedesigner.plan.order import by_pass
from codedesigner.plan.strategies.base import Policy


def sampled(candidates: Sequence[Candidate], policy: Policy) -> list[Candidate]:
    """The pairs in the sample, each from all its angles and in all its passes; never none at all."""
    return by_pass(draw(candidates, policy), policy.seed)


def draw(candidates: Sequence[Candidate], policy: Policy) -> list[Candidate]:
    """The candidates in their order, those outside the sample skipped.

    Each pair is drawn by itself, from the seed and its own name: neither the order of the change nor what else is in
    it decides about it. Only if no pair at all is drawn does the one closest to it get in.
    """
    rate = policy.sampling.rate
    seed = policy.seed if policy.sampling.seed is None else policy.sampling.seed
    lots: dict[tuple[str, str | None], float] = {}
    for each in candidates:
        if each.skip is None and _pair(each) not in lots:
            identity, term = _pair(each)
            lots[identity, term] = unit_interval(str(seed), identity, "term" if term is not None else "", term or "")
    bar = max(rate, min(lots.values(), default=0.0) + 1e-12)
    kept, left = f"in the sample (rate {rate:g}, seed {seed})", f"not in the sample (rate {rate:g}, seed {seed})"
    return [
        each
        if each.skip is not None
        else each._replace(reason=kept)
        if lots[_pair(each)] < bar
        else each.skipped("sampled", left)
        for each in candidates
    ]


def _pair(candidate: Candidate) -> tuple[str, str | None]:
    return candidate.target.identity, candidate.term.text if candidate.term else None
