from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.publish.forge_markdown import blocks
from tests.publish.sample import finding, sample

from codedesigner.change.model import FileChange, Side
from codedesigner.publish.discussion import Anchor, Place
from codedesigner.publish.forge.links import Links, links_of
from codedesigner.publish.forge.placing import Placed, anchors_of, place_findings
from codedesigner.publish.forge.positions import github_position, gitlab_position, line_code
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.report import FindingReport
from codedesigner.vote.finding import Suggestion

from .changes import changed_file
from .pulls import PULL

FORGES: tuple[Forge, ...] = ("github", "gitlab")


def told(line: int, end_line: int | None = None, side: Side = "RIGHT", **more: object) -> FindingReport:
    last = line if end_line is None else end_line
    return sample((finding(line=line, end_line=last, side=side, suggestion=None, **more),)).report.findings[0]


def fix(start: int, end: int, text: str = "fixed\n") -> FindingReport:
    made = Suggestion(start, end, text, ("applies", "parses", "reviewed"), "ruff")
    return sample((finding(line=start, end_line=end, suggestion=made),)).report.findings[0]


def placed(finding: FindingReport, file: FileChange, forge: Forge = "github") -> Placed:
    return place_findings([finding], [file], forge)[0]


def line_numbers(given: Placed) -> tuple[Side, int, int]:
    assert given.place is not None
    return given.place.side, given.place.start_line, given.place.line


# Hunks on the new side: 10-16 and 40-44. Line 13 is changed, and 43 is added at the end.
BEFORE = [f"line {n}" for n in range(1, 43)]
AFTER = [*BEFORE[:12], "changed", *BEFORE[13:], "line 43", "line 44"]
AFTER[39:39] = []
TWO_HUNKS = changed_file(BEFORE, AFTER)


def test_the_hunks_are_those_of_the_case() -> None:
    assert [(hunk.new_start, hunk.new_start + hunk.new_count - 1) for hunk in TWO_HUNKS.hunks] == [(10, 16), (40, 44)]


@pytest.mark.parametrize("forge", FORGES)
def test_t_gh_01_a_line_of_the_diff_is_inline_and_another_in_the_summary_with_a_link(forge: Forge) -> None:
    inside, outside = place_findings([told(12), told(30)], [TWO_HUNKS], forge)
    assert (inside.level, line_numbers(inside)) == ("line", ("RIGHT", 12, 12))
    assert (outside.level, outside.place, outside.reason) == ("summary", None, "line 30 is not part of the diff")
    links = links_of(PULL[forge], forge, sample().report.change)
    root = "https://forge.example/shop/cart/-" if forge == "gitlab" else "https://forge.example/shop/cart"
    assert links.blob(outside.finding) == f"{root}/blob/{'2' * 40}/src/cart.py#L30"


def test_t_gh_02_one_line_has_no_start() -> None:
    place = placed(told(12), TWO_HUNKS).place
    assert place is not None
    assert github_position(place) == {"path": "src/cart.py", "line": 12, "side": "RIGHT"}


def test_t_gh_04_a_range_the_wrong_way_round_is_turned() -> None:
    place = placed(told(15, 12), TWO_HUNKS).place
    assert place is not None
    assert github_position(place) == {
        "path": "src/cart.py", "line": 15, "side": "RIGHT", "start_line": 12, "start_side": "RIGHT",
    }  # fmt: skip


@pytest.mark.parametrize("forge", FORGES)
def test_t_gh_05_a_range_over_two_hunks_is_clipped_to_one_and_its_suggestion_is_no_block(forge: Forge) -> None:
    for start, end in ((14, 41), (41, 14)):
        given = fix(min(start, end), max(start, end)).model_copy(update={"line": start, "end_line": end})
        found = placed(given, TWO_HUNKS, forge)
        assert line_numbers(found) in {("RIGHT", 14, 16), ("RIGHT", 40, 41)}
        assert found.reason.endswith("of 14-41 cannot have a comment together with these")
        assert found.suggestion is not None
        assert blocks(found.suggestion.markdown)[0][0] == "diff"
        assert "not all lines of the finding are in one hunk" in found.suggestion.markdown


def test_a_suggestion_within_one_hunk_is_no_block_either_where_the_finding_was_clipped() -> None:
    given = fix(14, 15).model_copy(update={"end_line": 41})
    found = placed(given, TWO_HUNKS)
    assert line_numbers(found) == ("RIGHT", 14, 16)
    assert found.suggestion is not None
    assert found.suggestion.reason is not None


