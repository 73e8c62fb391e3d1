"""How bad a defect is: one order, shared by configuration, kinds, votes and the gate."""

from __future__ import annotations

from typing import Literal

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")


def rank(severity: Severity) -> int:
    """0 for low up to 3 for critical."""
    return SEVERITIES.index(severity)


def worst(severities: tuple[Severity, ...]) -> Severity:
    """The most severe of at least one."""
    return max(severities, key=rank)
