from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.change.model import FileChange, Hunk, encode
from codedesigner.protocol.issue import Edit
from codedesigner.run.fix import (
    EditError,
    LineReplacement,
    apply_edits,
    lines_with_ends,
    minimal_replacement,
    scattered,
    within_hunk,
)

TEXT = st.lists(st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "é\u2028\f\n"]), max_size=12).map("".join)
MAYBE_CUT = st.builds(lambda text, cut: text[:-1] if cut else text, TEXT, st.booleans())


def file_with(*hunks: tuple[int, int]) -> FileChange:
    made = tuple(Hunk(start, count, start, count, "", ()) for start, count in hunks)
    return FileChange("a.py", None, "modified", False, 1, 1, made)


def replaced(text: str, by: LineReplacement) -> str:
    lines = lines_with_ends(text)
    return "".join((*lines[: by.start_line - 1], by.replacement, *lines[by.end_line :]))


@pytest.mark.parametrize(
    ("text", "edits", "expected"),
    [
        ("abc\n", [Edit(1, 2, 1, 3, "X")], "aXc\n"),
        ("abc\n", [Edit(1, 4, 1, 4, "!")], "abc!\n"),
        ("a\nb\nc\n", [Edit(2, 1, 3, 1, "")], "a\nc\n"),
        ("a\nb", [Edit(2, 1, 3, 1, "")], "a\n"),
        ("a\n", [Edit(2, 1, 2, 1, "b\n")], "a\nb\n"),
        ("", [Edit(1, 1, 1, 1, "x")], "x"),
        ("a\r\nb\r\n", [Edit(1, 1, 1, 2, "z")], "z\r\nb\r\n"),
        ("é𝔘x\n", [Edit(1, 3, 1, 4, "y")], "é𝔘y\n"),
        ("a\u2028b\n", [Edit(1, 3, 1, 4, "c")], "a\u2028c\n"),
        ("ab\n", [Edit(1, 2, 1, 3, "2"), Edit(1, 1, 1, 2, "1")], "12\n"),
        ("ab\n", [Edit(1, 2, 1, 2, "2"), Edit(1, 2, 1, 2, "1")], "a21b\n"),
        ("ab\n", [Edit(1, 1, 1, 2, "x"), Edit(1, 1, 1, 1, "<")], "<xb\n"),
    ],
)
def test_edits_count_code_points_and_their_ends_are_exclusive(text: str, edits: list[Edit], expected: str) -> None:
    assert apply_edits(text, edits) == expected


@pytest.mark.parametrize(
    ("text", "edits", "words"),
    [
        ("abc\n", [Edit(1, 1, 1, 3, ""), Edit(1, 2, 1, 4, "")], "overlap at line 1"),
        ("abc\n", [Edit(1, 1, 1, 2, "x"), Edit(1, 1, 1, 2, "x")], "overlap"),
        ("abc\n", [Edit(1, 1, 1, 3, ""), Edit(1, 2, 1, 2, "!")], "overlap"),
        ("abc\n", [Edit(1, 5, 1, 5, "")], "line 1, column 5 is not in the file of 1 lines"),
        ("abc\n", [Edit(0, 1, 1, 1, "")], "line 0"),
        ("abc\n", [Edit(1, 0, 1, 1, "")], "column 0"),
        ("abc\n", [Edit(1, 1, 2, 2, "")], "line 2, column 2"),
        ("abc\n", [Edit(3, 1, 3, 1, "")], "line 3"),
        ("abc\n", [Edit(1, 3, 1, 2, "")], "ends before it starts"),
        ("abc", [Edit(2, 1, 2, 1, "x\n")], "no line end"),
    ],
)
def test_edits_that_do_not_fit_are_an_answer_and_not_an_exception(text: str, edits: list[Edit], words: str) -> None:
    result = apply_edits(text, edits)
    assert isinstance(result, EditError)
    assert words in result.reason


@given(MAYBE_CUT, st.lists(st.tuples(*[st.integers(-1, 14)] * 4, st.text(max_size=2)), max_size=4))
def test_any_edits_give_a_text_or_an_error(text: str, edits: list[tuple[int, int, int, int, str]]) -> None:
    assert isinstance(apply_edits(text, [Edit(*edit) for edit in edits]), str | EditError)


@settings(max_examples=400)
@given(MAYBE_CUT, MAYBE_CUT)
def test_the_replacement_turns_old_into_new_and_could_not_be_smaller(old: str, new: str) -> None:
    found = minimal_replacement(old, new)
    if old in ("", new):
        assert found is None
        return
    assert found is not None
    lines = lines_with_ends(old)
    assert 1 <= found.start_line <= found.end_line <= len(lines)
    assert replaced(old, found) == new
    inside, put = lines[found.start_line - 1 : found.end_line], lines_with_ends(found.replacement)
    if len(inside) > 1 and put:  # neither edge is a line that stays as it was
        assert inside[0] != put[0]
        assert inside[-1] != put[-1]


