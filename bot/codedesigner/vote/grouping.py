"""Which remarks mean one defect: groups in a deterministic order, the same for every order of the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.remark import Remark

THRESHOLD = 0.6
"""From which likeness on two groups are one."""


@dataclass(frozen=True, slots=True)
class Group:
    """Remarks that mean one defect, at least one. `representative` is the member that says it best."""

    members: tuple[Remark, ...]
    representative: Remark


def grouped(
    remarks: Sequence[Remark], likeness: Likeness = SHIPPED, *, threshold: float | None = None
) -> tuple[Group, ...]:
    """Every remark in exactly one group."""
    ordered = sorted(remarks, key=_order)
    alike = likeness.among(ordered)
    bar = THRESHOLD if threshold is None else threshold
    parts: list[list[int]] = []
    for index in range(len(ordered)):
        means = [sum(alike(index, member) for member in part) / len(part) for part in parts]
        best = max(range(len(parts)), key=means.__getitem__, default=None)
        if best is not None and means[best] >= bar:
            parts[best].append(index)
        else:
            parts.append([index])
    return tuple(_group([ordered[index] for index in part]) for part in parts)


def _group(members: Sequence[Remark]) -> Group:
    return Group(tuple(members), max(members, key=lambda remark: (len(remark.text), remark.id)))


def _order(remark: Remark) -> tuple[str, int, int, str, str, str]:
    return (remark.path or "", remark.line or 0, remark.end_line or 0, remark.text, remark.reviewer, remark.id)
