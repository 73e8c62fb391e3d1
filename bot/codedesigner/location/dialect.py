"""The seam between a provider and a way to speak: what is sent for an attempt, and what an answer means. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import JsonValue

from codedesigner.call.model import Completion, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask
from codedesigner.location.spec import Dialect as DialectName

JsonObject = Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Wire:
    """A request before it has headers. `sent` names the parameters it has that a server may refuse."""

    method: Literal["GET", "POST"]
    url: str
    body: JsonObject | None = None
    sent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What a server says of itself and the model; None where it says nothing. `server` is a digest or a version."""

    models: tuple[str, ...] | None = None
    n_ctx: int | None = None
    parallel: int | None = None
    schema: bool | None = None
    thinking: bool | None = None
    server: str | None = None


class Reader(Protocol):
    """Puts an answer together that comes in parts."""

    def feed(self, event: str, data: JsonObject) -> Trouble | None:
        """The next part, under the name of its event ("" where it has none)."""

    @property
    def length(self) -> int:
        """Characters of answer and thoughts so far."""

    @property
    def blank(self) -> int:
        """Blank characters in a row at its end."""

    def end(self, *, stopped: bool = False) -> Completion | Trouble:
        """What it was, when nothing more comes, or (`stopped`) when nothing more is waited for."""


class Speaker(Protocol):
    """One dialect, spoken to one location."""

    @property
    def name(self) -> DialectName:
        """Which one."""

    @property
    def key_header(self) -> str:
        """The header that carries the key, in lower case."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What every request carries besides."""

    @property
    def mode_parameters(self) -> frozenset[str]:
        """The parameters that hold an answer to its schema: refusing one is refusing the mode."""

    @property
    def droppable(self) -> frozenset[str]:
        """The parameters that an attempt can do without."""

    def request(self, ask: Ask) -> Wire:
        """What to send."""

    def streams(self, ask: Ask) -> bool:
        """Whether the answer has to come in parts, wanted or not."""

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """What a whole answer with a good status means."""

    def reader(self, ask: Ask) -> Reader:
        """For an answer that comes in parts."""

    def check(self) -> Wire:
        """The cheapest question that shows whether the model can be asked."""

    def read_check(self, body: JsonObject) -> Trouble | Wire | None:
        """What its answer means; a further question where it does not suffice."""

    def questions(self) -> tuple[Wire, ...]:
        """What a server can be asked about itself. It may know none of it."""

    def found(self, body: JsonObject) -> Found:
        """What an answer to one of them says."""


@dataclass(slots=True)
class Said:
    """What a model has said, part by part."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    length: int = 0
    blank: int = 0

    def add(self, where: list[str], part: JsonValue) -> None:
        """A further part, where it is text."""
        if isinstance(part, str) and part:
            where.append(part)
            self.length += len(part)
            end = len(part) - len(part.rstrip())
            self.blank = self.blank + end if end == len(part) else end


def without(body: Mapping[str, JsonValue], refused: frozenset[str] = frozenset()) -> dict[str, JsonValue]:
    """A copy without what is None and what is refused."""
    return {name: value for name, value in body.items() if value is not None and name not in refused}


def laid_over(body: Mapping[str, JsonValue], *layers: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A copy with what the layers hold; where both have an object, the two together."""
    over = dict(body)
    for layer in layers:
        for name, value in layer.items():
            below = over.get(name)
            over[name] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return over


def part(value: JsonValue | object, name: str) -> JsonObject:
    """The object under a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def items(value: JsonValue | object, name: str) -> list[JsonValue]:
    """The list under a name; an empty one where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text(value: JsonValue | object, name: str) -> str | None:
    """The text under a name; None where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def count(value: JsonValue | object, *names: str) -> int | None:
    """The first whole number from 0 under one of the names; None where there is none."""
    for name in names:
        found = value.get(name) if isinstance(value, dict) else None
        if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
            return found
    return None


def used(tokens_in: int, tokens_out: int, *, cached: int = 0, written: int = 0) -> Usage:
    """The usage of one call; a server that counts more cached than there are is not believed."""
    cached = min(cached, tokens_in)
    return Usage(1, tokens_in, tokens_out, cached, min(written, tokens_in - cached))
