"""Figures for Prometheus. What this process sees it counts itself; what all do is read from the database they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from codedesigner import __version__
from codedesigner.service.board import Figures
from codedesigner.service.quotas import QuotaSeen
from codedesigner.service.reviews import ReviewsSeen

_LATENCY = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STATUSES = frozenset({200, 202, 400, 401, 408, 413, 415, 429, 503})
_EDGES = (0.2, 0.4, 0.5, 0.6, 0.8, 1.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the database says at a moment."""

    figures: Figures
    quotas: tuple[QuotaSeen, ...]
    reviews: ReviewsSeen
    alive: int


class Meters:
    """Everything that is measured, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._webhooks = Histogram(
            "codedesigner_webhook_seconds",
            "How long webhooks waited for their answer.",
            ("forge", "status"),
            buckets=_LATENCY,
            registry=self._registry,
        )
        self._acts = Counter(
            "codedesigner_dashboard_actions", "What people did on the dashboard.", ("action",), registry=self._registry
        )

    def webhook(self, forge: str, status: int, seconds: float) -> None:
        """A webhook was answered."""
        self._webhooks.labels(forge, str(status if status in _STATUSES else 500)).observe(max(0.0, seconds))

    def acted(self, action: str) -> None:
        """Somebody did something."""
        self._acts.labels(action).inc()

    def text(self, snapshot: Snapshot | None) -> bytes:
        """All of it, in Prometheus' format; without a snapshot the database's part is missing, and `up` says so."""
        shared = CollectorRegistry(auto_describe=False)
        shared.register(_Shared(snapshot))
        return generate_latest(self._registry) + generate_latest(shared)


class _Shared(Collector):
    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        """The families."""
        yield _gauge("build_info", "This version.", ("version",), [((__version__,), 1)])
        yield _gauge("database_up", "Whether the database answers.", (), [((), int(self._snapshot is not None))])
        if self._snapshot is not None:
            yield from _of_tasks(self._snapshot.figures)
            yield from _of_locations(self._snapshot.quotas, self._snapshot.reviews)
            yield _agreement(self._snapshot.reviews)
            found = len(self._snapshot.reviews.agreements)
            yield _gauge("insights_generated_24h", "Findings of finished reviews.", (), [((), found)])
            yield _gauge("workers_alive", "Workers heard of lately.", (), [((), self._snapshot.alive)])


def _of_tasks(figures: Figures) -> Iterator[Metric]:
    depth = [((module, state), n) for module, states in figures.depth.items() for state, n in states.items()]
    yield _gauge("queue_depth", "Tasks that have not ended.", ("module", "state"), depth)
    yield _gauge("oldest_pending_task_seconds", "Age of the oldest task nobody began.", (), [((), figures.oldest_s)])
    for name, ended in (("completed", figures.completed), ("failed", figures.failed)):
        rows = [((task_type,), n) for task_type, n in ended.items()]
        yield _gauge(f"tasks_{name}_24h", f"Tasks that {name} in the last day.", ("task_type",), rows)
    took = [((task_type,), seconds) for task_type, seconds in figures.average_s.items()]
    yield _gauge("task_average_seconds_24h", "How long tasks ran, without what they waited.", ("task_type",), took)
    for name, words, count in (
        ("preemptions_24h", "Tasks that gave way to more urgent ones.", figures.preemptions),
        ("tasks_recovered_24h", "Tasks taken over from workers that died.", figures.recovered),
        ("deliveries_24h", "Webhooks that were accepted.", figures.deliveries),
        ("sections_documented_24h", "Publications that were made.", figures.sections),
        ("research_items_24h", "Pieces of research that were done.", figures.researched),
        ("blessed_insights_pending", "Reviews that are done and not published.", figures.unpublished),
        ("comments_pending", "People's comments that are not answered yet.", figures.comments),
        ("seeds_unexplored", "Changes whose review has not begun.", figures.unexplored),
    ):
        yield _gauge(name, words, (), [((), count)])
    for name, words, counts in (
        ("llm_requests_24h", "Calls to models.", figures.calls),
        ("deep_mode_usage_24h", "Calls in deep mode.", figures.deep),
        ("rate_limits_hit_24h", "Answers that said too much.", figures.limits),
    ):
        yield _gauge(name, words, ("location",), [((location,), n) for location, n in counts.items()])


def _of_locations(quotas: tuple[QuotaSeen, ...], reviews: ReviewsSeen) -> Iterator[Metric]:
    spent = reviews.locations
    for name, words, rows in (
        ("location_requests_24h", "Calls in finished reviews.", [((one.id,), one.requests) for one in spent]),
        ("location_failures_24h", "Calls that failed.", [((one.id,), one.failed) for one in spent]),
        ("location_cost_usd_24h", "US dollars in finished reviews.", [((one.id,), one.cost_usd) for one in spent]),
        ("location_limited", "Whether it waits for a limit.", [((one.location,), int(one.held)) for one in quotas]),
        ("quota_hour_requests", "Calls of the last hour.", [((one.location,), one.hour_requests) for one in quotas]),
        ("quota_day_deep", "Deep calls of the last day.", [((one.location,), one.day_deep) for one in quotas]),
    ):
        yield _gauge(name, words, ("location",), rows)
    tokens = [((one.id, "in"), one.tokens_in) for one in spent] + [((one.id, "out"), one.tokens_out) for one in spent]
    yield _gauge("location_tokens_24h", "Tokens in finished reviews.", ("location", "direction"), tokens)
    limits = [((one.location,), one.hour_limit) for one in quotas if one.hour_limit is not None]
    yield _gauge("quota_learned_hour_limit", "What servers were learned to allow.", ("location",), limits)


def _agreement(reviews: ReviewsSeen) -> Metric:
    values = reviews.agreements
    buckets = [(f"{edge:g}", sum(value <= edge for value in values)) for edge in _EDGES]
    return GaugeHistogramMetricFamily(
        "codedesigner_finding_agreement_24h",
        "Agreement on findings of finished reviews.",
        buckets=[*buckets, ("+Inf", len(values))],
        gsum_value=sum(values),
    )


def _gauge(
    name: str, words: str, labels: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"codedesigner_{name}", words, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family
