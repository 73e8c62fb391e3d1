"""Which sentences of a document are about a function."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.callers import CodeFile, Definition
from codedesigner.change.model import Span
from codedesigner.change.parsing import NamedSpan
from codedesigner.run.documents import LONGEST_SENTENCE, Documents, is_document, sentences


def definition(name: str, kind: str = "function", path: str = "src/cart.py") -> Definition:
    span = NamedSpan(name, kind, Span(1, 2))  # type: ignore[arg-type]
    return Definition(CodeFile(path, "python", "", (span,)), span)


def about(text: str, one: Definition, *, shared: bool = False, path: str = "a.md") -> list[str]:
    return [found.text for found in Documents({path: text.encode()}, [one.called]).about(one, shared=shared)]


TOTAL = definition("total")
SUM_UP = definition("sum_up")
METHOD = definition("Cart.total", "method")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Call `sum_up` first. Then wait.", ["Call `sum_up` first."]),
        ("Call sum_up() first.", ["Call sum_up() first."]),
        ("Call sum_up first.", []),
        ("The word total and `total` are plain words.", []),
        ("Call `total()` of it.", ["Call `total()` of it."]),
        ("In a cart, `total` adds.", ["In a cart, `total` adds."]),
        ("`other(total)` is another's.", []),
        ("See `cart.total` there.", ["See `cart.total` there."]),
        ("See `limits.total` there.", []),
        ("See `bill.total()` there.", ["See `bill.total()` there."]),
    ],
)
def test_a_name_counts_where_it_is_code(text: str, found: list[str]) -> None:
    one = SUM_UP if "sum_up" in text else TOTAL
    assert about(text, one) == found


def test_what_others_share_has_to_come_with_its_class_or_module() -> None:
    assert about("Use `total()`.", METHOD, shared=True) == []
    assert about("Use `Bill.total()`.", METHOD, shared=True) == []
    assert about("Use `Cart.total()`.", METHOD, shared=True) == ["Use `Cart.total()`."]
    assert about("A Cart has `total()`.", METHOD, shared=True) == ["A Cart has `total()`."]


def test_the_first_sentence_under_a_heading_that_names_it_counts() -> None:
    page = "## `sum_up`\n\nAdds prices. Nothing else.\n\n## Other\n\nIs other.\n"
    assert about(page, SUM_UP) == ["Adds prices."]
    rst = "``sum_up``\n==========\n\nAdds prices. Nothing else.\n"
    assert about(rst, SUM_UP, path="a.rst") == ["Adds prices."]


def test_examples_quotations_and_comments_are_no_statements() -> None:
    page = """\
```
sum_up(1)
````
~~~ text
sum_up(2)
~~~

    sum_up(3)

> sum_up(4)

<!-- sum_up(5) -->
1. sum_up(6) is said.
| sum_up(7) | is a row |
```
sum_up(8) never ends
"""
    assert about(page, SUM_UP) == ["sum_up(6) is said.", "sum_up(7) · is a row"]
    rst = "Like this::\n\n   sum_up(1)\n\n.. note:: sum_up(2)\n   sum_up(3)\n\n:func:`sum_up` is said.\n"
    assert about(rst, SUM_UP, path="a.rst") == [":func:`sum_up` is said."]


def test_what_is_prose_is_known_by_its_name() -> None:
    assert is_document("README.md")
    assert is_document("docs/a.RST")
    assert is_document("notes.txt")
    assert not is_document("requirements-dev.txt")
    assert not is_document("src/CMakeLists.txt")
    assert not is_document("a.py")


@given(st.text(alphabet="`~sum_up() .|#>-=<![]\n\tA:", max_size=400))
def test_whatever_a_document_holds_each_sentence_is_one_bounded_printable_line(text: str) -> None:
    for one in sentences("a.md", text):
        assert len(one.text) <= LONGEST_SENTENCE
        assert one.text.isprintable()
        assert one.named


@pytest.mark.parametrize(
    "text", ["`" * 200_000, "[" * 200_000, "<!--" * 50_000, "a.b" * 60_000, "<a " * 60_000, "```\n~~~\n" * 25_000]
)
def test_no_text_takes_long(text: str) -> None:
    started = time.process_time()
    list(sentences("a.md", f"{text} sum_up()"))
    assert time.process_time() - started < 2
