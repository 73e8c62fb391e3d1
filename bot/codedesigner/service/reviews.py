"""Reviews that are done, as their reports tell: verdicts, findings, what locations did and cost. Reading only."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from codedesigner.assembly.staged import PREFIX
from codedesigner.publish.report import FindingReport, LocationReport, Report
from codedesigner.service.board import DAY_S
from codedesigner.service.database import Database

MOST_READ = 400
"""Reports of one day that are read for sums; older ones of that day are left out, and `ReviewsSeen.left_out` counts."""
_WHOLE = 4
MOST_FINDINGS = 100
"""Findings that are kept whole, the newest; of older ones there is how far locations agreed."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What is kept of a report for as long as it counts."""

    conclusion: str
    head: str
    posted: int
    aside: int
    answered: int
    planned: int
    calls: int
    tokens: int
    cost_usd: float
    took_ms: float
    locations: tuple[LocationReport, ...]
    agreements: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ReviewSeen:
    """One review and what it is of. `findings` are there while it is one of the newest."""

    task_id: str
    forge: str
    repo: str
    number: int | None
    at: float
    brief: Brief
    findings: tuple[FindingReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Spent:
    """What one location did in several reviews."""

    id: str
    requests: int
    failed: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    status: str
    detail: str
    average_latency_ms: float
    p99_latency_ms: float


@dataclass(frozen=True, slots=True)
class ReviewsSeen:
    """The reviews of the last day, the newest first, and their sums."""

    reviews: tuple[ReviewSeen, ...] = ()
    locations: tuple[Spent, ...] = ()
    agreements: tuple[float, ...] = ()
    left_out: int = 0
    unreadable: int = field(default=0)

    @property
    def cost_usd(self) -> float:
        """US dollars."""
        return sum(one.cost_usd for one in self.locations)

    @property
    def tokens(self) -> int:
        """Tokens in both directions."""
        return sum(one.tokens_in + one.tokens_out for one in self.locations)

    def findings(self) -> Iterable[tuple[ReviewSeen, FindingReport]]:
        """The newest findings with their reviews."""
        return ((review, finding) for review in self.reviews for finding in review.findings)


class ReviewBoard:
    """Reads reports from the service's database. What was read is kept in brief: what is done does not change."""

    def __init__(self, database: Database, clock: Callable[[], float], *, most: int = MOST_READ) -> None:
        self._database = database
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[str, tuple[Brief, tuple[FindingReport, ...]] | None] = OrderedDict()
        self._whole: OrderedDict[str, Report] = OrderedDict()

    async def reviews(self) -> ReviewsSeen:
        """Those of the last day."""
        now = self._clock()
        rows, count = await self._database.look(lambda db: _rows(db, now - DAY_S, self._most))
        for row in reversed(rows):
            if row[0] not in self._kept:
                report = _report(await self._result(row[0]))
                self._kept[row[0]] = None if report is None else (_brief(report), report.findings)
        found, room = [], MOST_FINDINGS
        for row in rows:
            kept = self._kept[row[0]]
            if kept is not None:
                brief, findings = kept
                findings = findings if room > 0 else ()
                room -= len(findings)
                self._kept[row[0]] = (brief, findings)
                found.append(ReviewSeen(*row, brief, findings))
        wanted = {row[0] for row in rows}
        for name in [name for name in self._kept if name not in wanted]:
            del self._kept[name]
        return ReviewsSeen(
            tuple(found),
            spent(found),
            tuple(agreement for review in found for agreement in review.brief.agreements),
            count - len(rows),
            len(rows) - len(found),
        )

    async def whole(self, task: str) -> Report | None:
        """The report that a task has left; None where it has left none yet, or nothing that this version can read."""
        if task in self._whole:
            return self._whole[task]
        report = _report(await self._result(task))
        if report is not None:
            self._whole[task] = report
            while len(self._whole) > _WHOLE:
                self._whole.popitem(last=False)
        return report

    async def _result(self, task: str) -> str:
        return await self._database.look(lambda db: _results(db, task))


def _brief(report: Report) -> Brief:
    posted = sum(finding.disposition == "posted" for finding in report.findings)
    usage, coverage = report.usage, report.coverage
    return Brief(
        conclusion=report.gate.conclusion,
        head=report.change.head[:8],
        posted=posted,
        aside=len(report.findings) - posted,
        answered=coverage.items_answered,
        planned=coverage.items_planned,
        calls=usage.model_calls,
        tokens=usage.tokens_in + usage.tokens_out,
        cost_usd=sum(location.cost_usd for location in report.locations),
        took_ms=usage.duration_ms,
        locations=tuple(report.locations),
        agreements=tuple(finding.agreement for finding in report.findings),
    )


def spent(reviews: Iterable[ReviewSeen]) -> tuple[Spent, ...]:
    """What each location did, by name; how it is, as the newest of the reviews says."""
    by_id: dict[str, list[LocationReport]] = {}
    for review in reviews:
        for location in review.brief.locations:
            by_id.setdefault(location.id, []).append(location)
    return tuple(_sum(name, by_id[name]) for name in sorted(by_id))


def _sum(name: str, parts: list[LocationReport]) -> Spent:
    requests = sum(one.requests_total for one in parts)
    waited = sum(one.average_latency_ms * one.requests_total for one in parts)
    return Spent(
        name,
        requests,
        sum(one.requests_failed for one in parts),
        sum(one.tokens_in for one in parts),
        sum(one.tokens_out for one in parts),
        sum(one.cost_usd for one in parts),
        parts[0].status,
        parts[0].detail,
        waited / requests if requests else 0.0,
        max(one.p99_latency_ms for one in parts),
    )


def _rows(db: Connection, since: float, most: int) -> tuple[list[tuple[str, str, str, int | None, float]], int]:
    # What a stage has left for the next one is a result, too.
    where = (
        "FROM tasks WHERE state = 'completed' AND module = 'explorer' AND updated_at >= :since"
        " AND result <> '' AND result NOT LIKE :staged"
    )
    given = {"since": since, "most": most, "staged": f"{PREFIX}%"}
    rows = db.execute(
        text(f"SELECT id, forge, repo, number, updated_at {where} ORDER BY updated_at DESC LIMIT :most"),
        given,
    )
    found = [(str(r.id), str(r.forge), str(r.repo), r.number, float(r.updated_at)) for r in rows]
    count = db.execute(text(f"SELECT count(*) {where}"), given).scalar_one()
    return found, int(count)


def _results(db: Connection, task: str) -> str:
    return str(db.execute(text("SELECT result FROM tasks WHERE id = :id"), {"id": task}).scalar() or "")


def _report(data: str) -> Report | None:
    """The report that a task has left; None where another version wrote it."""
    try:
        return Report.model_validate_json(data)
    except ValueError:
        return None
