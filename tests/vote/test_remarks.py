"""The vote of a panel on groups of remarks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.vote.calibration import LEAST_LABELS, Calibration
from codedesigner.vote.grouping import Group
from codedesigner.vote.remark import Remark
from codedesigner.vote.strategies.remarks import voted

PANEL = ("a", "b", "c", "d")


def group(*said: tuple[str, str]) -> Group:
    members = tuple(Remark(f"{reviewer}#{number}", reviewer, text) for number, (reviewer, text) in enumerate(said))
    return Group(members, members[0])


groups = st.lists(
    st.lists(st.tuples(st.sampled_from("abcd"), st.text(max_size=5)), min_size=1, max_size=5).map(
        lambda said: group(*said)
    ),
    max_size=4,
)


def test_who_looked_and_said_nothing_says_no() -> None:
    (one,) = voted([group(("a", "x"), ("b", "y"))], PANEL)

    assert (one.agreement, one.explanation) == (0.5, "2 of 4 that could judge it say yes")


def test_who_failed_is_not_counted() -> None:
    (one,) = voted([group(("a", "x"), ("b", "y"))], ("a", "b"))

    assert (one.agreement, one.contributing) == (1.0, ("a", "b"))


def test_weights_count_and_the_most_agreed_come_first() -> None:
    weak, strong = group(("a", "x"), ("b", "y")), group(("d", "z"))
    found = voted([weak, strong], PANEL, {"d": 6.0})

    assert [one.agreement for one in found] == pytest.approx([6 / 9, 2 / 9])


def test_the_words_are_those_of_the_group() -> None:
    said = group(("a", "a long text"), ("b", "short"))
    (one,) = voted([replace(said, representative=said.members[1])], PANEL)

    assert one.group.representative.text == "short"


def test_a_probability_comes_with_a_calibration_that_stands_on_enough() -> None:
    said, enough = [group(("a", "x"), ("b", "y"))], Calibration(labels=LEAST_LABELS)

    assert voted(said, PANEL)[0].probability is None
    assert voted(said, PANEL, calibration=replace(enough, labels=1))[0].probability is None
    assert voted(said, PANEL, calibration=enough)[0].probability == pytest.approx(0.375)


@given(groups, st.permutations(PANEL), st.permutations(range(4)))
def test_no_order_of_reviewers_or_groups_changes_anything(
    said: list[Group], panel: list[str], order: list[int]
) -> None:
    turned = [said[place] for place in order if place < len(said)]
    as_told = sorted(repr(one) for one in voted(said, PANEL))

    assert sorted(repr(one) for one in voted(turned, panel)) == as_told


@given(groups)
def test_one_more_yes_never_lowers_agreement(said: list[Group]) -> None:
    for one in said:
        (before,) = voted([one], PANEL, {"b": 3.0})
        for name in PANEL:
            more = replace(one, members=(*one.members, Remark("more", name, "more")))
            assert voted([more], PANEL, {"b": 3.0})[0].agreement >= before.agreement - 1e-12
