from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.trouble import OFF, RETRY, Trouble, TroubleKind
from codedesigner.pool.retrying import ABOUT_THE_QUESTION, OUTCOMES, Backoff, Step, decide
from codedesigner.pool.seat import RetryPolicy

KINDS: list[TroubleKind] = sorted(RETRY)


def backoff(seed: int = 1) -> Backoff:
    return Backoff(Random(seed))  # noqa: S311


def waits(policy: RetryPolicy, seed: int = 1) -> list[float]:
    strategy = backoff(seed)
    return [strategy.seconds(policy, failed) for failed in range(1, 8)]


def test_a_fixed_wait_stays_and_an_exponential_one_doubles_up_to_its_limit() -> None:
    assert waits(RetryPolicy(backoff="fixed", base_delay_s=3.0)) == [3.0] * 7
    assert waits(RetryPolicy(backoff="exponential")) == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert waits(RetryPolicy(backoff="exponential", base_delay_s=0.0)) == [0.0] * 7


def test_jitter_takes_a_quarter_at_most_and_is_the_same_for_the_same_seed() -> None:
    policy = RetryPolicy()
    plain = waits(RetryPolicy(backoff="exponential"))
    for seed in range(20):
        spread = waits(policy, seed)
        assert all(0.75 * full <= wait <= full for wait, full in zip(spread, plain, strict=True))
    assert waits(policy, 3) == waits(policy, 3) != waits(policy, 4)


def test_every_trouble_has_an_outcome_and_none_is_good() -> None:
    assert set(OUTCOMES) == set(RETRY)
    assert set(OUTCOMES.values()).isdisjoint({"answered", "repaired", "re_asked"})
    assert {kind for kind in OFF if OUTCOMES[kind] != "offline"} == set()


def step(kind: TroubleKind, *, tries: int = 1, others: bool = False, later: bool = False, **more: float | bool) -> Step:
    trouble = Trouble(kind, "it is", **more)  # type: ignore[arg-type]
    return decide(trouble, tries=tries, most=3, others=others, later=later or others, longest_wait_s=120.0)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if RETRY[kind] == "again"])
def test_a_passing_trouble_is_tried_again_while_tries_are_left(kind: TroubleKind) -> None:
    assert [step(kind, tries=tries).act for tries in (1, 2, 3)] == ["again", "again", "end"]
    assert step(kind, others=True) == Step("elsewhere", OUTCOMES[kind])
    assert step(kind, tries=3, others=True).act == "end"


@pytest.mark.parametrize("kind", [kind for kind in KINDS if RETRY[kind] == "never"])
def test_a_final_trouble_ends_here_and_elsewhere_if_it_is_about_the_question(kind: TroubleKind) -> None:
    about_question = kind in ABOUT_THE_QUESTION
    assert step(kind) == Step("end", OUTCOMES[kind], out=not about_question)
    assert step(kind, others=True).act == ("end" if about_question else "elsewhere")
    assert step(kind, later=True).act == ("end" if about_question else "again")
    assert step(kind, later=True, tries=3).act == "end"


def test_a_wait_that_is_too_long_is_not_waited() -> None:
    assert step("overloaded", retry_after_s=120.0).act == "again"
    assert step("overloaded", retry_after_s=120.5) == Step("end", "rate_limited", out=True)
    assert step("rate_limited", retry_after_s=1e9, others=True) == Step("elsewhere", "rate_limited", out=True)


@given(
    kind=st.sampled_from(KINDS),
    after=st.none() | st.floats(0, 1e6),
    word=st.none() | st.booleans(),
    tries=st.integers(1, 5),
    others=st.booleans(),
    later=st.booleans(),
)
def test_tries_are_never_exceeded_and_nobody_is_sent_where_nobody_is(
    kind: TroubleKind, after: float | None, word: bool | None, tries: int, others: bool, later: bool
) -> None:
    trouble = Trouble(kind, "it is", retry_after_s=after, should_retry=word)
    taken = decide(trouble, tries=tries, most=3, others=others, later=later or others, longest_wait_s=120.0)
    assert not (taken.act == "again" and tries >= 3)
    assert taken.act != "elsewhere" or others
    assert not (taken.act == "again" and taken.out) or later or others
    if after is not None and after > 120 and taken.act == "again":
        assert taken.out
