"""Same finding or not: which proposals mean one defect.

Proposals of one file meet when they are of the same kind and stand at the same place. Overlap of lines alone never
merges: two kinds on one line stay two findings. Where one location itself tells two defects of a kind apart on a
line (two undefined names in one call), they stay apart, and the other locations' proposals join the nearest of them.
What a model says has no kind but its angle: there the words tell, near each other, whatever line each model names.
Where its words mean what an analyser found there (`vote/meeting.py`), it is one finding, of the analyser's kind.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from codedesigner.angle.kinds import kind_of
from codedesigner.protocol.issue import Issue
from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.meeting import at_same_place, strength
from codedesigner.vote.remark import Remark
from codedesigner.vote.standing import MODEL

# Tools place one defect at the header, the argument or the body's first line of the same short statement.
NEAR_LINES = 2

_QUOTED = re.compile(r"[`'\"]([^`'\"\s]{1,80})[`'\"]")


@dataclass(frozen=True, slots=True)
class Proposal:
    """One location's claim."""

    location: str
    issue: Issue


@dataclass(frozen=True, slots=True)
class Cluster:
    """Proposals that mean one defect, at least one. `best` says it best, where only words could tell what is one."""

    kind: str
    proposals: tuple[Proposal, ...]
    best: Proposal | None = None

    @property
    def named(self) -> tuple[Proposal, ...]:
        """Those that name the kind themselves: all, but what models say of an analyser's finding in their words."""
        return tuple(proposal for proposal in self.proposals if proposal.issue.kind == self.kind)

    @property
    def line(self) -> int:
        """Where most of those who name the kind place it; the first line among equals."""
        lines = [proposal.issue.line for proposal in self.named]
        return min(sorted(set(lines)), key=lambda line: (-lines.count(line), line))

    @property
    def locations(self) -> frozenset[str]:
        """Who proposed it."""
        return frozenset(proposal.location for proposal in self.proposals)


PlaceOf = Callable[[int], object]
"""Line -> a token equal for lines of one statement; None where none is known."""


def cluster(
    proposals: Iterable[Proposal], *, statement_of: PlaceOf, function_of: PlaceOf, likeness: Likeness = SHIPPED
) -> tuple[Cluster, ...]:
    """The proposals of one file as clusters, by line and kind. Every proposal is in exactly one.

    `likeness` tells what models say of one place apart.
    """
    by_kind: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        by_kind[proposal.issue.kind].append(proposal)
    found: list[Cluster] = []
    said: list[Cluster] = []
    for kind, members in by_kind.items():
        if kind.startswith(MODEL):
            said.extend(_by_words(kind, members, function_of, likeness))
            continue
        for group in _places(kind, members, statement_of, function_of):
            found.extend(Cluster(kind, tuple(part)) for part in _told_apart(group))
    met = _met(sorted(found, key=_rank), sorted(said, key=_rank), statement_of, function_of)
    return tuple(sorted(met, key=_rank))


def _rank(item: Cluster) -> tuple[object, ...]:
    return (item.line, item.kind, _column(item), _order(item.proposals[0]))


def _met(
    found: Sequence[Cluster], said: Sequence[Cluster], statement_of: PlaceOf, function_of: PlaceOf
) -> list[Cluster]:
    """What models say joins what an analyser found at that place where it means that, the surest and nearest first.

    A location that names two lines means two defects, here as everywhere.
    """
    ways: list[tuple[int, int, int, int]] = []
    for one, analysed in enumerate(found):
        issues = [proposal.issue for proposal in analysed.proposals]
        for other, claimed in enumerate(said):
            near = [
                claim.issue
                for claim in claimed.proposals
                if any(at_same_place(claim.issue, issue, statement_of, function_of) for issue in issues)
            ]
            sure = max((strength(claim.message, issues) for claim in near), default=0)
            if sure:
                away = min(abs(claim.line - issue.line) for claim in near for issue in issues)
                ways.append((-sure, away, one, other))
    joined: dict[int, list[Proposal]] = defaultdict(list)
    gone: set[int] = set()
    for _, _, one, other in sorted(ways):
        lines = {member.location: member.issue.line for member in joined[one]}
        if other not in gone and all(
            lines.get(each.location, each.issue.line) == each.issue.line for each in said[other].proposals
        ):
            joined[one] += said[other].proposals
            gone.add(other)
    alone = [claimed for other, claimed in enumerate(said) if other not in gone]
    return alone + [replace(each, proposals=(*each.proposals, *joined[one])) for one, each in enumerate(found)]


