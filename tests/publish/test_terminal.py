from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import Coverage, RenderInput, Skipped
from codedesigner.publish.plain import cell_width

from .golden import check_golden
from .sample import finding, sample

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def render(given: RenderInput) -> str:
    return FORMATS["text"](given)


def test_the_report_as_people_read_it() -> None:
    check_golden("report.txt", render(sample()))


def test_the_report_on_a_narrow_terminal() -> None:
    check_golden("narrow.txt", render(replace(sample(), width=50)))


def test_the_report_in_colour() -> None:
    check_golden("colour.txt", render(replace(sample(), color=True)).replace("\x1b", "ESC"))


def test_a_clean_change_is_two_lines() -> None:
    given = sample((), Coverage(4, 4, 12, 12))
    quiet = given.report.model_copy(update={"locations": given.report.locations[:1]})
    assert render(replace(given, report=quiet)) == (
        "4 functions in 4 files, 4 of 4 items answered by 1 location, 0.9 s\nPASS  No findings: nothing was found\n"
    )


def test_colour_adds_colour_and_nothing_else() -> None:
    plain = render(sample())
    coloured = render(replace(sample(), color=True))
    assert "\x1b" not in plain
    assert ESCAPE.sub("", coloured) == plain
    assert "\x1b" not in ESCAPE.sub("", coloured)


def test_what_the_change_holds_never_reaches_the_terminal_as_a_command() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\u202e\x08"
    given = sample((finding(path=evil, function=evil, title=evil, body=evil, evidence=evil, kind=evil, angle=evil),))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", render(given))


@pytest.mark.parametrize("width", [40, 72, 120])
def test_source_lines_stay_within_the_width(width: int) -> None:
    text = render(replace(sample(), width=width))
    source = [line for line in text.split("\n") if "│" in line]
    assert source
    assert max(map(cell_width, source)) <= width


def test_an_inconclusive_review_says_that_the_reviewer_broke_and_what_is_missing() -> None:
    skipped = (Skipped("a.py", None, "binary"), Skipped("b.py", "f", "location_failed"))
    lines = render(sample((), Coverage(10, 9, 0, 0, skipped))).splitlines()
    assert lines[-1].startswith(
        "INCONCLUSIVE  The reviewer could not finish; this is no verdict on the change: 9 of 10"
    )
    at = lines.index("Not reviewed: 1 location failed, 1 binary")
    assert lines[at + 1] == "  b.py f  location failed"


def test_what_needs_a_person_is_shown_as_a_question_with_its_reason() -> None:
    waiting = finding(disposition="undecided", decided="nobody", agreement=0.5, reason="needs a person: split\x1b[2J")
    text = render(sample((waiting,), Coverage(4, 4, 1, 1)))
    assert "needs a person" in text.split("\n", 1)[0]
    assert "  needs a person: split␛[2J" in text
    assert "\x1b" not in text
    assert "Not shown" not in text
    assert "decided by the supervisor" in render(sample((finding(decided="supervisor"),)))


def test_text_imports_no_other_format() -> None:
    program = (
        "import sys; from codedesigner.publish import FORMATS; import codedesigner.publish.terminal\n"
        "print([m for m in sys.modules if m.startswith(('jinja2', 'codedesigner.publish.sarif',"
        " 'codedesigner.publish.markdown', 'codedesigner.publish.codequality'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
