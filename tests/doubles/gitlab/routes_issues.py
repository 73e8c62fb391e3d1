"""Issues, as far as a reviewer meets them: reading one, and its notes."""

from __future__ import annotations

from tests.doubles.gitlab import views
from tests.doubles.gitlab.contract import PAGING, Operations
from tests.doubles.gitlab.model import REPORTER, Issue
from tests.doubles.gitlab.wire import Call, RefusalError
from tests.doubles.server import Reply

OPERATIONS = Operations()
_on = OPERATIONS.on
_ISSUE = "/projects/{id}/issues/{iid}"


def _issue(call: Call) -> Issue:
    """The issue of the path; whoever may not see it is told that there is none."""
    project, user = call.project, call.user
    level = project.level(user)
    for each in call.world.issues:
        if each.project is project and str(each.iid) == call.args["iid"]:
            if each.confidential and level < REPORTER and each.author is not user:
                break
            if project.issues_access != "enabled" and level == 0:
                break
            return each
    raise RefusalError(404, "404 Not found")


@_on("GET", _ISSUE)
def _get(call: Call) -> Reply:
    return Reply(200, views.issue(call.world, _issue(call)))


@_on("GET", f"{_ISSUE}/notes", {**PAGING, "sort": "asc|desc", "order_by": "created_at|updated_at"})
def _notes(call: Call) -> Reply:
    issue = _issue(call)
    return call.pages([views.issue_note(call.world, issue, each) for each in reversed(issue.notes)])
