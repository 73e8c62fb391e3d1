"""Suggestions, read from a note's body as GitLab reads them: which lines, what instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_CONTEXT = 100
"""Lines above, and below, that a suggestion may reach."""

_OPENING = re.compile(r"^ {0,3}(`{3,}|~{3,})suggestion(?::-(\d+)\+(\d+))?[ \t]*$")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")


@dataclass(frozen=True)
class Proposed:
    """A suggestion block: so many lines above and below, and the new text (with its newline, or empty)."""

    above: int
    below: int
    text: str


def proposed(body: str) -> list[Proposed]:
    """The suggestion blocks of a body, in order. A block that never ends runs to the body's end."""
    found: list[Proposed] = []
    lines = iter(body.split("\n"))
    for line in lines:
        opening, fence = _OPENING.match(line), _FENCE.match(line)
        if fence is None:
            continue
        inside = []
        for inner in lines:
            stripped = inner.strip(" \t")
            if stripped and set(stripped) == {fence[1][0]} and len(stripped) >= len(fence[1]):
                break
            inside.append(inner)
        if opening:
            text = "".join(f"{each}\n" for each in inside)
            found.append(Proposed(int(opening[2] or 0), int(opening[3] or 0), text))
    return found
