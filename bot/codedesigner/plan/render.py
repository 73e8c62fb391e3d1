"""A plan for people: how much is asked where, what is left out and why, and what it would cost. Plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from codedesigner.change.model import display
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, SkipReason

MOST_FILES = 40
MOST_RISKS = 10
WIDEST_NAME = 60

_WHY: Mapping[SkipReason, str] = MappingProxyType(
    {
        "no_reviewer": "no location can judge this code from this angle, or be asked about this term",
        "deleted": "the change removed the function",
        "filtered": "the rules of its path leave this angle out",
        "sampled": "not in the sample",
        "answered_before": "nothing in the question has changed since it was answered",
        "early_exit": "earlier passes agreed",
        "budget": "left out to stay under the budget",
    }
)


def to_text(plan: ExecutionPlan) -> str:
    """The plan as tables without colour, ending in LF. The same plan always reads the same."""
    parts = [_headline(plan)]
    if plan.items:
        parts.append(_by_file(plan.items))
    parts += [part for part in (_risks(plan.items), _skips(plan.items), _unasked(plan.items)) if part]
    if plan.estimate.locations:
        parts.append(_costs(plan))
    if plan.notes:
        parts.append("\n".join(f"note: {_safe(note, 4 * WIDEST_NAME)}" for note in plan.notes))
    return "\n\n".join(parts) + "\n"


def _headline(plan: ExecutionPlan) -> str:
    functions = len({item.function_ref for item in plan.items})
    asked = sum(item.status != "skipped" for item in plan.items)
    passes = max((item.pass_number for item in plan.items), default=1)
    return (
        f"Plan {plan.id} ({plan.strategy}): {_count(len(plan.items), 'item')} for {_count(functions, 'function')},"
        f" {asked} to ask, {len(plan.items) - asked} skipped, {_count(passes, 'pass', 'passes')} at most"
    )


def _by_file(items: Sequence[ExecutionItem]) -> str:
    asked: Counter[tuple[str, str]] = Counter()
    skipped: Counter[tuple[str, str]] = Counter()
    functions: dict[str, set[object]] = {}
    for item in items:
        cell = (item.function_ref.file, item.angle_id)
        (skipped if item.status == "skipped" else asked)[cell] += 1
        functions.setdefault(item.function_ref.file, set()).add(item.function_ref)
    angles = list(dict.fromkeys(sorted(item.angle_id for item in items)))
    files = sorted(functions)
    shown = files[:MOST_FILES]

    def cell_of(file: str, angle: str) -> str:
        left_out = skipped[file, angle]
        return f"{asked[file, angle]} (-{left_out})" if left_out else f"{asked[file, angle]}"

    rows = [[_safe(file), str(len(functions[file])), *(cell_of(file, angle) for angle in angles)] for file in shown]
    totals = [
        f"{sum(asked[file, angle] for file in files)}"
        + (f" (-{left_out})" if (left_out := sum(skipped[file, angle] for file in files)) else "")
        for angle in angles
    ]
    if len(files) > len(shown):
        rest = files[MOST_FILES:]
        rows.append([f"… and {_count(len(rest), 'more file')}", str(sum(len(functions[file]) for file in rest))])
    rows.append(["all files", str(sum(map(len, functions.values()))), *totals])
    return _table(["Items to ask (-skipped)", "functions", *angles], rows)


def _risks(items: Sequence[ExecutionItem]) -> str:
    weighed = [item for item in items if item.risk is not None and item.pass_number == 1 and item.status != "skipped"]
    worst = sorted(weighed, key=lambda item: -(item.risk or 0.0))[:MOST_RISKS]
    if not worst:
        return ""
    rows = [[f"{_place(item)}", item.angle_id, _safe(item.reason, WIDEST_NAME * 3)] for item in worst]
    title = "Most at risk" + (f" ({len(worst)} of {len(weighed)})" if len(weighed) > len(worst) else "")
    return _table([title, "angle", "because"], rows, left=3)


def _skips(items: Sequence[ExecutionItem]) -> str:
    counts = Counter(item.skip_reason for item in items if item.skip_reason is not None)
    rows = [[reason, str(counts[reason]), why] for reason, why in _WHY.items() if counts[reason]]
    return _table(["Skipped", "items", "because"], rows, left_from=2) if rows else ""


def _unasked(items: Sequence[ExecutionItem]) -> str:
    counts = Counter(location for item in items for location in item.unasked)
    rows = [[location, str(count)] for location, count in sorted(counts.items())]
    return _table(["Not asked, for the budget", "items"], rows) if rows else ""


def _costs(plan: ExecutionPlan) -> str:
    rows = [
        [each.location, str(each.items), str(each.calls), str(each.tokens_in), str(each.tokens_out), f"{each.usd:.4f}"]
        for each in plan.estimate.locations
    ]
    every = plan.estimate.locations
    total = plan.estimate
    read, written = sum(each.tokens_in for each in every), sum(each.tokens_out for each in every)
    asked = sum(each.items for each in every)
    rows.append(["together", str(asked), str(total.calls), str(read), str(written), f"{total.usd:.4f}"])
    return _table(["Cost at most", "items", "calls", "tokens in", "tokens out", "USD"], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1, left_from: int | None = None) -> str:
    """Columns by two spaces; the first `left` and those from `left_from` on are set to the left, the others right."""
    filled = [[*row, *[""] * (len(head) - len(row))] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in filled) for column in range(len(head))]

    def cell(column: int, text: str) -> str:
        to_left = column < left or (left_from is not None and column >= left_from)
        return text.ljust(widths[column]) if to_left else text.rjust(widths[column])

    return "\n".join("  ".join(cell(column, text) for column, text in enumerate(row)).rstrip() for row in filled)


def _place(item: ExecutionItem) -> str:
    ref = item.function_ref
    return f"{_safe(ref.file)}:{ref.start_line} {_safe(ref.name)}"


def _safe(text: str, widest: int = WIDEST_NAME) -> str:
    """Text of the change for a terminal: no control or format character survives, and the middle gives way."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in display(text))
    half = (widest - 1) // 2
    return shown if len(shown) <= widest else f"{shown[:half]}…{shown[-half:]}"


def _count(number: int, noun: str, plural: str | None = None) -> str:
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
