"""What somebody wrote that a change does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.plan.points import LONGEST_POINT, LONGEST_TEXT, points_of

TEXT = """\
This makes carts cheaper to load. Totals must be rounded to cents. They are shown at once.

- [x] `load_cart` takes a path
- [ ] a missing file is an empty cart,
  and that is logged
* **Prices** are in cents
2. the total never goes below zero

> - a quoted point is nobody's
```
- code is no point of it
The code must not count either.
```
<!-- - neither is a comment of it -->
- two words

Reviewed-by: A Person must not count <a@example.org>
Fixes #12 which should be closed
"""


def test_points_are_entries_and_demands() -> None:
    assert list(points_of(TEXT)) == [
        "Totals must be rounded to cents.",
        "`load_cart` takes a path",
        "a missing file is an empty cart, and that is logged",
        "Prices are in cents",
        "the total never goes below zero",
    ]


@pytest.mark.parametrize("text", ["", "x", "Just prose about it.", "\0no demand at all", "```\n- never ends ends ends"])
def test_what_makes_no_point(text: str) -> None:
    assert list(points_of(text)) == []


@given(st.text(alphabet="- *ab.M\n`<!>\0\u202e\udce9" + "must", max_size=400))
def test_points_are_bounded_and_on_one_line(text: str) -> None:
    found = list(points_of(text))
    assert found == list(points_of(text))
    assert len({point.casefold() for point in found}) == len(found)
    assert all(point.isprintable() and 0 < len(point) <= LONGEST_POINT for point in found)


def test_a_long_text_is_read_up_to_a_bound() -> None:
    found = list(points_of("".join(f"- point number {n} of it\n" for n in range(10_000))))
    assert len(found) < LONGEST_TEXT / 20
    assert list(points_of("- " + "word " * 1000)) == [("word " * 1000)[: LONGEST_POINT - 1].rstrip() + "…"]
