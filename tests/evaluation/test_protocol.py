"""Nothing is counted on what it was learned from, and intervals are those of the seed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from codedesigner.errors import UsageError
from codedesigner.evaluation.chance import Chance, between, resamples
from codedesigner.evaluation.evaluate import Asked, evaluate
from codedesigner.evaluation.heard import Heard, heard
from codedesigner.evaluation.protocol import HoldOut, Resampling, figures, folds, gain, held_out
from codedesigner.evaluation.reliability import as_it_is, calibrated, error_interval, histogram
from codedesigner.evaluation.scoring import Counts, Scoring
from codedesigner.evaluation.ways import WAYS, Learned, best_bar, weights_of
from codedesigner.vote.calibration import Labelled, calibration_error

from .sample import sample

PANEL = ("good", "fair", "poor")


def every() -> list[Heard]:
    return [heard(one, PANEL) for one in sample()]


@pytest.mark.parametrize(("hold_out", "count"), [("repo", 3), ("pull-request", 6), ("none", 1)])
def test_everything_is_counted_once(hold_out: HoldOut, count: int) -> None:
    parts = list(folds(every(), hold_out))

    assert len(parts) == count
    assert sorted(each.pull_request.pr for _, _, test in parts for each in test) == sorted(one.pr for one in sample())


@pytest.mark.parametrize("hold_out", ["repo", "pull-request"])
def test_what_is_held_out_is_never_learned_from(hold_out: HoldOut) -> None:
    seen: list[set[str]] = []

    def learn(train: Sequence[Heard], _scoring: Scoring) -> Learned:
        known = {each.pull_request.repo if hold_out == "repo" else each.pull_request.pr for each in train}
        seen.append(known)

        def count(one: Heard) -> Counts:
            assert (one.pull_request.repo if hold_out == "repo" else one.pull_request.pr) not in known
            return Counts(1, 0, 0)

        return Learned("x", count)

    counts, _ = held_out(every(), learn, "strict", hold_out)
    assert counts == [Counts(1, 0, 0)] * 6
    assert seen


def test_counts_come_in_the_order_of_the_dataset() -> None:
    def learn(_train: Sequence[Heard], _scoring: Scoring) -> Learned:
        return Learned("", lambda one: Counts(fn=[each.pr for each in sample()].index(one.pull_request.pr)))

    mixed = every()[::2] + every()[1::2]
    counts, _ = held_out(mixed, learn, "strict", "repo")
    assert [one.fn for one in counts] == [0, 2, 4, 1, 3, 5]


def test_the_best_single_is_the_best_of_the_others() -> None:
    _, learned = held_out(every(), WAYS["best_single"], "strict", "repo")
    assert set(learned.values()) == {"good"}


def test_a_vote_leaves_out_what_one_alone_says_where_that_is_mostly_wrong() -> None:
    votes, _ = held_out(every(), WAYS["majority_vote"], "majority", "repo")
    union, _ = held_out(every(), WAYS["union_merge"], "majority", "repo")
    assert sum(one.fp for one in votes) < sum(one.fp for one in union)
    assert figures(votes, Resampling(0)).counts.f1 > figures(union, Resampling(0)).counts.f1


def test_who_was_right_more_often_weighs_more() -> None:
    weights = weights_of(every())
    assert weights["good"] > weights["fair"] > weights["poor"] > 0


def test_who_did_not_look_has_no_vote() -> None:
    first = sample()[0]
    without = first.model_copy(update={"reviews": {k: v for k, v in first.reviews.items() if k != "poor"}})
    assert heard(without, PANEL).answered == ("fair", "good")
    # Both of two, less half a vote.
    assert max(said for said, _ in as_it_is([heard(without, PANEL)], "strict")[0]) == pytest.approx(0.75)


def test_findings_that_are_given_are_not_grouped_again() -> None:
    first = sample()[0]
    given = {"members": ["good#0", "fair#1", "poor#1"], "representative": "fair#1"}
    value = first.model_dump() | {"findings": [given]}
    (group,) = heard(type(first).model_validate(value), ("good", "fair")).groups
    assert [member.id for member in group.members] == ["good#0", "fair#1"]
    assert group.representative.id == "fair#1"


def test_votes_and_probabilities_are_of_the_same_findings() -> None:
    counted, plain = histogram(every(), "majority"), as_it_is(every(), "majority")
    fitted = calibrated(every(), "majority", "repo")
    assert sum(one.count for one in counted) == sum(map(len, plain))
    assert [[right for _, right in each] for each in fitted] == [[right for _, right in each] for each in plain]
    assert all(0 <= said <= 1 for each in fitted for said, _ in each)


def test_a_calibration_error_lies_inside_its_interval() -> None:
    said = as_it_is(every(), "majority")
    found = error_interval(said, Resampling(300, 1))
    assert found is not None
    assert found.low < calibration_error([one for each in said for one in each]) < found.high
    assert error_interval(said, Resampling(0)) is None


def test_the_bar_is_where_most_is_expected() -> None:
    good = [Labelled(0.8, 5, True)] * 18 + [Labelled(0.8, 5, False)] * 2
    bad = [Labelled(0.2, 5, True)] * 2 + [Labelled(0.2, 5, False)] * 98

    assert best_bar([*good, *bad], 20) == 0.8
    assert best_bar([*good, *bad], 2_000) == 0.2
    assert best_bar([], 3) == 1.0


def test_luck_on_a_few_does_not_move_the_bar() -> None:
    many = [Labelled(share, 5, place < share * 20) for share in (0.4, 0.6) for place in range(20)]
    one_off = [Labelled(0.2, 5, True)]

    assert best_bar([*many, *[Labelled(0.2, 5, place < 3) for place in range(60)], *one_off], 24) == 0.4


def test_chance_is_the_seeds() -> None:
    one, same, other = Chance(7), Chance(7), Chance(8)
    first = [one.bits() for _ in range(5)]
    assert first == [same.bits() for _ in range(5)]
    assert first != [other.bits() for _ in range(5)]
    assert Chance(0).bits() == 0xE220A8397B1DCDAF  # splitmix64's first of seed 0
    assert {Chance(seed).below(3) for seed in range(50)} == {0, 1, 2}
    assert all(0 <= Chance(seed).unit() < 1 for seed in range(50))


def test_an_interval_holds_what_most_resamples_say() -> None:
    assert between([]) is None
    found = between([number / 100 for number in range(101)])
    assert found is not None
    assert (found.low, found.high) == (0.02, 0.98)
    assert all(len(each) == 4 and set(each) <= set(range(4)) for each in resamples(4, times=9, seed=1))


def test_figures_lie_inside_their_intervals_and_no_resamples_are_no_interval() -> None:
    counts = [Counts(3, 1, 0), Counts(0, 2, 4), Counts(2, 2, 2), Counts(1, 0, 1)]
    found = figures(counts, Resampling(400, 3))
    assert found.f1 is not None
    assert found.f1.low < found.counts.f1 < found.f1.high
    assert figures(counts, Resampling(0)).f1 is None
    same = gain(counts, counts, Resampling(50))
    assert same is not None
    assert (same.low, same.high) == (0, 0)


def test_the_same_evaluation_is_the_same() -> None:
    asked = Asked(panels=(PANEL,), resampling=Resampling(50, 5))
    assert evaluate("x", sample(), asked) == evaluate("x", sample(), asked)
    assert evaluate("x", sample(), asked) != evaluate("x", sample(), Asked((PANEL,), resampling=Resampling(50, 6)))


def test_the_order_of_a_panel_changes_nothing() -> None:
    one, other = (evaluate("x", sample(), Asked((names,))).panels[0] for names in (PANEL, PANEL[::-1]))
    assert one.strategies == other.strategies
    assert one.reliability == other.reliability


def test_costs_are_told_where_all_are_known() -> None:
    found = evaluate("x", sample(), Asked((PANEL,), ("best_single", "majority_vote")))
    assert {one.id: (one.tokens, one.usd) for one in found.locations} == {
        "good": (6000, 0.06),
        "fair": (12000, 0.12),
        "poor": (18000, 0.18),
    }
    assert {one.strategy: one.usd for one in found.panels[0].strategies} == {"best_single": None, "majority_vote": 0.36}
    first, *rest = sample()
    unknown = evaluate("x", [first.model_copy(update={"usage": {}}), *rest], Asked((PANEL,), ("majority_vote",)))
    assert unknown.locations[0].usd is None
    assert unknown.panels[0].strategies[0].usd is None


def test_what_is_held_out_is_the_widest_there_is() -> None:
    two = sample()[:2]
    assert evaluate("x", sample(), Asked()).hold_out == "repo"
    assert evaluate("x", two, Asked()).hold_out == "pull-request"
    alone = evaluate("x", two[:1], Asked())
    assert alone.hold_out == "none"
    assert any("flatter" in note for note in alone.notes)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (Asked((("good", "goof"),)), "no reviewer is called 'goof'"),
        (Asked(((),)), "a panel has no reviewers"),
        (Asked(hold_out="repo"), "all pull requests are of one repository"),
    ],
)
def test_what_cannot_be_measured_is_told(asked: Asked, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        evaluate("x", sample()[:2], asked)
    assert str(caught.value) == told
    assert caught.value.hint
