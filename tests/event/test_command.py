"""Commands in comments: the whole first line, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.event.command import Dismissal, Typed, dismissal, typed, wrong_argument


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("/codedesigner recheck", Typed("recheck")),
        ("/codedesigner recheck full", Typed("recheck", "full")),
        ("/codedesigner   off  ", Typed("off")),
        ("/codedesigner\ton\r\nthank you", Typed("on")),
        ("/codedesigner dismiss F3 the input is ours, always", Typed("dismiss", "F3 the input is ours, always")),
        ("/codedesigner", Typed("help")),
        ("/codedesigner rechekc", Typed(None, "rechekc")),
        ("/codedesigner recheck --config=evil.yml", Typed("recheck", "--config=evil.yml")),
    ],
)
def test_a_command_is_the_first_line(body: str, expected: Typed) -> None:
    assert typed(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        "",
        " /codedesigner recheck",
        "> /codedesigner recheck",
        "    /codedesigner recheck",
        "```\n/codedesigner recheck\n```",
        "please /codedesigner recheck",
        "hello\n/codedesigner recheck",
        "/codedesigners recheck",
        "/codedesigner-recheck",
        "/CODEDESIGNER recheck",
        "`/codedesigner recheck`",
        "\u200b/codedesigner recheck",
        "/codedesigner " + "x" * 2_000,
    ],
)
def test_T_SEC_34_what_only_looks_like_a_command_is_none(body: str) -> None:
    assert typed(body) is None


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("recheck", "--full"),
        ("recheck", "--config=x"),
        ("dismiss", "F3"),
        ("dismiss", "F0 because"),
        ("dismiss", "everything because"),
        ("explain", ""),
        ("explain", "F3 F4"),
        ("override", ""),
        ("on", "now"),
        ("help", "me"),
    ],
)
def test_a_wrong_argument_is_said(command: str, argument: str) -> None:
    found = typed(f"/codedesigner {command} {argument}")
    assert found is not None
    assert found.command is not None
    assert wrong_argument(found.command, found.argument)


@pytest.mark.parametrize(
    ("command", "argument"),
    [
        ("recheck", ""),
        ("recheck", "full"),
        ("dismiss", "F3 a reason"),
        ("explain", "F12"),
        ("override", "a b"),
        ("plan", ""),
    ],
)
def test_a_right_argument_is_taken(command: str, argument: str) -> None:
    found = typed(f"/codedesigner {command} {argument}".rstrip())
    assert found is not None
    assert found.command is not None
    assert wrong_argument(found.command, found.argument) is None


def test_a_dismissal_has_a_finding_and_a_reason() -> None:
    assert dismissal("F12   it is \t fine ") == Dismissal("F12", "it is \t fine")


@given(st.text(max_size=60))
def test_nothing_that_is_typed_breaks_the_reader(text: str) -> None:
    for body in (text, f"/codedesigner {text}", f"/codedesigner{text}"):
        found = typed(body)
        if found is not None and found.command is not None:
            wrong_argument(found.command, found.argument)
