"""Names in code: text search first, then only files that hold the name are parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.change.git import GrepLine
from codedesigner.change.languages import WITH_GRAMMAR
from codedesigner.change.model import encode
from codedesigner.change.parsing import NamedSpan, Outline, Source, outlines
from codedesigner.run.tools.base import ToolContext
from codedesigner.run.tools.searching import Hits, Rank
from codedesigner.run.tools.shown import counted

MOST_PARSED = 40
_SECONDS_A_FILE = 2.0
_KEYWORDS = r"\b(?:def|class|function|func|fun|fn|sub|struct|enum|trait|interface|impl|object|module|record|protocol)\b"


@dataclass(frozen=True, slots=True)
class Outlined:
    """The files that were parsed with their definitions, and what was not parsed, in words."""

    spans: dict[str, tuple[NamedSpan, ...]]
    cut: str


def last_part(name: str) -> str:
    """`total` of `Cart.total`: what the text of a definition holds."""
    return name.rpartition(".")[2]


def is_named(span: NamedSpan, name: str) -> bool:
    """Whether the definition has that name, or one that ends in it."""
    return span.name == name or span.name.endswith(f".{name}")


def defining(name: str) -> Rank:
    """Puts first the files that seem to define `name` behind a keyword, then those with a line that is not indented."""
    pattern = re.compile(rf"{_KEYWORDS}[^=]{{0,80}}(?<!\w){re.escape(name)}(?!\w)")

    def rank(lines: Sequence[GrepLine]) -> int:
        texts = [line.text[:400] for line in lines]
        if any(pattern.search(text) for text in texts):
            return 0
        return 1 if any(text[:1].strip() for text in texts) else 2

    return rank


def outlined(context: ToolContext, hits: Hits, rank: Rank) -> Outlined:
    """The definitions of the files with hits; where they are many, of those of the lowest rank."""
    wanted = [text for text in hits.texts if text.path in hits.by_path and text.language in WITH_GRAMMAR]
    wanted.sort(key=lambda text: rank(hits.by_path[text.path]))
    chosen = wanted[:MOST_PARSED]
    sources = [Source(text.language or "", encode(text.text)) for text in chosen]
    parsed = outlines(sources, timeout_s=min(_SECONDS_A_FILE, context.seconds_left()))
    spans = {text.path: one.spans for text, one in zip(chosen, parsed, strict=True) if isinstance(one, Outline)}
    parts = []
    if len(wanted) > len(chosen):
        parts.append(f"{counted(len(wanted) - len(chosen), 'file')} with the name not parsed")
    if len(spans) < len(chosen):
        parts.append(f"{counted(len(chosen) - len(spans), 'file')} could not be parsed")
    return Outlined(spans, "; ".join(parts))


def assignment(name: str) -> re.Pattern[str]:
    """Matches a line that gives `name` a value: `const name =`, `name: int = `, `name := `, `#define name`."""
    exact = re.escape(name)
    value = r"(?::=|=(?!=)|:[^=\n]{1,80}=(?!=))"
    return re.compile(rf"\s*(?:\w+\s+){{0,4}}\*?[$@]?{exact}\s*{value}|\s*#\s*define\s+{exact}\b")


def holding(spans: Sequence[NamedSpan], line: int) -> NamedSpan | None:
    """The innermost definition around a line."""
    return next((span for span in reversed(spans) if line in span.span), None)
