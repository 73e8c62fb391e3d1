"""What an evaluation says as tables, the same for every report that people read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from codedesigner.change.visible import visible
from codedesigner.evaluation.result import (
    EvaluationResult,
    Figure,
    LocationResult,
    PanelResult,
    Quality,
    ReliabilityResult,
)

NOT_KNOWN = "–"
_QUALITY = ("found", "wrong", "missed", "precision", "recall", "F1")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first column is words, the others are read as figures."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


def tables(result: EvaluationResult) -> Iterator[Table]:
    """All that there is something to say in."""
    if result.locations:
        yield _locations(result.locations)
    for panel in result.panels:
        yield _strategies(panel)
        yield _learned(panel)
    if result.pairs:
        rows = tuple((f"same against {one.against}", *_cells(one.quality)) for one in result.pairs)
        yield Table("Pairs that mean the same", ("pairs", *_QUALITY), rows)
    if result.anchoring:
        yield _anchoring(result)
    if result.history:
        rows = tuple(
            (
                visible(f"{one.location} {one.angle} {one.kind}"),
                f"{one.right:g}",
                f"{one.wrong:g}",
                f"{one.accuracy:.3f}",
            )
            for one in result.history
        )
        yield Table("What outcomes say", ("location, angle and kind", "right", "wrong", "accuracy"), rows)


def told(figure: Figure) -> str:
    """A share with its interval."""
    if figure.interval is None:
        return f"{figure.value:.3f}"
    low, high = figure.interval
    return f"{figure.value:.3f} [{low:.2f}, {high:.2f}]"


def panel_title(panel: PanelResult) -> str:
    """The panel by its members."""
    return f"Panel of {len(panel.reviewers)}: {visible(', '.join(panel.reviewers))}"


def reliability_name(one: ReliabilityResult) -> str:
    """Whose calibration error, and which."""
    return f"{one.scoring}{' after fitting' if one.fitted else ''} {told(one.error)}, by chance {one.by_chance:.3f}"


def money(usd: float | None) -> str:
    """US dollars."""
    return NOT_KNOWN if usd is None else f"{usd:.4f}"


def _cells(quality: Quality) -> tuple[str, ...]:
    counts = (str(quality.tp), str(quality.fp), str(quality.fn))
    return (*counts, told(quality.precision), told(quality.recall), told(quality.f1))


def _locations(locations: Sequence[LocationResult]) -> Table:
    head = ("location", *_QUALITY, "reviews", "comments", "tokens", "USD")
    rows = tuple(
        (
            visible(one.id),
            *_cells(one.quality),
            str(one.reviews),
            str(one.comments),
            NOT_KNOWN if one.tokens is None else str(one.tokens),
            money(one.usd),
        )
        for one in sorted(locations, key=lambda one: (-one.quality.f1.value, one.id))
    )
    return Table("Each location alone", head, rows)


def _strategies(panel: PanelResult) -> Table:
    head = ("strategy", *_QUALITY, "beside best single", "USD")
    rows = tuple(
        (f"{one.strategy}, {one.scoring}", *_cells(one.quality), _gain(one.gain, one.gain_interval), money(one.usd))
        for one in panel.strategies
    )
    off = "; ".join(reliability_name(one) for one in panel.reliability)
    return Table(panel_title(panel), head, rows, f"Calibration error of agreement: {off}")


def _gain(gain: float, interval: tuple[float, float] | None) -> str:
    return f"{gain:+.3f}" if interval is None else f"{gain:+.3f} [{interval[0]:+.2f}, {interval[1]:+.2f}]"


def _learned(panel: PanelResult) -> Table:
    rows = tuple(
        (f"{one.strategy}, {one.scoring}", visible(held or "nothing"), visible(choice))
        for one in panel.strategies
        for held, choice in one.learned.items()
    )
    return Table("What was learned", ("strategy", "held out", "learned on the rest"), rows)


def _anchoring(result: EvaluationResult) -> Table:
    distances = tuple(dict.fromkeys(distance for one in result.anchoring for distance in one.within))
    head = ("from", "comments", "placed", *(f"within {distance}" for distance in distances))
    rows = tuple(
        (one.source, str(one.comments), str(one.placed), *(told(one.within[distance]) for distance in distances))
        for one in result.anchoring
    )
    return Table("Comments placed, by lines of distance", head, rows)
