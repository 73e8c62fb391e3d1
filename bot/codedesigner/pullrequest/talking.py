"""A question in one of the reviewer's threads, answered once, by the supervisor, to people only."""

from __future__ import annotations

from codedesigner.change.model import decode, split_lines
from codedesigner.event.model import QuestionAsked
from codedesigner.publish.discussion import Account, Comment, Discussion, Thread
from codedesigner.publish.forge.marks import split_marks
from codedesigner.publish.forge.recall import Posted
from codedesigner.publish.forge.remembered import ReplyMark
from codedesigner.publish.sanitise import prose
from codedesigner.pullrequest.answers import Question
from codedesigner.pullrequest.authority import commands_before
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.standing import Stand, standing_of

_AROUND = 40  # lines of code that are shown above and below the finding
_MARKS = "?？؟"


async def answer_question(desk: Desk, event: QuestionAsked) -> Ended:
    """Answer, if it is a question to us, and there is somebody to answer it.

    Raises:
        CodedesignerError: the forge cannot be read or written, or the supervisor is not configured as it has to be.
    """
    pull = await desk.forge.pull(event.number)
    stand = await standing_of(desk, pull)
    found = _place(stand.discussion, event)
    posted = None if found is None else _ours(found[1], stand)
    if found is None or posted is None:
        return Ended(0, ("the comment is gone, or not in a thread of a finding",))
    comment, thread = found
    policy = (await desk.reviewing.settings(pull)).forge
    why_not = _why_not(comment, thread, stand, event, answers=policy.answers, most=policy.answers_per_thread)
    if why_not is None and commands_before(stand, comment, "calls") >= policy.commands_per_hour:
        why_not = "its author has asked enough for this hour"
    if why_not is not None:
        return Ended(0, (why_not,))
    question = await _question(desk, pull.head, comment, thread, posted, stand.me)
    said = await desk.reviewing.answer(pull, question)
    if said is None:
        return Ended(0, ("there is no answer",))
    mark = ReplyMark(comment=comment.id, to="question", by=comment.author.id)
    body, key = stand.signer.ended(prose(desk.secrets.redact(said)), mark), stand.signer.mark(mark)
    await desk.forge.reply(pull, thread, body, key=key)
    return Ended(0, ("answered",))


def _place(discussion: Discussion, event: QuestionAsked) -> tuple[Comment, Thread] | None:
    for thread in discussion.threads:
        for comment in thread.comments[1:]:
            if comment.id == event.comment:
                return comment, thread
    return None


def _ours(thread: Thread, stand: Stand) -> Posted | None:
    remembered = stand.remembered
    return next(
        (one for one in (*remembered.posted, *remembered.twice) if one.thread and one.thread.id == thread.id), None
    )


def _why_not(
    comment: Comment, thread: Thread, stand: Stand, event: QuestionAsked, *, answers: bool, most: int
) -> str | None:
    if not answers:
        return "answers are switched off"
    if comment.author.id != event.author or comment.edited or comment.author.bot or comment.author.id == stand.me.id:
        return "only people are answered, and what they wrote themselves"
    if stand.remembered.replied(comment.id):
        return "it was answered already"
    if not any(mark in comment.body for mark in _MARKS):
        return "it is no question"
    if stand.remembered.answers(thread) >= most:
        return f"{most} questions were answered in this thread"
    return None


async def _question(desk: Desk, head: str, comment: Comment, thread: Thread, posted: Posted, me: Account) -> Question:
    """What was said up to the question; what came later does not belong to it."""
    path = thread.path
    data = await desk.forge.file_at(head, path)
    lines = [] if data is None else split_lines(decode(data))
    at = thread.line or posted.mark.identity.line
    first = max(1, min(at, len(lines)) - _AROUND)
    earlier = [one for one in thread.comments[1:] if one.id != comment.id and one.created <= comment.created]
    said = [("The reviewer" if one.author.id == me.id else "A person", one.body) for one in earlier]
    return Question(
        text=split_marks(comment.body)[0],
        finding=split_marks(posted.comment.body)[0],
        path=path,
        code="\n".join(lines[first - 1 : at + _AROUND]),
        first=first,
        earlier=[(who, split_marks(body)[0]) for who, body in said],
    )
