"""The vote on a finding: ballots of yes, no and abstain, as one of the strategies counts them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from codedesigner.vote.finding import Ballot, Vote
from codedesigner.vote.history import NO_HISTORY, History
from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, Response
from codedesigner.vote.strategies.tally import Option, TieBreaker, broken, leaders, options
from codedesigner.vote.strategies.votes import WeightSource, weight_of

Counting = Literal["weighted_vote", "majority_vote"]
Ties = Literal["in_favour", "against"] | TieBreaker


@dataclass(frozen=True, slots=True)
class Rule:
    """How ballots are counted, as configured. `history` is what is known of the locations that vote."""

    strategy: Counting = "weighted_vote"
    weight_source: WeightSource = "location_weight"
    tie_breaker: Ties = "in_favour"
    seed: int = 0
    history: History = NO_HISTORY


def vote_of(ballots: Iterable[Ballot], rule: Rule, *, angle: str = "", kind: str = "") -> AggregationResult[Vote]:
    """Yes or no by the rule. Abstentions decide nothing; the agreement of a tie is 0.5, whoever it goes to."""
    cast = sorted(ballots, key=lambda ballot: (ballot.location, ballot.vote))
    given: AggregationInput[Vote] = AggregationInput(
        tuple(_response(ballot) for ballot in cast),
        accuracy={ballot.location: rule.history.accuracy(ballot.location, angle, kind) for ballot in cast},
    )
    weigh = partial(weight_of, rule.weight_source, given)
    counted = options(given, weigh) if rule.strategy == "weighted_vote" else options(given)
    counted = tuple(option for option in counted if option.support > 0)
    explanation = _explain([ballot.vote for ballot in cast])
    if not counted:
        return AggregationResult("abstain", (), 0.0, (), rule.strategy, explanation)
    tied = leaders(counted)
    won = tied[0] if len(tied) == 1 else _broken(tied, rule)
    whole = sum(option.support for option in counted)
    return AggregationResult(
        selected=won.result,
        alternatives=tuple(option.alternative for option in counted if option is not won),
        agreement_score=won.support / whole,
        contributing_locations=won.locations,
        strategy_used=rule.strategy,
        explanation=explanation,
    )


def share_of_yes(result: AggregationResult[Vote]) -> float:
    """The share of what decided that said yes, whoever won; 0 where nobody decided."""
    if result.selected == "abstain":
        return 0.0
    return result.agreement_score if result.selected == "yes" else 1.0 - result.agreement_score


def weighted_vote(
    ballots: Iterable[Ballot], *, weight_source: WeightSource = "location_weight"
) -> AggregationResult[Vote]:
    """The same by weight; a tie is a yes."""
    return vote_of(ballots, Rule(weight_source=weight_source))


def agreement(ballots: Sequence[Ballot]) -> float:
    """The weight of those who said yes over the weight of those who said yes or no; 0 where nobody decided."""
    yes = sum(ballot.weight for ballot in ballots if ballot.vote == "yes")
    no = sum(ballot.weight for ballot in ballots if ballot.vote == "no")
    return yes / (yes + no) if yes + no else 0.0


def _response(ballot: Ballot) -> Response[Vote]:
    failed = (ballot.reason or "abstains") if ballot.vote == "abstain" else ""
    return Response(ballot.location, ballot.vote, ballot.confidence, ballot.weight, ballot.latency_ms, failed=failed)


def _broken(tied: Sequence[Option], rule: Rule) -> Option:
    how = rule.tie_breaker
    if how == "in_favour" or how == "against":
        wanted = "yes" if how == "in_favour" else "no"
        return next(option for option in tied if option.result == wanted)
    return broken(tied, how, rule.seed)


def _explain(votes: Sequence[Vote]) -> str:
    yes, no, abstained = (votes.count(each) for each in ("yes", "no", "abstain"))
    parts = [f"{yes} of {yes + no} that could judge it say yes" if yes + no else "nobody could judge it"]
    if yes + no == 1:
        parts.append("nobody else could")
    if abstained:
        parts.append(f"{abstained} abstained")
    return ", ".join(parts)
