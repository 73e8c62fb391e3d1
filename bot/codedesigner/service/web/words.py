"""Figures and times in words, and tasks as a page shows them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from codedesigner.publish.page import said
from codedesigner.service.task import Task

_STEPS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"))


def span(seconds: float) -> str:
    """`42 s`, `3 min`, `2 h`, `5 d`."""
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def took(milliseconds: float) -> str:
    """A duration that may be short: `0.8 s`, `41 s`, `3 min`."""
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)


def many(number: float) -> str:
    """`950`, `12.3k`, `4.1M`: as wide as a tile is."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if number >= size:
            return f"{number / (1000 if unit == 'k' else size):.1f}{unit}"
    return f"{number:,.0f}"


def money(dollars: float) -> str:
    """`$0.0042`, `$12.30`."""
    return f"${dollars:,.2f}" if dollars >= 1 or dollars == 0 else f"${dollars:.4f}"


def clock(at: float) -> tuple[str, str]:
    """A time as people read it (UTC) and as programs do."""
    moment = dt.datetime.fromtimestamp(at, dt.UTC)
    return moment.strftime("%H:%M:%S"), moment.isoformat(timespec="milliseconds")


def of(forge: str, repo: str, number: int | None) -> str:
    """`octo/shop#7`, `group/app!7`."""
    return repo if number is None else f"{repo}{'!' if forge == 'gitlab' else '#'}{number}"


def badge(task: Task) -> str:
    """In one word how it stands."""
    if task.active and task.cancelled:
        return "cancelled"
    return "held" if task.active and task.held else task.state


def shown(task: Task, now: float) -> dict[str, object]:
    """A task for a template."""
    facts: Mapping[str, object] = {
        "id": task.id,
        "module": task.module,
        "type": task.task_type.replace("_", " "),
        "badge": badge(task),
        "of": of(task.work.forge, task.work.repo, task.work.number),
        "head": task.work.head[:8],
        "priority": task.priority,
        "age": span(now - (task.created_at if task.active else task.updated_at)),
        "why": _why(task, now),
        "owner": task.owner or "",
        "calls": task.llm_requests,
        "tries": task.retry_count,
        "held": task.held,
        "cancelled": task.cancelled,
        "active": task.active,
        "recheckable": task.work.number is not None,
    }
    clean = said(dict(facts))
    assert isinstance(clean, dict)  # noqa: S101 -- as it was given
    return clean


def _why(task: Task, now: float) -> str:
    if task.cancelled:
        return task.cancelled
    if task.held and task.active:
        return "paused by a person"
    if task.active and task.not_before > now:
        away = f"away for {span(now - task.away_since)}, tried {task.waits} times, " if task.waits else ""
        again = f"{away}again in {span(task.not_before - now)}"
        return f"{again}: {task.error}" if task.error else again
    if task.state == "completed" and task.outcome not in ("", "done"):
        return task.outcome
    return task.error
