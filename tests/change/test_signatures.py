"""How definitions begin."""

from __future__ import annotations

import pytest

from codedesigner.change.identifiers import masked
from codedesigner.change.model import Span, split_lines
from codedesigner.change.signatures import LONGEST, declaration, head


@pytest.mark.parametrize(
    ("language", "name", "text", "said"),
    [
        ("python", "Cart.total", "@cached\ndef total(self, x: int = 1) -> dict[str, int]:\n    return x", None),
        (
            "python",
            "load",
            "# load it\nasync def load(\n    path: Path,  # where\n    *,\n    to: str = 'a b',\n):",
            None,
        ),
        ("python", "Cart", "class Cart(Base):\n    items: list", "class Cart(Base)"),
        (
            "go",
            "Cart.Total",
            "func (c *Cart) Total(x int) (int, error) {\n",
            "func (c *Cart) Total(x int) (int, error)",
        ),
        ("java", "Cart.total", "@Override\npublic int total(int x)\n    throws IOException {\n", None),
        ("typescript", "load", "export const load = async (a: A): Promise<B> => {", None),
        ("rust", "load", "#[inline]\npub fn load<T>(x: &T) -> Result<T>\nwhere\n    T: Copy,\n{", None),
        ("ruby", "Cart.total", "def total(x)\n  x + 1\nend", "def total(x)"),
        ("kotlin", "double", "fun double(x: Int) = x * 2", "fun double(x: Int)"),
        ("c", "load", "static int load(const char *p)\n{\n", "static int load(const char *p)"),
        ("javascript", "default", "export default function () {\n", "export default function ()"),
    ],
)
def test_a_declaration_is_one_line_without_body_and_decorators(
    language: str, name: str, text: str, said: str | None
) -> None:
    expected = {
        "Cart.total": {
            "python": "def total(self, x: int = 1) -> dict[str, int]",
            "java": "public int total(int x) throws IOException",
        },
        "load": {
            "python": "async def load(path: Path, *, to: str = '…',)",
            "typescript": "export const load = async (a: A): Promise<B>",
            "rust": "pub fn load<T>(x: &T) -> Result<T> where T: Copy,",
        },
    }
    lines = split_lines(masked(text, language))
    assert declaration(lines, Span(1, len(lines)), name, language) == (said or expected[name][language])


def test_it_is_bounded() -> None:
    lines = [f"def f({', '.join(f'parameter_{n}' for n in range(100))}):"]
    assert len(declaration(lines, Span(1, 1), "f", "python")) == LONGEST
    endless = ["def f("] + ["    a,"] * 100
    assert head(endless, Span(1, 101), "f", "python") == Span(1, 1)


def test_its_lines_are_where_it_stands() -> None:
    lines = ["", "@route", "def f(", "    x,", "):", "    return x"]
    assert head(lines, Span(2, 6), "f", "python") == Span(3, 5)