@pytest.mark.parametrize("forge", FORGES)
def test_a_comment_with_a_block_stands_on_the_lines_that_the_block_replaces(forge: Forge) -> None:
    found = placed(fix(13, 15).model_copy(update={"line": 14, "end_line": 14}), TWO_HUNKS, forge)
    assert found.suggestion is not None
    assert found.suggestion.reason is None
    assert line_numbers(found) == ("RIGHT", 13, 15)


def test_a_suggestion_for_other_lines_does_not_take_the_comment_with_it() -> None:
    found = placed(fix(43, 43).model_copy(update={"line": 13, "end_line": 13}), TWO_HUNKS)
    assert line_numbers(found) == ("RIGHT", 13, 13)
    assert found.suggestion is not None
    assert "it changes other lines than those that the finding is about" in found.suggestion.markdown


@pytest.mark.parametrize("forge", FORGES)
def test_t_gh_19_a_finding_about_a_whole_file_is_on_no_line(forge: Forge) -> None:
    found = placed(told(0), TWO_HUNKS, forge)
    assert (found.level, found.place, found.reason) == ("file", None, "it is about the whole file")


def test_what_the_diff_does_not_show_goes_to_the_summary() -> None:
    assert placed(told(1, path="other.py"), TWO_HUNKS).reason == "the file is not part of the change"
    bare = changed_file(BEFORE, BEFORE)
    assert placed(told(1), bare).reason == "the file has no lines in the diff"
    unreadable = changed_file(BEFORE, AFTER, path="caf\udce9.py")
    assert placed(told(12, path="caf\\xe9.py"), unreadable).reason == "the forge has no way to write the file's name"
    assert placed(told(20, 30), TWO_HUNKS).reason == "lines 20-30 are not part of the diff"


def test_removed_lines_stand_on_the_left_and_lines_that_stayed_on_the_right() -> None:
    file = changed_file(["a", "gone", "too", "b", "c"], ["new", "a", "b", "c"])
    assert line_numbers(placed(told(2, 3, "LEFT"), file)) == ("LEFT", 2, 3)
    assert line_numbers(placed(told(1, 4, "LEFT"), file)) == ("LEFT", 2, 3)
    assert line_numbers(placed(told(4, 4, "LEFT"), file)) == ("RIGHT", 3, 3)
    assert placed(told(1, 4, "LEFT"), file).reason == ""


def test_removed_lines_are_found_by_the_old_name_too() -> None:
    file = changed_file(["a", "gone", "b"], ["a", "b"], path="new.py", old_path="old.py")
    place = placed(told(2, 2, "LEFT", path="old.py"), file).place
    assert place is not None
    assert (place.path, place.old_path, place.side) == ("new.py", "old.py", "LEFT")


def position(file: FileChange, line: int, side: Side = "RIGHT", end: int | None = None) -> dict[str, object]:
    place = placed(told(line, end, side), file).place
    assert place is not None
    return gitlab_position(place, ("b", "s", "h"))


def test_t_gl_01_each_kind_of_line_has_the_numbers_that_gitlab_wants() -> None:
    file = changed_file(["a", "b", "gone", "c"], ["new", "a", "b", "c"])
    sides = ("old_line", "new_line")
    assert {key: value for key, value in position(file, 1).items() if key in sides} == {"new_line": 1}
    assert {key: value for key, value in position(file, 3, "LEFT").items() if key in sides} == {"old_line": 3}
    assert {key: value for key, value in position(file, 4).items() if key in sides} == {"old_line": 4, "new_line": 4}
    assert {key: value for key, value in position(file, 2).items() if key in sides} == {"old_line": 1, "new_line": 2}


def test_t_gl_02_both_paths_are_real() -> None:
    fresh = position(changed_file([], ["a"]), 1)
    assert (fresh["old_path"], fresh["new_path"]) == ("src/cart.py", "src/cart.py")
    moved = position(changed_file(["a"], ["a", "b"], old_path="src/was.py"), 2)
    assert (moved["old_path"], moved["new_path"]) == ("src/was.py", "src/cart.py")


def test_t_gl_07_a_range_has_codes_and_types_and_no_numbers() -> None:
    file = changed_file(["a", "b"], ["a", "x", "y", "b"])
    found = position(file, 1, end=3)
    assert found["line_range"] == {
        "start": {"line_code": line_code("src/cart.py", Anchor("context", 1, 1)), "type": "old"},
        "end": {"line_code": line_code("src/cart.py", Anchor("added", 2, 3)), "type": "new"},
    }
    assert found["new_line"] == 3
    assert "line_range" not in position(file, 2)


