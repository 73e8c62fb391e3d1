"""What was reported of a head, kept in the summary: so that what people decide about it asks nobody again.

With a key its signature proves it. Without one the check of that head has to name its digest: whoever can write that
could write the verdict itself. What is not proved, or follows from something else than a review would start from now,
counts for nothing, and the head is reviewed again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cache
from typing import Literal

from codedesigner import __version__
from codedesigner.assembly.request import Prepared
from codedesigner.config.paths import PathSettings
from codedesigner.errors import ForgeError
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.forge.redeciding import Deciding, is_complete, redecided
from codedesigner.publish.forge.remembered import ReportMark
from codedesigner.publish.forge.verdict import NAME
from codedesigner.publish.gate import Threshold
from codedesigner.publish.report import ModeReport, Report
from codedesigner.pullrequest.desk import Desk
from codedesigner.pullrequest.standing import Stand

Reuse = Literal["no", "complete", "yes"]
"""Whether a report that is kept does: never, only where nothing is left to ask, or as it is."""


async def kept_report(desk: Desk, pull: PullRequest, stand: Stand) -> ReportMark | None:
    """The report of the pull request's head that stands in the summary, where it is proved to be ours.

    It has to be asked for before the check is begun, which is what proves it.
    """
    mark = stand.remembered.report
    if mark is None or mark.report.change.head != pull.head:
        return None
    if desk.key is not None:
        return mark
    try:
        proof = await desk.forge.kept(pull.head, NAME)
    except ForgeError as error:
        desk.say(f"the report that is kept cannot be proved: {error.message}")
        return None
    return mark if proof == stand.signer.digest(mark) else None


def as_of_now(mark: ReportMark, prepared: Prepared, reuse: Reuse) -> Report | None:
    """The report under the decisions of now; None where a review has to make it."""
    request = prepared.request
    if reuse == "no" or not request.mode.enabled or mark.basis != basis_of(prepared):
        return None
    if reuse == "complete" and not is_complete(mark.report):
        return None
    settings, change = request.settings, request.change
    if (mark.report.change.base, mark.report.change.head) != (change.base, change.head):
        return None
    of = cache(PathSettings(settings).of)
    likely = settings.gate.min_probability
    thresholds = {
        file.path: Threshold(of(file.path).fail_on, of(file.path).min_agreement, likely) for file in change.files
    }
    given = Deciding(change, request.dismissed, settings.gate, thresholds, settings.limits.findings)
    mode = ModeReport(
        enabled=request.mode.enabled,
        source=request.mode.source,
        activated_at=int(request.mode.activated_at or 0),
    )
    return redecided(mark.report, given, mode)


def basis_of(prepared: Prepared) -> str:
    """A digest of what a report follows from beside decisions: commits, configuration, who is asked about what."""
    request = prepared.request
    today = dt.datetime.fromtimestamp(request.now, dt.UTC).date()
    known = [one.fingerprint for one in request.settings.suppress if one.until is None or one.until >= today]
    asked = [*prepared.models, *prepared.helpers]
    parts = {
        "program": __version__,
        "change": [request.change.base, request.change.head],
        "configured": prepared.config_commit,
        "settings": request.settings.model_dump(mode="json"),
        "accepted": known,
        "angles": {name: spec.model_dump(mode="json") for name, spec in sorted(request.angle_specs.items())},
        "analysers": sorted(one.id for one in request.reviewers),
        "models": [spec.model_dump(mode="json") for spec in sorted(asked, key=lambda spec: spec.id)],
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode("utf-8")).hexdigest()


def report_mark(prepared: Prepared, report: Report) -> ReportMark:
    """What is kept of a report."""
    return ReportMark(basis=basis_of(prepared), report=report)
