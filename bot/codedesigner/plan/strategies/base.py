"""What a strategy is and what it may look at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.model import SamplingConfig


@dataclass(frozen=True, slots=True)
class Policy:
    """What decides beside the items themselves. `answered` holds the content keys whose answers are known."""

    seed: int
    sampling: SamplingConfig
    answered: Collection[str] = frozenset()


Strategy = Callable[[Sequence[Candidate], Policy], list[Candidate]]
"""Takes all candidates, returns the same ones: in the order of asking, skipped or with the reason for asking."""
