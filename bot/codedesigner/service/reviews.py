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
from codedesigner.service.noting import limits_hit

MOST_READ = 400
"""Reports of one day that are read for sums; older ones of that day are left out, and `ReviewsSeen.left_out` counts."""
_KEPT = 500


@dataclass(frozen=True, slots=True)
class ReviewSeen:
    """One report and what it is of."""

    task_id: str
    forge: str
    repo: str
    number: int | None
    at: float
    report: Report


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
    limits_hit: int = 0
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
        """Every finding with its review, the newest review's first."""
        return ((review, finding) for review in self.reviews for finding in review.report.findings)


class ReviewBoard:
    """Reads reports from the service's database. One that was read is kept: what is done does not change."""

    def __init__(self, database: Database, clock: Callable[[], float], *, most: int = MOST_READ) -> None:
        self._database = database
        self._clock = clock
        self._most = most
        self._kept: OrderedDict[str, Report | None] = OrderedDict()

    async def reviews(self) -> ReviewsSeen:
        """Those of the last day."""
        now = self._clock()
        rows, count = await self._database.look(lambda db: _rows(db, now - DAY_S, self._most))
        hit = await self._database.look(lambda db: limits_hit(db, now))
        missing = [row[0] for row in rows if row[0] not in self._kept]
        if missing:
            for name, data in await self._database.look(lambda db: _results(db, missing)):
                self._kept[name] = _report(data)
        found = [ReviewSeen(*row, report) for row in rows if (report := self._kept.get(row[0])) is not None]
        while len(self._kept) > max(_KEPT, self._most):
            self._kept.popitem(last=False)
        return ReviewsSeen(
            tuple(found),
            spent(found),
            tuple(one.agreement for review in found for one in review.report.findings),
            hit,
            count - len(rows),
            len(rows) - len(found),
        )


def spent(reviews: Iterable[ReviewSeen]) -> tuple[Spent, ...]:
    """What each location did, by name; how it is, as the newest of the reviews says."""
    by_id: dict[str, list[LocationReport]] = {}
    for review in reviews:
        for location in review.report.locations:
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


def _results(db: Connection, names: list[str]) -> list[tuple[str, str]]:
    found = text("SELECT result FROM tasks WHERE id = :id")
    return [(name, str(db.execute(found, {"id": name}).scalar() or "")) for name in names]


def _report(data: str) -> Report | None:
    """The report that a task has left; None where another version wrote it."""
    try:
        return Report.model_validate_json(data)
    except ValueError:
        return None
