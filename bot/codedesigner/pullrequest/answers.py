"""The supervisor's answer to a person's question about a finding: one call, nothing but data in it, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.pool import model_pool
from codedesigner.assembly.shared import Lending
from codedesigner.call.model import Call, Prompt, Schema
from codedesigner.change.visible import line_shown, name_shown
from codedesigner.config.settings import Settings
from codedesigner.errors import UnavailableError
from codedesigner.location.registry import locations_for
from codedesigner.location.supervisor import supervisor_of
from codedesigner.pool.task import Task
from codedesigner.run.prompting import numbered
from codedesigner.text import render

PRIORITY = 9.0
"""A person waits for the answer; calls of reviews have 5 to 8."""
MOST_LINES = 60  # lines of a quoted text
MOST_TOKENS = 1_000

_SCHEMA: Schema = {
    "type": "object",
    "properties": {"answer": {"type": "string", "maxLength": 4_000}},
    "required": ["answer"],
    "additionalProperties": False,
}
_NO_QUESTION = "no question"


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks about a finding. `code` are lines of `path` from `first` on; `earlier` is (who, what said)."""

    text: str
    finding: str
    path: str
    code: str
    first: int
    earlier: Sequence[tuple[str, str]] = ()


async def answered(
    question: Question,
    settings: Settings,
    options: ReviewOptions,
    environ: Mapping[str, str],
    lending: Lending | None = None,
) -> str | None:
    """The answer in plain text; None where there is no supervisor, no answer, or no question.

    Raises:
        ConfigError: the locations are wrong, or the supervisor cannot be reached as it is configured.
        UnavailableError: in a service, where it cannot be reached just now.
    """
    registry = locations_for(options.locations_file, environ)
    supervisor = supervisor_of(registry.list(enabled=True))
    if supervisor is None:
        return None
    async with model_pool(
        [supervisor], settings, registry.pool, environ, prices=registry.prices, lending=lending
    ) as pool:
        call = call_of(question)
        reply = await pool.submit(Task(call.id, "verify", call, priority=call.priority, location_id=supervisor.id))
    if reply.outcome == "offline" and lending is not None:  # a service has time
        raise UnavailableError(f"the supervisor cannot be reached: {reply.detail}"[:300])
    said = reply.value.get("answer") if reply.good and isinstance(reply.value, dict) else None
    text = said.strip() if isinstance(said, str) else ""
    return None if text.casefold().strip('." ') in ("", _NO_QUESTION) else text


def call_of(question: Question) -> Call:
    """The call that asks it."""
    # The mark before a line is drawn from what stands behind it, so that no text can hold the mark of its own lines.
    mark = sha256(question.code.encode("utf-8", "backslashreplace")).hexdigest()[:3]
    asked = render(
        "prompts/answer.txt.j2",
        {
            "finding": _lines(question.finding),
            "question": _lines(question.text),
            "earlier": [{"who": who, "lines": _lines(text)} for who, text in question.earlier],
        },
    )
    code = f"File {name_shown(question.path)}:\n\n{numbered(question.code, question.first, mark=mark)}"
    prompt = Prompt(render("prompts/answer_system.txt.j2", {}).strip(), code, asked.strip())
    name = sha256(repr((prompt.system, prompt.shared, prompt.question)).encode("utf-8", "backslashreplace")).hexdigest()
    return Call(
        f"answer-{name[:16]}",
        prompt,
        schema=_SCHEMA,
        max_tokens=MOST_TOKENS,
        temperature=0.0,
        priority=PRIORITY,
        key=f"answer:{name}",
    )


def _lines(text: str) -> list[str]:
    lines = [line_shown(line) for line in text.split("\n")]
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"({more} more lines are left out)"] if more > 0 else lines
