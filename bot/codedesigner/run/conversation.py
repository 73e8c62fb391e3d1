"""A conversation of many turns, and what of it is shown when it has become long. Pure.

Shown are its head (the system prompt and the question it began with), the running summary pinned behind the system
prompt, and the newest messages, as many as fit. What lies between is told by the summary alone.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile
from typing import Literal

from codedesigner.plan.cost import tokens_of

Role = Literal["system", "user", "assistant"]

HEAD = 2  # messages: the system prompt and the seed
LONGEST_SUMMARY = 2_000  # characters: the 200 words that a summary is asked to have, with room
SUMMARY_TITLE = "Summary of what was said so far:"


@dataclass(frozen=True, slots=True)
class Message:
    """What one side said."""

    role: Role
    text: str


Summarise = Callable[[str, Sequence[Message]], Awaitable[str | None]]
"""(summary so far, messages since) -> the new summary; None where there is none to be had now."""


@dataclass(frozen=True, slots=True)
class ContextLimits:
    """What may be shown at once. `tokens` None: as many as the messages have.

    Of `messages`, a summary takes the room of two, so that a next question and its answer still fit.
    """

    messages: int = 50
    tokens: int | None = None
    summary_every: int = 10

    def __post_init__(self) -> None:
        if self.messages < HEAD + 3:
            raise ValueError(f"{self.messages} messages leave no room for a head, a summary and an answer")
        if self.summary_every < 1:
            raise ValueError(f"a summary every {self.summary_every} turns")


_USUAL = ContextLimits()


@dataclass(frozen=True, slots=True)
class Shown:
    """The messages to send, in order. `left_out` counts those that are not among them; `over`: what is always shown
    has more tokens than there is room for."""

    messages: tuple[Message, ...]
    left_out: int
    over: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """All messages, the first two being its head; the summary, and how many messages that covers.

    `location` is who it is held with, so that it can be gone on with there.
    """

    messages: tuple[Message, ...]
    summary: str = ""
    summarised: int = 0
    location: str | None = None

    def __post_init__(self) -> None:
        if len(self.messages) < HEAD or self.messages[0].role != "system":
            raise ValueError("a conversation begins with a system prompt and a question")
        if not 0 <= self.summarised <= len(self.messages):
            raise ValueError(f"the summary covers {self.summarised} of {len(self.messages)} messages")

    @property
    def turns(self) -> int:
        """How often it was answered."""
        return _answers(self.messages)

    def then(self, *messages: Message) -> Conversation:
        """The conversation with these at its end."""
        return replace(self, messages=(*self.messages, *messages))

    def summary_due(self, every: int = _USUAL.summary_every) -> bool:
        """Whether there were so many turns since the last summary."""
        return _answers(self.messages[self.summarised :]) >= every

    def summed_up(self, summary: str) -> Conversation:
        """The conversation with a summary of all its messages, cut at `LONGEST_SUMMARY` characters."""
        return replace(self, summary=summary.strip()[:LONGEST_SUMMARY], summarised=len(self.messages))

    def shown(self, limits: ContextLimits = _USUAL) -> Shown:
        """What is sent: head and newest message always, then the summary, then older ones back to where no more fit.

        Messages are never cut, and none is left out between two newer ones that are shown.
        """
        budget = math.inf if limits.tokens is None else limits.tokens
        if len(self.messages) <= limits.messages and _tokens(self.messages) <= budget:
            return Shown(self.messages, 0)
        head, rest = self.messages[:HEAD], self.messages[HEAD:]
        newest = rest[-1:]
        room = budget - _tokens((*head, *newest))
        pinned = self._pinned(room)
        most = limits.messages - HEAD - 2 * len(pinned)
        older = _newest_that_fit(rest[max(0, len(rest) - most) : -1], room - _tokens(pinned))
        shown = (head[0], *pinned, *head[1:], *older, *newest)
        return Shown(shown, len(rest) - len(older) - len(newest), over=room < 0)

    def _pinned(self, room: float) -> tuple[Message, ...]:
        if not self.summary:
            return ()
        # A summary is made from what both sides said, so it is no instruction.
        summary = Message("user", f"{SUMMARY_TITLE}\n{self.summary}")
        return (summary,) if tokens_of(summary.text) <= room else ()


def begun(system: str, seed: str, *, location: str | None = None) -> Conversation:
    """A conversation before its first answer."""
    return Conversation((Message("system", system), Message("user", seed)), location=location)


async def summed_up(
    conversation: Conversation, summarise: Summarise, every: int = _USUAL.summary_every
) -> Conversation:
    """The conversation with a new summary if one is due and can be had; else as it is, for the next turn to try."""
    if not conversation.summary_due(every):
        return conversation
    since = conversation.messages[max(HEAD - 1, conversation.summarised) :]
    summary = await summarise(conversation.summary, since)
    return conversation if summary is None or not summary.strip() else conversation.summed_up(summary)


def _answers(messages: Sequence[Message]) -> int:
    return sum(message.role == "assistant" for message in messages)


def _tokens(messages: Sequence[Message]) -> int:
    return sum(tokens_of(message.text) for message in messages)


def _newest_that_fit(messages: tuple[Message, ...], room: float) -> tuple[Message, ...]:
    sizes = accumulate(tokens_of(message.text) for message in reversed(messages))
    count = sum(1 for _ in takewhile(lambda size: size <= room, sizes))
    return messages[len(messages) - count :]
