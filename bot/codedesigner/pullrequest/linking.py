"""The issues that a pull request says it closes: which of them may say something about the change, and what they say.

A description is its author's framing, and so is an issue that anybody can open. An issue is a source only where all of
this holds by the forge's own word: it is of the same repository; everybody who sees the change may see it; whoever
wrote it, and whoever edited it since, may write to the repository; and none of them is the change's author. Nothing
else that a description names is read, and no address in it is followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from codedesigner.assembly.request import Prepared
from codedesigner.config.settings import OnForge, Settings
from codedesigner.errors import ForgeError, MissingError
from codedesigner.publish.discussion import Account, ForgeName, Issue, PullRequest
from codedesigner.publish.ports import ForgeReader
from codedesigner.pullrequest.authority import authority
from codedesigner.run.brief import LazyBriefs
from codedesigner.run.documents import prose
from codedesigner.run.knowledge import Entry, Part, one_line
from codedesigner.run.sources import Refused

MOST_ISSUES: Final = 3
MOST_LINES: Final = 4  # of an issue beside its title
_LONGEST_TEXT: Final = 20_000

OTHER = "it is of another repository"
ADDRESS = "addresses are not followed"
TOO_MANY = f"only the first {MOST_ISSUES} are read"
MISSING = "there is no such issue, or it may not be seen"
UNREAD = "it cannot be read"
RESTRICTED = "not everybody who sees the change may see it"
OWN = "the change's author wrote or edited it"
UNTOLD = "the forge does not tell who edited it"
OUTSIDER = "whoever wrote or edited it has no permission to write here"
UNASKED = "it cannot be asked what its authors may do"

_WORDS: Final[dict[ForgeName, str]] = {
    "github": r"close[sd]?|fix(?:e[sd])?|resolve[sd]?",
    "gitlab": r"clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?",
}
_REFERENCE: Final = (
    r"(?:(?:issues?\s+)?(?P<repo>[\w.-]{1,100}(?:/[\w.-]{1,100}){1,8})?#(?P<number>\d{1,9})\b"
    r"|(?P<url>https?://\S{1,500}))"
)
_FURTHER: Final = re.compile(rf"\s*(?:,|and|,\s*and)\s+{_REFERENCE}", re.IGNORECASE)
_ASIDE: Final = re.compile(  # comments that nobody sees, and code
    r"<!--.*?(?:-->|\Z)|^ {0,3}(`{3,}|~{3,}).*?(?:^ {0,3}\1|\Z)|`[^`\n]{1,200}`", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Linked:
    """What linked issues say, as parts of a brief. `trusted` are their numbers, `refused` the others, with reasons."""

    parts: tuple[Part, ...] = ()
    trusted: tuple[int, ...] = ()
    refused: tuple[Refused, ...] = ()


NO_ISSUES: Final = Linked()


def wants_issues(settings: Settings) -> bool:
    """Whether linked issues are read at all."""
    return settings.brief.issue and settings.brief.tokens > 0


async def with_issues(prepared: Prepared, forge: ForgeReader) -> Prepared:
    """The same with what linked issues say in every brief; briefs that were made before have it already."""
    request, pull = prepared.request, prepared.pull
    brief = request.brief
    if pull is None or not (isinstance(brief, LazyBriefs) and prepared.models and request.mode.enabled):
        return prepared
    if not wants_issues(request.settings):
        return prepared
    linked = await linked_issues(forge, pull)
    return replace(prepared, request=replace(request, brief=replace(brief, beside=linked.parts)))


async def linked_issues(forge: ForgeReader, pull: PullRequest) -> Linked:
    """What the issues say that the pull request closes. What cannot be asked is not trusted."""
    refused: dict[tuple[str, str], None] = {}
    numbers: dict[int, None] = {}
    for reference in references(pull, forge.kind):
        if isinstance(reference, int):
            numbers[reference] = None
        else:
            refused[reference] = None
    judge = _Judge(forge, pull)
    parts: list[Part] = []
    trusted: list[int] = []
    for at, number in enumerate(numbers):
        found = TOO_MANY if at >= MOST_ISSUES else await judge.issue(number)
        if isinstance(found, Issue):
            trusted.append(number)
            parts.append(_part(found))
        else:
            refused[f"#{number}", found] = None
    named = tuple(Refused("issue", reason, 1, (name,)) for name, reason in refused)
    return Linked(tuple(parts), tuple(trusted), named)


def references(pull: PullRequest, kind: ForgeName) -> Iterator[int | tuple[str, str]]:
    """The numbers of issues of this repository that title and description close; what else they close, and why not."""
    closing = re.compile(rf"(?<![\w-])(?:{_WORDS[kind]}):?\s+{_REFERENCE}", re.IGNORECASE)
    for text in (pull.title, pull.description):
        plain = _ASIDE.sub(" ", text[:_LONGEST_TEXT])
        for match in closing.finditer(plain):
            further: re.Match[str] | None = match
            while further is not None:
                yield _meant(further, pull)
                further = _FURTHER.match(plain, further.end()) if kind == "gitlab" else None


def _meant(match: re.Match[str], pull: PullRequest) -> int | tuple[str, str]:
    if match["url"]:
        return one_line(match["url"]), ADDRESS
    repo = match["repo"]
    if repo and repo.casefold() != pull.repo.casefold():
        return one_line(f"{repo}#{match['number']}"), OTHER
    return int(match["number"])


class _Judge:
    """Reads issues and asks about their authors, each once."""

    def __init__(self, forge: ForgeReader, pull: PullRequest) -> None:
        self._forge = forge
        self._pull = pull
        self._words: dict[str, str] = {}

    async def issue(self, number: int) -> Issue | str:
        """The issue, or why it is not trusted."""
        try:
            found = await self._forge.issue(number)
        except MissingError:
            return MISSING
        except ForgeError:
            return UNREAD
        if found.restricted:
            return RESTRICTED
        if found.editors is None:
            return UNTOLD
        people = (found.author, *found.editors)
        if self._pull.author.id in {one.id for one in people}:
            return OWN
        words = {await self._word(one) for one in people}
        return UNASKED if "unknown" in words else found if words == {"yes"} else OUTSIDER

    async def _word(self, account: Account) -> str:
        if not account.id:
            return "no"  # it was deleted
        if account.id not in self._words:
            self._words[account.id] = (await authority(self._forge, account, None, OnForge())).word
        return self._words[account.id]


def _part(issue: Issue) -> Part:
    """The issue as data: its title and its first lines of prose."""
    lines = (*prose(issue.title, 1), *prose(issue.body, MOST_LINES))
    entries = tuple(Entry(f"\u201c{line}\u201d", f"#{issue.number}, by somebody who may write here") for line in lines)
    return Part("issue that the change is to close", entries, "line")
