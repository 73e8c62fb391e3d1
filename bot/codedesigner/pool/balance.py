"""Balancing strategies: in which order the workers are asked that could be."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Literal, Protocol, TypeVar

Strategy = Literal["round_robin", "least_loaded", "random", "location_affinity"]


class Loaded(Protocol):
    """A worker as a strategy sees it. `asked_number` is that of its last call among all; `load` are calls now."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def weight(self) -> float:
        """How often it is to be chosen, compared with others."""

    @property
    def load(self) -> int:
        """How many calls it is at."""

    @property
    def asked_number(self) -> int:
        """Number of its last call."""


W = TypeVar("W", bound=Loaded)
Order = Callable[[Sequence[W], str | None, Random], list[W]]


def round_robin(workers: Sequence[W], _group: str | None, _rng: Random) -> list[W]:
    """One after the other: first who was asked longest ago."""
    return sorted(workers, key=lambda worker: worker.asked_number)


def least_loaded(workers: Sequence[W], _group: str | None, _rng: Random) -> list[W]:
    """First who is at the fewest calls; of several, who was asked longest ago."""
    return sorted(workers, key=lambda worker: (worker.load, worker.asked_number))


def at_random(workers: Sequence[W], _group: str | None, rng: Random) -> list[W]:
    """By chance, according to weight."""
    return sorted(workers, key=lambda worker: _draw(rng.random(), worker.weight))


def location_affinity(workers: Sequence[W], group: str | None, rng: Random) -> list[W]:
    """Calls of a group at the same worker, whose server remembers the beginning of their prompt; groups according to
    weight. The order of the others does not change when one is missing. Calls without a group: least loaded.
    """
    if group is None:
        return least_loaded(workers, group, rng)
    return sorted(workers, key=lambda worker: _draw(_share(f"{group}\0{worker.id}"), worker.weight))


STRATEGIES: Mapping[Strategy, Order[Loaded]] = {
    "round_robin": round_robin,
    "least_loaded": least_loaded,
    "random": at_random,
    "location_affinity": location_affinity,
}


def _draw(chance: float, weight: float) -> float:
    """The smallest draw wins, and wins in proportion to the weight."""
    return -math.log(1.0 - chance) / weight


def _share(text: str) -> float:
    # A checksum would not do: it is so regular that one worker would win all similar groups.
    digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48
