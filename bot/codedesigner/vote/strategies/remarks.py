"""The vote of a panel on groups of remarks: who made one of them says yes, who looked and made none says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codedesigner.vote.calibration import Calibration
from codedesigner.vote.finding import Ballot
from codedesigner.vote.grouping import Group
from codedesigner.vote.strategies.ballots import Rule, share_of_yes, vote_of
from codedesigner.vote.strategies.base import Voted

_EVEN: Mapping[str, float] = {}


def voted(
    groups: Sequence[Group],
    answered: Sequence[str],
    weights: Mapping[str, float] = _EVEN,
    *,
    rule: Rule | None = None,
    calibration: Calibration | None = None,
) -> tuple[Voted, ...]:
    """Each group with its vote, most agreed first.

    `answered` are the reviewers that looked and did not fail; a weight that is not given is 1.
    """
    panel = {name: weights.get(name, 1.0) for name in sorted(set(answered))}
    found = [_voted(group, panel, rule or Rule(), calibration) for group in groups]
    return tuple(sorted(found, key=lambda one: (-one.agreement, one.group.representative.id)))


def _voted(group: Group, panel: Mapping[str, float], rule: Rule, calibration: Calibration | None) -> Voted:
    sure: dict[str, float] = {}
    for member in group.members:
        sure[member.reviewer] = max(member.confidence, sure.get(member.reviewer, 0.0))
    ballots = [
        Ballot(name, "yes", "proposed", sure[name], weight)
        if name in sure
        else Ballot(name, "no", "silent", 1.0, weight)
        for name, weight in panel.items()
    ]
    lead = group.representative
    result = vote_of(ballots, rule, angle=lead.angle or "", kind=lead.kind or "")
    agreed = share_of_yes(result)
    probability = None if calibration is None else calibration.probability(agreed, len(panel))
    return Voted(group, result, agreed, probability)
