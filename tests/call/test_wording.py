from __future__ import annotations

import json

import pytest
from pydantic import JsonValue

from codedesigner.call.model import MODES, Attempt, Call, Mode, Prompt, Turn
from codedesigner.call.reduce import reduced_wire
from codedesigner.call.wording import MOST_ERRORS, corrections, messages, one_line, reminder

SCHEMA: dict[str, JsonValue] = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
CALL = Call("1", Prompt("You review.", "def f(): ...", "Is it safe?"), SCHEMA, schema_name="verdict")
FREE = Call("2", Prompt("", "", "Is it safe?"))


def only(attempt: Attempt, *, describe: bool = False) -> str:
    system, (turn,) = messages(attempt, describe=describe)
    assert system == attempt.call.prompt.system
    assert turn.role == "user"
    return turn.text


def test_a_constrained_question_is_the_prompt_alone() -> None:
    assert only(Attempt(CALL, "schema")) == "def f(): ...\n\nIs it safe?"


@pytest.mark.parametrize("mode", ["json", "text"])
def test_where_nothing_is_enforced_the_schema_follows_the_question(mode: Mode) -> None:
    text = only(Attempt(CALL, mode))

    assert text.startswith("def f(): ...\n\nIs it safe?\n\nAnswer with one JSON object")
    assert json.loads(text.splitlines()[-1]) == json.loads(reduced_wire(SCHEMA, "llama"))


def test_the_schema_is_described_on_demand() -> None:
    assert "JSON Schema" in only(Attempt(CALL, "schema"), describe=True)


def test_a_tool_is_named() -> None:
    assert only(Attempt(CALL, "tool")).endswith("Answer by calling the tool verdict once.")


def test_free_text_has_no_form() -> None:
    assert only(Attempt(FREE, "text"), describe=True) == "Is it safe?"


@pytest.mark.parametrize("mode", MODES)
def test_calls_of_a_group_begin_alike_whatever_is_asked_next(mode: Mode) -> None:
    prefix = "def f(): ...\n\n"
    turns = (Turn("assistant", "{}"), Turn("user", "no"))
    for attempt in (Attempt(CALL, mode), Attempt(CALL, mode, turns)):
        system, said = messages(attempt)
        assert (system, said[0].text[: len(prefix)]) == ("You review.", prefix)
        assert messages(attempt) == messages(attempt)
    assert messages(Attempt(CALL, mode, turns))[1][0] == messages(Attempt(CALL, mode))[1][0]


def test_turns_alternate() -> None:
    _, turns = messages(Attempt(CALL, "schema", (Turn("user", "once more"),)))

    assert turns == (Turn("user", "def f(): ...\n\nIs it safe?\n\nonce more"),)


def test_errors_are_at_most_ten_lines() -> None:
    lines = corrections([f"a[{n}] is\nwrong " + "x" * 500 for n in range(50)]).splitlines()

    assert len(lines) == MOST_ERRORS + 2
    assert lines[-2] == "- and 41 more of the kind"
    assert max(map(len, lines)) < 250
    assert corrections(["a is wrong"]).splitlines()[1:-1] == ["- a is wrong"]


def test_foreign_text_is_one_printable_line() -> None:
    assert one_line("a\n\x1b[31mb\u202e", 300) == "a  [31mb "
    assert one_line("x" * 400, 300) == "x" * 299 + "…"
    assert "\n" not in reminder("a\nb")
