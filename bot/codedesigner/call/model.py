"""One question to a model, and what came of it: the values that pool and providers share. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from codedesigner.call.trouble import Trouble

Schema = Mapping[str, JsonValue]
"""The closed part of JSON Schema that `angle.output` checks; answers are held to all of it, whatever a server takes."""

Mode = Literal[
    "schema",  # the server constrains the answer to the schema
    "tool",  # the answer is the input of a tool whose input schema it is
    "json",  # the server promises JSON, the prompt describes the schema
    "text",  # the prompt describes the schema, nobody promises anything
]
MODES: tuple[Mode, ...] = ("schema", "tool", "json", "text")  # from the strictest

Finish = Literal["stop", "length", "refusal", "filter", "context", "unknown"]

Outcome = Literal[
    "answered",  # as asked for, at the first try
    "repaired",  # after a repair that needs no judgement (a fence taken off, `"3"` for 3)
    "re_asked",  # after the one further question
    "unparseable",  # nothing in it could be read as an answer, whatever was tried
    "refused",  # the model declines
    "filtered",  # the provider's content filter declines
    "truncated",  # cut off at the limit on its length
    "too_long",  # the prompt does not fit: ask about less
    "rejected",  # the server does not take such a question, for good
    "rate_limited",  # the wait would have been longer than anyone waits
    "over_quota",  # the quota that is left does not suffice
    "over_budget",  # the budget of the review does not suffice
    "offline",  # not reachable, key not accepted, model not there
    "timeout",
    "failed",  # an error of the server, at every try
    "cancelled",
]
GOOD: frozenset[Outcome] = frozenset({"answered", "repaired", "re_asked"})


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is told, from what most calls share to what only this one has.

    Servers keep the beginning of a prompt, so `system` and `shared` (the code under review) have to be the same, byte
    for byte, in all calls of a group; `question` differs.
    """

    system: str
    shared: str
    question: str = ""

    @property
    def user(self) -> str:
        """`shared` and `question` as one message."""
        return f"{self.shared}\n\n{self.question}" if self.shared and self.question else self.shared or self.question


@dataclass(frozen=True, slots=True)
class Call:
    """One question. What is None is as the location is configured.

    `schema` None asks for free text. `key` names the content of the question for the store of replies; None: it is
    neither looked up nor kept. Calls of one `group` share the beginning of their prompt: the first goes ahead, the
    others follow once it has begun to answer. A higher `priority` is more urgent. `deep` asks for the location's
    long way of thinking, which has a daily quota of its own. `origin` is where the numbers in its prompt begin, which
    its reply keeps. Times in seconds.
    """

    id: str
    prompt: Prompt
    schema: Schema | None = None
    schema_name: str = "answer"
    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    deep: bool = False
    priority: float = 5.0
    timeout_s: float | None = None
    key: str | None = None
    group: str | None = None
    origin: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """A further message after the prompt: the bad answer, or what was wrong with it."""

    role: Literal["assistant", "user"]
    text: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is sent for a call, this time. `turns` follow the prompt; `max_tokens` None: the call's."""

    call: Call
    mode: Mode
    turns: tuple[Turn, ...] = ()
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used. `tokens_in` are all tokens of the prompt; `tokens_cached` of them were read from a cache at a
    lower price, `tokens_written` were written to one at a higher. `tokens_out` hold the thoughts, too.
    """

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    tokens_written: int = 0

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.tokens_cached + other.tokens_cached,
            self.tokens_written + other.tokens_written,
        )


@dataclass(frozen=True, slots=True)
class RateState:
    """What a server says is left of its limits; None where it says nothing. `reset_s` are seconds from now."""

    requests_left: int | None = None
    tokens_left: int | None = None
    requests_reset_s: float | None = None
    tokens_reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A server's answer, in no dialect. `text` is what it said, or the input of the tool it called.

    `reasoning` are its thoughts where the server keeps them apart. `refusal` is its own words where it declines.
    `model` is who it says has answered. `first_ms` is the time until the first part came, where it came in parts.
    """

    text: str
    finish: Finish
    reasoning: str = ""
    refusal: str | None = None
    usage: Usage = Usage(calls=1)
    model: str | None = None
    rate: RateState | None = None
    latency_ms: float = 0.0
    first_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt as the record has it: how it was asked and what came back ("answered", "unreadable", a trouble)."""

    mode: Mode
    result: str
    detail: str = ""
    latency_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a call: exactly one for each.

    `value` holds the validated answer where the outcome is good and there was a schema, `text` the answer as it was
    said. `usage` counts every attempt, failed ones too; `usd` is its cost, None where there is no price.
    `from_store`: it was kept from before, nothing was asked and nothing is charged. `origin` is that of the call that
    was really made.
    """

    call_id: str
    location: str
    outcome: Outcome
    value: JsonValue = None
    text: str = ""
    detail: str = ""
    usage: Usage = Usage()
    usd: float | None = None
    tried: tuple[Tried, ...] = field(default=(), compare=False)
    latency_ms: float = field(default=0.0, compare=False)
    model: str | None = None
    from_store: bool = False
    trouble: Trouble | None = None
    origin: int = 0

    @property
    def good(self) -> bool:
        """Whether it holds an answer."""
        return self.outcome in GOOD
