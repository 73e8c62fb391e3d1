"""Which of the decisions that stand in our answers count: dismissals, overrides, on and off.

With a key its signature proves a decision. Without one other programs may write with the reviewer's account, and be
made to repeat what a stranger wants repeated; so then a decision counts only while the command that made it is still
there, as it was typed, by somebody who may write today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from codedesigner.errors import ForgeError
from codedesigner.event.command import dismissal, typed
from codedesigner.publish.discussion import Account, Comment, Discussion, may_write
from codedesigner.publish.forge.recall import Remembered
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.ports import ForgeReader


def every_comment(discussion: Discussion) -> Iterator[Comment]:
    """All comments, those of threads too."""
    yield from discussion.comments
    for thread in discussion.threads:
        yield from thread.comments


async def proved(
    forge: ForgeReader, remembered: Remembered, discussion: Discussion, *, signed: bool
) -> tuple[Remembered, tuple[DecisionMark, ...]]:
    """What is remembered, with the decisions that count alone; and those that do not."""
    if signed:
        return remembered, ()
    commands = {comment.id: comment for comment in every_comment(discussion)}
    trusted: dict[str, bool] = {}
    counting: list[DecisionMark] = []
    doubted: list[DecisionMark] = []
    for mark in remembered.decisions:
        comment = commands.get(mark.comment)
        sound = comment is not None and _typed_so(mark, comment)
        if sound and comment is not None:
            author = comment.author
            if author.id not in trusted:
                trusted[author.id] = await _may_write(forge, author)
            sound = trusted[author.id]
        (counting if sound else doubted).append(mark)
    return replace(remembered, decisions=tuple(counting)), tuple(doubted)


def _typed_so(mark: DecisionMark, comment: Comment) -> bool:
    """Whether the comment is the command that the mark says it was."""
    if comment.edited or not comment.author.id or comment.author.id != mark.by:
        return False
    found = typed(comment.body)
    if found is None or found.command != mark.what:
        return False
    if mark.what != "dismiss":
        return True
    said = dismissal(found.argument)
    return said is not None and said.finding == f"F{mark.number}"


async def _may_write(forge: ForgeReader, account: Account) -> bool:
    try:
        return may_write(await forge.permission(account))
    except ForgeError:
        return False
