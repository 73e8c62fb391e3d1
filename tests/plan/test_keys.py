from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.plan.keys import content_digest, content_key, digest, location_key, reply_key, unit_interval

WORD = st.text(st.characters(exclude_categories=()), max_size=5)
QUESTION = st.tuples(WORD, WORD, WORD, WORD, st.none() | WORD, WORD, st.integers(1, 9))
Asked = tuple[str, str, str, str, str | None, str, int]


def key_of(asked: Asked) -> str:
    text, context, angle, version, term, location, number = asked
    return content_key(
        content_digest(text, context),
        angle=angle,
        angle_version=version,
        term=term,
        location=location,
        pass_number=number,
    )


@given(QUESTION.filter(lambda asked: all(part.isprintable() for part in asked[:4])), QUESTION)
def test_two_questions_share_a_key_only_if_they_are_the_same(one: Asked, other: Asked) -> None:
    try:
        keys = key_of(one), key_of(other)
    except UnicodeEncodeError:  # half a surrogate pair is no text that a file can hold
        return
    assert (keys[0] == keys[1]) == (one == other)


def test_parts_do_not_run_together() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") != digest("a", "")
    assert content_digest("a", "b") != content_digest("a\0b")


def test_no_term_is_not_an_empty_term() -> None:
    assert key_of(("t", "", "a", "1", None, "l", 1)) != key_of(("t", "", "a", "1", "", "l", 1))


def test_a_key_stays_the_same_from_release_to_release() -> None:
    # Answers are kept under it: a change here forgets every answer that anyone has.
    known = "dc85ef5be9449ddfac38801e21e7da01eb519a50a7c4bada42fc07202512d74c"
    assert key_of(("def f(): pass", "", "style", "1.0.0", None, "gpt", 1)) == known


ASKED_OF_A_MODEL: dict[str, Any] = {
    "text": "def f(): pass",
    "context": "import os",
    "template": "t1",
    "angle": "style",
    "angle_version": "1.0.0",
    "term": None,
    "location": location_key(provider_type="openai", endpoint="http://a/v1", model="m", parameters={"top_p": 1.0}),
    "pass_number": 1,
    "schema": {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
}


OTHERS: dict[str, list[object]] = {
    "text": ["def f(): pass\n", ""],
    "context": ["", "import os\ndef f(): pass"],
    "template": ["t2", ""],
    "angle": ["security"],
    "angle_version": ["1.0.1"],
    "term": ["", "goto"],
    "location": ["", "m"],
    "pass_number": [2],
    "schema": [
        None,
        {},
        {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "string"}}},
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "number"}}},
    ],
}


@pytest.mark.parametrize("part", OTHERS)
def test_a_reply_is_named_by_all_that_it_depends_on(part: str) -> None:
    others = {reply_key(**{**ASKED_OF_A_MODEL, part: other}) for other in OTHERS[part]}
    assert len(others) == len(OTHERS[part])
    assert reply_key(**ASKED_OF_A_MODEL) not in others


def test_every_part_of_a_question_is_tried() -> None:
    assert set(OTHERS) == set(ASKED_OF_A_MODEL)


def test_a_location_is_named_by_who_answers_and_how_it_is_asked() -> None:
    names = {
        location_key(provider_type="openai", endpoint="http://a/v1", model="m"),
        location_key(provider_type="ollama", endpoint="http://a/v1", model="m"),
        location_key(provider_type="openai", endpoint="http://b/v1", model="m"),
        location_key(provider_type="openai", endpoint="", model="m"),
        location_key(provider_type="openai", endpoint=None, model="m"),
        location_key(provider_type="openai", endpoint="http://a/v1", model="n"),
        location_key(provider_type="openai", endpoint="http://a/v1", model="m", parameters={"a": 1}),
        location_key(provider_type="openai", endpoint="http://a/v1", model="m", parameters={"a": True}),
        location_key(provider_type="openai", endpoint="http://a/v1", model="m", parameters={"a": [1, 2]}),
    }
    assert len(names) == 9
    one: dict[str, JsonValue] = {"a": 1, "b": {"c": 2, "d": 3}}
    other: dict[str, JsonValue] = {"b": {"d": 3, "c": 2}, "a": 1}
    names = {location_key(provider_type="x", endpoint=None, model="m", parameters=each) for each in (one, other)}
    assert len(names) == 1


def test_the_name_of_a_reply_stays_the_same_from_release_to_release() -> None:
    # Replies are kept under it: a change here asks every question again, and whoever asks pays.
    assert reply_key(**ASKED_OF_A_MODEL) == "81fe213d5db8a332e7c57610dc5e8d7452eb16b9c55ca9028120b5fc7df86f52"


@given(st.text(max_size=5).filter(str.isprintable))
def test_chance_lies_between_zero_and_one(text: str) -> None:
    assert 0.0 <= unit_interval(text) < 1.0
