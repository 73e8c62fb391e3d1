"""What a location can really do: the server is asked, and its answer to a nonsense schema is looked at."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeVar

from codedesigner.call.model import Attempt, Call, Completion, Mode, Prompt, Schema
from codedesigner.call.trouble import Trouble
from codedesigner.location.capabilities import Learned
from codedesigner.location.dialect import Found
from codedesigner.location.model import ModelProvider

T = TypeVar("T")
Honoured = Literal["honoured", "ignored", "refused", "unknown"]
"""What became of the schema; `unknown`: no mode takes one, or there was no answer."""

WORDS = ("vorlimquat", "thezzubrin")
"""No model says these unless it has to."""
NONSENSE: Schema = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": list(WORDS)}},
    "required": ["colour"],
    "additionalProperties": False,
}
_PROMPT = Prompt("Answer with one JSON object.", "", 'Which colour has a clear sky at noon? Key: "colour".')
_MOST_TOKENS = 256
_MOST_ATTEMPTS = 8


class Through(Protocol):
    """Makes one network call when it may be made: the caller's way through the gate."""

    async def __call__(self, call: Callable[[], Awaitable[T]], /) -> T:
        """What the call gives."""


@dataclass(frozen=True, slots=True)
class Probed:
    """What was found. What is None was not told.

    `modes` are those left. `n_ctx` are tokens of prompt and answer together. `answered_by` is who the server says has
    answered. `models` are those it has. `trouble` is what went wrong with the question about the schema.
    """

    location: str
    schema: Honoured
    modes: tuple[Mode, ...]
    n_ctx: int | None = None
    parallel: int | None = None
    models: tuple[str, ...] | None = None
    server: str | None = None
    answered_by: str | None = None
    thinking: bool | None = None
    trouble: Trouble | None = None


async def probe(provider: ModelProvider, through: Through, *, timeout_s: float) -> Probed:
    """Ask the server about itself, and the model for a nonsense word in every mode that has a schema.

    The provider acts on it: modes in which the schema is taken and ignored, or refused, are not used again.
    """
    found = await _asked(provider, through, timeout_s)
    learned = provider.learned
    if None not in (found.server, learned.server) and found.server != learned.server:
        learned = Learned()  # another model, or another version of its server
    provider.learn(replace(learned, n_ctx=found.n_ctx or learned.n_ctx, server=found.server or learned.server))
    honoured, said = await _tried(provider, through, timeout_s)
    return Probed(
        provider.id,
        schema=honoured,
        modes=provider.modes,
        n_ctx=provider.can.n_ctx,
        parallel=found.parallel,
        models=found.models,
        server=found.server,
        answered_by=said.model if isinstance(said, Completion) else None,
        thinking=found.thinking,
        trouble=said if isinstance(said, Trouble) else None,
    )


async def _asked(provider: ModelProvider, through: Through, timeout_s: float) -> Found:
    """All that the server's pages say; of two, the later."""
    all_found = Found()
    for wire in provider.speaker.questions():

        async def look(wire: object = wire) -> Found | Trouble:
            return await provider.look(wire, timeout_s=timeout_s)  # type: ignore[arg-type]

        found = await through(look)
        if isinstance(found, Trouble):
            continue
        all_found = Found(
            models=found.models or all_found.models,
            n_ctx=found.n_ctx or all_found.n_ctx,
            parallel=found.parallel or all_found.parallel,
            schema=all_found.schema if found.schema is None else found.schema,
            thinking=all_found.thinking if found.thinking is None else found.thinking,
            server=found.server or all_found.server,
        )
    return all_found


async def _tried(
    provider: ModelProvider, through: Through, timeout_s: float
) -> tuple[Honoured, Completion | Trouble | None]:
    """What becomes of a schema in the strictest mode that takes one, after all that had to be adapted."""
    first: Honoured = "unknown"
    said: Completion | Trouble | None = None
    for _ in range(_MOST_ATTEMPTS):
        mode = provider.modes[0]
        if mode not in ("schema", "tool"):
            break
        attempt = Attempt(Call("probe", _PROMPT, NONSENSE, "colour", max_tokens=_MOST_TOKENS), mode)

        async def send(attempt: Attempt = attempt) -> Completion | Trouble:
            return await provider.send_bare(attempt, timeout_s=timeout_s)

        said = await through(send)
        if isinstance(said, Trouble):
            if said.kind == "schema_rejected":
                first = "refused" if first == "unknown" else first
            if said.retry != "adapted":
                break
        elif obeys(said.text):
            return ("honoured" if first == "unknown" else first), said
        elif said.finish in ("stop", "unknown"):
            provider.learn(provider.learned.without_mode(mode))
            first = "ignored" if first == "unknown" else first
        else:
            break  # cut off or declined: it says nothing about the schema
    return first, said


def obeys(text: str) -> bool:
    """Whether an answer is one that the nonsense schema allows."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and list(value) == ["colour"] and value["colour"] in WORDS
