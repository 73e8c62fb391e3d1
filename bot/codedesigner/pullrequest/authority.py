"""Who may command, how often, and about which commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codedesigner.config.settings import OnForge
from codedesigner.errors import ForgeError
from codedesigner.event.command import Typed, typed, wrong_argument
from codedesigner.event.model import Command
from codedesigner.publish.discussion import Account, Comment, Discussion, PullRequest, may_write
from codedesigner.publish.forge.remembered import NoticeMark, SummaryMark
from codedesigner.publish.ports import ForgeReader
from codedesigner.pullrequest.decisions import every_comment
from codedesigner.pullrequest.standing import Stand

Word = Literal["yes", "no", "unknown"]

Weight = Literal["calls", "decision", "words"]
"""Calls of models; a decision, or what is known already; or help, also for what is no command."""

HOUR_S = 3_600.0
MOST_OTHERS: Mapping[Weight, int] = {"decision": 60, "words": 5}
"""Of what costs nothing one person gets so much in an hour, so that no loop of two programs is without end."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Whether somebody may; `reason` says why not."""

    word: Word
    reason: str = ""


async def authority(forge: ForgeReader, account: Account, command: Command | None, policy: OnForge) -> Authority:
    """Whether the account may give the command. What cannot be asked is not granted."""
    try:
        permission = await forge.permission(account)
    except ForgeError as error:
        return Authority("unknown", f"your permission could not be asked: {error.message}")
    if may_write(permission):
        return Authority("yes")
    if permission == "triage" and command == "recheck" and policy.triage_may_recheck:
        return Authority("yes")
    return Authority("no", f"this takes permission to write, and yours is `{permission}`")


def weight_of(said: Typed) -> Weight:
    """What it takes to do what was typed."""
    if said.command in (None, "help") or wrong_argument(said.command, said.argument) is not None:
        return "words"
    return "calls" if said.command == "recheck" else "decision"


def most_of(weight: Weight, policy: OnForge) -> int:
    """How much of that one person gets in an hour."""
    return policy.commands_per_hour if weight == "calls" else MOST_OTHERS[weight]


def commands_before(stand: Stand, comment: Comment, weight: Weight) -> int:
    """How many commands of that weight the author of `comment` gave in the hour before it.

    Questions that were answered took calls of models, too.
    """
    said = [typed(one.body) for one in _before(stand.discussion, comment)]
    asked = answers_before(stand, comment) if weight == "calls" else 0
    return asked + sum(one is not None and weight_of(one) == weight for one in said)


def answers_before(stand: Stand, comment: Comment) -> int:
    """How many questions of its author in the hour before `comment` were answered."""
    before = {one.id for one in _before(stand.discussion, comment)}
    return sum(one.to == "question" and one.comment in before for one in stand.remembered.replies)


def _before(discussion: Discussion, comment: Comment) -> list[Comment]:
    return [
        one
        for one in every_comment(discussion)
        if one.author.id == comment.author.id
        and one.id != comment.id
        and comment.created - HOUR_S < one.created <= comment.created
    ]


async def known_before(forge: ForgeReader, pull: PullRequest, stand: Stand, when: float) -> bool:
    """Whether the head was there when the command was typed: whoever types one means what he saw.

    The forge's own word for it counts, or a comment of ours about that head that is older than the command.
    """
    arrived = await forge.arrived(pull)
    if arrived is not None:
        return arrived <= when
    for comment in (*every_comment(stand.discussion), *stand.discussion.reviews):
        heads = [one.head for one in stand.signer.read(comment, stand.me) if isinstance(one, SummaryMark | NoticeMark)]
        if pull.head in heads and not comment.edited and comment.created <= when:
            return True
    threads = stand.discussion.threads
    return any(one.head == pull.head and one.comments[0].created <= when for one in threads if one.comments)
