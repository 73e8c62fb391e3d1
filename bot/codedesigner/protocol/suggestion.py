"""A fix as it may be offered: whole lines and their replacement, with what was proved about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["applies", "parses", "reviewed"]
LookVerdict = Literal[
    "satisfied",  # it had reported the defect, and does not report it any more
    "clean",  # it had not, and sees nothing that it did not see before
]


@dataclass(frozen=True, slots=True)
class Look:
    """What one location came to that looked at the fixed copy."""

    location: str
    verdict: LookVerdict


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Replace lines `start_line`..`end_line` of the new side by `replacement`.

    `replacement` is the exact text of the new lines, each with its line end, except where the file's last line has
    none; the empty string deletes the lines. `verified` lists what was proved about it, in order; `looked` says by
    whose looks it counts as `reviewed`.
    """

    start_line: int
    end_line: int
    replacement: str
    verified: tuple[Proof, ...]
    source: str = ""  # the location whose fix it is
    safe: bool = False
    looked: tuple[Look, ...] = ()
