"""A plan as JSON, for other programs: `codedesigner plan --format json`."""

from __future__ import annotations

import json

from codedesigner.change.model import display
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef

SCHEMA_VERSION = "1"


def to_json(plan: ExecutionPlan) -> str:
    """The plan as one JSON object, one item a line, ending in LF. Bytes that are not UTF-8 appear as `\\xNN`."""
    refs: dict[FunctionRef, dict[str, object]] = {}
    # One line an item: json's indentation is written in Python and takes ten times as long.
    items = ",\n".join(f"  {json.dumps(_item(item, refs))}" for item in plan.items)
    head = {
        "schema_version": SCHEMA_VERSION,
        "id": plan.id,
        "created_at": plan.created_at,
        "strategy": plan.strategy,
        "estimated_operations": plan.estimated_operations,
        "actual_operations": plan.actual_operations,
        "status": plan.status,
        "estimate": _estimate(plan),
        "notes": [display(note) for note in plan.notes],
    }
    fields = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items())
    listed = f"[\n{items}\n ]" if items else "[]"
    return f'{{\n{fields},\n "items": {listed}\n}}\n'


def _estimate(plan: ExecutionPlan) -> dict[str, object]:
    return {
        "calls": plan.estimate.calls,
        "tokens": plan.estimate.tokens,
        "usd": round(plan.estimate.usd, 6),
        "locations": [
            {
                "id": each.location,
                "items": each.items,
                "calls": each.calls,
                "tokens_in": each.tokens_in,
                "tokens_out": each.tokens_out,
                "usd": each.usd,
            }
            for each in plan.estimate.locations
        ],
    }


def _item(item: ExecutionItem, refs: dict[FunctionRef, dict[str, object]]) -> dict[str, object]:
    ref = item.function_ref
    if ref not in refs:
        refs[ref] = {
            "file": display(ref.file),
            "name": display(ref.name),
            "start_line": ref.start_line,
            "end_line": ref.end_line,
        }
    return {
        "id": item.id,
        "function_ref": refs[ref],
        "term": item.term,
        "angle_id": item.angle_id,
        "pass_number": item.pass_number,
        "status": item.status,
        "result": item.result,
        "skip_reason": item.skip_reason,
        "reason": display(item.reason),
        "risk": item.risk,
        "locations": item.locations,
        "known": item.known,
        "unasked": item.unasked,
    }
