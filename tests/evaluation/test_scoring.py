"""What a posted finding is worth, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.evaluation.dataset import Label, PullRequest
from codedesigner.evaluation.scoring import (
    SCORINGS,
    Counts,
    Posted,
    is_right,
    posted_counts,
    reviewer_counts,
    total,
)


def comment(name: str, *golden: int, label: Label | None = None) -> dict[str, Any]:
    return {"id": name, "text": name, "label": label or ("match" if golden else "nomatch"), "golden": golden}


def pull_request(golden: int = 3, **reviews: list[dict[str, Any]]) -> PullRequest:
    issues = [{"id": number, "text": f"issue {number}"} for number in range(golden)]
    return PullRequest.model_validate({"pr": "x/1", "repo": "x", "golden": issues, "reviews": reviews})


REVIEWED = pull_request(
    a=[comment("a0", 0), comment("a1", 0, label="match_unspecified"), comment("a2")],
    b=[comment("b0", 0, 1), comment("b1", 2)],
    c=[comment("c0"), comment("c1", 1)],
)


@pytest.mark.parametrize(
    ("posted", "strict", "majority"),
    [
        ([], (0, 0, 3), (0, 0, 3)),
        ([Posted(("a0",), "a0")], (1, 0, 2), (1, 0, 2)),
        ([Posted(("a0", "c0"), "a0")], (1, 0, 2), (1, 0, 2)),  # one of two is half
        ([Posted(("a0", "c0"), "c0")], (0, 1, 3), (1, 0, 2)),  # its words match nothing
        ([Posted(("a2", "b1", "c0"), "b1")], (1, 0, 2), (0, 1, 3)),  # one of three is less than half
        ([Posted(("a1",), "a1")], (0, 1, 3), (1, 0, 2)),  # a repetition is no match of its own
        ([Posted(("a0",), "a0"), Posted(("a1",), "a1")], (1, 1, 2), (1, 1, 2)),  # found already
        ([Posted(("b0",), "b0")], (2, 0, 1), (1, 0, 2)),  # strict: all that it matches; majority: one
        ([Posted(("b0", "c1"), "b0")], (2, 0, 1), (1, 0, 2)),
        ([Posted(("a0",), "a0"), Posted(("b0",), "b0")], (2, 0, 1), (1, 1, 2)),  # majority picks 0, which is taken
        ([Posted(("a0", "a1", "a2"), "a0")], (1, 0, 2), (1, 0, 2)),  # a reviewer counts once
    ],
)
def test_counts(posted: list[Posted], strict: tuple[int, int, int], majority: tuple[int, int, int]) -> None:
    assert posted_counts(REVIEWED, posted, "strict") == Counts(*strict)
    assert posted_counts(REVIEWED, posted, "majority") == Counts(*majority)


def test_among_equally_supported_issues_the_first_is_meant() -> None:
    counted = [Posted(("b0", "c1", "a0"), "a0"), Posted(("c1",), "c1")]
    assert posted_counts(REVIEWED, counted, "majority") == Counts(2, 0, 1)


def test_a_finding_of_an_unknown_comment_is_an_error() -> None:
    with pytest.raises(KeyError):
        posted_counts(REVIEWED, [Posted(("z9",), "z9")], "strict")


def test_a_reviewer_alone_is_not_blamed_for_repeating_itself() -> None:
    assert reviewer_counts(REVIEWED, "a") == Counts(1, 1, 2)
    assert reviewer_counts(REVIEWED, "b") == Counts(3, 0, 0)
    assert reviewer_counts(REVIEWED, "nobody") == Counts(0, 0, 3)


def test_figures_of_counts() -> None:
    counts = total([Counts(1, 2, 3), Counts(2, 1, 0)])
    assert (counts.precision, counts.recall, round(counts.f1, 12)) == (0.5, 0.5, 0.5)
    assert (Counts().precision, Counts().recall, Counts().f1) == (0, 0, 0)


NAMES = sorted(REVIEWED.said)
some_posted = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True).flatmap(
        lambda members: st.sampled_from(members).map(lambda best: Posted(tuple(members), best))
    ),
    max_size=8,
)


@given(some_posted)
def test_nothing_posted_is_lost_and_no_issue_is_counted_twice(posted: list[Posted]) -> None:
    for scoring in SCORINGS:
        counts = posted_counts(REVIEWED, posted, scoring)
        right = [is_right(REVIEWED, one, scoring) for one in posted]
        assert counts.tp + counts.fn == len(REVIEWED.golden)
        assert counts.fp >= right.count(False)
        assert counts.fp <= len(posted)
        assert scoring == "strict" or counts.tp + counts.fp == len(posted)


@given(some_posted)
def test_posting_the_same_again_finds_nothing_new(posted: list[Posted]) -> None:
    for scoring in SCORINGS:
        once, twice = (posted_counts(REVIEWED, posted * times, scoring) for times in (1, 2))
        assert (twice.tp, twice.fn) == (once.tp, once.fn)
        assert twice.fp == once.fp + len(posted)
