"""What of a long conversation is shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.plan.cost import tokens_of
from codedesigner.run.conversation import (
    LONGEST_SUMMARY,
    SUMMARY_TITLE,
    ContextLimits,
    Conversation,
    Message,
    begun,
    summed_up,
)


def talked(turns: int, summary: str = "", size: int = 0) -> Conversation:
    said = begun("rules", "question 0")
    for turn in range(1, turns + 1):
        said = said.then(Message("assistant", f"answer {turn}".ljust(size)), Message("user", f"question {turn}"))
    return said.summed_up(summary) if summary else said


def texts(messages: Sequence[Message]) -> list[str]:
    return [message.text for message in messages]


def test_a_short_conversation_is_shown_whole_and_without_its_summary() -> None:
    said = talked(24, "short")

    assert said.shown().messages == said.messages
    assert said.shown().left_out == 0


def test_of_a_long_one_head_and_tail_are_shown() -> None:
    shown = talked(200).shown()

    assert len(shown.messages) == 50
    assert texts(shown.messages)[:2] == ["rules", "question 0"]
    assert shown.messages[2:] == talked(200).messages[-48:]
    assert shown.left_out == 402 - 50


def test_the_summary_is_pinned_behind_the_system_prompt() -> None:
    shown = talked(200, "They agreed on x.").shown()

    assert texts(shown.messages)[:3] == ["rules", f"{SUMMARY_TITLE}\nThey agreed on x.", "question 0"]
    assert shown.messages[3:] == talked(200).messages[-46:]
    assert shown.messages[1].role == "user"


def test_a_budget_of_tokens_cuts_before_the_count_does() -> None:
    said = talked(20, size=400)
    shown = said.shown(ContextLimits(tokens=350))

    assert shown.messages == (*said.messages[:2], *said.messages[-7:])
    assert not shown.over


def test_what_is_always_shown_may_be_more_than_the_budget_and_that_is_told() -> None:
    said = begun("rules " * 100, "question").then(Message("assistant", "a"), Message("user", "b" * 1000))
    shown = said.shown(ContextLimits(tokens=100))

    assert shown.over
    assert texts(shown.messages) == ["rules " * 100, "question", "b" * 1000]


@given(
    sizes=st.lists(st.integers(0, 300), max_size=120),
    most=st.integers(5, 60),
    tokens=st.none() | st.integers(0, 2000),
    summary=st.text(max_size=300),
)
def test_whatever_was_said_the_head_stays_the_order_stays_and_the_limits_hold(
    sizes: list[int], most: int, tokens: int | None, summary: str
) -> None:
    said = begun("system", "seed")
    for nth, size in enumerate(sizes):
        said = said.then(Message("user" if nth % 2 else "assistant", f"{nth}:" + "x" * size))
    said = said.summed_up(summary)
    shown = said.shown(ContextLimits(messages=most, tokens=tokens))

    own = [message for message in shown.messages if not message.text.startswith(SUMMARY_TITLE)]
    places = [said.messages.index(message) for message in own]
    assert places[:2] == [0, 1]
    assert places == sorted(set(places))
    tail = places[2:]
    assert tail == list(range(len(said.messages) - len(tail), len(said.messages)))
    assert shown.left_out == len(said.messages) - len(own)
    assert len(shown.messages) <= most
    spent = sum(tokens_of(message.text) for message in shown.messages)
    if tokens is not None:
        assert shown.over == (spent > tokens)
        if shown.over:
            assert len(shown.messages) <= 3
    if sizes:
        assert shown.messages[-1] == said.messages[-1]


def test_a_summary_is_made_every_ten_turns_of_what_came_since() -> None:
    asked: list[tuple[str, int, str]] = []

    async def summarise(before: str, since: Sequence[Message]) -> str:
        asked.append((before, len(since), since[0].text))
        return f"summary {len(asked)}"

    async def go() -> Conversation:
        said = begun("rules", "question 0")
        for turn in range(1, 36):
            said = said.then(Message("assistant", f"answer {turn}"), Message("user", f"question {turn}"))
            said = await summed_up(said, summarise)
        return said

    said = asyncio.run(go())
    assert said.turns == 35
    assert said.summary == "summary 3"
    assert asked == [("", 21, "question 0"), ("summary 1", 20, "answer 11"), ("summary 2", 20, "answer 21")]


def test_a_summary_that_cannot_be_had_is_tried_again_with_the_next_turn() -> None:
    answers = iter([None, "  ", "there"])

    async def summarise(_before: str, _since: Sequence[Message]) -> str | None:
        return next(answers)

    async def go() -> list[str]:
        said, seen = talked(9), []
        for _ in range(4):
            said = await summed_up(said.then(Message("assistant", "a")), summarise)
            seen.append(said.summary)
        return seen

    assert asyncio.run(go()) == ["", "", "there", "there"]


def test_a_summary_is_bounded() -> None:
    assert len(talked(1).summed_up("x" * 10_000).summary) == LONGEST_SUMMARY


def test_what_is_no_conversation_is_refused() -> None:
    with pytest.raises(ValueError, match="begins with"):
        Conversation((Message("user", "a"), Message("user", "b")))
    with pytest.raises(ValueError, match="no room"):
        ContextLimits(messages=4)
    with pytest.raises(ValueError, match="covers 3 of 2"):
        Conversation(begun("a", "b").messages, "s", 3)
