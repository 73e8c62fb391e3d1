from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.plan.keys import content_digest, content_key, digest, unit_interval

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


@given(st.text(max_size=5).filter(str.isprintable))
def test_chance_lies_between_zero_and_one(text: str) -> None:
    assert 0.0 <= unit_interval(text) < 1.0
