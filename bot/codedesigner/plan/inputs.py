"""What planning is told: the angles, the locations, the terms and the budget, reduced to what a plan depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codedesigner.plan.target import Target


@dataclass(frozen=True, slots=True)
class PlannedAngle:
    """An angle that is switched on.

    `weight` lies in 0..1. `indicators` are the words and signs of its focus areas, plain text, matched without regard
    to case. `prompt_tokens` is what its own part of a prompt costs.
    """

    id: str
    version: str = "1.0.0"
    weight: float = 0.25
    indicators: tuple[str, ...] = ()
    prompt_tokens: int = 0


@dataclass(frozen=True, slots=True)
class PlannedLocation:
    """A location that can be asked.

    `angles(path, language)` are the angles it has something to say from. A `deterministic` one is asked in the first
    pass alone, because it would repeat itself. `terms`: it can be asked about a term; None means "unless it is
    deterministic". `whole_file`: it looks at the whole file once, whatever is asked about it.
    `calls_per_item` is 0 where asking costs nothing. `prompt_tokens` come with every call, `max_tokens` bound every
    answer, prices are US dollars per million tokens.
    """

    id: str
    angles: Callable[[str, str | None], frozenset[str]]
    deterministic: bool = False
    terms: bool | None = None
    whole_file: bool = False
    calls_per_item: int = 1
    prompt_tokens: int = 0
    max_tokens: int = 0
    usd_in: float = 0.0
    usd_out: float = 0.0

    @property
    def takes_terms(self) -> bool:
        """Whether it can be asked about a term."""
        return not self.deterministic if self.terms is None else self.terms


@dataclass(frozen=True, slots=True)
class Term:
    """A concept that is asked about by name, from some angles or (None) from all. `question` is for the prompt."""

    text: str
    angles: frozenset[str] | None = None
    question: str | None = None


TermSource = Callable[[Target], Sequence[Term]]
"""Where terms come from: the configuration, and whatever else knows what a function should be asked about."""


def same_terms(terms: Sequence[Term]) -> TermSource:
    """The same terms for every function, as a configuration lists them."""
    fixed = tuple(terms)
    return lambda _: fixed


@dataclass(frozen=True, slots=True)
class Budget:
    """The most that a plan may hold or cost; None is no limit. `usd` are US dollars, `tokens` read plus written."""

    items: int | None = None
    calls: int | None = None
    tokens: int | None = None
    usd: float | None = None

    @property
    def unlimited(self) -> bool:
        """Whether nothing is limited."""
        return self.items is None and self.calls is None and self.tokens is None and self.usd is None
