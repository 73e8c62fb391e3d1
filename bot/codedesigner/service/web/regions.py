"""The parts of the dashboard's pages, from values to HTML. Pure: what they show was read before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from codedesigner.publish.page import said
from codedesigner.service.board import Figures, WorkerSeen
from codedesigner.service.quotas import QuotaSeen
from codedesigner.service.reviews import ReviewSeen, ReviewsSeen
from codedesigner.service.task import MODULE_OF, MODULES, ORDER, Task
from codedesigner.service.web.words import many, money, of, shown, span, took
from codedesigner.text import render
from codedesigner.vote.history import Record

ALIVE_S = 60.0
"""A worker that was not heard of for so long counts as gone."""
OLD_S = 4 * 3_600.0
"""A task should not wait longer than this: priorities rise with age so that none does."""
MOST_OF_MODULE = 25


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a page that is exchanged as a whole when it changes."""

    id: str
    title: str
    html: str


def now_figures(given: Figures, workers: Sequence[WorkerSeen], now: float) -> Region:
    """What one looks at first."""
    alive = sum(is_alive(one, now) for one in workers)
    running = sum(states.get("running", 0) for states in given.depth.values())
    waiting = sum(sum(states.values()) for states in given.depth.values()) - running
    tiles = (
        ("Running", many(running), ""),
        ("Waiting", many(waiting), ""),
        ("Not begun", many(given.unexplored), ""),
        ("To publish", many(given.unpublished), ""),
        ("Comments", many(given.comments), ""),
        ("Oldest waits", span(given.oldest_s) if given.oldest_s else "–", "bad" if given.oldest_s > OLD_S else ""),
        ("Workers", str(alive), "" if alive else "bad"),
    )
    return _tiles("figures", "Now", tiles, ())


def day_figures(given: Figures, reviews: ReviewsSeen) -> Region:
    """What the last day was like."""
    failed = sum(given.failed.values())
    tiles = (
        ("Webhooks", many(given.deliveries), ""),
        ("Reviews", many(len(reviews.reviews) + reviews.left_out), ""),
        ("Failed", many(failed), "warn" if failed else ""),
        ("Gave way", many(given.preemptions), ""),
        ("Taken over", many(given.recovered), "warn" if given.recovered else ""),
        ("Model calls", many(given.llm_requests), ""),
        ("Limits hit", many(given.limits_hit), "warn" if given.limits_hit else ""),
        ("Tokens", many(reviews.tokens), ""),
        ("Cost", money(reviews.cost_usd), ""),
    )
    notes = []
    if reviews.left_out:
        notes.append(f"{reviews.left_out:,} older reviews of the day are not in the sums of tokens and cost.")
    if reviews.unreadable:
        notes.append(f"{reviews.unreadable:,} reports were written by another version and are left out.")
    return _tiles("day", "Last day", tiles, notes)


def types(given: Figures) -> Region:
    """Tasks of the last day by type, in the order in which a review goes through them."""
    rows = []
    for kind in ORDER:
        waiting = given.types.get(kind, {})
        if kind in given.completed or kind in given.failed or waiting:
            rows.append(
                {
                    "name": kind.replace("_", " "),
                    "module": MODULE_OF[kind],
                    "completed": many(given.completed.get(kind, 0)),
                    "failed": given.failed.get(kind, 0),
                    "average": took(1000 * given.average_s[kind]) if kind in given.average_s else "",
                    "running": waiting.get("running", 0),
                    "waiting": waiting.get("pending", 0) + waiting.get("paused", 0),
                }
            )
    return _region("types", "Kinds of tasks, last day", "types", {"rows": rows})


def _tiles(name: str, title: str, tiles: Iterable[tuple[str, str, str]], notes: Sequence[str]) -> Region:
    rows = [{"name": word, "value": value, "kind": kind} for word, value, kind in tiles]
    return _region(name, title, "figures", {"tiles": rows, "notes": notes})


def queue(tasks: Sequence[Task], given: Figures, now: float) -> Region:
    """Everything that has not ended, by module."""
    modules = []
    for module in MODULES:
        own = [task for task in tasks if task.module == module]
        depth = given.depth.get(module, {})
        modules.append(
            {
                "name": module,
                "tasks": [shown(task, now) for task in own[:MOST_OF_MODULE]],
                "more": max(0, sum(depth.values()) - min(len(own), MOST_OF_MODULE)),
                **{state: depth.get(state, 0) for state in ("pending", "running", "paused")},
            }
        )
    return _region("queue", "Queue", "queue", {"modules": modules})


