from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import FileChange, Span
from codedesigner.publish.applying import Together, appliable, together, with_suggestions
from codedesigner.publish.report import FindingReport
from codedesigner.run.fix import lines_with_ends
from codedesigner.vote.finding import Suggestion

from .changed import PROVED, file_change, with_fix
from .sample import finding, sample

TEXT = "one\ntwo\r\nthree\nfour\n"
FILE = file_change("", TEXT)


def fix(name: str, start: int, end: int, replacement: str) -> FindingReport:
    return with_fix(start, end, replacement).model_copy(update={"id": name})


def fine(_file: FileChange, _text: str) -> bool | None:
    return True


def test_suggestions_of_one_file_are_taken_over_together() -> None:
    made = together([fix("F1", 4, 4, "vier"), fix("F2", 1, 1, ""), fix("F3", 2, 2, "zwei\r\n2\r\n")], [FILE], fine)

    assert [(one.text, one.findings) for one in made.files] == [("zwei\r\n2\r\nthree\nvier", ("F1", "F2", "F3"))]
    assert made.left_out == {}


def test_of_two_on_the_same_lines_the_earlier_is_taken_and_the_other_named() -> None:
    made = together([fix("F1", 2, 3, "x\n"), fix("F2", 3, 4, "y\n"), fix("F3", 4, 4, "z\n")], [FILE], fine)

    assert made.files[0].text == "one\nx\nz\n"
    assert made.files[0].findings == ("F1", "F3")
    assert made.left_out == {"F2": "it changes the same lines as F1"}


def test_the_same_suggestion_of_two_findings_is_taken_over_once_for_both() -> None:
    made = together([fix("F1", 2, 2, ""), fix("F2", 2, 2, "")], [FILE], fine)

    assert made.files[0].text == "one\nthree\nfour\n"
    assert made.files[0].findings == ("F1", "F2")


def test_what_would_not_parse_with_the_others_is_left_out() -> None:
    def unbroken(_file: FileChange, text: str) -> bool:
        return text != "three\nfour\n"

    made = together([fix("F1", 1, 1, ""), fix("F2", 2, 2, ""), fix("F3", 4, 4, "")], [FILE], unbroken)

    assert made.files[0].text == "two\r\nthree\n"
    assert made.left_out == {"F2": "together with F1 the file would not parse"}


def test_a_file_whose_text_is_not_at_hand_is_left_out() -> None:
    assert together([fix("F1", 1, 1, "")], [replace(FILE, new=None)], fine) == Together(
        (), {"F1": "the text of src/a.py is not at hand"}
    )


@pytest.mark.parametrize("changes", [{"disposition": "outside_diff"}, {"suggestion": None},
                                     {"suggestion": Suggestion(1, 1, "", ("applies", "parses"))}])  # fmt: skip
def test_only_posted_findings_with_a_proved_suggestion_can_be_applied(changes: dict[str, object]) -> None:
    good = finding(suggestion=Suggestion(1, 1, "", PROVED))

    able = appliable(sample((good, finding(line=3, end_line=3, kind="other", **changes))).report)

    assert [one.line for one in able] == [9]


SPANS = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 2)), max_size=5)


@given(SPANS, st.lists(st.sampled_from(["", "x\n", "y\r\nz\n"]), min_size=5, max_size=5))
def test_whatever_is_asked_for_lines_outside_stay_and_every_finding_is_accounted_for(
    spans: list[tuple[int, int]], texts: list[str]
) -> None:
    text = "".join(f"{n}\n" for n in range(1, 11))
    asked = [
        fix(f"F{n}", start, start + more, put)
        for n, ((start, more), put) in enumerate(zip(spans, texts, strict=False), 1)
    ]
    made = together(asked, [file_change("", text)], fine)
    done = {name for one in made.files for name in one.findings}
    assert done | set(made.left_out) == {one.id for one in asked}
    assert not done & set(made.left_out)
    taken = {one.id: one.suggestion for one in asked if one.id in done and one.suggestion is not None}
    ranges = {(one.start_line, one.end_line, one.replacement) for one in taken.values()}
    assert sum(end - start + 1 for start, end, _ in ranges) == len(
        {line for start, end, _ in ranges for line in range(start, end + 1)}
    )
    kept = [line for n, line in enumerate(lines_with_ends(text), 1) if not any(n in Span(s, e) for s, e, _ in ranges)]
    for one in made.files:
        assert [line for line in lines_with_ends(one.text) if line.strip().isdigit()] == kept


def test_taking_over_nothing_changes_nothing() -> None:
    assert with_suggestions(TEXT, []) == TEXT
