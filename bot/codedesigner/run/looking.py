"""What the supervisor has looked up before it judges a dispute: it lists it, the tools find it, the judging is told.

Whatever goes wrong here, the dispute is judged all the same, and what was decided says what it was decided without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from codedesigner.protocol.wire import AnalyzeRequest, ErrorPayload, VerifyRequest
from codedesigner.run.bus import Answered, Bus
from codedesigner.run.judgement import views_shown
from codedesigner.run.lookups import Wanted, look_up, lookups_schema, offer, read_lookups
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.shipped import TOOLS
from codedesigner.run.tools.shown import clipped, counted
from codedesigner.text import render

MOST_LISTED = 20
"""A longer list is no answer; of a shorter one the first that are allowed are made, and the rest is told."""
LONGEST_NOTE = 300  # characters


@dataclass(frozen=True, slots=True)
class LookupLimits:
    """For one dispute: how many `calls` of tools, `characters` of their results together, `seconds` for each."""

    calls: int
    characters: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Found:
    """The request to judge, with what was found; `note` says in words what became of the lookups."""

    request: VerifyRequest
    note: str = ""


def wish_request(request: VerifyRequest, limits: LookupLimits, registry: ToolRegistry) -> AnalyzeRequest:
    """What the supervisor is asked before `request`: the same up to the views, so that servers keep what they read."""
    data = {**views_shown(request), "most": limits.calls, "offer": offer(TOOLS, registry)}
    return AnalyzeRequest(
        code=request.code,
        questions=(render("prompts/wish.txt.j2", data).strip(),),
        output_schema=dict(lookups_schema(TOOLS, max(MOST_LISTED, limits.calls))),
        context=request.context,
        constraints=request.constraints,
    )


def unlisted(wish: Answered) -> str:
    """Why the supervisor gave no list; empty where it gave one."""
    read = _read(wish, MOST_LISTED)
    return read if isinstance(read, str) else ""


async def found_for(
    bus: Bus, request: VerifyRequest, wish: Answered, limits: LookupLimits, registry: ToolRegistry
) -> Found:
    """`request` with the results of what the supervisor has listed."""
    wanted = _read(wish, limits.calls)
    if isinstance(wanted, str):
        return Found(request, clipped(f"judged without lookups: {wanted}", LONGEST_NOTE))
    looked = await look_up(
        bus,
        wanted,
        registry,
        mark=_mark(request),
        most_characters=limits.characters,
        timeout_ms=round(limits.seconds * 1000),
    )
    return Found(request.model_copy(update={"looked_up": looked.text}), _note(wanted, looked.answers))


def _read(wish: Answered, most: int) -> Wanted | str:
    if isinstance(wish, ErrorPayload):
        return wish.message
    try:
        return read_lookups(wish.result, TOOLS, most)
    except ValueError as error:
        return str(error)


def _mark(request: VerifyRequest) -> str:
    """Goes by the code alone: a judgement is kept while that stays the same, and its question has to stay so, too."""
    return sha256(request.code.encode("utf-8", "surrogatepass")).hexdigest()[: len(request.context.mark)]


def _note(wanted: Wanted, answers: Sequence[Answered]) -> str:
    failed = sum(isinstance(answer, ErrorPayload) for answer in answers)
    made = f"after {counted(len(answers), 'lookup')}" if answers else ""
    parts = [made, f"{failed} without a result" if failed else "", *wanted.refused]
    return clipped("; ".join(filter(None, parts)), LONGEST_NOTE)