def _by_words(kind: str, members: Sequence[Proposal], function_of: PlaceOf, likeness: Likeness) -> list[Cluster]:
    """Those of one function that say the same, perhaps in other words and of a line nearby."""
    ordered = sorted(members, key=_order)
    remarks = [_remark(str(index), one, str(function_of(one.issue.line))) for index, one in enumerate(ordered)]
    return [
        Cluster(
            kind,
            tuple(sorted((ordered[int(one.id)] for one in group.members), key=_order)),
            ordered[int(group.representative.id)],
        )
        for group in grouped(remarks, likeness)
    ]


def _remark(number: str, one: Proposal, function: str) -> Remark:
    said = one.issue
    return Remark(number, one.location, said.message, function, said.line, said.end_line, said.kind)


def _column(item: Cluster) -> int:
    return min((proposal.issue.column for proposal in item.proposals if proposal.issue.column), default=0)


def _order(proposal: Proposal) -> tuple[int, int, str, str, int, str]:
    issue = proposal.issue
    return (issue.line, issue.column, proposal.location, issue.rule, issue.end_line, issue.message)


def _places(
    kind: str, members: Sequence[Proposal], statement_of: PlaceOf, function_of: PlaceOf
) -> list[list[Proposal]]:
    scope = kind_of(kind).scope
    if scope != "line":
        by_place: dict[object, list[Proposal]] = defaultdict(list)
        for proposal in sorted(members, key=_order):
            by_place[function_of(proposal.issue.line) if scope == "function" else None].append(proposal)
        return list(by_place.values())
    groups: list[list[Proposal]] = []
    for proposal in sorted(members, key=_order):
        if groups and _same_place(groups[-1][0].issue, proposal.issue, statement_of):
            groups[-1].append(proposal)
        else:
            groups.append([proposal])
    return groups


def _same_place(first: Issue, other: Issue, statement_of: PlaceOf) -> bool:
    if first.line == other.line:
        return True
    statement = statement_of(first.line)
    if statement is not None and statement == statement_of(other.line):
        return True
    # `other` starts below `first`: near, and still inside what `first` points at.
    return other.line - first.line <= NEAR_LINES and other.line <= first.end_line


def _subject(issue: Issue) -> str | None:
    found = _QUOTED.search(issue.message)
    return None if found is None else found[1].rsplit(".", 1)[-1]


def _told_apart(group: Sequence[Proposal]) -> list[list[Proposal]]:
    """Split a place where one location reports several defects of the kind; the finest teller leads."""
    by_location: dict[str, list[Proposal]] = defaultdict(list)
    for proposal in group:
        seats = by_location[proposal.location]
        if all(_spot(seat.issue) != _spot(proposal.issue) for seat in seats):
            seats.append(proposal)
    leader = min(by_location, key=lambda location: (-len(by_location[location]), location))
    seats = by_location[leader]
    if len(seats) == 1:
        return [list(group)]
    parts: list[list[Proposal]] = [[] for _ in seats]
    for proposal in group:
        best = min(range(len(seats)), key=lambda seat: (*_distance(seats[seat].issue, proposal.issue), seat))
        parts[best].append(proposal)
    return [part for part in parts if part]


def _spot(issue: Issue) -> tuple[int, int, str | None]:
    return (issue.line, issue.column, _subject(issue))


def _distance(seat: Issue, issue: Issue) -> tuple[int, int, int]:
    mine, theirs = _subject(seat), _subject(issue)
    unlike = 0 if mine == theirs else 1 if mine is None or theirs is None else 2
    if unlike == 1 and mine is not None and re.search(rf"\b{re.escape(mine)}\b", issue.message):
        unlike = 0
    return (unlike, abs(seat.line - issue.line), abs(seat.column - issue.column))
