from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.excerpt import Row, draw, excerpt
from codedesigner.publish.plain import cell_width


def drawn(line: str, column: int, end_column: int, width: int = 60) -> list[str]:
    return [row.text for row in excerpt([line], 1, 1, column, end_column, width=width)]


def test_the_span_is_marked() -> None:
    assert drawn("x = itemz + 1", 5, 10) == ["x = itemz + 1", "    ^^^^^"]


def test_tabs_are_expanded_before_marks_are_placed() -> None:
    assert drawn("\tx = itemz", 6, 11) == ["    x = itemz", "        ^^^^^"]
    assert drawn("ab\titemz", 4, 9) == ["ab  itemz", "    ^^^^^"]


def test_wide_and_combining_characters_are_counted_in_columns() -> None:
    assert drawn("日本 = 語", 6, 7) == ["日本 = 語", "       ^^"]
    assert drawn("e\u0301x", 3, 4) == ["e\u0301x", " ^"]


def test_control_characters_are_seen() -> None:
    assert drawn("a\x1b[2Jb", 6, 7) == ["a␛[2Jb", "     ^"]


def test_without_a_column_the_whole_line_but_its_indentation_is_marked() -> None:
    assert drawn("    return x  ", 0, 0) == ["    return x", "    ^^^^^^^^"]


def test_an_end_that_is_missing_marks_one_character() -> None:
    assert drawn("abc", 2, 0) == ["abc", " ^"]
    assert drawn("abc", 4, 9) == ["abc", "   ^"]


def test_context_is_shown_and_stops_at_the_file_s_ends() -> None:
    lines = ["a", "b", "c"]
    assert excerpt(lines, 1, 1, 1, 2, width=40) == [
        Row("marked", 1, "a"),
        Row("carets", 1, "^"),
        Row("context", 2, "b"),
    ]
    assert [row.kind for row in excerpt(lines, 3, 9, 0, 0, width=40)] == ["context", "marked", "carets"]
    assert excerpt(lines, 4, 4, 0, 0, width=40) == []


def test_a_long_span_loses_its_middle_and_says_how_much() -> None:
    rows = excerpt([f"line {n}" for n in range(1, 31)], 2, 29, 0, 0, width=40)
    assert [row.number for row in rows if row.kind == "marked"] == [2, 3, 4, 5, 6, 7, 8, 29]
    assert [row.text for row in rows if row.kind == "gap"] == ["… 20 more lines"]


def test_a_line_of_five_megabytes_is_cut_around_its_column_at_once() -> None:
    line = "x" * 2_500_000 + "HERE" + "y" * 2_500_000
    started = time.perf_counter()
    text, left, size = draw(line, 2_500_001, 2_500_005, 60)
    assert time.perf_counter() - started < 0.1
    assert text[left : left + size] == "HERE"
    assert (text[0], text[-1], len(text)) == ("…", "…", 60)


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=300),
    st.integers(1, 320),
    st.integers(0, 60),
    st.integers(20, 100),
)
def test_nothing_is_wider_than_asked_and_the_span_stays_in_sight(
    text: str, start: int, length: int, width: int
) -> None:
    start = min(start, len(text) + 1)
    shown, left, size = draw(text, start, start + length, width)
    assert cell_width(shown) <= width
    assert (size > 0) == (length > 0)
    assert left + min(size, 1) <= width + 1


def test_the_mark_stands_under_its_text_wherever_a_long_line_is_cut() -> None:
    for position in range(0, 400, 7):
        line = "ab" * (position // 2) + "!" * (position % 2) + "HERE" + "cd" * (200 - position // 2)
        at = line.index("HERE") + 1
        text, left, size = draw(line, at, at + 4, 50)
        assert text[left : left + size] == "HERE"
        assert len(text) <= 50