def test_t_gl_08_a_code_is_the_digest_of_the_path_and_the_running_counters() -> None:
    lines = [f"line {n}" for n in range(1, 6)]
    place = placed(told(14), changed_file(lines, [*lines, *(f"new {n}" for n in range(9))])).place
    assert place is not None
    assert line_code(place.path, place.end) == "87308fc78d6b5769af40ba5dc4f3dc85236db08a_6_14"
    fresh = placed(told(2), changed_file([], ["a", "b"])).place
    assert fresh is not None
    assert line_code(fresh.path, fresh.end).endswith("_0_2")


@pytest.mark.parametrize(
    ("forge", "line", "end", "side", "path", "link"),
    [
        ("github", 3, 3, "RIGHT", "a.py", "/blob/HEAD/a.py#L3"),
        ("github", 5, 3, "RIGHT", "a.py", "/blob/HEAD/a.py#L3-L5"),
        ("gitlab", 3, 5, "LEFT", "a.py", "/-/blob/BASE/was.py#L3-5"),
        ("github", 0, 0, "RIGHT", "a b/#?%(x)].py", "/blob/HEAD/a%20b/%23%3F%25%28x%29%5D.py"),
        ("gitlab", 2, 2, "RIGHT", "docs/ä.md", "/-/blob/HEAD/docs/%C3%A4.md?plain=1#L2"),
    ],
)
def test_links(forge: Forge, line: int, end: int, side: Side, path: str, link: str) -> None:
    links = Links(forge, "https://f.example/g/p", "HEAD", "BASE", {"a.py": "was.py"})
    assert links.blob(told(line, end, side, path=path)) == f"https://f.example/g/p{link}"


lines = st.lists(st.sampled_from("abcd"), max_size=14)


def counters(before: Sequence[str], after: Sequence[str], file: FileChange) -> dict[tuple[Side, int], tuple[int, int]]:
    """By side and number, the counters of every line that a comment can stand on, counted from the whole files."""
    found: dict[tuple[Side, int], tuple[int, int]] = {}
    for hunk in file.hunks:
        for line in hunk.lines:
            if line.new is not None:
                gone = sum(one.old is not None and _before(one, line, hunk.lines) for one in hunk.lines)
                start = hunk.old_start if hunk.old_count else min(hunk.old_start, 1) * (hunk.old_start + 1)
                found["RIGHT", line.new] = (line.old or (0 if not before else start + gone), line.new)
            else:
                assert line.old is not None
                come = sum(one.new is not None and _before(one, line, hunk.lines) for one in hunk.lines)
                start = hunk.new_start if hunk.new_count else min(hunk.new_start, 1) * (hunk.new_start + 1)
                found["LEFT", line.old] = (line.old, 0 if not after else start + come)
    return found


def _before(one: object, other: object, lines: Sequence[object]) -> bool:
    return next(n for n, each in enumerate(lines) if each is one) < next(
        n for n, each in enumerate(lines) if each is other
    )


@given(lines, lines, st.integers(0, 3), st.integers(1, 16), st.integers(1, 16), st.sampled_from(["LEFT", "RIGHT"]))
def test_a_comment_stands_on_lines_of_one_hunk_and_of_the_finding_alone(
    before: list[str], after: list[str], context: int, first: int, last: int, side: Side
) -> None:
    file = changed_file(before, after, context=context)
    assume(file.hunks)
    model = counters(before, after, file)
    found = placed(told(first, last, side), file)
    low, high = sorted((first, last))
    shown_lines = {line.new if side == "RIGHT" else line.old for hunk in file.hunks for line in hunk.lines} & set(
        range(low, high + 1)
    )
    assert (found.place is not None) == bool(shown_lines)
    if found.place is None:
        return
    place: Place = found.place
    assert place.start_line <= place.line
    assert all((place.side, line) in model for line in (place.start_line, place.line))
    assert (place.start.old, place.start.new) == model[place.side, place.start_line]
    assert (place.end.old, place.end.new) == model[place.side, place.line]
    assert sum(place.start in anchors_of(hunk) and place.end in anchors_of(hunk) for hunk in file.hunks) == 1
    numbers = (place.start_line, place.line) if place.side == side else (place.start.old, place.end.old)
    assert low <= numbers[0] <= numbers[1] <= high
    if first == last and side == "RIGHT":
        assert line_numbers(found) == (side, first, first)
    position = gitlab_position(place, ("b", "s", "h"))
    assert ("old_line" in position) == (place.end.kind != "added")
    assert ("new_line" in position) == (place.end.kind != "removed")
