"""What a supervisor wants looked up: its list of tool calls, checked, carried out over the bus, and told in one text.

The results are data from the repository under review. They come back as numbered lines behind a bar, like code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from codedesigner.angle.output import KEYWORDS, Schema, output_errors
from codedesigner.protocol.wire import ErrorPayload, RequestConstraints, ToolRequest
from codedesigner.run.bus import Answered, Bus
from codedesigner.run.prompting import numbered
from codedesigner.run.tools.arguments import read_arguments
from codedesigner.run.tools.base import AnyTool, ArgumentError
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.shown import clipped, counted, fit
from codedesigner.run.tools.worker import TOOL_WORKER
from codedesigner.text import render

MOST_LOOKUPS = 6
MOST_CHARACTERS = 12_000
_LONGEST_WHY = 200
_LONGEST_CALL = 300
_UNTOLD = frozenset({"title"})


@dataclass(frozen=True, slots=True)
class Lookup:
    """One call of a tool, and what for."""

    tool: str
    arguments: Mapping[str, JsonValue]
    why: str = ""

    @property
    def call(self) -> str:
        """The arguments on one line."""
        return clipped(json.dumps(self.arguments, ensure_ascii=False, sort_keys=True), _LONGEST_CALL)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The calls that can be made, each once, and for each of the others a line that says why it is not."""

    lookups: tuple[Lookup, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The results as one text for the next request, every answer in the order of the calls, and what was cut."""

    text: str
    answers: tuple[Answered, ...] = ()
    truncated: tuple[str, ...] = ()


def lookups_schema(tools: Mapping[str, AnyTool], most: int = MOST_LOOKUPS) -> Schema:
    """What a supervisor's list has to look like. `arguments` has the arguments of all tools: see `offer` for whose."""
    arguments: dict[str, JsonValue] = {}
    for tool in tools.values():
        for name, schema in _arguments(tool).items():
            arguments.setdefault(name, schema)
    call: JsonValue = {
        "type": "object",
        "required": ["why", "tool", "arguments"],
        "additionalProperties": False,
        "properties": {
            "why": {"type": "string", "maxLength": _LONGEST_WHY},
            "tool": {"enum": list(tools)},
            "arguments": {"type": "object", "additionalProperties": False, "properties": arguments},
        },
    }
    return {
        "type": "object",
        "required": ["lookups"],
        "additionalProperties": False,
        "properties": {"lookups": {"type": "array", "maxItems": most, "items": call}},
    }


def _arguments(tool: AnyTool) -> dict[str, JsonValue]:
    """The arguments of a tool by name, in the words that `angle.output` knows."""
    properties = tool.arguments.model_json_schema()["properties"]
    return {name: _plain(schema) for name, schema in properties.items()}


def _plain(schema: Mapping[str, JsonValue]) -> JsonValue:
    choices = schema.get("anyOf")
    inner = [one for one in choices if isinstance(one, dict) and one.get("type") != "null"] if choices else []  # type: ignore[union-attr]
    merged = {**schema, **inner[0]} if inner else schema
    return {key: value for key, value in merged.items() if key in KEYWORDS and key not in _UNTOLD}


def offer(tools: Mapping[str, AnyTool], registry: ToolRegistry) -> str:
    """The tools with their arguments and what each is for, a line each, for whoever may ask for them."""
    lines = []
    for name, tool in tools.items():
        fields = tool.arguments.model_fields
        words = ", ".join(key if field.is_required() else f"{key}?" for key, field in fields.items())
        lines.append(f"- {name}({words}): {registry.load(name).summary}")
    return "\n".join(lines)


def read_lookups(value: JsonValue, tools: Mapping[str, AnyTool], most: int = MOST_LOOKUPS) -> Wanted:
    """The calls of a supervisor's list, the first `most` of them; a call that comes twice is made once.

    Raises:
        ValueError: it is no such list.
    """
    calls = value.get("lookups") if isinstance(value, dict) else None
    if not isinstance(calls, list):
        raise ValueError("the list of lookups is missing")  # noqa: TRY004 -- what is wrong is the answer
    schema = _call_schema(tools)
    found: list[Lookup] = []
    refused: list[str] = []
    for number, call in enumerate(calls[:most], start=1):
        read = _read(call, schema, tools)
        if isinstance(read, str):
            refused.append(f"lookup {number} was refused: {clipped(read, _LONGEST_CALL)}")
        elif all((read.tool, read.arguments) != (one.tool, one.arguments) for one in found):
            found.append(read)
    if len(calls) > most:
        refused.append(f"{counted(len(calls) - most, 'lookup')} after the first {most} were not made")
    return Wanted(tuple(found), tuple(refused))


def _call_schema(tools: Mapping[str, AnyTool]) -> Schema:
    """The frame of a call; its arguments are the tool's to judge, so that the refusal is about that tool."""
    return {
        "type": "object",
        "required": ["tool", "arguments"],
        "properties": {
            "tool": {"type": "string", "enum": list(tools)},
            "arguments": {"type": "object"},
            "why": {"type": "string"},
        },
    }


def _read(call: JsonValue, schema: Schema, tools: Mapping[str, AnyTool]) -> Lookup | str:
    errors = output_errors(schema, call)
    if errors or not isinstance(call, dict):
        return "; ".join(errors)
    name, given = str(call["tool"]), call["arguments"]
    assert isinstance(given, dict)  # noqa: S101 -- the schema says so
    try:
        read = read_arguments(tools[name].arguments, given)
    except ArgumentError as error:
        return f"{name}: {error}"
    arguments = read.model_dump(mode="json", exclude_defaults=True)
    return Lookup(name, arguments, clipped(str(call.get("why", "")), _LONGEST_WHY))


async def look_up(
    bus: Bus,
    wanted: Wanted,
    registry: ToolRegistry,
    *,
    mark: str = "",
    most_characters: int = MOST_CHARACTERS,
    timeout_ms: int | None = None,
    worker: str = TOOL_WORKER,
) -> LookedUp:
    """Make the calls, and tell what came of them.

    Every result has an equal share of `most_characters`, numbers and bars included; names and notes come on top.
    `mark` stands before each line of a result.
    """
    if not wanted.lookups and not wanted.refused:
        return LookedUp("")
    share = most_characters // max(1, len(wanted.lookups))
    limits = RequestConstraints(timeout_ms=timeout_ms, max_output_size=share)
    answers = await bus.ask(worker, [_request(lookup, registry, limits) for lookup in wanted.lookups])
    entries = [_entry(*pair, share, mark) for pair in zip(wanted.lookups, answers, strict=True)]
    text = render("prompts/lookups.txt.j2", {"entries": entries, "refused": wanted.refused}).strip()
    return LookedUp(text, tuple(answers), (*_cuts(entries), *wanted.refused))


def _request(lookup: Lookup, registry: ToolRegistry, limits: RequestConstraints) -> ToolRequest:
    return ToolRequest(
        tool_name=lookup.tool,
        arguments=dict(lookup.arguments),
        documentation_hint=registry.get_preview(lookup.tool),
        execution_context=lookup.why,
        constraints=limits,
    )


@dataclass(frozen=True, slots=True)
class _Entry:
    lookup: Lookup
    lines: str
    cut: str

    @property
    def tool(self) -> str:
        return self.lookup.tool


def _entry(lookup: Lookup, answered: Answered, share: int, mark: str) -> _Entry:
    """Even the call and the reason of a failure may repeat names from the repository, so all stands behind the bar."""
    if isinstance(answered, ErrorPayload):
        text, truncated = f"no result: {clipped(answered.message)}", ""
    else:
        result = answered.result if isinstance(answered.result, dict) else {}
        text, truncated = str(result.get("text", "")), str(result.get("truncated", ""))
    fitted = fit(numbered(f"{lookup.call}\n{text}", 1, mark=mark).split("\n"), share)
    more = f"the last {counted(fitted.left, 'line')} of the result" if fitted.left else ""
    return _Entry(lookup, fitted.text, "; ".join(filter(None, [more, clipped(truncated)])))


def _cuts(entries: Sequence[_Entry]) -> Iterator[str]:
    return (f"{entry.tool} {entry.lookup.call}: {entry.cut}" for entry in entries if entry.cut)
