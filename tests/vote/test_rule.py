"""How ballots are counted, as configured."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.vote.finding import Ballot, Vote
from codedesigner.vote.history import Record, learned
from codedesigner.vote.strategies.ballots import Rule, Ties, vote_of
from codedesigner.vote.strategies.votes import WeightSource


def ballot(location: str, vote: Vote, confidence: float = 1.0, weight: float = 1.0, latency_ms: int = 0) -> Ballot:
    return Ballot(location, vote, "cross_examined", confidence, weight, latency_ms=latency_ms)


TIED = [ballot("a", "yes", 0.4, latency_ms=10), ballot("b", "no", 0.9, latency_ms=500)]
HISTORY = learned([Record("a", "security", "k", 90, 10), *(Record(name, "security", "k", 52, 48) for name in "bcd")])
ballots = st.lists(
    st.builds(
        ballot,
        st.sampled_from("abcdefgh"),
        st.sampled_from(["yes", "no", "abstain"]),
        st.floats(0.01, 1),
        st.floats(0.1, 5),
    ),
    max_size=8,
    unique_by=lambda each: each.location,
)
rules = st.builds(
    Rule,
    st.sampled_from(["weighted_vote", "majority_vote"]),
    st.sampled_from(["location_weight", "confidence", "historical_accuracy"]),
    st.sampled_from(["in_favour", "against", "highest_confidence", "fastest_response", "random"]),
    st.integers(0, 9),
    st.just(HISTORY),
)


def agreed(said: list[Ballot], rule: Rule) -> float:
    result = vote_of(said, rule)
    return result.agreement_score if result.selected == "yes" else 1 - result.agreement_score


@pytest.mark.parametrize(
    ("how", "goes"),
    [("in_favour", "yes"), ("against", "no"), ("highest_confidence", "no"), ("fastest_response", "yes")],
)
def test_a_tie_goes_as_configured(how: Ties, goes: Vote) -> None:
    result = vote_of(TIED, Rule(tie_breaker=how))

    assert (result.selected, result.agreement_score) == (goes, 0.5)


def test_a_random_tie_goes_as_the_seed_decides() -> None:
    gone = [vote_of(TIED, Rule(tie_breaker="random", seed=seed)).selected for seed in range(40)]

    assert set(gone) == {"yes", "no"}


def test_heads_count_alike_in_a_majority() -> None:
    said = [ballot("a", "yes", weight=9.0), ballot("b", "no"), ballot("c", "no")]

    assert vote_of(said, Rule()).selected == "yes"
    assert vote_of(said, Rule("majority_vote")).selected == "no"


@pytest.mark.parametrize(("source", "goes"), [("location_weight", "no"), ("historical_accuracy", "yes")])
def test_history_keeps_a_strong_location_from_being_outvoted(source: WeightSource, goes: Vote) -> None:
    said = [ballot("a", "yes"), *(ballot(name, "no") for name in "bcd")]

    assert vote_of(said, Rule(weight_source=source, history=HISTORY), angle="security", kind="k").selected == goes


@given(ballots, rules)
def test_a_failed_location_changes_nothing(said: list[Ballot], rule: Rule) -> None:
    before, after = vote_of(said, rule), vote_of([*said, ballot("z", "abstain", weight=9.0)], rule)

    assert (after.selected, after.agreement_score) == (before.selected, before.agreement_score)


@given(ballots, rules)
def test_one_more_yes_never_lowers_agreement(said: list[Ballot], rule: Rule) -> None:
    if any(each.vote != "abstain" for each in said):
        assert agreed([*said, ballot("z", "yes")], rule) >= agreed(said, rule) - 1e-12


@given(ballots, rules, st.permutations(range(8)))
def test_the_order_of_ballots_changes_not_a_byte(said: list[Ballot], rule: Rule, order: list[int]) -> None:
    turned = [said[place] for place in order if place < len(said)]

    assert repr(vote_of(turned, rule)) == repr(vote_of(said, rule))
