"""One attempt as it is to be sent, in no dialect: the call, over it the location's settings, within what is taken."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.call.model import Attempt
from codedesigner.location.capabilities import Capability, nearest_effort
from codedesigner.location.spec import Effort, ParameterConfig

HEADROOM = 4096
"""Tokens for the thoughts of a model that thinks, which count as its answer's."""
DEEP_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """What is None is not sent. `max_tokens` are those of the whole answer, thoughts included.

    `thinks`: the model thinks before it answers, as far as that is known. `stream`: the answer is taken in parts.
    `bare`: the prompt says nothing about the schema, so that only the server can hold the answer to it.
    """

    attempt: Attempt
    can: Capability
    max_tokens: int
    effort: Effort | None = None
    thinks: bool = False
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stream: bool = False
    system_prefix: str = ""
    bare: bool = False

    @property
    def constrained(self) -> bool:
        """Whether more than the prompt is to hold the answer to the schema."""
        return self.attempt.call.schema is not None and self.attempt.mode != "text"


def asked(
    attempt: Attempt, settings: ParameterConfig, can: Capability, *, stream: bool = False, bare: bool = False
) -> Ask:
    """The attempt with all that the location adds to it."""
    call = attempt.call
    effort = _effort(settings.deep_reasoning_effort if call.deep else settings.reasoning_effort, can)
    thinks = _thinks(effort, can)
    temperature, top_p = _sampling(attempt, settings, can, thinks=thinks)
    return Ask(
        attempt,
        can,
        max_tokens=_max_tokens(attempt, settings, thinks=thinks),
        effort=effort,
        thinks=thinks,
        temperature=temperature,
        top_p=top_p,
        seed=call.seed,
        stop=settings.stop_sequences,
        stream=stream,
        system_prefix=settings.system_prompt_prefix or "",
        bare=bare,
    )


def _effort(wanted: Effort | None, can: Capability) -> Effort | None:
    chosen = wanted or can.effort
    if chosen is None or can.thinking == "never":
        return None
    return nearest_effort(chosen, can.efforts)


def _thinks(effort: Effort | None, can: Capability) -> bool:
    if can.thinking == "always":
        return True
    if effort is not None:
        return effort != "none"
    return can.thinking == "on"


def _max_tokens(attempt: Attempt, settings: ParameterConfig, *, thinks: bool) -> int:
    wanted = attempt.max_tokens or attempt.call.max_tokens
    if wanted is None and attempt.call.deep:
        return settings.deep_max_tokens or DEEP_FACTOR * settings.max_tokens
    return (wanted or settings.max_tokens) + (HEADROOM if thinks else 0)


def _sampling(
    attempt: Attempt, settings: ParameterConfig, can: Capability, *, thinks: bool
) -> tuple[float | None, float | None]:
    if can.sampling == "never" or (can.sampling == "without_thinking" and thinks):
        return None, None
    wanted = attempt.call.temperature
    temperature = min(settings.temperature if wanted is None else wanted, can.max_temperature)
    return temperature, None if can.one_sampling else settings.top_p
