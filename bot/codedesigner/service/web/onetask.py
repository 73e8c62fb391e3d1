"""One review as a page shows it: how it stands, how far it is, its findings with every ballot, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codedesigner.publish.page import said
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.tally import DISPOSITION_WORDS, tally
from codedesigner.service.board import Happening
from codedesigner.service.modules.research import Evaluated
from codedesigner.service.reviews import ReviewSeen
from codedesigner.service.task import ORDER, Task, TaskType, Work
from codedesigner.service.web.regions import Region
from codedesigner.service.web.words import clock, many, money, of, shown, took
from codedesigner.text import render

_KINDS: Mapping[str, str] = {
    "task.completed": "good",
    "task.failed": "bad",
    "task.preempted": "warn",
    "task.recovered": "warn",
    "task.superseded": "warn",
    "task.wanted": "warn",
    "llm.rate_limited": "warn",
    "llm.offline": "bad",
    "quota.limit_hit": "warn",
    "task.started": "busy",
    "llm.answered": "busy",
}
MOST_FINDINGS = 100
MOST_SOURCES = 40
_TELLS: Mapping[TaskType, tuple[str, ...]] = {
    "generate_questions": ("files", "functions"),
    "evaluate_source": ("read",),
    "exploration": ("functions", "findings"),
    "critique": ("findings",),
    "synthesis": ("findings",),
    "review": ("functions", "findings"),
}
"""What of a task's context is its own to tell: the rest it has from those before."""
_EDGES = (0.2, 0.4, 0.6, 0.8, 1.0)


def standing(task: Task, now: float) -> Region:
    """How it stands."""
    return Region("task", "Task", render("service/task.html.j2", {"task": shown(task, now)}))


def acts(task: Task, now: float, form: str) -> Region:
    """What one may do about it: a part of its own, that stays as it is while times pass, so that buttons stay."""
    return Region("acts", "Actions", render("service/acts.html.j2", {"task": shown(task, now), "form": form}))


def progress(report: Report | None, events: Sequence[Happening]) -> Region:
    """How far it is: items, and how the number of findings settled while they were asked; the verdict at the end."""
    told = [one.detail for one in events if "percent" in one.detail]
    last = told[-1] if told else {}
    curve = [
        (number, found)
        for one in told
        if isinstance(number := one.get("asked", one["percent"]), int | float)
        and isinstance(found := one.get("found"), int | float)
    ]
    facts: dict[str, object] = {
        "report": None if report is None else report.gate.model_dump(),
        "tiles": [] if report is None else _tiles(report),
        "percent": last.get("percent"),
        "found": last.get("found"),
        "trend": last.get("trend", ""),
        **_curve(curve),
    }
    return Region("progress", "Progress", _filled("progress", facts))


def _tiles(report: Report) -> list[dict[str, str]]:
    coverage, usage, verdict = report.coverage, report.usage, report.gate.conclusion
    kind = {"pass": "", "fail": "bad", "inconclusive": "warn"}[verdict]
    rows = (
        ("Verdict", verdict, kind),
        ("Items answered", f"{coverage.items_answered:,}/{coverage.items_planned:,}", ""),
        ("Ballots", f"{coverage.ballots_answered:,}/{coverage.ballots_asked:,}", ""),
        ("Stopped early", many(usage.early_exits), ""),
        ("Model calls", many(usage.model_calls), ""),
        ("From store", many(usage.cached_calls), ""),
        ("Tokens", many(usage.tokens_in + usage.tokens_out), ""),
        ("Cost", money(sum(one.cost_usd for one in report.locations)), ""),
        ("Took", took(usage.duration_ms), ""),
    )
    return [{"name": name, "value": value, "kind": kind} for name, value, kind in rows]


