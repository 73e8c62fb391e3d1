"""A command in a comment: found, authorised, obeyed once, answered once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from codedesigner.config.settings import OnForge
from codedesigner.errors import CodedesignerError, ForgeError
from codedesigner.event.command import Typed, dismissal, wrong_argument
from codedesigner.event.model import Command, CommandIssued
from codedesigner.publish.discussion import Account, Comment, Discussion, PullRequest, Reaction, Thread
from codedesigner.publish.forge.remembered import Content, DecisionMark, NoticeMark, ReplyMark
from codedesigner.publish.sanitise import code, prose
from codedesigner.pullrequest.authority import Weight, authority, commands_before, known_before, most_of, weight_of
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.explaining import explained, finding_named
from codedesigner.pullrequest.planned import plan_of
from codedesigner.pullrequest.reviewing import review_pull
from codedesigner.pullrequest.standing import Stand, standing_of
from codedesigner.text import render

_MANY: Mapping[Weight, str] = {"calls": "reviews and questions", "decision": "commands", "words": "calls for help"}
_LONGEST_REASON = 500  # characters of a reason that are kept


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with all that is needed to obey it. `thread` is where it was typed, None outside the diff."""

    desk: Desk
    event: CommandIssued
    pull: PullRequest
    stand: Stand
    comment: Comment
    thread: Thread | None
    policy: OnForge

    @property
    def reply_mark(self) -> ReplyMark:
        """What finds the answer again."""
        return ReplyMark(comment=self.comment.id, to=self.event.command or "unknown", by=self.comment.author.id)

    async def answer(self, text: str, *more: Content) -> None:
        """Answer where the command was typed, once."""
        mark = self.reply_mark
        body, key = self.stand.signer.ended(text, mark, *more), self.stand.signer.mark(mark)
        if self.thread is None:
            await self.desk.forge.comment(self.pull, body, key=key)
        else:
            await self.desk.forge.reply(self.pull, self.thread, body, key=key)

    async def react(self, yes: bool | None) -> None:
        """Show that the command was read, obeyed or refused. That nobody may react is no reason not to obey."""
        reaction: Reaction = "seen" if yes is None else "yes" if yes else "no"
        try:
            await self.desk.forge.react(self.pull, self.comment, reaction, thread=self.thread)
        except ForgeError as error:
            self.desk.say(f"no reaction: {error.message}")


async def obey(desk: Desk, event: CommandIssued) -> Ended:
    """Do what a command says, if it is one, and its author may.

    Raises:
        ForgeError: the forge could not be read, or the answer could not be written.
    """
    pull = await desk.forge.pull(event.number)
    stand = await standing_of(desk, pull)
    found = _typed(stand.discussion, event, stand.me)
    if found is None:
        return Ended(0, ("the command is gone, was edited, or is not its author's",))
    comment, thread = found
    settings = await desk.reviewing.settings(pull)
    asked = Asked(desk, event, pull, stand, comment, thread, settings.forge)
    if stand.remembered.replied(comment.id):
        return await _again(asked)
    weight = weight_of(Typed(event.command, event.argument))
    before, most = commands_before(stand, comment, weight), most_of(weight, asked.policy)
    if before >= most:
        return await _too_many(asked, before, most, weight)
    may = await authority(desk.forge, comment.author, event.command, asked.policy)
    if may.word != "yes":
        await asked.react(yes=False)
        if may.word == "unknown":
            await asked.answer(f"Not done: {prose(may.reason)}.")
        return Ended(0, (f"{comment.author.login} was refused: {may.reason}",))
    await asked.react(yes=None)
    wrong = _wrong(event)
    if wrong is not None:
        await asked.react(yes=False)
        await asked.answer(_help(wrong))
        return Ended(0, (wrong,))
    return await _COMMANDS[event.command or "help"](asked)


def _typed(discussion: Discussion, event: CommandIssued, me: Account) -> tuple[Comment, Thread | None] | None:
    """The comment as it stands now: what is obeyed is what is still there, unedited, by the one who sent it."""
    places: list[tuple[Comment, Thread | None]] = [(comment, None) for comment in discussion.comments]
    places += [(comment, thread) for thread in discussion.threads for comment in thread.comments]
    for comment, thread in places:
        if comment.id == event.comment:
            sound = comment.author.id == event.author != me.id and not comment.edited and not comment.system
            return (comment, thread) if sound else None
    return None


async def _again(asked: Asked) -> Ended:
    """The event came again. A decision is recorded before anything follows from it, and that may be missing still."""
    if any(one.comment == asked.comment.id for one in asked.stand.remembered.decisions):
        return await review_pull(asked.desk, asked.pull, reuse="yes")
    return Ended(0, ("the command was answered already",))


