"""A review, whole: a change becomes a plan, the plan is answered, the answers are put to the vote, the verdict is told.

This is the only place where the rooms meet; it decides nothing itself.
"""

from __future__ import annotations

from codedesigner.asking import asker
from codedesigner.blessing import NOTHING_COVERED, Outcome, blessed, concluded
from codedesigner.docket import Docket
from codedesigner.planning import Request, plan_change
from codedesigner.publish.gate import switched_off
from codedesigner.publish.report import Report
from codedesigner.run.examine import Progress, silent
from codedesigner.stages import SoFar, Stage, StaleError, name_of


async def review(request: Request, progress: Progress = silent) -> Report:
    """The report on a change. Raises nothing for what reviewers or files do: that is in the report."""
    report = await carried_on(request, SoFar(), "review", progress)
    assert isinstance(report, Report)  # noqa: S101 -- that is what the last stage comes to
    return report


async def carried_on(
    request: Request, so_far: SoFar, until: Stage, progress: Progress = silent, *, deep: bool = True
) -> SoFar | Report:
    """A review from where it is to the end of a stage; after the last one, and where reviewing is off, its report.

    What was said about another change, or would be asked of others by now, does not count: that begins anew. Without
    `deep`, the supervisor is not asked to think deeply.
    """
    started = request.monotonic() - so_far.seconds
    if not request.mode.enabled:
        return concluded(request, Outcome((), (), (), NOTHING_COVERED), switched_off(request.mode.source), started)
    planned, ask = plan_change(request), asker(request, progress)
    about = name_of(request, planned) if so_far.about or until != "review" else ""
    if so_far.about and so_far.about != about:
        return await carried_on(request, SoFar(), until, progress, deep=deep)
    docket = Docket(request, planned, so_far, ask)
    try:
        await docket.advance(until, deep=deep)
        if until != "review":
            return docket.so_far.at(request.monotonic() - started, about)
        return await blessed(docket, started)
    except StaleError:
        if so_far.explored is None:
            raise
        return await carried_on(request, SoFar(), until, progress, deep=deep)
