"""Cookies that we signed, and nobody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.service.web.session import Session, Sessions

SESSIONS = Sessions("the token to sign in with")
SOMEBODY = Session("0123abcd", 2_000)


def test_a_cookie_is_read_until_it_is_over() -> None:
    cookie = SESSIONS.cookie(SOMEBODY)
    assert SESSIONS.read(cookie, 1_999) == SOMEBODY
    assert SESSIONS.read(cookie, 2_000) is None


def test_another_token_signs_everybody_out() -> None:
    assert Sessions("another token").read(SESSIONS.cookie(SOMEBODY), 0) is None


def test_the_token_itself_is_in_no_cookie() -> None:
    assert "token" not in SESSIONS.cookie(SOMEBODY) + SESSIONS.form_token(SOMEBODY) + repr(SOMEBODY)


@given(at=st.integers(0, 200), character=st.characters(codec="ascii"))
def test_a_changed_cookie_is_none(at: int, character: str) -> None:
    cookie = SESSIONS.cookie(SOMEBODY)
    at %= len(cookie)
    changed = cookie[:at] + character + cookie[at + 1 :]
    assert (SESSIONS.read(changed, 0) is not None) == (changed == cookie)


@given(st.text(max_size=60))
def test_no_text_is_a_cookie_or_a_token(text: str) -> None:
    assert SESSIONS.read(text, 0) is None
    assert not SESSIONS.knows(text)
    assert not SESSIONS.is_form_token(SOMEBODY, text)


def test_a_forms_token_belongs_to_its_session() -> None:
    assert SESSIONS.is_form_token(SOMEBODY, SESSIONS.form_token(SOMEBODY))
    assert not SESSIONS.is_form_token(Session("other", 2_000), SESSIONS.form_token(SOMEBODY))
    assert not SESSIONS.is_form_token(SOMEBODY, SESSIONS.cookie(SOMEBODY).rpartition(".")[2])
    assert SESSIONS.knows("the token to sign in with")


def test_nobody_signs_in_with_nothing() -> None:
    with pytest.raises(ValueError, match="without a token"):
        Sessions("")
