"""An evaluation as one page that needs nothing else: tables, and plots drawn here. No script, nothing fetched."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from math import sqrt

from codedesigner.evaluation.report_text import heading
from codedesigner.evaluation.result import EvaluationResult, LocationResult, PanelResult, Quality
from codedesigner.evaluation.svg import SHARES, STYLE, Axis, Bar, Plot, Point, Series, axis, bars, drawn
from codedesigner.evaluation.tables import Table, panel_title, reliability_name, tables

_PAGE_STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--soft:#59636e;--line:#d1d9e0}
@media(prefers-color-scheme:dark){:root{--ink:#f0f6fc;--paper:#0d1117;--soft:#9198a1;--line:#3d444d}}
body{font:14px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
body{max-width:75rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1.5rem;display:block;overflow-x:auto}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{border-bottom:1px solid var(--line);padding:.2rem .7rem;text-align:right;white-space:nowrap}
td{font-variant-numeric:tabular-nums}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:500}
.plots{display:flex;flex-wrap:wrap;gap:1rem}.plots svg{max-width:100%;height:auto}p.note{color:var(--soft)}
"""


def render(result: EvaluationResult) -> str:
    """The page."""
    title = f"Evaluation of {result.dataset}"
    # Nothing may be loaded: what a dataset says can at most be text.
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>{_PAGE_STYLE}{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(heading(result))}.</p>",
        *(f'<p class="note">{escape(note)}</p>' for note in result.notes),
        *_plots(result),
        *(_table(table) for table in tables(result)),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _plots(result: EvaluationResult) -> Iterator[str]:
    for number, panel in enumerate(result.panels):
        yield f"<h2>{escape(panel_title(panel))}</h2>"
        yield '<div class="plots">'
        yield _strategies(panel, f"p{number}s")
        yield _histogram(panel, f"p{number}h")
        yield _reliability(panel, f"p{number}r")
        costs = _cost(result.locations, panel, f"p{number}c")
        if costs is not None:
            yield costs
        yield "</div>"


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in table.rows)
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table>{note}"


def _strategies(panel: PanelResult, name: str) -> str:
    series = tuple(
        Series(
            f"{one.strategy}, {one.scoring}",
            (_point(one.quality, f"{one.strategy}, {one.scoring}"),),
            joined=False,
        )
        for one in panel.strategies
        if one.scoring == "majority"
    )
    return drawn(
        Plot(
            "Precision and recall",
            "One point a strategy, under the majority scoring; whiskers are the interval of precision.",
            Axis("recall", 0, 1, SHARES),
            Axis("precision", 0, 1, SHARES),
            series,
        ),
        name,
    )


def _point(quality: Quality, told: str) -> Point:
    low, high = quality.precision.interval or (None, None)
    said = (
        f"{told}: precision {quality.precision.value:.3f}, recall {quality.recall.value:.3f}, F1 {quality.f1.value:.3f}"
    )
    return Point(quality.recall.value, quality.precision.value, said, 4.5, low, high)


def _histogram(panel: PanelResult, name: str) -> str:
    columns = [Bar(str(one.votes), one.right, one.findings - one.right) for one in panel.votes]
    about = "How many findings had how many votes, and how many of them were right."
    return bars("Agreement", about, columns, ("right", "not known to be"), name, "votes")


def _reliability(panel: PanelResult, name: str) -> str:
    most = max((one.findings for each in panel.reliability for one in each.bins), default=1)
    series = tuple(
        Series(
            reliability_name(each),
            tuple(
                Point(
                    one.said,
                    one.right,
                    f"{reliability_name(each)}: said {one.said:.2f}, right {one.right:.2f}, {one.findings} findings",
                    2.5 + 6 * sqrt(one.findings / most),
                )
                for one in each.bins
            ),
        )
        for each in panel.reliability
    )
    return drawn(
        Plot(
            "Reliability",
            "The share of findings with like agreement that was right. On the dashed line, agreement is a probability.",
            Axis("agreement", 0, 1, SHARES),
            Axis("right", 0, 1, SHARES),
            series,
            rule=((0, 0), (1, 1)),
        ),
        name,
    )


def _cost(locations: tuple[LocationResult, ...], panel: PanelResult, name: str) -> str | None:
    alone = [one for one in locations if one.id in panel.reviewers and one.usd is not None]
    together = [one for one in panel.strategies if one.scoring == "majority" and one.usd is not None]
    if not alone and not together:
        return None
    one_by_one = tuple(
        Point(one.usd or 0.0, one.quality.f1.value, f"{one.id}: {one.usd} USD, F1 {one.quality.f1.value:.3f}")
        for one in alone
    )
    voted = tuple(
        Point(one.usd or 0.0, one.quality.f1.value, f"{one.strategy}: {one.usd} USD, F1 {one.quality.f1.value:.3f}", 5)
        for one in together
    )
    return drawn(
        Plot(
            "Cost and quality",
            "F1 beside the cost of all reviews: locations alone, and the strategies that need all of the panel.",
            axis("USD", [point.x for point in (*one_by_one, *voted)]),
            Axis("F1", 0, 1, SHARES),
            (Series("alone", one_by_one, joined=False), Series("together", voted, joined=False)),
        ),
        name,
    )
