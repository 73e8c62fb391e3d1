"""A finding: what several locations said about one defect, with the ballots and what became of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.change.model import Side
from codedesigner.protocol.issue import Fix
from codedesigner.protocol.suggestion import LookVerdict, Proof, Suggestion
from codedesigner.severity import Severity
from codedesigner.vote.cluster import Proposal

__all__ = ["Ballot", "Decider", "Disposition", "Finding", "How", "LookVerdict", "Proof", "Suggestion", "Vote"]

Vote = Literal["yes", "no", "abstain"]
How = Literal["proposed", "cross_examined", "silent"]
Disposition = Literal[
    "posted", "below_agreement", "undecided", "duplicate", "rejected", "outside_diff", "suppressed", "capped"
]
Decider = Literal["vote", "supervisor", "nobody"]


@dataclass(frozen=True, slots=True)
class Ballot:
    """One location's vote on one finding.

    `how`: it proposed the finding itself, it was asked about it, or it stayed silent and was not asked.
    `reason` says why it abstains; `latency_ms` is how long it took to answer, 0 where that is not known.
    """

    location: str
    vote: Vote
    how: How
    confidence: float = 1.0
    weight: float = 1.0
    rule: str = ""
    reason: str = ""
    latency_ms: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect after the vote. Lines are 1-based on `side`; `function` is None for code outside every function.

    `agreement` is what the vote was, whoever `decided` in the end. `proposals` are the claims that it was made from.
    `unfixed` says why a posted finding has no suggestion. `also` are findings that mean the same defect, seen from
    other angles, as they were before this one came to stand for them: they are `duplicate_of` its fingerprint.
    `repaired_with` is the fingerprint of the finding whose suggestion repairs this one, too.
    """

    path: str
    function: str | None
    line: int
    end_line: int
    side: Side
    angle: str
    kind: str
    severity: Severity
    title: str
    body: str
    evidence: str
    ballots: tuple[Ballot, ...]
    agreement: float
    confidence: float
    disposition: Disposition
    reason: str
    id: str = ""
    fingerprint: str = ""
    column: int = 0
    end_column: int = 0
    fixes: tuple[tuple[str, Fix], ...] = ()  # (location, fix), candidates for a suggestion
    suggestion: Suggestion | None = None
    unfixed: str = ""
    decided: Decider = "vote"
    proposals: tuple[Proposal, ...] = ()
    probability: float | None = None  # that it is right, where a calibration says so
    also: tuple[Finding, ...] = ()
    duplicate_of: str = ""
    repaired_with: str = ""
