"""Where remarks stand and what they are known to be: what keeps two of them apart, whatever they say."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.vote.neighbours import NEAR_LINES
from codedesigner.vote.remark import Remark

MODEL = "model/"
"""How a kind starts that names no defect, only the angle from which a model looked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The places of some remarks together, every two of them near each other. None: nobody says.

    `lines`: the last line on which one of them starts, and the first on which one ends. No two are further apart.
    """

    path: str | None
    lines: tuple[int, int] | None
    kind: str | None

    def joined(self, other: Standing) -> Standing | None:
        """That of both together; None where they cannot be one."""
        if _differ(self.path, other.path) or _differ(self.kind, other.kind):
            return None
        lines = self.lines or other.lines
        if self.lines is not None and other.lines is not None:
            lines = max(self.lines[0], other.lines[0]), min(self.lines[1], other.lines[1])
            if lines[0] - lines[1] > NEAR_LINES:
                return None
        return Standing(self.path or other.path, lines, self.kind or other.kind)


def standing(remark: Remark) -> Standing:
    """That of one remark."""
    known = None if remark.kind is None or remark.kind.startswith(MODEL) else remark.kind
    placed = remark.path is not None and remark.line is not None
    lines = (remark.line or 0, max(remark.line or 0, remark.end_line or 0)) if placed else None
    return Standing(remark.path, lines, known)


def _differ(mine: str | None, theirs: str | None) -> bool:
    return mine is not None and theirs is not None and mine != theirs
