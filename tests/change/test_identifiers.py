"""Names in code, in every language alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.identifiers import last, masked, mentions, names, names_in_bytes, parts
from codedesigner.change.languages import WITH_GRAMMAR

LANGUAGES = st.sampled_from([*sorted(WITH_GRAMMAR), None, "yaml"])
CODE = st.text(alphabet="ab \n\t\"'`#/*-\\[]{}()_é=", max_size=200)


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("python", 'x = "f()" # g()\ny', 'x = "   "\ny'),
        ("python", 'def f():\n    """call g()\n    h()"""\n    i()', "def f():\n\n\n    i()"),
        ("python", "a = 'it\\'s g()'", "a = '         '"),
        ("javascript", "a /* g() */ b // h()\n`i() ${j()}`", "a           b\n`          `"),
        ("go", "x := `g()\nh()`\ny", "x :=\n\ny"),
        ("rust", "fn f<'a>(x: &'a str) { let c = '\"'; g() }", "fn f<'a>(x: &'a str) { let c = ' '; g() }"),
        ("c", "f(); /* never ended g()", "f();"),
        ("lua", "f() -- g()\n--[[ h()\ni() ]] j()", "f()\n\n       j()"),
        ("bash", "echo $# # g\nf", "echo $#\nf"),
        ("php", "# g()\n// h()\nf()", "\n\nf()"),
        (None, "# g()", "# g()"),
    ],
)
def test_comments_and_the_insides_of_strings_are_blank(language: str | None, text: str, left: str) -> None:
    assert [line.rstrip() for line in masked(text, language).split("\n")] == left.split("\n")


@given(CODE, LANGUAGES)
def test_masking_moves_nothing(text: str, language: str | None) -> None:
    blank = masked(text, language)
    assert len(blank) == len(text)
    assert [at for at, char in enumerate(blank) if char == "\n"] == [at for at, char in enumerate(text) if char == "\n"]
    assert all(new in (old, " ") for old, new in zip(text, blank, strict=True))


@given(CODE, LANGUAGES)
def test_what_is_mentioned_stands_there(text: str, language: str | None) -> None:
    wanted = names(text)
    lines = text.split("\n")
    assert all(one.name in lines[one.line - 1] for one in mentions(text, language, wanted))
    assert {one.name for one in mentions(text, language, wanted)} == wanted


@pytest.mark.parametrize(
    ("language", "line", "dotted", "called"),
    [
        ("python", "total(x)", False, True),
        ("python", "cart.total (x)", True, True),
        ("python", "x = total", False, False),
        ("python", "@total", False, True),
        ("cpp", "c->total<int, Cart*>(x)", True, True),
        ("rust", "Cart::total(x)", True, True),
        ("rust", "total!(x)", False, True),
        ("ruby", "cart.total", True, True),
        ("bash", "total $x", False, True),
        ("javascript", "subtotal(x)", None, None),
    ],
)
def test_how_a_name_is_mentioned(language: str, line: str, dotted: bool | None, called: bool | None) -> None:
    found = list(mentions(f"\n{line}\n", language, frozenset({"total"})))
    assert [(one.line, one.dotted, one.called) for one in found] == ([] if called is None else [(2, dotted, called)])


def test_names_and_their_parts() -> None:
    assert names("load_cart(été, 2) # why") == {"load_cart", "été", "why"}
    assert names_in_bytes("load(été)".encode()) == {b"load", "été".encode()}
    assert parts("loadHTTPCart_2") == ("load", "http", "cart", "2")
    assert parts("MAX_ITEMS") == ("max", "items")
    assert last("Cart.items.total") == "total"