ODD_LINES = st.builds(
    lambda text, end: text + end,
    st.sampled_from(["", "a", "b", "\ta ", "a\x85b", "\u2028", "\f", "a\rb", "\v", "é", "\udcff", "\\ No newline"]),
    st.sampled_from(["\n", "\n", "\r\n"]),
)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str, list[Hunk]]:
    """A file with odd line ends, the same after a few edits, and hunks of the diff that it came from."""
    lines = draw(st.lists(ODD_LINES, min_size=1, max_size=9))
    after = list(lines)
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(after)))
        after[at : at + draw(st.integers(0, 2))] = draw(st.lists(ODD_LINES, max_size=2))
    old, new = "".join(lines), "".join(after)
    starts = draw(st.lists(st.integers(1, 9), max_size=2, unique=True))
    hunks = [Hunk(start, 1, start, draw(st.integers(0, 4)), "", ()) for start in starts]
    return old[: -1 if draw(st.booleans()) else None], new[: -1 if draw(st.booleans()) else None], hunks


@settings(max_examples=500)
@given(edited())
def test_no_range_is_smaller_and_one_inside_a_hunk_is_taken_where_there_is_one(
    given_edit: tuple[str, str, list[Hunk]],
) -> None:
    old, new, hunks = given_edit
    found = minimal_replacement(old, new, hunks)
    if not old or old == new:
        assert found is None
        return
    assert found is not None
    after = encode(new)
    before = [line + b"\n" for line in encode(old).split(b"\n")]
    before[-1] = before[-1][:-1]
    before = [line for line in before if line]

    def fits(start: int, end: int) -> bool:
        """Whether replacing lines start..end can give the new bytes, all others untouched."""
        head, tail = b"".join(before[: start - 1]), b"".join(before[end:])
        put = after[len(head) : len(after) - len(tail)]
        return (
            len(head) + len(tail) <= len(after)
            and head + put + tail == after
            and (put == b"" or put.endswith(b"\n") or not tail)
        )

    assert fits(found.start_line, found.end_line)
    assert encode(replaced(old, found)) == after
    size = found.end_line - found.start_line
    sizes = [
        (end - start, any(h.new_start <= start and end < h.new_start + h.new_count for h in hunks))
        for start in range(1, len(before) + 1)
        for end in range(start, len(before) + 1)
        if fits(start, end)
    ]
    assert min(sizes)[0] == size
    inside = any(h.new_start <= found.start_line and found.end_line < h.new_start + h.new_count for h in hunks)
    assert inside is ((size, True) in sizes)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a\nb\nc\n", "a\nB\nc\n", LineReplacement(2, 2, "B\n")),
        ("a\nb\n", "a\nx\nb\n", LineReplacement(1, 1, "a\nx\n")),
        ("a\nb\n", "x\na\nb\n", LineReplacement(1, 1, "x\na\n")),
        ("a\nb\n", "a\n", LineReplacement(2, 2, "")),
        ("a\nb", "a", LineReplacement(1, 2, "a")),
        ("a\nb", "a\nb\n", LineReplacement(2, 2, "b\n")),
        ("a\r\nb\r\n", "a\r\nc\r\n", LineReplacement(2, 2, "c\r\n")),
        ("a\n", "", LineReplacement(1, 1, "")),
    ],
)
def test_the_smallest_range_of_whole_lines(old: str, new: str, expected: LineReplacement) -> None:
    assert minimal_replacement(old, new) == expected


def test_an_insertion_takes_the_neighbour_that_lies_in_a_hunk() -> None:
    hunk = Hunk(2, 1, 2, 1, "", ())
    assert minimal_replacement("a\nb\n", "a\nx\nb\n", [hunk]) == LineReplacement(2, 2, "x\nb\n")


@pytest.mark.parametrize(
    ("start", "end", "inside"),
    [(3, 5, True), (3, 6, False), (2, 3, False), (4, 4, True), (5, 10, False), (4, 3, False)],
)
def test_a_range_is_postable_only_within_one_hunk(start: int, end: int, inside: bool) -> None:
    assert within_hunk(file_with((3, 3), (10, 2)), start, end) is inside


def test_separate_edits_need_one_hunk_that_holds_them_all() -> None:
    edits = [Edit(9, 1, 9, 2, "x"), Edit(1, 1, 1, 1, "import x\n")]
    reason = scattered(file_with((1, 3), (8, 3)), edits, LineReplacement(1, 9, "…"))
    assert reason == "it edits 2 separate places (lines 1, 9) that no one hunk holds"
    assert scattered(file_with((1, 12)), edits, LineReplacement(1, 9, "…")) is None


def test_adjoining_edits_are_one_place_even_outside_every_hunk() -> None:
    edits = [Edit(4, 1, 5, 1, ""), Edit(5, 2, 5, 3, "x")]
    assert scattered(file_with((20, 2)), edits, LineReplacement(4, 5, "…")) is None


def test_an_edit_that_ends_where_a_line_starts_does_not_touch_that_line() -> None:
    edits = [Edit(4, 1, 5, 1, ""), Edit(6, 1, 6, 2, "x")]
    assert scattered(file_with((20, 2)), edits, LineReplacement(4, 6, "…")) is not None
