from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.angle.output import output_errors
from codedesigner.call.ladder import Ladder, Settled, first
from codedesigner.call.model import GOOD, MODES, Call, Completion, Finish, Mode, Outcome, Prompt, Turn, Usage
from codedesigner.call.wording import LONGEST_RETURNED, messages

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["issues", "summary"],
    "properties": {
        "issues": {
            "type": "array",
            "maxItems": 5,
            "items": {
                "type": "object",
                "required": ["line", "severity"],
                "properties": {
                    "line": {"type": "integer", "minimum": 1},
                    "severity": {"enum": ["low", "high"]},
                    "confidence": {"type": "number", "minimum": 0, "maximum": 1},
                },
            },
        },
        "summary": {"type": "string"},
    },
}
VALUE = {"issues": [{"line": 3, "severity": "high", "confidence": 0.85}], "summary": "one"}
GIVEN = json.dumps({"issues": [{"line": 3, "severity": "high", "confidence": 85}], "summary": "one"})
WRONG = json.dumps({"issues": [{"line": 0, "severity": "high", "confidence": None}], "summary": "one"})
CALL = Call("1", Prompt("You review.", "code", "Is it safe?"), SCHEMA, max_tokens=1000)
FREE = Call("2", Prompt("", "code", "Explain."))


def said(text: str, finish: Finish = "stop", **more: Any) -> Completion:
    return Completion(text, finish, latency_ms=5.0, **more)


def fed(completion: Completion, call: Call = CALL, modes: tuple[Mode, ...] = MODES) -> Ladder | Settled:
    return first(call, modes).feed(completion, modes)


def settled(step: Ladder | Settled) -> Settled:
    assert isinstance(step, Settled)
    return step


def asked(step: Ladder | Settled) -> Ladder:
    assert isinstance(step, Ladder)
    return step


# --- answers ---


