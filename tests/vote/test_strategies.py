"""The five strategies: what each selects, and the laws that all of them keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.vote.strategies.aggregator import SHIPPED, Aggregator, Context
from codedesigner.vote.strategies.base import AggregationInput, AggregationResult, AggregationStrategy, Response
from codedesigner.vote.strategies.best import BestOfN
from codedesigner.vote.strategies.comparator import SemanticComparator
from codedesigner.vote.strategies.supervisor import More, SupervisorSelection
from codedesigner.vote.strategies.tally import TieBreaker
from codedesigner.vote.strategies.union import UnionMerge
from codedesigner.vote.strategies.votes import MajorityVote, WeightedVote, odds

VOTES: tuple[AggregationStrategy, ...] = (
    MajorityVote(),
    MajorityVote("fastest_response"),
    MajorityVote("random", seed=7),
    WeightedVote(),
    WeightedVote("location_weight"),
    WeightedVote("historical_accuracy"),
    BestOfN(),
    SupervisorSelection(fallback="most_supported"),
)
LISTS: tuple[AggregationStrategy, ...] = (UnionMerge("exact"), UnionMerge("key_field"), UnionMerge("semantic"))


def asked(*responses: Response[Any], **more: Any) -> AggregationInput[Any]:
    return AggregationInput(responses, **more)


def said(location: str, result: object, confidence: float = 1.0, **more: Any) -> Response[Any]:
    return Response(location, result, confidence, **more)


answers = st.lists(
    st.builds(
        Response,
        st.sampled_from(list("abcdefghi")),
        st.sampled_from(["yes", "no", {"x": 1, "y": [2]}]),
        st.floats(0, 1),
        st.floats(0.1, 5),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda response: response.location,
)
lists = st.lists(
    st.builds(
        Response,
        st.sampled_from(list("abcdefghi")),
        st.lists(st.sampled_from(["a leak of memory in close", "a race in open", "the typo in a name"]), max_size=3),
        st.floats(0, 1),
    ),
    max_size=5,
    unique_by=lambda response: response.location,
)
ACCURACY = {"a": 0.9, "b": 0.6, "c": 0.2}


@pytest.mark.parametrize("strategy", VOTES)
@given(answers, st.permutations(range(9)))
def test_the_order_of_locations_changes_not_a_byte(
    strategy: AggregationStrategy, responses: list[Response[Any]], order: list[int]
) -> None:
    shuffled = [responses[place] for place in order if place < len(responses)]

    one = strategy.aggregate(asked(*responses, accuracy=ACCURACY))
    assert repr(strategy.aggregate(asked(*shuffled, accuracy=ACCURACY))) == repr(one)


@pytest.mark.parametrize("strategy", LISTS)
@settings(max_examples=30)
@given(lists, st.permutations(range(9)))
def test_nor_does_it_where_lists_are_merged(
    strategy: AggregationStrategy, responses: list[Response[Any]], order: list[int]
) -> None:
    shuffled = [responses[place] for place in order if place < len(responses)]

    assert repr(strategy.aggregate(asked(*shuffled))) == repr(strategy.aggregate(asked(*responses)))


@pytest.mark.parametrize("strategy", VOTES)
@given(answers)
def test_a_failed_location_changes_nothing(strategy: AggregationStrategy, responses: list[Response[Any]]) -> None:
    failed = said("z", "yes", failed="timed out", weight=100.0)

    assert strategy.aggregate(asked(*responses, failed)) == strategy.aggregate(asked(*responses))


@pytest.mark.parametrize("strategy", [each for each in VOTES if not isinstance(each, BestOfN)])
@given(answers)
def test_one_more_voice_for_what_is_selected_never_lowers_its_agreement(
    strategy: AggregationStrategy, responses: list[Response[Any]]
) -> None:
    before = strategy.aggregate(asked(*responses, accuracy=ACCURACY))
    after = strategy.aggregate(asked(*responses, said("z", before.selected), accuracy=ACCURACY))

    assert after.selected == before.selected
    assert after.agreement_score >= before.agreement_score - 1e-12


@pytest.mark.parametrize("strategy", VOTES)
@given(answers)
def test_everybody_is_named_once(strategy: AggregationStrategy, responses: list[Response[Any]]) -> None:
    result = strategy.aggregate(asked(*responses))
    named = [*result.contributing_locations, *(name for each in result.alternatives for name in each.locations)]

    assert sorted(named) == sorted(response.location for response in responses)
    assert 0 <= result.agreement_score <= 1
    assert result.strategy_used == strategy.id
    assert result.explanation


@pytest.mark.parametrize(
    ("how", "winner"), [("highest_confidence", "slow"), ("fastest_response", "quick"), ("random", None)]
)
def test_a_tie_goes_as_configured(how: TieBreaker, winner: str | None) -> None:
    tied = asked(said("a", "slow", 0.9, latency_ms=90), said("b", "quick", 0.4, latency_ms=5))
    result = MajorityVote(how).aggregate(tied)

    assert result.agreement_score == 0.5
    assert f"a tie of 2 that {how} broke" in result.explanation
    if winner is not None:
        assert result.selected == winner


def test_a_random_tie_is_the_seeds_and_no_answers() -> None:
    tied = asked(said("a", "one"), said("b", "other"))
    won = [MajorityVote("random", seed).aggregate(tied).selected for seed in range(40)]

    assert set(won) == {"one", "other"}
    assert won == [MajorityVote("random", seed).aggregate(tied).selected for seed in range(40)]


def test_the_majority_wins_whatever_its_confidence() -> None:
    result = MajorityVote().aggregate(asked(said("a", "no", 0.1), said("b", "no", 0.1), said("c", "yes", 1.0)))

    assert (result.selected, result.contributing_locations) == ("no", ("a", "b"))
    assert result.agreement_score == pytest.approx(2 / 3)
    assert [each.result for each in result.alternatives] == ["yes"]


def test_confidence_and_weight_and_history_each_weigh() -> None:
    responses = (said("a", "yes", 0.9), said("b", "no", 0.3, weight=2.0), said("c", "no", 0.3))
    history = {"a": 0.5, "b": 0.9, "c": 0.5}

    assert WeightedVote("confidence").aggregate(asked(*responses)).agreement_score == pytest.approx(0.5)
    assert WeightedVote("location_weight").aggregate(asked(*responses)).agreement_score == pytest.approx(3 / 4)
    by_history = WeightedVote("historical_accuracy").aggregate(asked(*responses, accuracy=history))
    assert by_history.agreement_score == pytest.approx(10 / 11)


def test_one_strong_location_is_not_outvoted_by_weak_ones_once_history_knows_it() -> None:
    weak = [said(name, "no") for name in "bcde"]
    responses = asked(said("a", "yes"), *weak, accuracy={"a": 0.92, **dict.fromkeys("bcde", 0.55)})

    assert WeightedVote("location_weight").aggregate(responses).selected == "no"
    assert WeightedVote("historical_accuracy").aggregate(responses).selected == "yes"


def test_no_accuracy_silences_the_others_for_ever() -> None:
    assert odds(1.0) == pytest.approx(99)
    assert odds(0.0) > 0


def test_a_location_that_answers_twice_has_one_vote() -> None:
    result = MajorityVote().aggregate(asked(said("a", "yes", 0.4), said("a", "no", 0.6), said("b", "no")))

    assert (result.selected, result.agreement_score) == ("no", 1.0)


def test_where_nobody_answered_nothing_can_be_selected() -> None:
    for strategy in VOTES:
        with pytest.raises(ValueError, match="nobody answered"):
            strategy.aggregate(asked(said("a", "yes", failed="refused")))


def test_a_union_holds_every_item_once() -> None:
    items = asked(said("a", ["x", "y"]), said("b", ["y", "z"]))
    result = UnionMerge("exact").aggregate(items)

    assert result.selected == ("x", "y", "z")
    assert result.agreement_score == pytest.approx(1 / 3)
    assert result.contributing_locations == ("a", "b")


def test_key_fields_decide_what_is_the_same_and_the_surest_words_stay() -> None:
    unsure, sure = {"id": 1, "description": "perhaps"}, {"id": 1, "description": "surely"}
    items = asked(said("a", [unsure], 0.2), said("b", [sure, {"id": 2}], 0.9))

    assert UnionMerge("key_field").aggregate(items).selected == (sure, {"id": 2})


def test_what_means_the_same_is_merged() -> None:
    one = {"description": "The file handle is never closed when parse_config raises", "path": "a.py", "line": 3}
    same = {"description": "parse_config leaks the file handle: never closed when it raises", "path": "a.py", "line": 3}
    other = {"description": "Typo in the word 'recieve' of the greeting", "path": "a.py", "line": 90}
    result = UnionMerge("semantic").aggregate(asked(said("a", [one, other]), said("b", [same], 0.5)))

    assert [item["line"] for item in result.selected] == [3, 90]
    assert result.selected[0] == one


def test_only_lists_can_be_merged() -> None:
    with pytest.raises(TypeError, match="the answer of a is no list"):
        UnionMerge().aggregate(asked(said("a", "x")))


def test_the_best_is_best_by_the_first_criterion_that_tells() -> None:
    responses = asked(
        said("a", "x", 0.9, quality=0.1, latency_ms=9),
        said("b", "y", 0.9, quality=0.8, latency_ms=90),
        said("c", "z", 0.5, quality=1.0, latency_ms=1),
    )

    assert BestOfN().aggregate(responses).selected == "y"
    assert BestOfN(("latency",)).aggregate(responses).selected == "z"
    assert [each.result for each in BestOfN().aggregate(responses).alternatives] == ["x", "z"]


def shown(options: Sequence[str]) -> AggregationInput[Any]:
    return asked(*(said(f"{name}{number}", name) for name in options for number in range(6 - options.index(name))))


def test_the_supervisor_sees_the_three_with_most_support_and_chooses() -> None:
    given_all = shown(["a", "b", "c", "d"])
    selection = SupervisorSelection()

    assert selection.present(given_all) == ("a", "b", "c")
    chosen = selection.settle(given_all, "b")
    assert (chosen.selected, len(chosen.contributing_locations)) == ("b", 5)
    assert "1 more answers were not presented" in chosen.explanation


@pytest.mark.parametrize("choice", [None, "d"])
def test_what_the_supervisor_does_not_decide_goes_by_the_fallback(choice: str | None) -> None:
    given_all = shown(["a", "b", "c", "d"])

    left = SupervisorSelection().settle(given_all, choice)
    assert (left.selected, left.agreement_score, left.contributing_locations) == (None, 0.0, ())
    assert "needs a person" in left.explanation
    assert SupervisorSelection(fallback="most_supported").settle(given_all, choice).selected == "a"


@dataclass(frozen=True, slots=True)
class First:
    name: ClassVar[str] = "One of ours"
    id: ClassVar[str] = "first"
    description: ClassVar[str] = "The first."
    applicable_to: ClassVar[tuple[str, ...]] = ("guess",)

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        return replace(MajorityVote().aggregate(given), strategy_used=self.id)


def test_strategies_are_chosen_by_task_by_name_and_by_what_is_known() -> None:
    aggregator = Aggregator()
    chosen = {task: aggregator.select_strategy(task) for task in ("verify", "analyze", "refine", "other")}

    assert chosen == {
        "verify": "majority_vote",
        "analyze": "union_merge",
        "refine": "best_of_n",
        "other": "majority_vote",
    }
    assert aggregator.select_strategy("verify", Context(weights_differ=True)) == "weighted_vote"
    assert aggregator.select_strategy("verify", Context(supervisor=True, high_stakes=True)) == "supervisor_selection"
    assert aggregator.select_strategy("other", Context(supervisor=True)) == "supervisor_selection"
    assert sorted(aggregator.strategies) == sorted(strategy.id for strategy in SHIPPED)


def test_a_strategy_of_ones_own_is_registered_and_used() -> None:
    aggregator = Aggregator()
    aggregator.register_strategy(First())
    responses = asked(said("a", "x"), task_type="guess")

    assert aggregator.select_strategy("guess") == "first"
    assert aggregator.aggregate(responses).strategy_used == "first"
    assert aggregator.aggregate(replace(responses, strategy="best_of_n")).strategy_used == "best_of_n"
    with pytest.raises(ValueError, match="there is no strategy none"):
        aggregator.aggregate(replace(responses, strategy="none"))


@pytest.mark.parametrize(
    ("name", "options", "made"),
    [
        ("majority_vote", {}, MajorityVote("highest_confidence")),
        ("majority_vote", {"tie_breaker": "random", "seed": 3}, MajorityVote("random", 3)),
        ("weighted_vote", {}, WeightedVote("confidence")),
        ("weighted_vote", {"weight_source": "historical_accuracy"}, WeightedVote("historical_accuracy")),
        ("union_merge", {}, UnionMerge("semantic_similarity")),
        (
            "union_merge",
            {"deduplication": {"method": "key_field", "threshold": 0.9}, "key_fields": ["path"]},
            UnionMerge("key_field", ("path",), threshold=0.9),
        ),
        ("best_of_n", {}, BestOfN(("confidence", "response_quality", "latency"))),
        ("best_of_n", {"ranking_criteria": ["latency"]}, BestOfN(("latency",))),
        ("supervisor_selection", {}, SupervisorSelection(3)),
        ("supervisor_selection", {"present_top_n": 5}, SupervisorSelection(5)),
    ],
)
def test_options_make_a_strategy(name: str, options: dict[str, Any], made: AggregationStrategy) -> None:
    aggregator = Aggregator()
    aggregator.configure(name, options)
    assert aggregator.strategies[name] == made


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("vote", {}, "there is no strategy vote; there are best_of_n"),
        ("majority_vote", {"tie_braker": "random"}, "majority_vote has no option tie_braker"),
        ("majority_vote", {"tie_breaker": "coin"}, "tie_breaker has to be one of highest_confidence"),
        ("majority_vote", {"seed": True}, "seed has to be a whole number"),
        ("weighted_vote", {"weight_source": 3}, "weight_source has to be one of"),
        ("union_merge", {"deduplication": "exact"}, "deduplication has to be a mapping"),
        ("union_merge", {"deduplication": {"methud": "exact"}}, "deduplication has no option methud"),
        ("union_merge", {"deduplication": {"threshold": 2}}, "threshold has to be a number from 0 to 1"),
        ("union_merge", {"key_fields": []}, "key_fields has to be a list"),
        ("best_of_n", {"ranking_criteria": ["beauty"]}, "ranking_criteria has to be a list of confidence"),
        ("supervisor_selection", {"present_top_n": 0}, "present_top_n has to be a whole number from 1 on"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(name: str, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Aggregator().configure(name, options)


def test_a_supervisor_that_wants_more_sees_more_and_may_choose_it() -> None:
    seen: list[int] = []

    def choose(presented: tuple[Any, ...]) -> Any:
        seen.append(len(presented))
        return "e" if "e" in presented else More.MORE

    given_ = asked(*(said(name, name, 1.0, weight=9.0 - place) for place, name in enumerate("abcde")))
    assert SupervisorSelection(2, choose=choose).aggregate(given_).selected == "e"
    assert seen == [2, 4, 5]
    never = SupervisorSelection(2, choose=lambda _presented: More.MORE).aggregate(given_)
    assert (never.selected, never.explanation) == (None, "the supervisor did not decide: needs a person")


def test_how_alike_items_are_is_the_same_both_ways_and_their_groups_hold_each_once() -> None:
    compare, leak, race = SemanticComparator(), "a leak of memory in close", "a race in open"
    assert compare.compare(leak, leak) == compare.compare({"description": leak}, leak) == 1.0
    assert compare.compare(leak, race) == compare.compare(race, leak) < 0.3
    assert compare.compare(leak, "close leaks its memory") > compare.compare(leak, race)
    assert compare.cluster([leak, race, leak]) == compare.cluster([race, leak, leak]) == [[leak, leak], [race]]


def test_every_strategy_has_a_name_for_people() -> None:
    assert len({each.name for each in SHIPPED}) == len(SHIPPED) == 5
