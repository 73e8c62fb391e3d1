import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.directives import suppressions
from codedesigner.change.model import encode
from codedesigner.location.local.prepare import prepare

DIRECTIVES = [
    ("x = 1  # noqa: F401\n", "noqa", "line"),
    ("x = 1  # NOQA\n", "noqa", "line"),
    ("# ruff: noqa\n", "ruff", "file"),
    ("# flake8: noqa: E501\n", "ruff", "file"),
    ("x = 1  # nosec B101\n", "bandit", "line"),
    ("x = 1  # pylint: disable=all\n", "pylint", "line"),
    ("# pylint: disable-next=eval-used\n", "pylint", "next"),
    ("# pylint: skip-file\n", "pylint", "file"),
    ("x = 1  # type: ignore[assignment]\n", "mypy", "line"),
    ("# mypy: ignore-errors\n", "mypy", "file"),
    ("x = 1  # ty: ignore\n", "ty", "line"),
    ("x = 1  # pyright: ignore\n", "pyright", "line"),
    ("// eslint-disable-next-line no-eval\n", "oxlint", "next"),
    ("foo(); // oxlint-disable-line\n", "oxlint", "line"),
    ("/* eslint-disable */\n", "oxlint", "file"),
    ("// @ts-ignore\n", "typescript", "next"),
    ("# shellcheck disable=SC2086\n", "shellcheck", "next"),
    ("# shellcheck source=/etc/passwd\n", "shellcheck", "next"),
    ("  - uses: a/b@v1 # zizmor: ignore[unpinned-uses]\n", "zizmor", "line"),
    ("a: b  # yamllint disable-line\n", "yamllint", "line"),
    ("# yamllint disable rule:line-length\n", "yamllint", "file"),
    ("# hadolint ignore=DL3006\n", "hadolint", "next"),
    ("# hadolint global ignore=DL3006\n", "hadolint", "file"),
    ("key = 'x'  # pragma: allowlist secret\n", "detect-secrets", "line"),
    ("// pragma: allowlist nextline secret\n", "detect-secrets", "next"),
    ("// ast-grep-ignore\n", "ast-grep", "next"),
    ("-- sqlfluff:templater:jinja:library_path:here\n", "sqlfluff", "file"),
    ("x()  # nosemgrep\n", "semgrep", "line"),
    ("teh = 1  # typos:ignore\n", "typos", "line"),
]


@pytest.mark.parametrize(("text", "tool", "scope"), DIRECTIVES)
def test_a_directive_is_told_and_blanked(text: str, tool: str, scope: str) -> None:
    (directive,) = suppressions("first\n" + text)
    assert (directive.line, directive.tool, directive.scope) == (2, tool, scope)
    assert directive.text in text
    prepared = prepare("first\n" + text)
    assert suppressions(prepared.text) == ()
    assert prepared.altered == {2}
    assert len(prepared.text) == len("first\n" + text)


@pytest.mark.parametrize(
    "text",
    ["def ignore(): pass\n", "noqa = 1\n", "disable the lamp\n", "# ignore this case\n", "# types: ignored words\n"],
)
def test_ordinary_words_stay(text: str) -> None:
    assert suppressions(text) == ()
    assert prepare(text).text == text


def test_two_directives_of_one_line_are_both_told() -> None:
    told = suppressions("x = eval(y)  # type: ignore # noqa: S307 # nosec\n")
    assert [directive.tool for directive in told] == ["mypy", "noqa", "bandit"]


def test_characters_that_some_take_for_line_ends_are_replaced() -> None:
    text = "a\vb\x1cc\x1dd\x1ee\x85f\u2028g\u2029h\n"
    prepared = prepare(text)
    assert len(prepared.text.splitlines()) == 1
    assert len(encode(prepared.text)) == len(encode(text))


def test_form_feeds_before_an_indentation_stay_because_python_allows_them() -> None:
    assert prepare("\f\n\fdef f():\n    return 'a\fb'\n").text == "\f\n\fdef f():\n    return 'a b'\n"


def test_line_ends_of_windows_stay_and_a_lone_cr_goes() -> None:
    assert prepare("a\r\nb\r\n").lone_cr is False
    assert prepare("a\r\nb\r\n").text == "a\r\nb\r\n"
    prepared = prepare("# a\rimport os\n")
    assert prepared.lone_cr is True
    assert prepared.text == "# a import os\n"


_TEXTS = st.text(st.sampled_from("ab#/* \n\r\v\f\x1c\x85\u2028\udcffé:=-") | st.characters(), max_size=80)
_WITH_DIRECTIVES = st.lists(_TEXTS | st.sampled_from([text for text, _, _ in DIRECTIVES]), max_size=6).map("".join)


@given(_WITH_DIRECTIVES)
def test_every_line_keeps_its_lengths_and_no_directive_survives(text: str) -> None:
    prepared = prepare(text)
    before, after = text.split("\n"), prepared.text.split("\n")
    assert [len(line) for line in before] == [len(line) for line in after]
    assert [len(line.encode("utf-8", "surrogatepass")) for line in before] == [
        len(line.encode("utf-8", "surrogatepass")) for line in after
    ]
    assert suppressions(prepared.text) == ()
    assert prepared.altered == {n for n, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1]}


@given(_WITH_DIRECTIVES)
def test_preparing_twice_changes_nothing_more(text: str) -> None:
    once = prepare(text).text
    assert prepare(once).text == once
