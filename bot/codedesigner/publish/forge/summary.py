"""The one comment that stays: the verdict, what changed since the last review, and whatever stands on no line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codedesigner.pool.budget import Spent
from codedesigner.publish.forge.comment import Page, place_link
from codedesigner.publish.forge.marks import MOST_MARK
from codedesigner.publish.forge.placing import Placed
from codedesigner.publish.forge.reconcile import Fate, Reconciled, What
from codedesigner.publish.forge.remembered import NoticeMark, ReportMark, SummaryMark
from codedesigner.publish.forge.walkthrough import walkthrough
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.limit import fits
from codedesigner.publish.markdown import facts_of, finding_facts, fitted
from codedesigner.publish.plain import clipped, plural
from codedesigner.publish.report import FindingReport, Report
from codedesigner.publish.sanitise import code, prose
from codedesigner.publish.tally import posted, undecided

_ORDER: tuple[What, ...] = ("new", "back", "fixed", "dismissed", "withdrawn", "unknown", "still")
_WORDS: Mapping[What, str] = {
    "new": "new",
    "back": "back again",
    "fixed": "fixed",
    "dismissed": "dismissed",
    "withdrawn": "no longer reported",
    "unknown": "not looked at this time, so nothing is known",
    "still": "still there",
}
_ALONE: frozenset[What] = frozenset({"new", "still", "back"})  # their titles are in the table
_MOST_IDS = 30
_TITLE_LIMIT = 120
_REASON_LIMIT = 300
_WALKTHROUGH_LIMIT = 1_500
_TOO_LONG = "The report is too long to be kept here: what people decide about it has it all asked again."


@dataclass(frozen=True, slots=True)
class Told:
    """What the summary is made from.

    `given` holds the report with the numbers of the pull request (`recognise`). `urls` are the addresses of the
    findings' comments by id, `refused` the forge's words for those that it did not take. `since` is the head before
    this one, `state.before`, and empty for the first. `configuration` says what was used in words such as
    `.codedesigner.yml`, and `configured` from which commit. `notices` are Markdown. `overview` is a supervisor's text
    about the change, which is sanitised here. `total` is what all reviews together used. `kept` is what the summary
    keeps for decisions to come, where it has room.
    """

    given: RenderInput
    page: Page
    reconciled: Reconciled
    urls: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    since: str = ""
    configuration: str = "the defaults"
    configured: str = ""
    notices: tuple[str, ...] = ()
    overview: str = ""
    total: Spent | None = None
    kept: ReportMark | None = None


def summary_body(told: Told, state: SummaryMark) -> str:
    """The summary with its marks, under the forge's limit: what people read goes before what is kept."""
    signer, report = told.page.signer, told.given.report
    facts = facts_of(told.given)
    overview = prose(clipped(told.overview, _WALKTHROUGH_LIMIT))
    facts |= {
        "notices": list(told.notices),
        "since_title": f"Since {told.page.commit(told.since)}:" if told.since else "",
        "since": list(_since(told)) if told.since else [],
        "findings": [_row(one, told) for one in posted(report)],
        "details": [_detail(one, told) for one in _in_summary_alone(report, told)],
        "undecided": [{**row, "place": _where(one, told)} for row, one in _undecided(facts, report)],
        "walkthrough": "\n\n".join(filter(None, [walkthrough(report), overview])),
        "footer": list(_footer(told)),
        "base": told.page.commit(report.change.base),
        "head": told.page.commit(report.change.head),
    }
    text = fitted(facts, told.page.limit - len(signer.mark(state)) - 2)
    if told.kept is None:
        return signer.ended(text, state)
    whole = signer.ended(text, state, told.kept)
    if fits(whole, told.page.limit) and len(signer.mark(told.kept)) <= MOST_MARK:
        return whole
    facts["footer"] = [_TOO_LONG, *_footer(told)]
    return signer.ended(fitted(facts, told.page.limit - len(signer.mark(state)) - 2), state)


def _undecided(facts: Mapping[str, object], report: Report) -> Iterator[tuple[dict[str, object], FindingReport]]:
    rows = facts["undecided"]
    assert isinstance(rows, list)  # noqa: S101 -- `facts_of` makes it
    return zip(rows, undecided(report), strict=True)


