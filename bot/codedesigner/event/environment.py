"""The CI environment as an event: GitHub Actions and GitLab CI. Pure: environment and payload are arguments.

GitHub: https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
GitLab: https://docs.gitlab.com/ci/variables/predefined_variables/
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from codedesigner.event.model import Event, Refused, ReviewRequested, is_sha

_ACTIONS_HELP = "run it on `pull_request` (or `merge_group`), with actions/checkout and `fetch-depth: 0`"
_GITLAB_HELP = "run the job in merge request pipelines: `rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]`"


def read_event(environ: Mapping[str, str], payload: str | None) -> Event:
    """What the environment asks for. `payload` is the text of the file at GITHUB_EVENT_PATH, None outside Actions."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return _github(environ.get("GITHUB_EVENT_NAME", ""), payload)
    if environ.get("GITLAB_CI") == "true":
        return _gitlab(environ)
    return Refused("this is neither GitHub Actions nor GitLab CI", "use `codedesigner review` on your own machine")


def _github(name: str, payload: str | None) -> Event:
    try:
        event = json.loads(payload or "")
    except ValueError:
        return Refused("GITHUB_EVENT_PATH does not hold the event's JSON", _ACTIONS_HELP)
    if name in ("pull_request", "pull_request_target"):
        # GITHUB_SHA is the test merge here; the change is what the pull request's head says.
        pull = _table(event, "pull_request")
        number = pull.get("number")
        return _request(
            _table(pull, "base").get("sha"),
            _table(pull, "head").get("sha"),
            number if isinstance(number, int) else None,
            queue=False,
        )
    if name == "merge_group":
        group = _table(event, "merge_group")
        return _request(group.get("base_sha"), group.get("head_sha"), None, queue=True)
    return Refused(f"the event `{name or 'unknown'}` does not name a change to review", _ACTIONS_HELP)


def _request(base: object, head: object, number: int | None, *, queue: bool) -> Event:
    if not (isinstance(base, str) and isinstance(head, str) and is_sha(base) and is_sha(head)):
        return Refused("the event carries no full base and head commit ids", _ACTIONS_HELP)
    return ReviewRequested(base, head, number, queue)


def _gitlab(environ: Mapping[str, str]) -> Event:
    base = environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA", "")
    # In merged-results pipelines CI_COMMIT_SHA is an internal merge; only there is the source branch named.
    head = environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", "")
    iid = environ.get("CI_MERGE_REQUEST_IID", "")
    if not iid.isdigit():
        return Refused("this pipeline does not belong to a merge request", _GITLAB_HELP)
    if not (is_sha(base) and is_sha(head)):
        return Refused("CI_MERGE_REQUEST_DIFF_BASE_SHA or CI_COMMIT_SHA is missing", _GITLAB_HELP)
    queue = environ.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train"
    return ReviewRequested(base, head, int(iid), queue)


def _table(value: object, key: str) -> Mapping[str, object]:
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}
