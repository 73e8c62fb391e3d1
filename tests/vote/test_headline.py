"""The title of what somebody found in words of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.visible import visible
from codedesigner.vote.headline import MOST_TITLE, headline


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("It divides by zero. Then it raises.", "It divides by zero"),
        ("It divides by zero", "It divides by zero"),
        ("Is it closed? No.", "Is it closed"),
        ("`a.b` is 1.5 times too large, e.g. for x. Fix it.", "`a.b` is 1.5 times too large, e.g. for x"),
        ("First line\nsecond line. Third.", "First line"),
        ("\n\n  Later.  ", "Later"),
        ("word " * 40, "word " * 15 + "word…"),
        ("x" * 200, "x" * 79 + "…"),
        ("a\u202eb\x1b[2J", "a<U+202E>b␛[2J"),
        ("", ""),
    ],
)
def test_it_is_the_first_sentence(text: str, title: str) -> None:
    assert headline(text) == title


@given(st.text())
def test_it_is_short_on_one_line_and_holds_nothing_invisible(text: str) -> None:
    title = headline(text)
    assert len(title) <= MOST_TITLE
    assert title == visible(title)
    assert "\n" not in title
