"""Breaking sentences into lines, by terminal columns and not by characters."""

from __future__ import annotations

from codedesigner.publish.plain import cell_width


def wrapped(text: str, width: int, *, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` columns where its words allow it, each after `indent`."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and cell_width(indent) + cell_width(longer) > width:
            lines.append(indent + line)
            longer = word
        line = longer
    return [*lines, indent + line] if line else lines
