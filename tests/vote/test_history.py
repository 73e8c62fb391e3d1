"""What became of findings, and how little of it moves how much."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.vote.finding import Ballot, Finding, Vote
from codedesigner.vote.history import (
    EVEN,
    NO_HISTORY,
    Outcome,
    Record,
    Told,
    What,
    learned,
    note,
    outcomes_of,
    records,
    was_right,
)


def outcome(location: str, vote: Vote, what: What, name: str = "f", source: str = "") -> Outcome:
    return Outcome(name, location, "correctness", "model/correctness", vote, what, source=source)


def record(location: str, right: float, wrong: float, kind: str = "k") -> Record:
    return Record(location, "correctness", kind, right, wrong)


def test_where_nothing_is_known_everybody_is_even() -> None:
    assert NO_HISTORY.accuracy("anybody", "security", "kind") == EVEN
    assert learned([]).accuracy("anybody") == EVEN


@pytest.mark.parametrize(
    ("what", "right_is"),
    [("fixed", "yes"), ("thumbs_up", "yes"), ("dismissed", "no"), ("thumbs_down", "no"), ("override", "no")],
)
def test_a_yes_to_what_was_right_and_a_no_to_what_was_wrong_are_right(what: What, right_is: Vote) -> None:
    yes, no = records([outcome("a", "yes", what), outcome("b", "no", what)])

    assert (yes.right > 0, no.right > 0) == (right_is == "yes", right_is == "no")
    assert yes.right + yes.wrong == no.right + no.wrong


def test_a_click_counts_for_less_than_a_fix_and_many_count_as_often_as_they_were() -> None:
    (fixed,) = records([outcome("a", "yes", "fixed", name) for name in "fgh"])
    (liked,) = records([outcome("a", "yes", "thumbs_up")])

    assert (fixed.right, liked.right) == (3.0, 0.5)


def test_who_abstained_was_neither() -> None:
    assert records([outcome("a", "abstain", "fixed")]) == ()


def test_little_data_moves_little_and_much_data_much() -> None:
    others = [record("b", 50, 50), record("c", 48, 52)]
    few, many = learned([*others, record("a", 2, 0)]), learned([*others, record("a", 200, 0)])

    assert 0.5 < few.accuracy("a") < 0.75
    assert many.accuracy("a") > 0.9


def test_who_is_not_known_is_like_the_rest() -> None:
    history = learned([record("a", 80, 20), record("b", 75, 25), record("c", 85, 15)])

    assert history.accuracy("new") == pytest.approx(history.mean)
    assert 0.75 < history.mean < 0.85


def test_the_less_locations_differ_the_more_the_mean_says() -> None:
    alike = learned([record(name, 30, 20) for name in "abcd"])
    unlike = learned([record("a", 45, 5), record("b", 5, 45), record("c", 40, 10), record("d", 10, 40)])

    assert alike.strength > unlike.strength


def test_what_is_known_of_a_kind_is_drawn_to_what_is_known_of_the_location() -> None:
    known = [record("a", 40, 10, "good"), record("a", 0, 3, "bad"), record("b", 25, 25), record("c", 20, 30)]
    history = learned(known)

    assert history.accuracy("a", "correctness", "good") > history.accuracy("a")
    assert history.accuracy("a", "correctness", "bad") < history.accuracy("a")
    assert history.accuracy("a", "correctness", "bad") > 0.2
    assert history.votes("a") == 53


def finding() -> Finding:
    """One on which a and b decided, c was silent, and d abstained."""
    return Finding(
        path="a.py",
        function=None,
        line=1,
        end_line=1,
        side="RIGHT",
        angle="security",
        kind="k",
        severity="high",
        title="t",
        body="b",
        evidence="",
        ballots=(
            Ballot("a", "yes", "proposed"),
            Ballot("b", "no", "cross_examined"),
            Ballot("c", "no", "silent"),
            Ballot("d", "abstain", "cross_examined"),
        ),
        agreement=0.5,
        confidence=1.0,
        disposition="posted",
        reason="",
        fingerprint="ff",
    )


def test_every_location_that_decided_has_an_outcome_and_no_other() -> None:
    made = outcomes_of(finding(), "dismissed", "wanted")

    assert [(one.location, one.vote, one.reason) for one in made] == [("a", "yes", "wanted"), ("b", "no", "wanted")]
    assert {(one.fingerprint, one.angle, one.kind) for one in made} == {("ff", "security", "k")}


@given(
    st.lists(
        st.builds(record, st.sampled_from("abcde"), st.floats(0, 500), st.floats(0, 500), st.sampled_from("xyz")),
        max_size=12,
    )
)
def test_accuracy_is_never_certain_and_the_order_of_records_means_nothing(known: list[Record]) -> None:
    history, turned = learned(known), learned(known[::-1])

    for location in "abcdef":
        for kind in ("x", "unknown"):
            accuracy = history.accuracy(location, "correctness", kind)
            assert 0 < accuracy < 1
            assert accuracy == pytest.approx(turned.accuracy(location, "correctness", kind))


def test_however_many_tell_of_a_finding_it_is_one_vote_of_a_location() -> None:
    crowd = [outcome("a", "yes", "thumbs_up", source=f"thread/{name}") for name in "abcdefgh"]
    (liked,) = records(crowd)
    (split,) = records([*crowd[:1], outcome("a", "yes", "thumbs_down", source="thread/z")])
    (mended,) = records([outcome("a", "yes", "fixed"), outcome("a", "yes", "dismissed", source="thread/b")])

    assert (liked.right, liked.wrong) == (1.0, 0.0)
    assert (split.right, split.wrong) == (0.5, 0.5)
    assert (mended.right, mended.wrong) == (0.5, 0.5)


class Shelf:
    """A `Book` in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[Outcome, ...]] = {}

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        self.kept[fingerprint, place] = tuple(outcomes)


@given(st.lists(st.sampled_from(["fixed", "dismissed", "thumbs_up", "thumbs_down", "override"]), max_size=5))
def test_reading_a_thread_again_changes_nothing(said: list[What]) -> None:
    shelf, told = Shelf(), [Told(what, by=str(number)) for number, what in enumerate(said)]
    first = note(shelf, finding(), "thread", told)
    once = dict(shelf.kept)

    assert note(shelf, finding(), "thread", told) == first == 2 * len(said)
    assert shelf.kept == once
    (kept,) = shelf.kept.values()
    for known in records(kept):
        assert known.right + known.wrong <= 1


def test_what_is_told_of_a_finding_says_how_far_it_was_right() -> None:
    assert was_right([outcome("a", "yes", "fixed"), outcome("b", "no", "fixed")]) == 1.0
    assert was_right([outcome("a", "yes", "dismissed")]) == 0.0
    assert was_right([]) == EVEN
