"""The pool under load, against the model server of `bench.model_server`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from bench.measure import Row

PARTS = ("throughput", "memory", "limits", "failing", "priority", "kill")


def measure() -> Sequence[Row]:
    """Every part, one after the other; `python -m bench load` takes about three minutes."""
    return [row for part in PARTS for row in import_module(f"bench.load.{part}").measure()]