def _row(finding: FindingReport, told: Told) -> dict[str, object]:
    facts = finding_facts(finding, told.given)
    fates = {fate.id for fate in told.reconciled.fates if fate.what == "new"}
    return {**facts, "place": _where(finding, told), "new": bool(told.since) and finding.id in fates}


def _where(finding: FindingReport, told: Told) -> str:
    """A link to the finding's comment, or else to its lines."""
    url = told.urls.get(finding.id)
    if url is None:
        return place_link(finding, told.page.links, cell=True)
    name = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"[{code(name, cell=True)}]({url})" + (" (removed)" if finding.side == "LEFT" else "")


def _in_summary_alone(report: Report, told: Told) -> list[FindingReport]:
    posts = {post.id for post in told.reconciled.posts}
    return [one for one in posted(report) if one.id in told.refused or not {one.id} & (told.urls.keys() | posts)]


def _detail(finding: FindingReport, told: Told) -> dict[str, object]:
    placed = told.reconciled.placed.get(finding.id)
    return {**finding_facts(finding, told.given), "unplaced": _why_not(placed, told.refused.get(finding.id, ""))}


def _why_not(placed: Placed | None, refused: str) -> str:
    if refused:
        return f"the forge refused it: {prose(clipped(refused, _REASON_LIMIT), cell=True)}"
    return prose(placed.reason, cell=True) if placed is not None and placed.level != "line" else ""


def _since(told: Told) -> Iterator[str]:
    """A line for each kind of change; for what has ended, one for each finding, with why."""
    for what in _ORDER:
        fates = [fate for fate in told.reconciled.fates if fate.what == what]
        if what in _ALONE:
            if fates:
                names = ", ".join(_name(fate, told) for fate in fates[:_MOST_IDS])
                more = f" and {plural(len(fates) - _MOST_IDS, 'more', 'more')}" if len(fates) > _MOST_IDS else ""
                yield f"{_WORDS[what]}: {names}{more}"
            continue
        for fate in fates:
            by = f" in {told.page.commit(told.page.head)}" if what == "fixed" else ""
            title = prose(clipped(fate.title, _TITLE_LIMIT), cell=True)
            reason = f" ({prose(clipped(fate.reason, _REASON_LIMIT), cell=True)})" if fate.reason else ""
            yield f"{_WORDS[what]}{by}: {_name(fate, told)} {title}{reason}"


def _name(fate: Fate, told: Told) -> str:
    url = told.urls.get(fate.id) or (fate.posted.comment.url if fate.posted is not None else "")
    return f"[{fate.id}]({url})" if url else fate.id


def _footer(told: Told) -> Iterator[str]:
    at = f" at {told.page.commit(told.configured)}" if told.configured else ""
    yield (
        f"Configuration: {code(told.configuration)}{at}" if told.configured else f"Configuration: {told.configuration}"
    )
    if told.total is not None and (told.total.calls or told.total.usd):
        usd = "an unknown price" if told.total.usd == float("inf") else f"${told.total.usd:.2f}"
        calls = plural(told.total.calls, "model call")
        yield f"All reviews of this pull request: {calls}, {told.total.tokens:,} tokens, {usd}"
    yield "<sub>`/codedesigner help` lists what can be asked for.</sub>"


def review_body(page: Page, reconciled: Reconciled, summary_url: str = "") -> tuple[str, str]:
    """The words above a review's comments, and the key by which they are found again."""
    blocking = sum(post.id in page.blocking for post in reconciled.posts)
    blocks = f", {blocking:,} {'blocks' if blocking == 1 else 'block'}" if blocking else ""
    where = f" All of it is in [the summary]({summary_url})." if summary_url else ""
    mark = NoticeMark(name="review", head=page.head)
    text = f"{plural(len(reconciled.posts), 'new finding')} on {page.commit(page.head)}{blocks}.{where}"
    return page.signer.ended(text, mark), page.signer.mark(mark)


def spare_body(page: Page, summary_url: str) -> str:
    """What becomes of a second summary, which a run made that did not know of the first."""
    where = f"[the summary]({summary_url})" if summary_url else "the summary above"
    return page.signer.ended(f"See {where}.", NoticeMark(name="spare", head=page.head))
