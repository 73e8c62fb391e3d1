"""The comment of one finding: as it is posted, and as it reads once the finding has ended."""

from __future__ import annotations

import re
from dataclasses import dataclass

from codedesigner.publish.discussion import NewThread
from codedesigner.publish.forge.identity import identity_of, same_but_for_lines
from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.marks import Signer, split_marks
from codedesigner.publish.forge.placing import Placed
from codedesigner.publish.forge.recall import Posted
from codedesigner.publish.forge.remembered import MOST_VOTES, FindingMark, Identity, Status, VoteKept
from codedesigner.publish.inputs import FailOn
from codedesigner.publish.limit import cap
from codedesigner.publish.markdown import quoted
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.plain import clipped, visible
from codedesigner.publish.report import FindingReport
from codedesigner.publish.sanitise import code, html, prose
from codedesigner.publish.secrets import redact
from codedesigner.publish.tally import ALONE, also_seen, tally
from codedesigner.severity import rank
from codedesigner.text import render as fill

LIMITS: dict[Forge, int] = {"github": 60_000, "gitlab": 1_000_000}
"""The most characters of a comment; `limit.cap` sees to bytes as well."""

_TITLE_LIMIT = 120
_WHY_LIMIT = 500
_WAS_LIMIT = 12_000
_SUGGESTION = re.compile(r"^(`{3,}|~{3,})suggestion(?::-\d+\+\d+)?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Page:
    """What all comments of one run on one pull request have in common.

    `head` is the commit that was reviewed, `blocking` the ids that block. `threads`: from which severity on a finding
    is a thread that has to be resolved, where the forge has other comments, too. `answers`: whether questions are
    answered.
    """

    forge: Forge
    links: Links
    signer: Signer
    head: str
    blocking: frozenset[str] = frozenset()
    threads: FailOn = "low"
    answers: bool = True

    @property
    def limit(self) -> int:
        """The most characters of a comment."""
        return LIMITS[self.forge]

    def commit(self, sha: str) -> str:
        """A commit by its first digits, as a link."""
        return f"[{code(sha[:7])}]({self.links.commit(sha)})"

    def is_thread(self, finding: FindingReport) -> bool:
        """Whether the finding has to be resolved before merging, where the project demands that of threads."""
        if self.forge == "github" or finding.id in self.blocking:
            return True
        return self.threads != "never" and rank(finding.severity) >= rank(self.threads)


def mark_of(
    finding: FindingReport,
    page: Page,
    posted: Posted | None = None,
    *,
    back: str = "",
    identity: Identity | None = None,
) -> FindingMark:
    """What the comment of a finding has to remember; `identity` is known where the finding stands for others, too.

    Of one that stands, the commit stays on which it was first reported, and so does its line: the forge knows where the
    comment is by now, and lines that only moved are no reason to write.
    """
    identity = identity or identity_of(finding)
    if posted is not None and same_but_for_lines(posted.mark.identity, identity):
        identity = posted.mark.identity
    order = {"yes": 0, "no": 1, "abstain": 2}
    votes = sorted(finding.ballots, key=lambda ballot: order[ballot.vote])
    return FindingMark(
        number=int(finding.id[1:]),
        identity=identity,
        title=clipped(visible(redact(finding.title)), _TITLE_LIMIT),
        angle=finding.angle[:200],
        severity=finding.severity,
        votes=tuple(VoteKept(location=one.location[:200], vote=one.vote, how=one.how) for one in votes[:MOST_VOTES]),
        head=posted.mark.head if posted is not None else page.head,
        back=back or (posted.mark.back if posted is not None else ""),
    )


def new_thread(placed: Placed, page: Page, identity: Identity | None = None) -> NewThread:
    """The comment of a finding that has none, for its place."""
    assert placed.place is not None  # noqa: S101 -- what has no place is in the summary
    mark = mark_of(placed.finding, page, identity=identity)
    body = finding_body(placed, page, mark)
    return NewThread(placed.place, body, page.signer.mark(mark), page.is_thread(placed.finding))


def finding_body(placed: Placed, page: Page, mark: FindingMark, *, inline: bool = True, moved: bool = False) -> str:
    """The comment of a finding with its mark. `inline`: it stands on its lines, and need not name them.

    `moved`: it stands where the code was that is elsewhere now.
    """
    finding, votes = placed.finding, tally(placed.finding)
    said = (("yes", votes.yes), ("no", votes.no), ("abstained", votes.abstained))
    text = fill(
        "pull_finding.md.j2",
        {
            "id": finding.id,
            "severity": finding.severity,
            "title": prose(finding.title, cell=True),
            "blocks": finding.id in page.blocking,
            "fraction": votes.fraction,
            "agreement": f"{finding.agreement:.2f}",
            "by": (f", {ALONE}" if votes.alone else "")
            + (", decided by the supervisor" if finding.decided == "supervisor" else ""),
            "votes": " · ".join(
                f"{word}: {', '.join(prose(name, cell=True) for name in names)}" for word, names in said if names
            ),
            "also": prose(also_seen(finding), cell=True),
            "back": page.commit(mark.back) if mark.back else "",
            "moved": place_link(finding, page.links) if moved else "",
            "undecided": prose(finding.reason, cell=True) if finding.disposition == "undecided" else "",
            "where": _where(placed, page, inline=moved or (inline and page.is_thread(finding))),
            "body": "" if finding.body.strip() == finding.title.strip() else prose(finding.body),
            "suggestion": placed.suggestion.markdown if placed.suggestion is not None else "",
            "repaired_with": finding.repaired_with or "",
            "kind": html(finding.kind),
            "function": html(finding.function) if finding.function else "",
            "angle": html(finding.angle),
            "source": quoted(finding, (), numbered=False),
            "answers": page.answers,
        },
    )
    return _marked(text, page, mark)


def _where(placed: Placed, page: Page, *, inline: bool) -> str:
    """The finding's lines, where the comment does not stand on them all."""
    if inline:
        return f"{prose(placed.reason, cell=True)}." if placed.reason else ""
    return f"{place_link(placed.finding, page.links)}."


def place_link(finding: FindingReport, links: Links, *, cell: bool = False) -> str:
    """Path and line of a finding, as a link to the file at the commit that has them."""
    name = f"{finding.path}:{finding.line}" if finding.line else finding.path
    removed = " (removed)" if finding.side == "LEFT" else ""
    return f"[{code(name, cell=cell)}]({links.blob(finding)}){removed}"


def ended_body(
    posted: Posted, page: Page, status: Status, what: str, why: str = "", *, identity: Identity | None = None
) -> str:
    """The comment of a finding that is one no longer, with what it said folded away.

    `what` is a few words of Markdown, `why` plain text. A suggestion that it held can no longer be applied. `identity`
    is what is to be kept of the finding where that is not what was.
    """
    was = split_marks(posted.comment.body)[0]
    if posted.mark.status != "open":
        was = ""
    kept = "\n".join(line for line in was.split("\n") if not line.startswith("<sub>")).strip("\n")
    mark = posted.mark.model_copy(
        update={
            "status": status,
            "ended": page.head,
            "why": clipped(visible(redact(why)), _WHY_LIMIT),
            "identity": identity or posted.mark.identity,
        }
    )
    text = fill(
        "pull_ended.md.j2",
        {
            "what": what,
            "id": f"F{mark.number}",
            "severity": mark.severity,
            "title": prose(mark.title, cell=True),
            "why": prose(why, cell=True),
            "was": cap(_SUGGESTION.sub(r"\1text", kept), _WAS_LIMIT),
        },
    )
    return _marked(text, page, mark)


def _marked(text: str, page: Page, mark: FindingMark) -> str:
    return page.signer.ended(cap(text, page.limit - len(page.signer.mark(mark)) - 2), mark)


def same_body(one: str, other: str) -> bool:
    """Whether two bodies are the same to a reader and to us, however the forge keeps line ends."""
    return _plain(one) == _plain(other)


def _plain(body: str) -> list[str]:
    return [line.rstrip() for line in body.replace("\r\n", "\n").strip().split("\n")]
