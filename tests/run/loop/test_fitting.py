"""What a model wrote fits into the file, and what it did not touch is as it was, to the byte."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import Span
from codedesigner.change.visible import line_shown
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.fitting import fitted, tidied
from codedesigner.run.loop.lines import changes_to, lines_of
from codedesigner.run.loop.state import loaded, modified

OLD = "    def f(self):\n        return 1\n"


@pytest.mark.parametrize(
    ("said", "old", "new"),
    [
        ("    def f(self):\n        return 2", OLD, "    def f(self):\n        return 2\n"),
        ("def f(self):\n    return 2\n", OLD, "    def f(self):\n        return 2\n"),
        ("```python\n    def f(self):\n        return 2\n```", OLD, "    def f(self):\n        return 2\n"),
        ("~~~~\n    def f(self):\n        return 2\n~~~~\n\n", OLD, "    def f(self):\n        return 2\n"),
        ("\n\n    def f(self):\n        return 2\n\n", OLD, "    def f(self):\n        return 2\n"),
        ("    def f(self):\n        return 2", OLD.replace("\n", "\r\n"), "    def f(self):\r\n        return 2\r\n"),
        ("    def f(self):\r\n        return 2\r\n", OLD, "    def f(self):\n        return 2\n"),
        ("    def f(self):\n        return 2\n", OLD[:-1], "    def f(self):\n        return 2"),
        ("a\nb", "a  \t\nc\n", "a  \t\nb\n"),
        ("a<U+202E>b\nnew", "a\u202eb\nold\n", "a\u202eb\nnew\n"),
        ("\\xff\nnew", "\udcff\nold\n", "\udcff\nnew\n"),
        ("", OLD, ""),
    ],
)
def test_it_stands_as_the_file_has_it(said: str, old: str, new: str) -> None:
    assert fitted(said, old) == new


@pytest.mark.parametrize("odd", ["\ud800", "a\rb", "a\u2028b", "a\x0cb", "a\x85b"])
def test_what_would_break_lines_is_nothing(odd: str) -> None:
    assert fitted(f"    def f(self):\n        {odd}\n", OLD) is None


texts = st.text(st.sampled_from(" \tab\n\r\u202e\udcff("), max_size=40)


@given(texts)
def test_a_copy_of_what_is_shown_changes_nothing(old: str) -> None:
    shown = "\n".join(line_shown(line.removesuffix("\n")) for line in lines_with_ends(old))
    if shown.strip():
        made = fitted(shown, old)
        assert made is None or made.strip() == old.strip()


@given(texts, texts, st.sets(st.integers(1, 8)))
def test_any_text_becomes_any_other_through_its_lines(old: str, new: str, starts: set[int]) -> None:
    statements = tuple(Span(start, start) for start in sorted(starts))
    lines = lines_of(old, 1, statements)
    assert "".join(line.current_content for line in lines) == old
    if lines:
        state = modified(loaded("a.py", lines), changes_to(lines, new, "why", "style"))
        assert state.text == new
        assert state.original == old


def test_what_is_large_takes_no_time() -> None:
    began = time.process_time()
    old, new = "x\n" * 30_000, "y\n" + "x\n" * 29_998 + "z\n"
    lines = lines_of(old, 1)
    assert modified(loaded("a.py", lines), changes_to(lines, new, "why", "style")).text == new
    assert fitted(new.replace("x", "w"), old) == new.replace("x", "w")
    for odd in ("```\n" + " " * 60_000, "```\n" * 20_000, "\n" * 60_000, "~" * 60_000):
        fitted(odd, OLD)
    assert time.process_time() - began < 3


def test_statements_keep_what_stands_behind_them() -> None:
    text = "def f():\n    # first\n    a = 1\n\n    # second\n    b = (\n        2)\n    return b\n"
    lines = lines_of(text, 10, (Span(10, 10), Span(12, 12), Span(15, 16), Span(17, 17)))
    assert [(line.number, line.current_content) for line in lines] == [
        (10, "def f():\n    # first\n"),
        (12, "    a = 1\n\n    # second\n"),
        (15, "    b = (\n        2)\n"),
        (17, "    return b\n"),
    ]
    changes = changes_to(lines, text.replace("        2)", "        3)"), "why", "style")
    assert list(changes) == [2]


@pytest.mark.parametrize(
    ("new", "old", "tidy"),
    [
        ("    a = 1; \n    return a\n", "    a = 1; b = 2\n    return a\n", "    a = 1\n    return a\n"),
        ("    a = 1; \r\nb\r\n", "    a = 1; b = 2\r\nb\r\n", "    a = 1\r\nb\r\n"),
        ("a = 1; ", "a = 1; b = 2", "a = 1"),
        ("a = 1;\n", "a = 1; b = 2;\n", "a = 1;\n"),  # it ended so before
        ("a = 2 \n", "a = 1 \n", "a = 2 \n"),
        ("a\nb  \nnew\t\n", "a\nb  \n", "a\nb  \nnew\n"),
        ("a\nnew\nb\r\n", "a\nb\r\n", "a\nnew\nb\r\n"),  # of a file with both kinds nobody knows which it has
        ("a\r\nnew\nb\r\n", "a\r\nb\r\n", "a\r\nnew\r\nb\r\n"),
        ("a\nb", "a\n", "a\nb"),
        ("    \nb\n", "    x = 1\nb\n", "\nb\n"),
    ],
)
def test_what_is_taken_out_leaves_no_blanks_and_line_ends_stay(new: str, old: str, tidy: str) -> None:
    assert tidied(new, old, ";") == tidy


@given(texts, texts)
def test_no_blank_comes_to_an_end_of_a_line_that_had_none_and_twice_is_once(old: str, new: str) -> None:
    tidy = tidied(new, old)
    assert tidied(old, old) == old
    assert tidied(tidy, old) == tidy
    assert tidy.count("\n") == new.count("\n")
    if not any(line != line.rstrip(" \t") for line in old.replace("\r\n", "\n").split("\n")):
        assert not any(line != line.rstrip(" \t") for line in tidy.replace("\r\n", "\n").split("\n"))
