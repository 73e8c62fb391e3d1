"""Pipelines and commit statuses: which pipeline a status goes to, what it replaces, what is refused."""

from __future__ import annotations

from tests.doubles.gitlab.model import Json, MergeRequest, Pipeline, Project, Status, User
from tests.doubles.gitlab.wire import RefusalError, not_found
from tests.doubles.gitlab.world import World

STATES = ("pending", "running", "success", "failed", "canceled", "skipped")
_EVENTS = {"pending": "enqueue", "running": "run"}
PENDING_LIMIT = 120
"""Seconds after which a status check that is still pending has failed."""


def create(
    world: World, project: Project, sha: str, ref: str, user: User, *, source: str = "push", status: str = "running"
) -> Pipeline:
    """A new pipeline of a project."""
    mine = [each for owner, each in world.pipelines if owner is project]
    pipeline = Pipeline(world.ids.next(), len(mine) + 1, sha, ref, source, status, world.moment(), user)
    world.pipelines.append((project, pipeline))
    return pipeline


def for_merge_request(world: World, request: MergeRequest, *, status: str = "running") -> Pipeline:
    """A merge request pipeline (detached): in the source project, where the job of a fork runs."""
    ref = f"refs/merge-requests/{request.iid}/head"
    return create(world, request.source, request.head, ref, request.author, source="merge_request_event", status=status)


def post_status(world: World, project: Project, user: User, sha: str, params: Json) -> tuple[Status, Pipeline]:
    """Find the pipeline or make one, find the status or make one, and change its state.

    Raises:
        RefusalError: no such commit, ref or pipeline, or a transition that is none.
    """
    if len(sha) != 40 or project.repository.sha(sha) is None:
        raise not_found("Commit")
    pipeline = _pipeline(world, project, user, sha, params.get("ref"), params.get("pipeline_id"))
    ref = params.get("ref") or pipeline.ref
    name = params.get("name") or params.get("context") or "default"
    latest = [each for each in pipeline.statuses if each.name == name and not each.retried]
    mine = next((each for each in latest if each.user is user and each.state in ("pending", "running")), None)
    state = params["state"]
    if mine is None:
        for each in latest:
            each.retried = True
        mine = Status(world.ids.next(), name, "created", user, sha, ref, None, None, world.moment())
        pipeline.statuses.append(mine)
    elif world.strict_enqueue and state in _EVENTS and (state == mine.state or state == "pending"):
        event = _EVENTS[state]
        why = f'Reason(s): Status cannot transition via "{event}"'
        raise RefusalError(400, f"Cannot transition status via :{event} from :{mine.state} ({why})")
    mine.state = state
    mine.description = params.get("description", mine.description)
    mine.target_url = params.get("target_url", mine.target_url)
    pipeline.status = _overall(pipeline)
    return mine, pipeline


def _branch_with(project: Project, sha: str) -> str:
    names = project.repository.git("for-each-ref", "--contains", sha, "--format=%(refname:short)", "refs/heads").split()
    if not names:
        raise not_found("References for commit")
    return names[0]


def _pipeline(world: World, project: Project, user: User, sha: str, ref: str | None, number: object) -> Pipeline:
    """The newest that fits; without a ref, that of any ref is good."""
    living = [
        each
        for owner, each in world.pipelines
        if owner is project and each.sha == sha and not each.archived and ref in (None, each.ref)
    ]
    if number is not None:
        found = next((each for each in living if each.id == int(str(number))), None)
        if found is None:
            raise not_found("Pipeline for pipeline_id, sha and ref")
        return found
    if living:
        return living[-1]
    return create(world, project, sha, ref or _branch_with(project, sha), user, source="external")


def _overall(pipeline: Pipeline) -> str:
    """The state of the whole: the worst that is not hidden; a job that is still running counts where there was one."""
    states = {each.state for each in pipeline.statuses if not each.retried}
    if pipeline.source != "external":
        return "failed" if "failed" in states else pipeline.status
    for state in ("failed", "running", "pending", "canceled"):
        if state in states:
            return state
    return "success"


def check_status(world: World, request: MergeRequest, check: int) -> str:
    """What an external status check says of the present head: pending too long is failed, nothing is pending."""
    answers = [each for each in request.answers if each.check == check and each.sha == request.head]
    if not answers:
        return "pending"
    newest = answers[-1]
    if newest.status == "pending" and (world.clock.now - newest.at).total_seconds() > PENDING_LIMIT:
        return "failed"
    return newest.status
