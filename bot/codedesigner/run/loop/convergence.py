"""When a fix is no longer worth another pass: nothing new is found, and nothing changes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConvergenceCriteria:
    """What has to hold: so many passes at least, so many in a row with the same number of issues, and so many in a row
    without a modification.
    """

    min_passes: int = 2
    issue_stability: int = 2
    content_stability: int = 2


USUAL = ConvergenceCriteria()


@dataclass(frozen=True, slots=True)
class PassCount:
    """What counts of a pass: how many issues were found in its text, and whether the text had been modified."""

    issues: int
    modified: bool


def has_converged(passes: Sequence[PassCount], criteria: ConvergenceCriteria) -> bool:
    """Whether the passes so far suffice."""
    if len(passes) < max(criteria.min_passes, criteria.issue_stability, criteria.content_stability):
        return False
    counts = {each.issues for each in passes[len(passes) - criteria.issue_stability :]}
    calm = not any(each.modified for each in passes[len(passes) - criteria.content_stability :])
    return len(counts) <= 1 and calm
