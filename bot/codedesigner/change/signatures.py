"""How a definition begins: the lines that say its name, its parameters and its types, as one line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from codedesigner.change.identifiers import last
from codedesigner.change.model import Span

LONGEST = 160  # characters of a declaration
_MOST_LINES: Final = 12
_LOOKED_AT: Final = 40  # lines from the start of a definition: decorators and comments come first
_BY_LINE: Final = frozenset({"ruby", "lua", "bash"})
_SIGN: Final = re.compile(r"[(\[]|[)\]]|[{;]|=>|:|=")
_EMPTY_TEXT: Final = re.compile(r"([\"'`])\s+\1")


def head(lines: Sequence[str], span: Span, name: str, language: str | None) -> Span:
    """The lines (1-based) of the declaration of `name` (qualified) that the definition at `span` begins with.

    `lines` are those of the masked file.
    """
    first = _first(lines, span, last(name))
    depth = 0
    for number in range(first, min(first + _MOST_LINES, span.end + 1, len(lines) + 1)):
        depth, end = _end(lines[number - 1], depth, language)
        if end is not None or (depth <= 0 and language in _BY_LINE):
            return Span(first, number)
    return Span(first, first)


def declaration(lines: Sequence[str], span: Span, name: str, language: str | None) -> str:
    """The declaration on one line, without comments and the insides of strings, cut at `LONGEST` characters."""
    found, depth = head(lines, span, name, language), 0
    kept: list[str] = []
    for number in range(found.start, found.end + 1):
        depth, end = _end(lines[number - 1], depth, language)
        kept.append(lines[number - 1][:end])
    text = _EMPTY_TEXT.sub(r"\1…\1", " ".join(" ".join(kept).split()).replace("( ", "(").replace(" )", ")")).rstrip(
        " {;="
    )
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _first(lines: Sequence[str], span: Span, name: str) -> int:
    named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    numbers = [n for n in range(span.start, min(span.start + _LOOKED_AT, span.end + 1)) if n <= len(lines)]
    code = [n for n in numbers if lines[n - 1].strip() and not lines[n - 1].lstrip().startswith(("@", "#["))]
    return next((n for n in code if named.search(lines[n - 1])), code[0] if code else span.start)


def _end(line: str, depth: int, language: str | None) -> tuple[int, int | None]:
    """(depth of brackets behind the line, where on it the declaration ends, None where it does not)."""
    for sign in _SIGN.finditer(line):
        if sign[0] in "([":
            depth += 1
        elif sign[0] in ")]":
            depth -= 1
        elif depth <= 0 and (sign[0] != ":" or language == "python"):
            # A function bound to a name goes on behind the sign, and a default type may stand before the bracket.
            if sign[0] == "=" and "(" not in line[: sign.start()]:
                continue
            return depth, sign.start()
    return depth, None
