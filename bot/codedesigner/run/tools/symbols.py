"""Names in code: text search first, then only files that hold the name are parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.change.languages import WITH_GRAMMAR
from codedesigner.change.model import encode
from codedesigner.change.parsing import NamedSpan, Outline, Source, outlines
from codedesigner.run.tools.base import ToolContext
from codedesigner.run.tools.places import Text
from codedesigner.run.tools.searching import Hits
from codedesigner.run.tools.shown import counted

MOST_PARSED = 40
_SECONDS_A_FILE = 2.0
_KEYWORDS = re.compile(
    r"\b(?:def|class|function|func|fun|fn|sub|struct|enum|trait|interface|impl|object|module|record|protocol)\b"
)


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


def outlined(context: ToolContext, hits: Hits) -> Outlined:
    """The definitions of the files with hits; where they are many, of those that look most like defining something."""
    wanted = [text for text in hits.texts if text.path in hits.by_path and text.language in WITH_GRAMMAR]
    wanted.sort(key=lambda text: _rank(text, hits))
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


def _rank(text: Text, hits: Hits) -> int:
    lines = [hit.text[:400] for hit in hits.by_path[text.path]]
    if any(_KEYWORDS.search(line) for line in lines):
        return 0
    return 1 if any(line[:1].strip() for line in lines) else 2


def assignment(name: str) -> re.Pattern[str]:
    """Matches a line that gives `name` a value: `const name =`, `name: int = `, `name := `, `#define name`."""
    exact = re.escape(name)
    value = r"(?::=|=(?!=)|:[^=\n]{1,80}=(?!=))"
    return re.compile(rf"\s*(?:\w+\s+){{0,4}}\*?[$@]?{exact}\s*{value}|\s*#\s*define\s+{exact}\b")


def holding(spans: Sequence[NamedSpan], line: int) -> NamedSpan | None:
    """The innermost definition around a line."""
    return next((span for span in reversed(spans) if line in span.span), None)
