"""How likely a finding is right, as a calibration says: beside the agreement, or in its place where that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import fsum

from codedesigner.vote.calibration import Calibration
from codedesigner.vote.finding import Ballot
from codedesigner.vote.history import EVEN, NO_HISTORY, History


@dataclass(frozen=True, slots=True)
class Probable:
    """A calibration with what is known of those who vote. `least` decides instead of the agreement; None: nothing does.

    `models` are the ids of those whose votes it is about: an analyser's word stands or falls by its rules.
    """

    calibration: Calibration
    models: AbstractSet[str]
    history: History = NO_HISTORY
    least: float | None = None

    def of(self, ballots: Sequence[Ballot], agreement: float, *, angle: str, kind: str) -> float | None:
        """The probability; None where no model voted, or the calibration stands on too little."""
        deciding = [ballot.location for ballot in ballots if ballot.vote != "abstain"]
        if self.models.isdisjoint(deciding):
            return None
        known = [self.history.accuracy(location, angle, kind) for location in deciding]
        accuracy = fsum(known) / len(known) if self.history is not NO_HISTORY else EVEN
        found = self.calibration.probability(agreement, len(deciding), accuracy)
        return None if found is None else round(found, 4)
