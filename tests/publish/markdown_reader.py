"""A CommonMark reader, to see what a forge would see."""

from __future__ import annotations

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token


def tokens(text: str) -> list[Token]:
    """All tokens of `text` with tables and bare links on, those inside of inline content included."""
    return list(_flat(MarkdownIt("commonmark").enable("table").parse(text)))


def _flat(given: list[Token]) -> Iterator[Token]:
    for token in given:
        yield token
        yield from _flat(token.children or [])


def visible_text(text: str) -> str:
    """What is shown outside code, HTML left out: where a forge looks for names and references."""
    return " ".join(token.content for token in tokens(text) if token.type == "text")


def html(text: str) -> list[str]:
    """Every piece of raw HTML."""
    return [token.content for token in tokens(text) if token.type in ("html_block", "html_inline")]
