"""The dashboard's pages: which parts each has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from codedesigner.service.web import onetask, regions, researched
from codedesigner.service.web.regions import Region
from codedesigner.service.web.watch import Seen, SeenTask
from codedesigner.service.web.words import of
from codedesigner.text import render


@dataclass(frozen=True, slots=True)
class Page:
    """A page about the whole service."""

    title: str
    parts: Callable[[Seen], tuple[Region, ...]]


def _overview(seen: Seen) -> tuple[Region, ...]:
    return (
        regions.now_figures(seen.figures, seen.workers, seen.at),
        regions.queue(seen.going, seen.figures, seen.at),
        regions.day_figures(seen.figures, seen.reviews),
        regions.types(seen.figures),
        regions.workers(seen.workers, seen.at),
        regions.ended(seen.ended, seen.at),
    )


def _reviews(seen: Seen) -> tuple[Region, ...]:
    return (regions.finished(seen.reviews, seen.at, most=100),)


def _findings(seen: Seen) -> tuple[Region, ...]:
    return (onetask.findings_of_all(list(seen.reviews.findings())),)


def _locations(seen: Seen) -> tuple[Region, ...]:
    return (
        regions.locations(seen.reviews, seen.quotas, seen.at),
        regions.precision(seen.records),
        regions.workers(seen.workers, seen.at),
    )


PAGES: Mapping[str, Page] = {
    "/": Page("Overview", _overview),
    "/reviews": Page("Reviews", _reviews),
    "/findings": Page("Findings", _findings),
    "/locations": Page("Locations", _locations),
}


def parts_of_task(one: SeenTask, seen: Seen, form: str) -> tuple[Region, ...]:
    """The parts of one task's page."""
    return (
        onetask.standing(one.task, seen.at),
        onetask.acts(one.task, seen.at, form),
        onetask.steps(one.task, one.together, seen.at),
        onetask.progress(one.report, one.events),
        onetask.findings_of(one.report, one.task.id),
        researched.research(one.research, [each for each in one.together if each.work == one.task.work]),
        onetask.sources(one.sources, [each for each in one.together if each.work == one.task.work]),
        onetask.others(one.task, one.together, seen.at),
        onetask.timeline(one.events, one.together),
    )


def title_of(one: SeenTask) -> str:
    """What a task's page is called."""
    return of(one.task.work.forge, one.task.work.repo, one.task.work.number)


def whole(
    title: str,
    parts: tuple[Region, ...],
    *,
    nonce: str,
    path: str = "",
    live: str = "",
    form: str = "",
    heading: str = "",
    notice: str = "",
    signed_in: bool = True,
) -> str:
    """The page with its frame."""
    menu = [{"path": where, "title": page.title} for where, page in PAGES.items()]
    facts: dict[str, object] = {
        "title": title,
        "heading": heading,
        "regions": parts,
        "pages": menu,
        "path": path,
        "live": live,
        "form": form,
        "nonce": nonce,
        "notice": notice,
        "signed_in": signed_in,
    }
    return render("service/page.html.j2", facts)
