"""Finding the line that a model means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import Span
from codedesigner.run.anchor import Anchor, anchor

LINES = (
    "def total(items):",
    "    found = 0",
    "    for item in items:",
    "        found += item.price",
    "    }",
    "",
    "    found = 0",
    "    return found / len(items)  # mean",
    "    }",
)
ALL = Span(1, len(LINES))


@pytest.mark.parametrize(
    ("evidence", "claimed", "expected"),
    [
        ("        found += item.price", 4, Anchor(4, 4, "exact")),
        ("found += item.price", 1, Anchor(4, 4, "exact")),
        ("4:3fa|         found += item.price", None, Anchor(4, 4, "exact")),
        ("4| found += item.price", None, Anchor(4, 4, "exact")),
        ("found  +=  item . price", 9, Anchor(4, 4, "folded")),
        ("    found = 0", 1, Anchor(2, 2, "exact")),
        ("    found = 0", 8, Anchor(7, 7, "exact")),
        ("    found = 0", None, Anchor(2, 2, "exact")),
        ("return found / len(items)", None, Anchor(8, 8, "part")),
        ("    for item in items:\n        found += item.price", None, Anchor(3, 4, "exact")),
        ("    }\n    found = 0", None, Anchor(5, 7, "exact")),  # a blank line between them does not part them
        ("    for item in items:\n        nothing of the kind", 7, Anchor(3, 3, "exact")),
        ("    }", 8, Anchor(9, 9, "exact")),
    ],
)
def test_a_quotation_is_found(evidence: str, claimed: int | None, expected: Anchor) -> None:
    assert anchor(evidence, claimed, LINES, ALL) == expected


@pytest.mark.parametrize(
    ("evidence", "claimed"),
    [
        ("", 4),
        ("   \n\n", 4),
        ("4", 4),
        ("return 0", 4),  # nowhere
        ("item", 4),  # too short a part
        ("}", 1),  # says nothing, and is not near
        ("}", None),
        ("print(found)", None),
    ],
)
def test_what_does_not_stand_there_has_no_line(evidence: str, claimed: int | None) -> None:
    assert anchor(evidence, claimed, LINES, ALL) is None


def test_only_the_code_that_was_shown_counts() -> None:
    assert anchor("    found = 0", 2, LINES, Span(6, 9)) == Anchor(7, 7, "exact")
    assert anchor("def total(items):", 1, LINES, Span(2, 9)) is None


def test_a_span_longer_than_the_file_is_no_trouble() -> None:
    assert anchor("    }", 9, LINES, Span(1, 999)) == Anchor(9, 9, "exact")


@given(st.lists(st.text(max_size=20).filter(lambda text: "\n" not in text), max_size=12), st.data())
def test_an_anchor_lies_in_the_span_and_holds_the_quotation(lines: list[str], data: st.DataObject) -> None:
    evidence = data.draw(st.sampled_from(lines) if lines else st.text()) if data.draw(st.booleans()) else "x = 1"
    claimed = data.draw(st.none() | st.integers(-5, 50))
    start = data.draw(st.integers(1, 6))
    span = Span(start, start + data.draw(st.integers(0, 12)))
    found = anchor(evidence, claimed, lines, span)
    if found is not None:
        assert span.start <= found.line <= found.end_line <= min(span.end, len(lines))
        assert any(character in lines[found.line - 1] for character in evidence)


ODD = ["1|eval(x)", "12: go(on)", "a \u202eb", "caf\udce9 = 1", "end\r", "`tick`"]


@pytest.mark.parametrize(
    ("evidence", "line"),
    [
        ("1|eval(x)", 1),  # looks like a number and a bar, and is code
        ("  7+3fa| 1|eval(x)", 1),
        ("3: a <U+202E>b", 3),
        ("12: go(on)", 2),
        ("a <U+202E>b", 3),  # as it was shown
        ("a \u202eb", 3),  # as it is
        ("caf\\xe9 = 1", 4),
        ("end", 5),
        ("`end`", 5),
        ("`tick`", 6),
    ],
)
def test_lines_are_found_as_they_are_shown(evidence: str, line: int) -> None:
    assert anchor(evidence, None, ODD, Span(1, 6)) == Anchor(line, line, "exact")
