"""A merge request as a person sees it: threads at their lines, plain comments, drafts, statuses."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.doubles.gitlab import pipelines, views
from tests.doubles.gitlab.diffs import files
from tests.doubles.gitlab.model import Discussion, MergeRequest, User
from tests.doubles.gitlab.quickactions import resembling
from tests.doubles.gitlab.world import World


@dataclass(frozen=True)
class Thread:
    """A thread on the diff. `side` is `new` or `old`, `line` is None for a whole file or where it is outdated."""

    id: str
    author: str
    bodies: tuple[str, ...]
    path: str
    line: int | None
    side: str
    text: str
    first: int | None
    resolved: bool
    resolved_by: str | None
    outdated: bool


@dataclass(frozen=True)
class Seen:
    """All of it. `threads` are on the current head's lines, `outdated` those whose line has changed since."""

    threads: tuple[Thread, ...]
    outdated: tuple[Thread, ...]
    comments: tuple[tuple[str, str], ...]
    discussions: tuple[tuple[str, str, bool], ...]
    drafts: tuple[tuple[str, str], ...]
    statuses: dict[str, str]
    checks: dict[str, str]
    awards: tuple[tuple[int, str, str], ...]
    labels: tuple[str, ...]
    state: str
    approved_by: tuple[str, ...]
    merge_status: str
    executed: tuple[str, ...]
    suspicious: tuple[str, ...] = field(default=())

    def at(self, path: str, line: int) -> list[Thread]:
        """The threads at a line of the new side of the present head."""
        return [each for each in self.threads if (each.path, each.line, each.side) == (path, line, "new")]


def look(world: World, request: MergeRequest) -> Seen:
    """What the page shows now."""
    on_diff = [_thread(request, each) for each in request.discussions if each.notes[0].position is not None]
    rest = [each for each in request.discussions if each.notes[0].position is None]
    return Seen(
        threads=tuple(each for each in on_diff if not each.outdated),
        outdated=tuple(each for each in on_diff if each.outdated),
        comments=tuple((each.notes[0].author.username, each.notes[0].body) for each in rest if each.individual),
        discussions=tuple(
            (each.notes[0].author.username, each.notes[0].body, each.resolved) for each in rest if not each.individual
        ),
        drafts=tuple((each.author.username, each.body) for each in request.drafts),
        statuses={
            status.name: status.state
            for owner, pipeline in world.pipelines
            if owner in (request.project, request.source) and pipeline.sha == request.head
            for status in pipeline.statuses
            if not status.retried
        },
        checks={
            check.name: pipelines.check_status(world, request, check.id)
            for owner, check in world.checks
            if owner is request.project
        },
        awards=tuple((note.id, award.name, award.user.username) for note in request.notes for award in note.awards),
        labels=tuple(request.labels),
        state=request.state,
        approved_by=tuple(each.username for each in request.approved_by),
        merge_status=views.merge_status(world, request),
        executed=tuple(f"{each.user}: /{each.command} {each.argument}".strip() for each in world.executed),
        suspicious=tuple(line for note in request.notes if note.author.bot for line in resembling(note.body)),
    )


def _thread(request: MergeRequest, given: Discussion) -> Thread:
    note = given.notes[0]
    position = note.position or {}
    side = "new" if position.get("new_line") is not None else "old"
    line = position.get(f"{side}_line")
    path = position[f"{side}_path"]
    text = ""
    if line is not None:
        commit = position["head_sha"] if side == "new" else position["base_sha"]
        content = request.project.repository.read(commit, path) or b""
        text = dict(enumerate(content.split(b"\n"), 1)).get(int(line), b"").decode("utf-8", "replace")
    by: User | None = note.resolved_by
    return Thread(
        id=given.id,
        author=note.author.username,
        bodies=tuple(each.body for each in given.notes),
        path=path,
        line=None if note.outdated or line is None else int(line),
        side=side,
        text=text,
        first=_first(request, given),
        resolved=given.resolved,
        resolved_by=by.username if by else None,
        outdated=note.outdated,
    )


def _first(request: MergeRequest, given: Discussion) -> int | None:
    """The line at which a thread over several lines was begun, as its line code says it."""
    original = given.notes[0].original or {}
    code = ((original.get("line_range") or {}).get("start") or {}).get("line_code")
    for version in request.versions:
        if code and version.head == original["head_sha"]:
            for diff in files(request.project.repository, version.base, version.head, whole=True):
                for row in diff.rows():
                    if diff.line_code(row) == code:
                        return row.old if row.kind == "-" else row.new
    return None
