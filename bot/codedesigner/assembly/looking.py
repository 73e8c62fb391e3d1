"""The tools of the supervisor, on the commits of a change."""

from __future__ import annotations

from codedesigner.assembly.request import Prepared
from codedesigner.config.settings import Lookups
from codedesigner.run.looking import LookupLimits
from codedesigner.run.tools.base import ToolContext
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.shipped import TOOLS
from codedesigner.run.tools.worker import ToolWorker


def limits_of(prepared: Prepared) -> LookupLimits | None:
    """How much the supervisor may have looked up; None: nothing, because there is no commit to look at, or no wish to.

    What is not committed yet stands in no object of the repository.
    """
    lookups: Lookups = prepared.request.settings.lookups
    committed = prepared.git is not None and prepared.request.change.head not in ("worktree", "diff")
    if prepared.supervisor is None or not committed or not lookups.calls:
        return None
    return LookupLimits(lookups.calls, lookups.characters, float(lookups.seconds))


def tool_worker(prepared: Prepared, limits: LookupLimits) -> ToolWorker:
    """The tools as a worker. Asked for a file's issues, it asks the analysers of the review, not the SARIF logs."""
    assert prepared.git is not None  # noqa: S101 -- without one there are no limits
    request, known = prepared.request, prepared.registry.locations
    context = ToolContext(
        prepared.git,
        request.change.base,
        request.change.head,
        {reviewer.id: reviewer for reviewer in request.reviewers if reviewer.id in known},
        seconds=limits.seconds,
    )
    return ToolWorker(TOOLS, context, ToolRegistry())
