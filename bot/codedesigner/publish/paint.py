"""Colour for terminals, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan", "alarm"]

_CODES: dict[Style, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "alarm": "1;31",
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in escape sequences where `color` is on. The text must hold none of its own (`plain.visible`)."""

    color: bool

    def __call__(self, text: str, *styles: Style) -> str:
        """`text` in the styles given."""
        if not self.color or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"