def test_a_whole_answer_is_answered() -> None:
    result = settled(fed(said(GIVEN)))

    assert (result.outcome, result.value, result.text, result.detail) == ("answered", VALUE, GIVEN, "")
    assert [(each.mode, each.result, each.latency_ms) for each in result.tried] == [("schema", "answered", 5.0)]


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GIVEN}\n```",
        f"Here:\n{GIVEN}\nDone.",
        f"<think>hm</think>{GIVEN}",
        f'{{"issues": [{{"line": 9}}]}}\n\n{GIVEN}',
        GIVEN.replace("3", '"3"').replace("high", "HIGH "),
        GIVEN.replace('"', "'"),
        GIVEN.replace("one", "o\ne"),
    ],
    ids=["fence", "prose", "think", "two values", "types and case", "quotes", "control character"],
)
def test_what_needs_no_judgement_is_repaired(text: str) -> None:
    result = settled(fed(said(text)))

    assert result.outcome == "repaired"
    assert result.value is not None
    assert output_errors(SCHEMA, result.value) == ()
    assert result.detail


def test_json_in_the_thoughts_is_taken_where_there_is_nothing_else() -> None:
    assert settled(fed(said("", reasoning=f"So: {GIVEN}"))).value == VALUE


def test_a_draft_in_the_thoughts_is_no_answer() -> None:
    assert "empty" in asked(fed(said("", reasoning=f"So: {WRONG}"))).tried[0].detail


def test_null_for_a_list_that_has_to_be_there_is_an_empty_one() -> None:
    result = settled(fed(said('{"issues": null, "summary": "none"}')))

    assert (result.outcome, result.value) == ("repaired", {"issues": [], "summary": "none"})


# --- further questions ---


def test_a_wrong_answer_is_asked_for_once_more_with_what_was_wrong() -> None:
    step = asked(fed(said(WRONG)))

    assert step.attempt.mode == "schema"
    bad, correction = step.attempt.turns
    assert bad == Turn("assistant", WRONG)
    assert "issues[0].line has to be at least 1" in correction.text
    again = settled(step.feed(said(GIVEN), MODES))
    assert (again.outcome, again.value) == ("re_asked", VALUE)
    assert [each.result for each in again.tried] == ["unreadable", "re_asked"]


def test_the_question_begins_as_before() -> None:
    before = messages(first(CALL, MODES).attempt)[1]

    assert messages(asked(fed(said(WRONG))).attempt)[1][:1] == before


def test_the_second_wrong_answer_leads_to_a_weaker_mode_afresh() -> None:
    step = asked(asked(fed(said(WRONG))).feed(said(WRONG), MODES))

    assert (step.attempt.mode, step.attempt.turns) == ("tool", ())
    assert settled(step.feed(said(GIVEN), MODES)).outcome == "re_asked"


def test_the_next_weaker_mode_is_one_that_the_server_has() -> None:
    modes: tuple[Mode, ...] = ("schema", "text")

    assert asked(asked(fed(said(WRONG), modes=modes)).feed(said(WRONG), modes)).attempt.mode == "text"


def test_the_third_wrong_answer_is_the_end() -> None:
    step = asked(asked(fed(said(WRONG))).feed(said(WRONG), MODES)).feed(said("Hm."), MODES)

    result = settled(step)
    assert (result.outcome, result.value, result.text) == ("unparseable", None, "Hm.")
    assert result.detail == "the answer holds no JSON object"
    assert [(each.mode, each.result) for each in result.tried] == [
        ("schema", "unreadable"),
        ("schema", "unreadable"),
        ("tool", "unparseable"),
    ]


def test_without_a_weaker_mode_the_second_wrong_answer_is_the_end() -> None:
    step = asked(fed(said(WRONG), modes=("text",)))

    assert settled(step.feed(said(WRONG), ("text",))).outcome == "unparseable"


@pytest.mark.parametrize(
    "text",
    [json.dumps(SCHEMA), '{"thought": "I have to answer with JSON."}', "", "<think>x</think>", "x " * LONGEST_RETURNED],
    ids=["schema echo", "thought", "empty", "thoughts only", "too long to be shown"],
)
def test_an_answer_that_would_mislead_is_not_shown_again(text: str) -> None:
    step = asked(fed(said(text)))

    (turn,) = step.attempt.turns
    assert turn.role == "user"
    assert "could not be used" in turn.text
    assert step.attempt.mode == "schema"


def test_an_echo_is_none_even_where_everything_is_optional() -> None:
    lax = replace(CALL, schema={"type": "object", "properties": {"a": {"type": "string"}}})

    assert isinstance(fed(said('{"type": "object", "properties": {"a": {"type": "string"}}}'), lax), Ladder)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GIVEN.replace("{", '{"summary": "none", ', 1), "same key twice"),
        (GIVEN.replace("85", "NaN"), "not finite"),
        (GIVEN.replace("85", "101"), "issues[0].confidence has to be at most 1"),
        (GIVEN[:-8], "ends in the middle"),
        ("[" * 100_000, "nested too deeply"),
        ("{" * 100_000, "too tangled"),
        ("{" + " " * 50_000, "no JSON object"),
    ],
    ids=["duplicate keys", "NaN", "out of range", "unfinished", "depth", "brackets", "white space"],
)
def test_what_is_wrong_is_named(text: str, words: str) -> None:
    assert words in asked(fed(said(text))).tried[0].detail


# --- cut off ---


def test_a_cut_off_answer_is_truncated_and_not_asked_for_again() -> None:
    result = settled(fed(said(GIVEN[:-8], "length")))

    assert (result.outcome, result.value) == ("truncated", None)
    assert result.detail == f"{len(GIVEN) - 8} characters came within 1000 tokens"


@pytest.mark.parametrize("text", [f"```json\n{GIVEN}", f"{GIVEN} and then", "{" + " " * 9000, "'" + GIVEN])
def test_nothing_is_salvaged_from_a_cut_off_answer(text: str) -> None:
    assert settled(fed(said(text, "length"))).outcome == "truncated"


def test_white_space_up_to_the_limit_takes_nothing_from_an_answer() -> None:
    result = settled(fed(said(GIVEN + "\n" * 5000, "length")))

    assert (result.outcome, result.value) == ("repaired", VALUE)


@pytest.mark.parametrize("text", ["", "  \n", "<think>well, well"])
def test_thoughts_that_use_up_the_limit_get_a_larger_one_once(text: str) -> None:
    step = asked(fed(said(text, "length", reasoning=GIVEN)))

    assert (step.attempt.max_tokens, step.attempt.mode, step.attempt.turns) == (5096, "schema", ())
    assert settled(step.feed(said(text, "length"), MODES)).outcome == "truncated"
    assert settled(step.feed(said(GIVEN), MODES)).outcome == "answered"


def test_a_large_limit_is_made_four_times_as_large() -> None:
    assert asked(fed(said("", "length"), replace(CALL, max_tokens=8000))).attempt.max_tokens == 32_000


def test_without_a_limit_of_the_call_what_was_used_counts() -> None:
    usage = Usage(calls=1, tokens_out=2000)

    assert asked(fed(said("", "length", usage=usage), replace(CALL, max_tokens=None))).attempt.max_tokens == 8000


def test_the_larger_limit_stays_in_further_questions() -> None:
    step = asked(asked(fed(said("", "length"))).feed(said(WRONG), MODES))

    assert (step.attempt.max_tokens, len(step.attempt.turns)) == (5096, 2)
    assert settled(step.feed(said("", "length"), MODES)).outcome == "truncated"


# --- declined ---


@pytest.mark.parametrize(
    ("completion", "outcome", "detail"),
    [
        (said("", refusal="I will not."), "refused", "I will not."),
        (said(GIVEN, refusal="No\nway."), "refused", "No way."),
        (said("", "refusal"), "refused", "the model declines"),
        (said("I'm sorry, but I can't help with that."), "refused", "I'm sorry, but I can't help with that."),
        (said(GIVEN, "filter"), "filtered", None),
        (said("", "filter"), "filtered", "the provider's content filter declines"),
        (said("", "context"), "too_long", None),
    ],
)
@pytest.mark.parametrize("call", [CALL, FREE], ids=["schema", "free text"])
def test_who_declines_is_not_asked_again(
    call: Call, completion: Completion, outcome: Outcome, detail: str | None
) -> None:
    result = settled(fed(completion, call))

    assert (result.outcome, result.value) == (outcome, None)
    assert detail is None or result.detail == detail


def test_the_words_of_a_server_are_bounded() -> None:
    detail = settled(fed(said("", refusal="no\x1b\n" * 1000))).detail

    assert len(detail) == 300
    assert detail.isprintable()


# --- free text ---


@pytest.mark.parametrize(
    ("completion", "outcome", "text"),
    [
        (said(" It is safe.\n"), "answered", "It is safe."),
        (said("<think>hm</think>It is safe."), "repaired", "It is safe."),
        (said("hm\n</think>\nIt is safe."), "repaired", "It is safe."),
        (said("It is", "length"), "truncated", "It is"),
        (said(" "), "unparseable", ""),
        (said("<think>hm"), "unparseable", ""),
    ],
)
def test_free_text(completion: Completion, outcome: Outcome, text: str) -> None:
    result = settled(fed(completion, FREE))

    assert (result.outcome, result.value, result.text) == (outcome, None, text)


def test_free_text_is_asked_for_as_text() -> None:
    assert first(FREE, MODES).attempt.mode == "text"


# --- modes ---


def test_the_strictest_mode_comes_first() -> None:
    assert first(CALL, ("text", "json")).attempt.mode == "json"


def test_a_mode_that_the_server_has_lost_is_left() -> None:
    ladder = first(CALL, MODES)

    assert ladder.in_mode(("json", "text")).attempt.mode == "json"
    assert ladder.in_mode(MODES) == ladder
    assert asked(ladder.feed(said(WRONG), ("json", "text"))).attempt.mode == "json"


# --- whatever comes ---

finishes = st.sampled_from(["stop", "length", "refusal", "filter", "context", "unknown"])
bodies = st.sampled_from(
    [GIVEN, WRONG, GIVEN[:-8], f"```\n{GIVEN}\n```", json.dumps(SCHEMA), "", "<think>", "{}", "[]", "null", "I can't."]
) | st.text(max_size=30)
completions = st.builds(
    Completion,
    text=bodies,
    finish=finishes | st.just("stop"),
    reasoning=bodies | st.just(""),
    refusal=st.sampled_from([None, None, None, "", "no"]),
    usage=st.builds(Usage, tokens_out=st.integers(0, 5000)),
)
some_modes = st.lists(st.sampled_from(MODES), unique=True).map(
    lambda modes: tuple(mode for mode in MODES if mode in modes or mode == "text")
)


@settings(deadline=None)
@given(
    answers=st.lists(st.tuples(completions, some_modes), min_size=4, max_size=4),
    modes=some_modes,
    call=st.sampled_from([CALL, FREE, replace(CALL, max_tokens=None)]),
)
def test_every_call_ends_within_four_answers(
    answers: list[tuple[Completion, tuple[Mode, ...]]], modes: tuple[Mode, ...], call: Call
) -> None:
    step: Ladder | Settled = first(call, modes)
    asked_in, limits = [], []
    for completion, now in answers:
        if isinstance(step, Settled):
            break
        asked_in.append(step.attempt.mode)
        limits.append(step.attempt.max_tokens)
        step = step.feed(completion, now)

    result = settled(step)
    assert len(result.tried) == len(asked_in)
    assert [MODES.index(mode) for mode in asked_in] == sorted(MODES.index(mode) for mode in asked_in)
    assert len(set(limits)) <= 2
    if result.outcome in GOOD and call.schema is not None:
        assert output_errors(call.schema, result.value) == ()
    else:
        assert result.value is None
    json.dumps([result.value, result.text, result.detail], ensure_ascii=False).encode()
