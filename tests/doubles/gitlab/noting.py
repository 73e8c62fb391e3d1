"""Writing, editing and resolving comments, whoever asks: REST, published drafts, or a test."""

from __future__ import annotations

import hashlib
from itertools import islice

from tests.doubles.gitlab import positions, quickactions, suggestions
from tests.doubles.gitlab.model import (
    DEVELOPER,
    MAINTAINER,
    Discussion,
    Json,
    MergeRequest,
    Note,
    Suggestion,
    User,
)
from tests.doubles.gitlab.wire import RefusalError, bad_note, bad_request, forbidden, not_found
from tests.doubles.gitlab.world import World


def start(world: World, request: MergeRequest, user: User, body: str, position: Json | None = None) -> Discussion:
    """A new thread, on the diff where there is a position.

    Raises:
        RefusalError: as GitLab would.
    """
    placed = positions.place(request, position) if position is not None else None
    if placed is not None:
        world.violations += [f"position of {position and position['new_path']}: {each}" for each in placed.oddities]
    note = _new(world, request, user, body, "DiffNote" if position else "DiscussionNote")
    note.resolvable = True
    if position is not None and placed is not None:
        note.position = _stored(position)
        note.original, note.line_code = dict(note.position), placed.line_code
        if position["head_sha"] != request.head:
            world.follow(request, note, request.versions[0])
        note.suggestions = _suggestions(world, request, note)
    return _add(world, request, Discussion(_id(note), [note]), note)


def comment(world: World, request: MergeRequest, user: User, body: str, *, internal: bool = False) -> Note:
    """A plain comment, which nobody has to resolve.

    Raises:
        RefusalError: as GitLab would.
    """
    note = _new(world, request, user, body, None)
    note.internal = internal
    _add(world, request, Discussion(_id(note), [note], individual=True), note)
    return note


def reply(world: World, request: MergeRequest, user: User, thread: Discussion, body: str) -> Note:
    """An answer in a thread; a plain comment that is answered becomes one.

    Raises:
        RefusalError: as GitLab would.
    """
    first = thread.notes[0]
    if first.system:
        raise bad_request("Discussion can not be replied to.")
    if world.replies_need_their_line and first.outdated:
        raise positions.NoSuchLineError
    note = _new(world, request, user, body, "DiffNote" if first.type == "DiffNote" else "DiscussionNote")
    note.resolvable = True
    note.position, note.original, note.line_code = first.position, first.original, first.line_code
    note.outdated = first.outdated
    if thread.individual:
        thread.individual, first.type, first.resolvable = False, "DiscussionNote", True
    thread.notes.append(note)
    _told(world, request, note)
    return note


def edit(world: World, request: MergeRequest, user: User, note: Note, body: str) -> None:
    """Another body for a comment. Quick actions are done from it, too.

    Raises:
        RefusalError: as GitLab would.
    """
    _may_change(request, user, note)
    note.body = _written(world, request, user, body)
    note.updated = world.moment()
    if note.position is not None:
        note.suggestions = _suggestions(world, request, note)
    world.emit("note", request, user, note=note, action="update")


def delete(world: World, request: MergeRequest, user: User, note: Note) -> None:
    """Remove a comment, and its thread with the last one.

    Raises:
        RefusalError: the user may not.
    """
    _may_change(request, user, note)
    thread = thread_of(request, note)
    thread.notes.remove(note)
    if not thread.notes:
        request.discussions.remove(thread)


def resolve(world: World, request: MergeRequest, user: User, thread: Discussion, done: bool) -> None:
    """Resolve a thread, or open it again.

    Raises:
        RefusalError: it is not resolvable, or the user is neither a Developer nor the author of the change.
    """
    if not may_resolve(request, user, thread):
        raise forbidden()
    set_resolved(world, user, thread, done)
    if done:
        all_resolved(world, request, user)


def all_resolved(world: World, request: MergeRequest, user: User) -> None:
    """Whoever takes part is told once that nothing is left to be resolved."""
    if all(each.resolved for each in request.discussions if each.resolvable):
        world.notifications.append((user.username, 0))


def may_resolve(request: MergeRequest, user: User, thread: Discussion) -> bool:
    """Whether a user may resolve a thread: Developers and the author of the change."""
    return thread.resolvable and (request.project.level(user) >= DEVELOPER or user is request.author)


def set_resolved(world: World, user: User, thread: Discussion, done: bool) -> None:
    """Resolve a thread or open it, without a question."""
    when = world.moment()
    for note in thread.notes:
        if note.resolvable:
            note.resolved_by, note.resolved_at = (user, note.resolved_at or when) if done else (None, None)


def apply(world: World, user: User, number: int) -> str:
    """Apply a suggestion: a commit by whoever suggested it, and the thread is resolved. The commit.

    Raises:
        RefusalError: there is none, it cannot be applied, or the user may not.
    """
    for request in world.merge_requests:
        for note in request.notes:
            found = next((each for each in note.suggestions if each.id == number), None)
            if found is None:
                continue
            if request.source.level(user) < DEVELOPER and user is not request.author:
                raise forbidden()
            if not found.appliable or found.applied or note.outdated:
                raise RefusalError(400, "A suggestion is not applicable.")
            return _apply(world, request, user, note, found)
    raise not_found("Suggestion")


