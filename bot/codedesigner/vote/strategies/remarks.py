"""The vote of a panel on groups of remarks: who made one of them says yes, who looked and made none says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from codedesigner.vote.finding import Vote
from codedesigner.vote.grouping import Group
from codedesigner.vote.strategies.base import AggregationResult, Alternative, Voted

_EVEN: Mapping[str, float] = {}


def voted(groups: Sequence[Group], answered: Sequence[str], weights: Mapping[str, float] = _EVEN) -> tuple[Voted, ...]:
    """Each group with its vote, most agreed first.

    `answered` are the reviewers that looked and did not fail; a weight that is not given is 1.
    """
    panel = {name: weights.get(name, 1.0) for name in sorted(set(answered))}
    found = [_voted(group, panel) for group in groups]
    return tuple(sorted(found, key=lambda one: (-one.agreement, one.group.representative.id)))


def _voted(group: Group, panel: Mapping[str, float]) -> Voted:
    members = sorted(group.members, key=lambda one: (-panel.get(one.reviewer, 0.0), -len(one.text), one.id))
    yes = sorted({member.reviewer for member in members} & set(panel))
    no = [name for name in panel if name not in yes]
    whole = sum(panel.values())
    agreement = sum(panel[name] for name in yes) / whole if whole else 0.0
    selected: Vote = "abstain" if not whole else "yes" if agreement >= 1 - agreement else "no"
    behind, others = (yes, no) if selected == "yes" else (no, yes)
    other: Vote = "no" if selected == "yes" else "yes"
    result = AggregationResult[Vote](
        selected=selected,
        alternatives=(Alternative(other, sum(panel[name] for name in others), tuple(others)),) if others else (),
        agreement_score=max(agreement, 1 - agreement) if whole else 0.0,
        contributing_locations=tuple(behind) if whole else (),
        strategy_used="weighted_vote",
        explanation=f"{len(yes)} of {len(panel)} that looked say yes",
    )
    return Voted(replace(group, representative=members[0]), result, agreement)
