"""Servers of models that are only said to take time: what they allow, when they are out, what they have answered."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from bench.virtual import VirtualClock

from codedesigner.call.model import Attempt, Call, Completion, Mode, Reply, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.pool.provider import Beat, no_beat
from codedesigner.pool.seat import LocationLimits, Seat

Say = Callable[[Attempt], str]
"""What is answered."""

TOKENS = 2_000
UNREACHABLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Server:
    """What one allows in any hour, and what the operator has `said` that it does."""

    allows: int
    said: int = 0

    @property
    def limits(self) -> LocationLimits:
        """As they are configured."""
        return LocationLimits(hourly=self.said or self.allows)


def fine(_attempt: Attempt) -> str:
    """Nothing that anybody reads."""
    return "fine"


@dataclass
class Servers:
    """All of them. `gone` (cannot be reached) and `shut` (refuse everything as one too many) end at a Unix time.

    `again` are questions that were answered before. `refused` are calls that a server refused as one too many,
    `beyond` those of them that came when as many had been answered in the hour as it allows.
    """

    clock: VirtualClock
    servers: Mapping[str, Server]
    latency_s: tuple[float, float]
    rng: Random
    say: Say = fine
    gone: dict[str, float] = field(default_factory=dict)
    shut: dict[str, float] = field(default_factory=dict)
    came: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    answered: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)
    kept: dict[str, str] = field(default_factory=dict)
    again: int = 0

    def seats(self, supervisor: str | None) -> dict[str, Seat]:
        """A seat at each."""
        return {
            name: Seat(One(name, self), server.limits, tags=("supervisor",) if name == supervisor else ())
            for name, server in self.servers.items()
        }

    @property
    def answers(self) -> int:
        """How many there were."""
        return sum(map(len, self.answered.values()))

    def out(self, name: str, now: float) -> float:
        """Until when it answers nobody; 0 where it does."""
        return max((each for each in (self.gone.get(name, 0.0), self.shut.get(name, 0.0)) if each > now), default=0.0)

    def refusal(self, name: str) -> Trouble | None:
        """Why it does not answer now; None where it does, and then the call counts."""
        now, came = self.clock.now(), self.came[name]
        if now < self.gone.get(name, 0.0):
            return Trouble("unreachable", "connection refused")
        while came and came[0] <= now - 3_600.0:
            came.popleft()
        full = len(came) >= self.servers[name].allows
        if full or now < self.shut.get(name, 0.0):
            self.refused[name] += 1
            self.beyond[name] += full
            until = max(self.shut.get(name, 0.0), came[0] + 3_600.0 if full else 0.0)
            return Trouble("rate_limited", "too many requests", 429, retry_after_s=until - now)
        came.append(now)
        return None


@dataclass(frozen=True)
class One:
    """Implements `Provider`: one of the servers."""

    id: str
    all: Servers

    @property
    def endpoint(self) -> str:
        """Each has its own."""
        return self.id

    @property
    def modes(self) -> tuple[Mode, ...]:
        """All."""
        return ("schema", "json", "text")

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        """An answer, after a while."""
        clock = self.all.clock
        trouble = self.all.refusal(self.id)
        if trouble is not None:
            await clock.sleep(UNREACHABLE_S)
            return trouble
        took = self.all.rng.uniform(*self.all.latency_s)
        if took > timeout_s:
            await clock.sleep(timeout_s)
            return Trouble("timeout", f"no answer within {timeout_s:g} s")
        await clock.sleep(took)
        self.all.again += attempt.call.key in self.all.kept
        self.all.answered[self.id].append(clock.now())
        usage = Usage(1, tokens_in=1_500, tokens_out=100)
        return Completion(self.all.say(attempt), "stop", usage=usage, latency_ms=took * 1_000)

    async def check(self, *, timeout_s: float) -> Trouble | None:
        """Whether it can be reached; a list of its models counts as no call."""
        await self.all.clock.sleep(UNREACHABLE_S)
        gone = self.all.clock.now() < self.all.gone.get(self.id, 0.0)
        return Trouble("unreachable", f"connection refused within {timeout_s:g} s") if gone else None

    def tokens(self, _attempt: Attempt) -> int:
        """As many for all."""
        return TOKENS

    async def close(self) -> None:
        """There is no connection."""


class Kept:
    """Implements `Replies`: that something was answered is kept, and what it was is always the same."""

    def __init__(self, servers: Servers) -> None:
        self._kept = servers.kept

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key."""
        location = self._kept.get(key)
        return None if location is None else Reply(key, location, "answered", text="fine", from_store=True)

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply."""
        if reply.good:
            self._kept[key] = reply.location

    async def close(self) -> None:
        """It is in memory."""


@dataclass
class Supervisor:
    """Advises by the numbers that it is shown alone: more weight for what waits; one reply in `garbage` is none.

    `constant` ones always say the same. `asked` are questions, however often each was put for the form of its answer.
    """

    garbage: int = 7
    constant: bool = False
    asked: int = 0
    nonsense: int = 0
    last: str = ""

    def __call__(self, attempt: Attempt) -> str:
        """An answer to whatever is asked."""
        key = attempt.call.key or ""
        if not key.startswith("consult:"):
            return "fine"
        new, self.last = key != self.last, key
        self.asked += new
        if self.garbage and self.asked % self.garbage == 0:
            self.nonsense += new
            return '{"explorer_weight": 1000, "reasoning": "all of it'
        return json.dumps({**self._weights(attempt.call), "reasoning": "what waits decides"})

    def _weights(self, call: Call) -> dict[str, int]:
        usual = {"explorer": 40, "documenter": 40, "researcher": 20}
        if not self.constant:
            shown = re.findall(r"- (\w+): (\d+) waiting, \d+ running, (\d+) paused", call.prompt.user)
            waiting = {name: int(pending) + int(paused) for name, pending, paused in shown}
            most = max(waiting.values(), default=0)
            usual = {
                name: min(100, number + (60 * waiting.get(name, 0)) // max(1, most)) for name, number in usual.items()
            }
        return {f"{name}_weight": number for name, number in usual.items()}
