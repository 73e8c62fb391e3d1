"""What one location's server can do: from the shipped facts, from its configuration, and from what it has refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from pydantic import JsonValue

from codedesigner.call.model import MODES, Mode
from codedesigner.location.modelfacts import Facts, MaxTokensField, Sampling, ThinkField, Thinking
from codedesigner.location.spec import Capabilities, Dialect, Effort

EFFORTS: tuple[Effort, ...] = ("none", "minimal", "low", "medium", "high")

BOUNDS = "bounds"
"""A schema's, as if they were a parameter that can be refused."""

_MODES: dict[Dialect, tuple[Mode, ...]] = {
    "openai": MODES,
    "ollama": ("schema", "json", "text"),
    "anthropic": ("schema", "tool", "text"),
}
_THINK: dict[Dialect, ThinkField | None] = {"openai": "effort", "ollama": "switch", "anthropic": None}


class Remembered(Protocol):
    """Where what was learned about a server outlives the process. Keys are opaque, values plain."""

    def get(self, key: str) -> Mapping[str, JsonValue] | None:
        """What was put under the key last; None for nothing."""

    def put(self, key: str, value: Mapping[str, JsonValue]) -> None:
        """Keep it, instead of what was there."""


class RememberedHere:
    """A memory that lasts as long as the process."""

    def __init__(self) -> None:
        self._values: dict[str, Mapping[str, JsonValue]] = {}

    def get(self, key: str) -> Mapping[str, JsonValue] | None:
        """What was put under the key last; None for nothing."""
        return self._values.get(key)

    def put(self, key: str, value: Mapping[str, JsonValue]) -> None:
        """Keep it, instead of what was there."""
        self._values[key] = dict(value)


@dataclass(frozen=True, slots=True)
class Learned:
    """What a server has shown of itself. `server` names the model's digest or the server's version it is true of."""

    refused: frozenset[str] = frozenset()
    lost_modes: frozenset[str] = frozenset()
    n_ctx: int | None = None
    server: str | None = None

    def as_json(self) -> dict[str, JsonValue]:
        """As plain values."""
        refused: list[JsonValue] = [*sorted(self.refused)]
        lost_modes: list[JsonValue] = [*sorted(self.lost_modes)]
        return {
            "refused": refused,
            "lost_modes": lost_modes,
            "n_ctx": self.n_ctx,
            "server": self.server,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, JsonValue] | None) -> Learned:
        """From plain values; what has another shape counts as not learned."""
        value = value or {}
        n_ctx, server = value.get("n_ctx"), value.get("server")
        return cls(
            refused=_words(value.get("refused")),
            lost_modes=_words(value.get("lost_modes")) & frozenset(MODES) - {"text"},
            n_ctx=n_ctx if isinstance(n_ctx, int) and not isinstance(n_ctx, bool) and n_ctx > 0 else None,
            server=server if isinstance(server, str) else None,
        )

    def without_mode(self, mode: Mode) -> Learned:
        """The mode is not honoured."""
        return replace(self, lost_modes=self.lost_modes | {mode})

    def without_parameter(self, name: str) -> Learned:
        """The parameter is refused."""
        return replace(self, refused=self.refused | {name})


@dataclass(frozen=True, slots=True)
class Capability:
    """What may be sent to a location, and how.

    `modes` from the strictest, `text` always last. `n_ctx` are tokens of prompt and answer together. `refused` are
    parameters that are left out. `bounds`: its schemas may say how long or how large something is. `logprobs` None:
    not known. `stream`: answers are taken in parts where the configuration does not say. `parallel` are the requests
    that it works on at once.
    """

    modes: tuple[Mode, ...] = MODES
    max_tokens_field: MaxTokensField = "max_tokens"
    sampling: Sampling = "always"
    one_sampling: bool = False
    max_temperature: float = 2.0
    logprobs: bool | None = None
    thinking: Thinking | None = None
    think_field: ThinkField | None = None
    efforts: tuple[Effort, ...] = EFFORTS
    effort: Effort | None = None
    system: bool = True
    cache_key: bool = False
    bounds: bool = False
    stream: bool = False
    n_ctx: int | None = None
    parallel: int | None = None
    refused: frozenset[str] = frozenset()
    extra: Mapping[str, JsonValue] = field(default_factory=dict)

    def takes(self, parameter: str) -> bool:
        """Whether the parameter may be sent."""
        return parameter not in self.refused


def capability(
    dialect: Dialect, facts: Facts, stated: Capabilities, learned: Learned, *, context_size: int | None = None
) -> Capability:
    """The facts, over them what the location states, less what its server has refused."""
    refused = frozenset(facts.refuses or ()) | learned.refused
    strictest = stated.schema_mode or facts.schema_mode
    return Capability(
        modes=_modes(dialect, strictest, learned.lost_modes),
        max_tokens_field=_max_tokens_field(stated.max_tokens_field or facts.max_tokens_field, refused),
        sampling=_sampling(facts, stated),
        one_sampling=facts.one_sampling or False,
        max_temperature=facts.max_temperature or (1.0 if dialect == "anthropic" else 2.0),
        logprobs=stated.logprobs if stated.logprobs is not None else (False if dialect == "anthropic" else None),
        thinking=_thinking(facts, stated),
        think_field=facts.think_field or _THINK[dialect],
        efforts=EFFORTS if facts.efforts is None else facts.efforts,
        effort=facts.effort,
        system=facts.system is not False,
        cache_key=facts.cache_key or False,
        bounds=bool(facts.bounds) and BOUNDS not in refused,
        stream=bool(facts.stream),
        n_ctx=context_size or learned.n_ctx,
        refused=refused,
        extra=facts.extra or {},
    )


def nearest_effort(wanted: Effort, known: tuple[Effort, ...]) -> Effort | None:
    """The known effort that is nearest to the wanted one, the lower of two; None where none is known."""
    place = EFFORTS.index(wanted)
    return min(known, key=lambda each: (abs(EFFORTS.index(each) - place), EFFORTS.index(each)), default=None)


def _modes(dialect: Dialect, strictest: Mode | None, lost: frozenset[str]) -> tuple[Mode, ...]:
    first = MODES.index(strictest) if strictest else 0
    kept = (mode for mode in _MODES[dialect] if MODES.index(mode) >= first)
    return tuple(mode for mode in kept if mode == "text" or mode not in lost)


def _max_tokens_field(known: MaxTokensField | None, refused: frozenset[str]) -> MaxTokensField:
    usual: MaxTokensField = known or "max_tokens"
    if usual not in refused:
        return usual
    return "max_tokens" if usual == "max_completion_tokens" else "max_completion_tokens"


def _sampling(facts: Facts, stated: Capabilities) -> Sampling:
    if stated.sampling is not None:
        return "always" if stated.sampling else "never"
    return facts.sampling or "always"


def _thinking(facts: Facts, stated: Capabilities) -> Thinking | None:
    if stated.thinking is False:
        return "never"
    if stated.thinking and facts.thinking in (None, "never"):
        return "on"
    return facts.thinking


def _words(value: JsonValue) -> frozenset[str]:
    return frozenset(word for word in value if isinstance(word, str)) if isinstance(value, list) else frozenset()
