"""Draws `docs/panels.svg`: where voting pays and where it does not.

`.venv/bin/python docs/panels.py`
"""

from __future__ import annotations

from pathlib import Path

from codedesigner.evaluation.panels import picture


def main() -> None:
    """Calculates the panels and writes the picture."""
    Path(__file__).with_name("panels.svg").write_text(picture(), encoding="utf-8")


if __name__ == "__main__":
    main()
