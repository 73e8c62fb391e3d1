"""Whose is what a model says about several pieces of code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.run.sharing import Piece, share

ADD = Piece("a.py", 10, ("def add(x, y):", "    total = x + y", "    return total"))
SUB = Piece("a.py", 20, ("def sub(x, y):", "    total = x - y", "    return total"))
OTHER = Piece("b.py", 20, ("def more(x):", "    return total"))
CLASS = Piece("a.py", 1, ("class Sums:", *("    # nothing",) * 8, *ADD.lines))
PIECES = (ADD, SUB, OTHER)


def issue(evidence: str, line: int | None = None, file: str | None = None) -> dict[str, JsonValue]:
    place: dict[str, JsonValue] = {} if line is None else {"line": line}
    return {"evidence": evidence, "location": {**place, **({} if file is None else {"file": file})}}


def where(said: JsonValue, pieces: tuple[Piece, ...] = PIECES) -> list[int]:
    return [
        at for at, each in enumerate(share({"issues": [said]}, pieces)) if isinstance(each, dict) and each["issues"]
    ]


@pytest.mark.parametrize(
    ("said", "piece"),
    [
        (issue("    total = x - y"), 1),
        (issue("total = x - y", 11), 1),  # what it quotes, not what it counts
        (issue("    return total", 12), 0),
        (issue("    return total", 22), 1),
        (issue("    return total", 12, "b.py"), 2),
        (issue("    return total", 22, "b.py"), 2),
        (issue("nowhere to be found", 21), 1),
        (issue("nowhere to be found", 21, "b.py"), 2),
        (issue(""), 0),
    ],
)
def test_an_issue_goes_where_its_quotation_stands(said: JsonValue, piece: int) -> None:
    assert where(said) == [piece]


def test_what_stands_in_a_function_of_a_class_is_the_functions() -> None:
    assert where(issue("    total = x + y", 11), (CLASS, ADD)) == [1]
    assert where(issue("class Sums:", 1), (CLASS, ADD)) == [0]


JSON = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3))
PLACE = st.fixed_dictionaries({}, optional={"line": JSON, "file": JSON})
ISSUE = JSON | st.fixed_dictionaries({}, optional={"evidence": JSON, "location": PLACE | JSON})


@given(st.lists(ISSUE, max_size=4))
def test_nothing_is_lost_and_nothing_is_said_twice(issues: list[JsonValue]) -> None:
    shares = share({"issues": issues, "summary": "s"}, PIECES)
    assert len(shares) == len(PIECES)
    given_out: list[JsonValue] = []
    for each in shares:
        assert isinstance(each, dict)
        own = each["issues"]
        assert isinstance(own, list)
        assert each["summary"] == "s"
        given_out += own
    assert sorted(map(repr, given_out)) == sorted(map(repr, issues))
