"""Where remarks stand and what they are known to be: what keeps two of them apart, whatever they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codedesigner.vote.neighbours import NEAR_LINES
from codedesigner.vote.remark import Remark

MODEL = "model/"
"""How a kind starts that names no defect, only the angle from which a model looked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The places of some remarks together, every two of them near each other. None: nobody says.

    `lines`: the last line on which one of them starts, and the first on which one ends. No two are further apart.
    `seats`: on which line each reviewer places it. One that names two lines means two defects.
    """

    path: str | None
    lines: tuple[int, int] | None
    kind: str | None
    seats: Mapping[str, int]

    def joined(self, other: Standing) -> Standing | None:
        """That of both together; None where they cannot be one."""
        if _differ(self.path, other.path) or _differ(self.kind, other.kind):
            return None
        lines = self.lines or other.lines
        if self.lines is not None and other.lines is not None:
            lines = max(self.lines[0], other.lines[0]), min(self.lines[1], other.lines[1])
            if lines[0] - lines[1] > NEAR_LINES:
                return None
            if any(self.seats.get(name, line) != line for name, line in other.seats.items()):
                return None
        path = other.path if self.path is None else self.path
        return Standing(path, lines, self.kind or other.kind, {**self.seats, **other.seats})


def standing(remarks: Sequence[Remark]) -> Standing:
    """That of remarks, at least one, of one place and kind."""
    one = remarks[0]
    known = None if one.kind is None or one.kind.startswith(MODEL) else one.kind
    if one.path is None or one.line is None:
        return Standing(one.path, None, known, {})
    seats = {remark.reviewer: one.line for remark in remarks}
    return Standing(one.path, (one.line, max(one.line, one.end_line or 0)), known, seats)


def _differ(mine: str | None, theirs: str | None) -> bool:
    return mine is not None and theirs is not None and mine != theirs
