"""A fix as it may be offered: whole lines and their replacement, with what was proved about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["applies", "parses", "reviewed"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Replace lines `start_line`..`end_line` of the new side by `replacement`.

    `replacement` is the exact text of the new lines, each with its line end, except where the file's last line has
    none; the empty string deletes the lines. `verified` lists what was proved about it, in order.
    """

    start_line: int
    end_line: int
    replacement: str
    verified: tuple[Proof, ...]
    source: str = ""  # the location whose fix it is
    safe: bool = False
