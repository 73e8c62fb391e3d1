"""Suggestions that overlap become one, or only one of them is offered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.run.test_suggest import FILE, SOURCE

from codedesigner.change.model import Span
from codedesigner.protocol.issue import Edit, Fix
from codedesigner.protocol.suggestion import Suggestion
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.joint import MOST_TOGETHER, Offer, apart, heaps, joined, made_one
from codedesigner.run.loop.problem import Ended, Problem, attempt_of

OLD = "a\nb\nc\nd\n"


@pytest.mark.parametrize(
    ("texts", "made"),
    [
        (("A\nb\nc\nd\n", "a\nb\nC\nd\n"), "A\nb\nC\nd\n"),
        (("A\nb\nc\nD\n", "a\nB\nC\nd\n"), "A\nB\nC\nD\n"),
        (("A\nb\nc\nd\n", "A\nb\nc\nd\n"), "A\nb\nc\nd\n"),
        (("a\nc\nd\n", "a\nb\nc\nnew\nd\n"), "a\nc\nnew\nd\n"),
        (("A\nb\nc\nd\n", "other\nb\nc\nd\n"), None),
        (("a\nnew\nb\nc\nd\n", "a\nother\nb\nc\nd\n"), None),  # which of them comes first?
        (("A\nb\nc\nd\n", "a\nnew\nb\nc\nd\n"), None),
        (("a\nnew\nb\nc\nd\n", "a\nB\nc\nd\n"), None),
        (("a\nb\n", "a\nb\nC\nd\n"), None),
        ((OLD, OLD), OLD),
    ],
)
def test_what_changes_other_lines_goes_together(texts: tuple[str, str], made: str | None) -> None:
    assert joined(OLD, texts) == made
    assert joined(OLD, texts[::-1]) == made


lines = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "new\n"]), max_size=6).map("".join)


@given(lines, lines, lines)
def test_the_order_does_not_matter_and_one_alone_is_itself(old: str, one: str, other: str) -> None:
    assert joined(old, [one]) == one
    assert joined(old, [one, old]) == one
    assert joined(old, [one, one]) == one
    assert joined(old, [one, other]) == joined(old, [other, one])


def offer(finding: str, start: int, end: int, text: str = "x\n", *edits: Edit, kind: str = "unused-import") -> Offer:
    made = Suggestion(start, end, text, ("applies", "parses", "reviewed"), "ruff")
    problem = Problem(finding, FILE, SOURCE, kind, "style", frozenset({"ruff"}))
    fix = Fix(edits, safe=True) if edits else None
    return Offer(Ended(attempt_of(problem, "ruff", Span(1, 3), fix=fix), made), made)


def test_what_overlaps_by_way_of_others_is_one_heap() -> None:
    made = heaps([offer("F1", 1, 2), offer("F2", 9, 9), offer("F3", 4, 5), offer("F4", 2, 4), offer("F5", 8, 9)])
    assert [[each.finding for each in heap] for heap in made] == [["F1", "F3", "F4"], ["F2", "F5"]]


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4)), max_size=8))
def test_what_is_left_does_not_overlap_and_the_first_is_left(places: list[tuple[int, int]]) -> None:
    offers = [offer(f"F{at}", start, start + length) for at, (start, length) in enumerate(places)]
    gone = apart(offers)
    left = [each for each in offers if each.finding not in {one.finding for one, _ in gone}]
    assert all(not one.overlaps(other) for one in left for other in left if one is not other)
    assert left[:1] == offers[:1]
    assert all(one.overlaps(rival) and rival in left for one, rival in gone)


def test_analysers_edits_of_one_line_go_together_and_each_has_to_see_all_gone() -> None:
    first = offer("F1", 1, 1, "import\n", Edit(1, 7, 1, 10, ""))
    second = offer("F2", 1, 1, "os\n", Edit(1, 1, 1, 7, ""))
    made = made_one([first, second])
    assert made is not None
    edit = Edit(1, 1, 4, 1, "\nimport sys\nprint(sys.argv)\n")
    assert {attempt.fix for attempt in made} == {Fix((edit,), safe=False, message="all of them at once")}
    assert [(each.problem.finding, each.problem.gone) for each in made] == [("F1", 2), ("F2", 2)]


def test_what_is_alike_is_proved_already_and_a_crowd_is_not_made_one() -> None:
    assert made_one([offer("F1", 1, 1), offer("F2", 1, 1)]) is None
    text = lines_with_ends(SOURCE.text)[1]
    crowd = [offer(f"F{at}", 1, 2, f"x{at}\n{text}") for at in range(MOST_TOGETHER + 1)]
    assert made_one(crowd) is None
