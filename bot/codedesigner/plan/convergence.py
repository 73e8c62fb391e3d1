"""When asking again is no longer worth it: the passes of one question, and the trend of a whole run. Pure.

A pass is a set of marks, one for each thing that somebody found in it (where it is and what kind it is, so that the
same defect in other words has the same mark).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from codedesigner.plan.model import EarlyExitConfig, Trend

TREND_PASSES = 2


@dataclass(frozen=True, slots=True)
class Passes:
    """What was found so far about one question: everything, and how many passes in a row brought next to nothing."""

    found: frozenset[str] = frozenset()
    made: int = 0
    stable: int = 0

    def then(self, marks: AbstractSet[str], config: EarlyExitConfig) -> Passes:
        """After one more complete pass.

        The pass is stable where the share of all that is known which was known before it is at least the consensus
        threshold: it has told nothing, or next to nothing, that is new. The first pass never is.
        """
        known = self.found | marks
        agreement = len(self.found) / len(known) if known else 1.0
        calm = self.made > 0 and agreement >= config.consensus_threshold
        return Passes(known, self.made + 1, self.stable + 1 if calm else 0)

    def done(self, config: EarlyExitConfig) -> bool:
        """Whether further passes can be left out."""
        return config.enabled and self.stable >= config.stable_passes


def trend(new_by_pass: Sequence[int]) -> Trend:
    """Where a run is going, from how many new things each pass brought: fewer and fewer, or more and more.

    Two passes say nothing yet.
    """
    if len(new_by_pass) <= TREND_PASSES:
        return "unknown"
    earlier, later = new_by_pass[-2], new_by_pass[-1]
    if later == earlier:
        return "stable"
    return "improving" if later < earlier else "diverging"


def support(mark: str, passes: Iterable[AbstractSet[str]]) -> float:
    """The share of the passes that found it; 0 for none."""
    all_passes = list(passes)
    return sum(mark in marks for marks in all_passes) / len(all_passes) if all_passes else 0.0
