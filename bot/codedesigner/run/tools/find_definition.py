"""Where a name is defined."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from codedesigner.change.parsing import NamedSpan
from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, Name, Place
from codedesigner.run.tools.base import Tool, ToolContext, ToolResult
from codedesigner.run.tools.places import find_place
from codedesigner.run.tools.searching import Hits, joined, search
from codedesigner.run.tools.shown import clean, clipped, counted, listed, numbered
from codedesigner.run.tools.symbols import Outlined, assignment, defining, is_named, last_part, outlined

_MOST_LINES = 20  # of one definition
_MOST_DEFINITIONS = 10
_MOST_ASSIGNED = 10


class FindDefinition(Closed):
    """Which name, and where to look."""

    name: Name
    path: Place = ""
    at: At = "head"


def _look(asked: FindDefinition, context: ToolContext) -> ToolResult:
    paths = find_place(context, asked.path, asked.at)
    text = last_part(asked.name)
    hits = search(context, text, asked.at, paths=paths, words=True, rank=defining(text))
    parsed = outlined(context, hits, defining(text))
    defined = [(path, span) for path, spans in sorted(parsed.spans.items()) for span in spans]
    found = [(path, span) for path, span in defined if is_named(span, asked.name)]
    assigned = list(_assigned(asked.name, hits, parsed))
    texts = {text.path: text.lines for text in hits.texts}
    rows = [row for path, span in found[:_MOST_DEFINITIONS] for row in _shown(path, span, texts[path])]
    rows += assigned[:_MOST_ASSIGNED]
    count = len(found) + len(assigned)
    head = f"{counted(count, 'definition')} of {clean(asked.name)} at {asked.at}"
    if not count:
        text = f"no definition of {clean(asked.name)} found at {asked.at}; {_where(hits)}"
        return ToolResult(text[: context.most_characters], joined(parsed.cut, hits.cut))
    text, cut = listed(head, rows, context.most_characters, "line")
    return ToolResult(text, joined(cut, _more(found, assigned), parsed.cut, hits.cut))


def _where(hits: Hits) -> str:
    if not hits.lines:
        return "no file holds the name"
    return f"{counted(len(hits.by_path), 'file holds', 'files hold')} the name"


def _more(found: list[tuple[str, NamedSpan]], assigned: list[str]) -> str:
    more = max(0, len(found) - _MOST_DEFINITIONS) + max(0, len(assigned) - _MOST_ASSIGNED)
    return counted(more, "more definition") if more else ""


def _shown(path: str, named: NamedSpan, lines: list[str]) -> Iterator[str]:
    span = named.span
    yield f"{clean(path)}:{span.start}-{span.end}: {named.kind} {clean(named.name)}"
    last = min(span.end, span.start + _MOST_LINES - 1)
    yield from numbered(lines[span.start - 1 : last], span.start)
    if last < span.end:
        yield f"… {counted(span.end - last, 'more line')}; read_file shows them"


def _assigned(name: str, hits: Hits, parsed: Outlined) -> Iterator[str]:
    """Names that are given a value outside every function: constants, aliases, macros."""
    if "." in name:
        return
    pattern = assignment(name)
    for hit in hits.lines:
        around = [span for span in parsed.spans.get(hit.path, ()) if hit.line in span.span]
        inside = any(span.kind != "class" or is_named(span, name) for span in around)
        if hit.path in parsed.spans and not inside and pattern.match(hit.text[:400]):
            yield f"{clean(hit.path)}:{hit.line}: {clipped(hit.text.strip())}"


async def _run(asked: FindDefinition, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


FIND_DEFINITION = Tool("find_definition", FindDefinition, _run)
