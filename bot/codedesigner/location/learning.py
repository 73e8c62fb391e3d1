"""What a refusal teaches: the parameter to leave out, or the mode not to use again; and when it teaches nothing."""

from __future__ import annotations

import re
from dataclasses import replace

from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask
from codedesigner.location.capabilities import BOUNDS, Learned
from codedesigner.location.dialect import Speaker, Wire

_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
_ALSO_CALLED = {"think": ("thinking", "reasoning_effort"), "reasoning": ("reasoning_effort",)}
# These stand inside of others, and servers name them by the outermost, or not at all.
_INNER = ("effort", "cache_control", "thinking")
_WORD = re.compile(r"[a-z_]+")


def lesson(trouble: Trouble, ask: Ask, wire: Wire, speaker: Speaker, learned: Learned) -> tuple[Trouble, Learned]:
    """The trouble as the pool is to see it, and what is known from now on.

    It stays one that is tried again, adapted, only where what was refused had been sent and can be left out: whoever
    sends the same once more would be refused once more. Else it is a `bad_request`.
    """
    name = _refused(trouble, wire, speaker)
    if name in _LIMITS and (speaker.name != "openai" or _LIMITS[name] in learned.refused):
        return replace(trouble, kind="bad_request", parameter=name), learned
    if name is not None:
        return replace(trouble, kind="unsupported_parameter", parameter=name), learned.without_parameter(name)
    if trouble.kind in ("schema_rejected", "feature_off") or _carries_schema(trouble, speaker):
        return _without_mode(trouble, ask, learned)
    if trouble.kind == "unsupported_parameter":
        return replace(trouble, kind="bad_request"), learned
    return trouble, learned


def _refused(trouble: Trouble, wire: Wire, speaker: Speaker) -> str | None:
    """The parameter that is refused, was sent, and can be left out."""
    can_go = wire.sent & speaker.droppable
    if trouble.kind == "unsupported_parameter" and trouble.parameter is not None:
        parts = trouble.parameter.casefold().replace("[", ".").split(".")
        for part in reversed(parts):  # of a path, the innermost counts
            for name in (part, *_ALSO_CALLED.get(part, ())):
                if name in can_go:
                    return name
    if trouble.kind not in ("unsupported_parameter", "schema_rejected", "bad_request"):
        return None
    words = set(_WORD.findall(trouble.message.casefold()))
    return next((name for name in _INNER if name in can_go and name in words), None)


def _carries_schema(trouble: Trouble, speaker: Speaker) -> bool:
    parts = re.split(r"[.\[]", trouble.parameter or "")
    return trouble.kind == "unsupported_parameter" and not speaker.mode_parameters.isdisjoint(parts)


def _without_mode(trouble: Trouble, ask: Ask, learned: Learned) -> tuple[Trouble, Learned]:
    if not ask.constrained:
        # Nothing about a schema was sent: a feature that is off stays one, a schema cannot have been rejected.
        return (trouble if trouble.kind == "feature_off" else replace(trouble, kind="bad_request")), learned
    if ask.can.bounds and ask.attempt.mode in ("schema", "tool") and trouble.kind != "feature_off":
        # The schema's bounds first, which not every server takes; then the mode.
        return replace(trouble, kind="unsupported_parameter", parameter=BOUNDS), learned.without_parameter(BOUNDS)
    if ask.attempt.mode not in ask.can.modes:  # it was lost before this attempt was sent
        return replace(trouble, kind="bad_request"), learned
    return replace(trouble, kind="schema_rejected"), learned.without_mode(ask.attempt.mode)
