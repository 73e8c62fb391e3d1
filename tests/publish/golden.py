"""Golden files: `UPDATE_GOLDEN=1 pytest tests/publish` writes them anew; look at the diff before you commit it."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Compare `text` with the golden file `name`, byte for byte."""
    path = _FOLDER / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_bytes(text.encode("utf-8"))
    assert text.encode("utf-8") == path.read_bytes(), f"{name} differs; UPDATE_GOLDEN=1 writes it anew"
