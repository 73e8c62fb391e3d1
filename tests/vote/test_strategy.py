"""Agreement: what it counts, and what it must never count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.vote.finding import Ballot, Vote
from codedesigner.vote.strategies.ballots import agreement, weighted_vote


def ballot(location: str, vote: Vote, weight: float = 1.0, confidence: float = 1.0) -> Ballot:
    return Ballot(location, vote, "cross_examined", confidence, weight)


ballots = st.lists(
    st.builds(
        Ballot,
        st.uuids().map(str),
        st.sampled_from(["yes", "no", "abstain"]),
        st.just("cross_examined"),
        st.floats(0.01, 1.0),
        st.floats(0.1, 5.0),
    ),
    max_size=9,
)


def test_agreement_is_the_weight_of_yes_among_those_who_answered() -> None:
    said = [ballot("a", "yes", 2.0), ballot("b", "no", 1.0), ballot("c", "abstain", 9.0)]

    assert agreement(said) == pytest.approx(2 / 3)


def test_where_nobody_could_judge_nothing_is_agreed() -> None:
    result = weighted_vote([ballot("a", "abstain")])

    assert (result.selected, result.agreement_score, result.contributing_locations) == ("abstain", 0.0, ())
    assert agreement([]) == 0.0


def test_confidence_weighs_where_it_is_asked_to() -> None:
    said = [ballot("a", "yes", confidence=0.2), ballot("b", "no", confidence=0.9)]

    assert weighted_vote(said).selected == "yes"
    assert weighted_vote(said, weight_source="confidence").selected == "no"


def test_the_explanation_counts_heads() -> None:
    said = [ballot("a", "yes"), ballot("b", "yes"), ballot("c", "no"), ballot("d", "abstain")]

    assert weighted_vote(said).explanation == "2 of 3 that could judge it say yes, 1 abstained"


@given(ballots)
def test_an_abstention_never_moves_agreement(said: list[Ballot]) -> None:
    more = [*said, ballot("late", "abstain", 3.0)]

    assert agreement(more) == agreement(said)
    assert weighted_vote(more).selected == weighted_vote(said).selected


@given(ballots)
def test_one_more_yes_never_lowers_agreement_and_one_more_no_never_raises_it(said: list[Ballot]) -> None:
    now = agreement(said)

    assert agreement([*said, ballot("z", "yes")]) >= now
    assert agreement([*said, ballot("z", "no")]) <= now


@given(ballots, st.randoms(use_true_random=False))
def test_the_order_of_ballots_decides_nothing(said: list[Ballot], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = weighted_vote(said), weighted_vote(shuffled)

    assert one.selected == other.selected
    assert one.agreement_score == pytest.approx(other.agreement_score)
    assert one.contributing_locations == other.contributing_locations


@given(ballots)
def test_the_score_stands_behind_what_was_selected(said: list[Ballot]) -> None:
    result = weighted_vote(said)
    yes = agreement(said)

    assert result.agreement_score == pytest.approx({"yes": yes, "no": 1 - yes, "abstain": 0.0}[result.selected])
