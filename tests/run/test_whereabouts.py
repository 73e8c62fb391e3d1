from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.run.resemblance import CodeLine
from codedesigner.run.whereabouts import whereabouts

SOURCE = """\
import socket

def open_session(address, retries):
    connection = socket.create_connection(address)
    for attempt in range(retries):
        greet(connection)
    return connection

def close_session(connection):
    audit_log.write(connection.password)
    connection.shutdown(socket.SHUT_RDWR)
    connection.close()

MAX_RETRIES = 5
"""


def lines(source: str = SOURCE, unchanged: frozenset[int] = frozenset(), start: int = 1) -> list[CodeLine]:
    return [
        CodeLine(number, text, number not in unchanged) for number, text in enumerate(source.splitlines(), start=start)
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("`connection.password` is written to the audit log", 10),
        ("The password ends up in the log.", 10),
        ("Why are there five? `MAX_RETRIES` should be configurable", 14),
        ("`open_session` leaks its connection when greeting fails", 3),
        ("Nothing limits how often we greet in `range(retries)`", 5),
        ("Line 12 is never reached.", 12),
        ("`close_session` writes secrets", 9),
        ("Use a context manager:\n\n```python\n    connection.shutdown(socket.SHUT_RDWR)\n```\n", 11),
    ],
)
def test_a_text_is_placed_where_its_names_stand(text: str, line: int) -> None:
    assert whereabouts(text, lines()) == line


def test_what_shares_no_name_has_no_place() -> None:
    assert whereabouts("???", lines()) is None
    assert whereabouts("`connection`", []) is None


def test_a_line_that_the_change_touched_is_likelier() -> None:
    same = [CodeLine(1, "total += 1", changed=False), CodeLine(50, "total += 1", changed=True)]
    assert whereabouts("`total` is not locked", same) == 50


def test_several_likely_lines_beat_one_that_is_alone() -> None:
    there = [CodeLine(1, "retry(limit)", True)]
    there += [CodeLine(number, f"retry(limit, {number})", True) for number in range(40, 44)]
    assert whereabouts("Why `retry` without a `limit`?", there) in range(40, 44)


def test_lines_of_another_hunk_are_no_neighbours() -> None:
    near = [CodeLine(1, "alpha()", True), CodeLine(2, "beta()", True), CodeLine(90, "alpha()", True)]
    assert whereabouts("`alpha` before `beta`", near) in (1, 2)


@given(st.text(max_size=200), st.lists(st.text(max_size=30), max_size=8))
def test_any_text_is_placed_in_the_code_or_nowhere(text: str, code: list[str]) -> None:
    shown = [CodeLine(number, line, True) for number, line in enumerate(code, start=7)]
    place = whereabouts(text, shown)
    assert place is None or place in range(7, 7 + len(code))
    assert place == whereabouts(text, shown)