def _curve(points: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Findings so far over items asked: where it has become flat, further passes say nothing new."""
    if len(points) < 2:
        return {"points": "", "dots": [], "chart_words": "", "chart_end": "", "chart_top": ""}
    widest, highest = max(x for x, _ in points) or 1, max(y for _, y in points) or 1
    placed = [(30 + 285 * x / widest, 90 - 80 * y / highest) for x, y in points]
    return {
        "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in placed),
        "dots": [
            {"x": f"{x:.1f}", "y": f"{y:.1f}", "words": f"{asked:g} asked, {found:g} found"}
            for (x, y), (asked, found) in zip(placed, points, strict=True)
        ],
        "chart_words": f"Findings so far: {points[-1][1]:g} after {points[-1][0]:g} asked",
        "chart_end": f"{widest:g}",
        "chart_top": f"{highest:g}",
    }


def steps(task: Task, tasks: Sequence[Task], now: float) -> Region:
    """The tasks of this piece of work in the order in which they were begun: how each stands and how long it ran."""
    own = [one for one in tasks if _same(one.work, task.work)]
    longest = max((_ran(one, now) for one in own), default=0.0)
    rows = [
        {
            **shown(one, now),
            "here": one.id == task.id,
            "took": took(1000 * _ran(one, now)) if _ran(one, now) else "",
            "share": round(100 * _ran(one, now) / longest, 1) if longest else 0,
            "note": _note_of(one),
        }
        for one in sorted(own, key=lambda one: (one.created_at, ORDER.index(one.task_type)))
    ]
    return Region("steps", "Steps", _filled("steps", {"steps": rows}))


def _same(one: Work, other: Work) -> bool:
    """Whether both belong together; of what was asked for by number alone, the head is found on the way."""
    heads = one.head == other.head or not (one.head and other.head)
    return heads and one.kind == other.kind


def _ran(task: Task, now: float) -> float:
    return task.ran_s + (max(0.0, now - task.updated_at) if task.state == "running" else 0.0)


def _note_of(task: Task) -> str:
    """What it found out, in words."""
    if task.state != "completed":
        return ""
    words = {"files": "file", "functions": "function", "findings": "finding", "read": "source"}
    own = _TELLS.get(task.task_type, ())
    counts = [(task.context.get(name), word) for name, word in words.items() if name in own]
    return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts if isinstance(n, int))


def sources(given: Evaluated | None, tasks: Sequence[Task]) -> Region:
    """What was read about the change beside the change itself, and what was not, and why; of old reviews, how many."""
    if given is None:
        counts = next((one.context for one in reversed(tasks) if isinstance(one.context.get("read"), int)), None)
        words = "No source has been judged yet."
        if counts is not None:
            words = f"{counts['read']} sources were read and {counts.get('refused', 0)} were not. Which, is not kept."
        return Region("sources", "Sources", f'<p class="empty">{words}</p>')
    judged, issues = given.files, tuple(f"#{number}" for number in given.issues.trusted)
    kinds = (
        ("changed file", judged.changed),
        ("issue", issues),
        ("code", judged.code),
        ("document", judged.documents),
    )
    read = [(kind, name) for kind, names in kinds for name in names]
    facts: dict[str, object] = {
        "read": [{"kind": kind, "name": name} for kind, name in read[:MOST_SOURCES]],
        "more": max(0, len(read) - MOST_SOURCES),
        "refused": [
            {
                "kind": each.kind,
                "count": each.count,
                "reason": each.reason,
                "names": ", ".join(each.names) + (" …" if each.count > len(each.names) else ""),
            }
            for each in (*judged.refused, *given.issues.refused)
        ],
        "notes": list(judged.notes),
    }
    return Region("sources", "Sources", _filled("sources", facts))


def others(task: Task, tasks: Sequence[Task], now: float) -> Region:
    """All other tasks of the pull request, the newest first."""
    rows = [shown(one, now) for one in reversed(tasks) if not _same(one.work, task.work)]
    return Region(
        "stages", "Earlier, and beside it", render("service/ended.html.j2", {"tasks": rows, "none": "No other."})
    )


def timeline(events: Sequence[Happening], tasks: Sequence[Task]) -> Region:
    """What happened, in order."""
    types = {task.id: task.task_type.replace("_", " ") for task in tasks}
    rows = []
    for one in events:
        human, iso = clock(one.at)
        named = ((key.replace("_", " "), value) for key, value in one.detail.items() if value not in ("", None, False))
        detail = ", ".join(key if value is True else f"{key} {value}" for key, value in named)
        rows.append(
            {
                "clock": human,
                "iso": iso,
                "name": one.name,
                "kind": _KINDS.get(one.name, ""),
                "of": types.get(one.task_id, ""),
                "detail": detail,
            }
        )
    return Region("timeline", "Timeline", _filled("timeline", {"events": rows}))


def findings_of(report: Report | None, task: str) -> Region:
    """The findings of one review."""
    rows = [] if report is None else [_finding(one, None, task) for one in report.findings[:MOST_FINDINGS]]
    facts = _listed(rows, 0 if report is None else len(report.findings))
    nothing = "No findings." if report is not None else "Findings are here once the review has ended."
    return Region("findings", "Findings and ballots", _filled("findings", facts | {"nothing": nothing} | _bars(())))


def findings_of_all(found: Sequence[tuple[ReviewSeen, FindingReport]]) -> Region:
    """The findings of the last day, and how often locations agreed how far."""
    rows = [_finding(finding, review, review.task_id) for review, finding in found[:MOST_FINDINGS]]
    facts = _listed(rows, len(found)) | {"nothing": "No finding in the last day."}
    bars = _bars([finding.agreement for _, finding in found])
    return Region("findings", "Findings, last day", _filled("findings", facts | bars))


def _listed(rows: Sequence[object], count: int) -> dict[str, object]:
    summary = f"The first {len(rows)} of {count:,} findings." if len(rows) < count else ""
    return {"findings": rows, "summary": summary}


def _bars(agreements: Sequence[float]) -> dict[str, object]:
    if not agreements:
        return {"bars": [], "bars_words": ""}
    counts = [0] * len(_EDGES)
    for value in agreements:
        counts[next(at for at, edge in enumerate(_EDGES) if value <= edge)] += 1
    bars = []
    for at, count in enumerate(counts):
        height = 80 * count / max(counts)
        bars.append(
            {
                "x": 16 + at * 60,
                "width": 48,
                "y": f"{90 - height:.1f}",
                "height": f"{height:.1f}",
                "middle": 40 + at * 60,
                "name": f"to {_EDGES[at]:.0%}",
                "words": f"{count} findings",
            }
        )
    words = ", ".join(f"{count} to {edge:.0%}" for count, edge in zip(counts, _EDGES, strict=True))
    return {"bars": bars, "bars_words": f"Findings by agreement: {words}"}


def _finding(finding: FindingReport, review: ReviewSeen | None, task: str) -> dict[str, object]:
    return {
        "key": f"f-{task}-{finding.id}",
        "id": finding.id,
        "task": task,
        "of": "" if review is None else of(review.forge, review.repo, review.number),
        "severity": finding.severity,
        "title": finding.title,
        "place": f"{finding.path}:{finding.line}",
        "function": finding.function or "",
        "angle": finding.angle,
        "kind": finding.kind,
        "agreement": finding.agreement,
        "fraction": f"{tally(finding).fraction} ({finding.agreement:.2f})",
        "disposition": DISPOSITION_WORDS[finding.disposition],
        "reason": finding.reason,
        "ballots": [
            {"location": one.location, "vote": one.vote, "how": one.how.replace("_", " ")} for one in finding.ballots
        ],
    }


def _filled(template: str, facts: dict[str, object]) -> str:
    return render(f"service/{template}.html.j2", {key: said(one) for key, one in facts.items()})
