"""`python -m bench [NAME …] [--json FILE]`: figures beside what they are to be read against."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

from bench.measure import Measurement, Row

# name -> the module whose `measure()` gives rows, or a figure for each name; imported when it is run
MEASUREMENTS = {
    "startup": "bench.startup",
    "jobstart": "bench.jobstart",
    "diffs": "bench.diffs",
    "plan": "bench.plan",
    "functions": "bench.functions",
    "load": "bench.load",
    "overhead": "bench.overhead",
    "frugal": "bench.frugal",
    "panel": "bench.panel",
    "votes": "bench.votes",
    "crash": "bench.crash",
    "webhooks": "bench.webhooks",
    "flat": "bench.flat",
    "twins": "bench.twins",
    "soak": "bench.soak",
    "scale": "bench.scale",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the named measurements, all of them by default, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(MEASUREMENTS)}; default: all")
    parser.add_argument("--json", metavar="FILE", help="also write the rows there (- for stdout, without the table)")
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.names) - set(MEASUREMENTS))
    if unknown:
        parser.error(f"no measurement is called {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}")
    rows: list[Row] = []
    for name in options.names or MEASUREMENTS:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        measure: Measurement = import_module(MEASUREMENTS[name]).measure
        measured = measure()
        rows += [Row(*figure) for figure in measured.items()] if isinstance(measured, Mapping) else measured
    if options.json != "-":
        print(table(rows))
    if options.json:
        text = json.dumps([row.as_json() for row in rows], indent=1) + "\n"
        if options.json == "-":
            print(text, end="")
        else:
            Path(options.json).write_text(text, encoding="utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows in columns."""
    head = ("measurement", "value", "unit", "beside", "value", "ratio", "note")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    numbers = {1, 4, 5}

    def line(cell: Sequence[str]) -> str:
        places = enumerate(zip(cell, widths, strict=True))
        return "  ".join(text.rjust(w) if at in numbers else text.ljust(w) for at, (text, w) in places).rstrip()

    return "\n".join(line(cell) for cell in cells)


def _cells(row: Row) -> tuple[str, ...]:
    beside = "" if row.baseline_value is None else f"{row.baseline_value:.4g}"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (row.name, f"{row.value:.4g}", row.unit, row.baseline if beside else "", beside, ratio, row.note)


if __name__ == "__main__":
    main()