async def _too_many(asked: Asked, before: int, most: int, weight: Weight) -> Ended:
    """Told once; whoever goes on is not answered, so that nobody can make the reviewer write without end."""
    what = _MANY[weight]
    if before == most:
        await asked.react(yes=False)
        await asked.answer(f"Not done: {most} {what} of yours in an hour are answered on one pull request.")
    return Ended(0, (f"more than {most} {what} of {asked.comment.author.login} in an hour",))


def _wrong(event: CommandIssued) -> str | None:
    if event.command is None:
        return f"There is no command {code(event.argument)}."
    return wrong_argument(event.command, event.argument)


def _help(wrong: str = "") -> str:
    return render("help.md.j2", {"wrong": wrong})


async def _done(asked: Asked, text: str, *more: Content) -> None:
    # The answer comes last: a run that dies before it is made good by the next, one that is answered is done with.
    await asked.react(yes=True)
    await asked.answer(text, *more)


async def _say_help(asked: Asked) -> Ended:
    await _done(asked, _help())
    return Ended(0)


async def _recheck(asked: Asked) -> Ended:
    pull, desk = asked.pull, asked.desk
    if not await known_before(desk.forge, pull, asked.stand, asked.comment.created):
        await asked.react(yes=False)
        text = (
            f"Not done: {code(pull.head[:12])} may not have been there yet when you typed this. "
            "If it is what you mean, type it again."
        )
        await asked.answer(text, NoticeMark(name="head", head=pull.head))
        return Ended(0, ("the head may have moved since the command",))
    full = asked.event.argument == "full"
    ended = await review_pull(desk, pull, full=full, reuse="no" if full else "complete")
    await _done(asked, _outcome(ended))
    return ended


def _outcome(ended: Ended) -> str:
    if ended.report is None:
        return "Nothing was reviewed: " + prose("; ".join(ended.notes) or "there was nothing to review") + "."
    usage, gate = ended.report.usage, ended.report.gate
    asked = f"{usage.model_calls:,} model calls, {usage.cached_calls:,} answers from store"
    return f"Reviewed {code(ended.report.change.head[:12])}: {prose(gate.title)} ({asked})."


def _decision(asked: Asked, **more: object) -> DecisionMark:
    author = asked.comment.author
    said = {
        "what": asked.event.command,
        "by": author.id,
        "login": author.login[:200],
        "reason": asked.event.argument[:_LONGEST_REASON],
        "at": asked.comment.created,
        "comment": asked.comment.id,
    }
    return DecisionMark.model_validate(said | more)


async def _decide_and_review(asked: Asked, text: str, mark: DecisionMark) -> Ended:
    """The decision is recorded before anything follows from it: a run that dies in between has not lost it."""
    await _done(asked, text, mark)
    return await review_pull(asked.desk, asked.pull, reuse="yes")


async def _switch(asked: Asked) -> Ended:
    word = asked.event.command
    text = "Reviews of this pull request are on." if word == "on" else "Reviews of this pull request are off."
    return await _decide_and_review(asked, text, _decision(asked))


async def _override(asked: Asked) -> Ended:
    pull = asked.pull
    text = f"The check of {code(pull.head[:12])} passes, overridden by {code(asked.comment.author.login)}."
    return await _decide_and_review(asked, text, _decision(asked, sha=pull.head))


async def _dismiss(asked: Asked) -> Ended:
    said = dismissal(asked.event.argument)
    known = None if said is None else finding_named(said.finding, asked.stand.remembered)
    if said is None or known is None:
        await asked.react(yes=False)
        await asked.answer(f"There is no finding {code(asked.event.argument.split(' ')[0])} on this pull request.")
        return Ended(0, ("there is no such finding",))
    mark = _decision(asked, number=known.number, identity=known.identity, reason=said.reason[:_LONGEST_REASON])
    place = code(f"{known.identity.path}:{known.identity.line}")
    return await _decide_and_review(asked, f"{said.finding} at {place} is dismissed.", mark)


async def _explain(asked: Asked) -> Ended:
    text = explained(asked.event.argument, asked.stand.remembered)
    if text is None:
        await asked.react(yes=False)
        await asked.answer(f"There is no finding {code(asked.event.argument)} on this pull request.")
        return Ended(0, ("there is no such finding",))
    await _done(asked, text)
    return Ended(0)


async def _plan(asked: Asked) -> Ended:
    try:
        text = await plan_of(asked.desk, asked.pull, asked.stand)
    except CodedesignerError as error:
        await asked.react(yes=False)
        await asked.answer(f"There is no plan: {prose(error.message)}.")
        return Ended(error.exit_code, (error.message,))
    await _done(asked, text)
    return Ended(0)


_COMMANDS: Mapping[Command, Callable[[Asked], Awaitable[Ended]]] = {
    "recheck": _recheck,
    "on": _switch,
    "off": _switch,
    "explain": _explain,
    "dismiss": _dismiss,
    "override": _override,
    "plan": _plan,
    "help": _say_help,
}
