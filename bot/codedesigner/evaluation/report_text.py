"""An evaluation for a terminal."""

from __future__ import annotations

from codedesigner.change.visible import visible
from codedesigner.evaluation.result import EvaluationResult
from codedesigner.evaluation.tables import Table, tables


def render(result: EvaluationResult) -> str:
    """Tables in columns, and what they do not say below."""
    parts = [heading(result), *(_table(table) for table in tables(result))]
    parts += [f"note: {note}" for note in result.notes]
    return "\n\n".join(parts) + "\n"


def heading(result: EvaluationResult) -> str:
    """What was measured, in a sentence."""
    if not result.pull_requests:
        return "What outcomes say of the locations" if result.history else "No outcomes are kept yet"
    of = f"{result.pull_requests} pull requests of {result.repositories} repositories"
    if result.golden or result.panels:
        of += f", {result.golden} golden issues, {result.comments} comments"
    if not result.panels:
        return f"{visible(result.dataset)}: {of}{_drawn(result)}"
    how = "nothing held out" if result.hold_out == "none" else f"one {result.hold_out} held out at a time"
    return f"{visible(result.dataset)}: {of}; {how}{_drawn(result)}"


def _drawn(result: EvaluationResult) -> str:
    return f"; 95% intervals from {result.bootstrap} resamples, seed {result.seed}" if result.bootstrap else ""


def _table(table: Table) -> str:
    lines = [table.head, *table.rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(table.head))]
    words = [" ".join(cell.ljust(width) + " " for cell, width in zip(line, widths, strict=True)) for line in lines]
    note = [table.note] if table.note else []
    return "\n".join([table.title, *(f"  {line}".rstrip() for line in words), *note])