def _apply(world: World, request: MergeRequest, user: User, note: Note, found: Suggestion) -> str:
    content = request.project.repository.read(request.head, found.path) or b""
    lines = content.split(b"\n")
    replaced = b"\n".join(lines[found.first - 1 : found.last]).decode() + "\n"
    if replaced.rstrip("\n") != found.old.rstrip("\n"):
        raise RefusalError(400, "A suggestion is not applicable.")
    new = [line.encode() for line in found.new.removesuffix("\n").split("\n")] if found.new else []
    lines[found.first - 1 : found.last] = new
    author = f"{note.author.name} <{note.author.username}@users.noreply.example.org>"
    found.applied = True
    commit = world.push(
        request.source,
        request.source_branch,
        {found.path: b"\n".join(lines)},
        "Apply 1 suggestion(s) to 1 file(s)",
        author=author,
        by=user,
    )
    thread = thread_of(request, note)
    if not thread.resolved:
        resolve(world, request, user, thread, True)
    return commit


def thread_of(request: MergeRequest, note: Note) -> Discussion:
    """The thread that a comment is in."""
    return next(each for each in request.discussions if note in each.notes)


def find_thread(request: MergeRequest, number: str) -> Discussion:
    """The thread of an id.

    Raises:
        RefusalError: there is none.
    """
    for each in request.discussions:
        if each.id == number:
            return each
    raise not_found("Discussion")


def find_note(request: MergeRequest, number: str) -> Note:
    """The comment of an id.

    Raises:
        RefusalError: there is none.
    """
    for each in request.notes:
        if str(each.id) == number:
            return each
    raise RefusalError(404, "404 Not found")


def _may_change(request: MergeRequest, user: User, note: Note) -> None:
    if note.author is not user and request.project.level(user) < MAINTAINER:
        raise forbidden()


def _new(world: World, request: MergeRequest, user: User, body: str, kind: str | None) -> Note:
    if request.locked and request.project.level(user) == 0:
        raise forbidden()
    if world.throttled():
        error = "This endpoint has been requested too many times. Try again later."
        raise RefusalError(429, {"message": {"error": error}}, {"Retry-After": str(world.retry_after)})
    if next(islice((note for note in request.notes if not note.system), world.most_notes - 1, None), None):
        raise bad_note(base=["Maximum number of comments exceeded"])
    text = _written(world, request, user, body)
    when = world.moment()
    return Note(world.ids.next(), user, text, when, when, kind)


def _written(world: World, request: MergeRequest, user: User, body: str) -> str:
    """What is kept of a body after its quick actions were done."""
    if not body.strip():
        raise bad_note(note=["can't be blank"])
    if len(body) > world.longest_note:
        raise bad_note(note=[f"is too long (maximum is {world.longest_note} characters)"])
    kept, done = quickactions.execute(request, user, body)
    world.executed += done
    if not kept:
        raise bad_request("Note {}")
    return kept


def _add(world: World, request: MergeRequest, thread: Discussion, note: Note) -> Discussion:
    request.discussions.append(thread)
    _told(world, request, note)
    return thread


def _told(world: World, request: MergeRequest, note: Note) -> None:
    world.notifications.append((note.author.username, 1))
    world.emit("note", request, note.author, note=note, action="create")


def _id(note: Note) -> str:
    return hashlib.sha1(str(note.id).encode(), usedforsecurity=False).hexdigest()


def _stored(position: Json) -> Json:
    names = ("base_sha", "start_sha", "head_sha", "old_path", "new_path", "position_type", "old_line", "new_line")
    return {name: position.get(name) for name in (*names, "line_range")}


def _suggestions(world: World, request: MergeRequest, note: Note) -> list[Suggestion]:
    assert note.position is not None
    line = note.position["new_line"]
    found = suggestions.proposed(note.body)
    if not found or line is None:
        world.violations += [f"note {note.id} suggests something for a line that is gone"] if found else []
        return []
    path = note.position["new_path"]
    content = (request.project.repository.read(note.position["head_sha"], path) or b"").decode("utf-8", "replace")
    lines = content.removesuffix("\n").split("\n")
    made = []
    for each in found:
        first, last = int(line) - each.above, int(line) + each.below
        inside = first >= 1 and last <= len(lines) and max(each.above, each.below) <= suggestions.MOST_CONTEXT
        if not inside:
            world.violations.append(f"the suggestion in note {note.id} reaches {first} to {last} of {len(lines)} lines")
        old = "".join(f"{text}\n" for text in lines[max(first, 1) - 1 : last])
        appliable = inside and old != each.text
        made.append(Suggestion(world.ids.next(), path, first, last, old, each.text, appliable))
    return made
