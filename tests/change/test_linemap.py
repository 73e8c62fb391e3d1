"""Old lines -> new lines."""

from __future__ import annotations

import difflib

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.diff import parse_diff
from codedesigner.change.linemap import LineMap
from codedesigner.change.model import encode

TEXTS = st.lists(st.sampled_from("abcdef"), max_size=25)


def mapped(old: list[str], new: list[str], context: int) -> LineMap:
    body = list(difflib.unified_diff(old, new, "a/f", "b/f", lineterm="", n=context))
    diff = "\n".join(["diff --git a/f b/f", *body, ""]) if body else ""
    files = parse_diff(encode(diff))
    return LineMap(files[0].hunks if files else ())


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_kept_lines_are_found_in_order_and_places_never_go_back(old: list[str], new: list[str], context: int) -> None:
    lines = mapped(old, new, context)
    kept = [at for number in range(1, len(old) + 1) if (at := lines.kept(number)) is not None]
    assert kept == sorted(set(kept))
    for number, text in enumerate(old, start=1):
        at = lines.kept(number)
        assert at is None or new[at - 1] == text
    places = [lines.place(number) for number in range(1, len(old) + 2)]
    assert places == sorted(places)
    assert places[-1] == len(new) + 1


def test_a_removed_line_lies_where_its_replacement_begins() -> None:
    lines = mapped(["a", "b", "c"], ["a", "x", "y", "c"], 3)
    assert (lines.kept(2), lines.place(2), lines.kept(3)) == (None, 2, 4)
