"""The words of a finding that several put differently: the supervisor chooses among their sentences, and writes none.

An answer is a list of names of sentences that were offered. Nothing else can come of it, so no claim that nobody made
gets into a report, and no text that somebody planted in the code.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from codedesigner.angle.output import Schema
from codedesigner.change.visible import visible
from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.wire import AnalyzeRequest, ErrorPayload, Metrics
from codedesigner.run.bus import Answered, Bus
from codedesigner.run.questions import NOTHING_USED, Surroundings, request_of
from codedesigner.run.within import within
from codedesigner.text import render

MOST_CHOSEN = 4
LONGEST_SHOWN = 800  # characters of a sentence


@dataclass(frozen=True, slots=True)
class Offer:
    """The sentences of one finding, at least two, and the item that shows its code."""

    item: ExecutionItem
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worded:
    """The sentences that were chosen, in order; () where there was no usable answer, and `trouble` says why."""

    chosen: tuple[str, ...] = ()
    trouble: str = ""
    metrics: Metrics = NOTHING_USED


_LATE = Worded(trouble="the review's time was over")


def words_request(offer: Offer, around: Surroundings) -> AnalyzeRequest:
    """The request for the words of a finding: its code as everybody was shown it, and the sentences."""
    request = request_of(offer.item, around)
    context = request.context.model_copy(update={"term": None, "question": None, "pass_number": 1})
    shown = [{"name": name, "text": _shown(text)} for name, text in zip(_names(offer), offer.sentences, strict=True)]
    question = render("prompts/words.txt.j2", {"sentences": shown, "most": MOST_CHOSEN}).strip()
    return AnalyzeRequest(
        code=request.code,
        questions=(question,),
        output_schema=dict(words_schema(offer)),
        context=context,
        constraints=request.constraints,
    )


def words_schema(offer: Offer) -> Schema:
    """The shape of the answer: names of sentences that were offered, and nothing else."""
    name: dict[str, JsonValue] = {"enum": list(_names(offer))}
    names: JsonValue = {"type": "array", "minItems": 1, "maxItems": MOST_CHOSEN, "items": name}
    return {
        "type": "object",
        "required": ["sentences"],
        "additionalProperties": False,
        "properties": {"sentences": names},
    }


def read_words(offer: Offer, answered: Answered) -> Worded:
    """What an answer chooses; one that names what was not offered chooses nothing."""
    if isinstance(answered, ErrorPayload):
        return Worded(trouble=answered.message, metrics=answered.metrics)
    result = answered.result if isinstance(answered.result, dict) else {}
    said, known = result.get("sentences"), dict(zip(_names(offer), offer.sentences, strict=True))
    names = list(dict.fromkeys(each for each in said if isinstance(each, str))) if isinstance(said, list) else []
    if not isinstance(said, list) or not 0 < len(said) <= MOST_CHOSEN or any(each not in known for each in said):
        return Worded(trouble="it chose none of the sentences that it was offered", metrics=answered.metrics)
    return Worded(tuple(known[name] for name in names), metrics=answered.metrics)


async def choose_words(
    bus: Bus, supervisor: str, offers: Sequence[Offer], around: Surroundings, *, left_s: float
) -> tuple[Worded, ...]:
    """The words of each finding, in order; what does not come within `left_s` has none."""

    async def one(offer: Offer) -> Worded:
        (answered,) = await bus.ask(supervisor, [words_request(offer, around)])
        return read_words(offer, answered)

    tasks = await within(left_s, map(one, offers), bus.idle)
    return tuple(_LATE if task.cancelled() else task.result() for task in tasks)


def _names(offer: Offer) -> tuple[str, ...]:
    return tuple(f"s{number}" for number in range(1, len(offer.sentences) + 1))


def _shown(text: str) -> str:
    """On one line, so that nothing in it can pass for a part of the question."""
    said = " ".join(visible(text, keep="\t\n").split())
    return said if len(said) <= LONGEST_SHOWN else f"{said[:LONGEST_SHOWN]}… (cut)"
