"""Where a name is used."""

from __future__ import annotations

import asyncio

from codedesigner.change.git import GrepLine
from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, Name, Place
from codedesigner.run.tools.base import Tool, ToolContext, ToolResult
from codedesigner.run.tools.places import find_place
from codedesigner.run.tools.searching import Hits, binary_note, joined, search
from codedesigner.run.tools.shown import clean, clipped, counted, listed
from codedesigner.run.tools.symbols import Outlined, defining, holding, is_named, last_part, outlined


class FindReferences(Closed):
    """Which name, and where to look."""

    name: Name
    path: Place = ""
    at: At = "head"


def _look(asked: FindReferences, context: ToolContext) -> ToolResult:
    paths = find_place(context, asked.path, asked.at)
    name = last_part(asked.name)
    hits = search(context, name, asked.at, paths=paths, words=True)
    note = binary_note(hits)
    if not hits.lines:
        return ToolResult("\n".join(filter(None, [f"{clean(name)} is not found at {asked.at}", note])), hits.cut)
    parsed = outlined(context, hits, defining(name))
    head = (
        f"{counted(len(hits.lines), 'line')} with {clean(name)} in {counted(len(hits.by_path), 'file')} at {asked.at}"
    )
    text, cut = listed(
        "\n".join(filter(None, [head, note])), _rows(name, hits, parsed), context.most_characters, "line"
    )
    return ToolResult(text, joined(cut, parsed.cut, hits.cut))


def _rows(name: str, hits: Hits, parsed: Outlined) -> list[str]:
    seen: set[tuple[str, int]] = set()
    return [_row(name, hit, parsed, seen) for hit in hits.lines]


def _row(name: str, hit: GrepLine, parsed: Outlined, seen: set[tuple[str, int]]) -> str:
    around = holding(parsed.spans.get(hit.path, ()), hit.line)
    within = ""
    if around is not None:
        # A definition's own name is the first mention of it in its lines.
        begins = (hit.path, around.span.start)
        own = is_named(around, name) and begins not in seen
        seen.add(begins)
        within = " (definition)" if own else f" in {clean(around.name)}"
    return f"{clean(hit.path)}:{hit.line}{within}: {clipped(hit.text.strip())}"


async def _run(asked: FindReferences, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


FIND_REFERENCES = Tool("find_references", FindReferences, _run)
