"""An answer about several pieces of code, shared out among them by what it quotes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from codedesigner.change.model import Span
from codedesigner.run.anchor import How, anchor

_HOW: Mapping[How, int] = {"exact": 0, "folded": 1, "part": 2}
_FAR = 10**9


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of a file from line `first` on."""

    path: str
    first: int
    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        """The number of its last line."""
        return self.first + len(self.lines) - 1

    def holds(self, other: Piece) -> bool:
        """Whether all of the other's lines are among its own."""
        return self.path == other.path and self.first <= other.first and other.last <= self.last


def share(answer: JsonValue, pieces: Sequence[Piece]) -> list[JsonValue]:
    """The answer for each piece, with the issues that are about it; each issue goes to exactly one of them.

    It goes where its quotation stands: the file that it names before others, the place nearest to the line that it
    claims, the smallest piece there. One that quotes none of the code goes to the piece with that line, or the first.
    """
    whole = answer if isinstance(answer, dict) else {}
    issues = whole.get("issues")
    own: list[list[JsonValue]] = [[] for _ in pieces]
    for issue in issues if isinstance(issues, list) else []:
        own[_piece_of(issue, pieces)].append(issue)
    return [{**whole, "issues": each} for each in own]


def _piece_of(issue: JsonValue, pieces: Sequence[Piece]) -> int:
    said = issue if isinstance(issue, dict) else {}
    where = said.get("location")
    place: Mapping[str, JsonValue] = where if isinstance(where, dict) else {}
    number, file = place.get("line"), place.get("file")
    line = number if isinstance(number, int) and not isinstance(number, bool) else None
    evidence = str(said.get("evidence") or "")

    def rank(at: int) -> tuple[bool, bool, int, int, int, int]:
        piece = pieces[at]
        shift = piece.first - 1
        found = anchor(evidence, None if line is None else line - shift, piece.lines, Span(1, len(piece.lines)))
        how = len(_HOW) if found is None else _HOW[found.how]
        stands = found.line + shift if found is not None else min(max(line or 0, piece.first), piece.last)
        away = _FAR if line is None else abs(stands - line)
        size = 0 if found is None else len(piece.lines)
        return found is None, file is not None and piece.path != file, how, away, size, at

    return min(range(len(pieces)), key=rank)