def workers(given: Sequence[WorkerSeen], now: float) -> Region:
    """Who works."""
    rows = [
        {
            "id": one.id,
            "state": ("stopping" if one.stopping else "alive") if is_alive(one, now) else "gone",
            "host": one.host,
            "pid": one.pid,
            "tasks": one.tasks,
            "slots": one.slots,
            "up": span(now - one.started_at),
            "seen": span(now - one.seen_at),
        }
        for one in given
    ]
    return _region("workers", "Workers", "workers", {"workers": rows})


def is_alive(worker: WorkerSeen, now: float) -> bool:
    """Whether it was heard of lately."""
    return now - worker.seen_at <= ALIVE_S


def finished(given: ReviewsSeen, now: float, *, most: int) -> Region:
    """Reviews that are done."""
    rows = [_review(one, now) for one in given.reviews[:most]]
    return _region("finished", "Finished reviews", "finished", {"reviews": rows})


def _review(one: ReviewSeen, now: float) -> dict[str, object]:
    brief = one.brief
    return {
        "id": one.task_id,
        "of": of(one.forge, one.repo, one.number),
        "conclusion": brief.conclusion,
        "head": brief.head,
        "posted": brief.posted,
        "aside": brief.aside,
        "answered": brief.answered,
        "planned": brief.planned,
        "calls": many(brief.calls),
        "tokens": many(brief.tokens),
        "cost": money(brief.cost_usd),
        "took": took(brief.took_ms),
        "ago": span(now - one.at),
    }


def ended(tasks: Sequence[Task], now: float) -> Region:
    """Tasks of all kinds that have ended lately."""
    return _region("ended", "Ended lately", "ended", {"tasks": [shown(task, now) for task in tasks]})


def locations(given: ReviewsSeen, quotas: Sequence[QuotaSeen], now: float) -> Region:
    """Who is asked: health, what they did in the last day, and how near their limits they are."""
    used = {one.location: one for one in quotas}
    spent = {one.id: one for one in given.locations}
    rows = []
    for name in sorted(used | spent):
        did, quota = spent.get(name), used.get(name) or QuotaSeen(name)
        rows.append(
            {
                "id": name,
                "status": "degraded" if quota.held else did.status if did else "idle",
                "detail": did.detail if did else "",
                "requests": many(did.requests) if did else "0",
                "failed": many(did.failed) if did else "0",
                "average": f"{did.average_latency_ms:,.0f}" if did else "",
                "p99": f"{did.p99_latency_ms:,.0f}" if did else "",
                "tokens_in": many(did.tokens_in) if did else "0",
                "tokens_out": many(did.tokens_out) if did else "0",
                "cost": money(did.cost_usd) if did else "$0.00",
                "hour": quota.hour_requests,
                "hour_limit": quota.hour_limit or 0,
                "hour_high": 0.8 * (quota.hour_limit or 0),
                "deep": quota.day_deep,
                "limit": f"waits {span(quota.held_until - now)}: {quota.held_reason}" if quota.held else "",
            }
        )
    return _region("locations", "Locations, last day", "locations", {"locations": rows})


def precision(records: Sequence[Record]) -> Region:
    """How often each location was right, by what became of findings."""
    by_location: dict[str, list[Record]] = {}
    for record in records:
        by_location.setdefault(record.location, []).append(record)
    rows = []
    for name, own in sorted(by_location.items()):
        right, wrong = sum(one.right for one in own), sum(one.wrong for one in own)
        share = right / (right + wrong) if right + wrong else 0.0
        kinds = sorted(own, key=lambda one: (one.right - one.wrong, one.kind))
        rows.append(
            {
                "location": name,
                "share": round(share, 4),
                "percent": f"{share:.0%}",
                "right": f"{right:,.1f}".removesuffix(".0"),
                "wrong": f"{wrong:,.1f}".removesuffix(".0"),
                "best": kinds[-1].kind if kinds[-1].right > kinds[-1].wrong else "",
                "worst": kinds[0].kind if kinds[0].wrong > kinds[0].right else "",
            }
        )
    return _region("precision", "History of precision", "precision", {"rows": rows})


def _region(name: str, title: str, template: str, facts: dict[str, object]) -> Region:
    return Region(name, title, render(f"service/{template}.html.j2", {key: said(one) for key, one in facts.items()}))
