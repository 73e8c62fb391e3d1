"""Which findings of a report are known on the pull request: their numbers, which stay, and the comments about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.change.model import Change, FileChange
from codedesigner.publish.duplicates import renamed
from codedesigner.publish.forge.identity import Moves, identity_of, match
from codedesigner.publish.forge.recall import Posted, Remembered
from codedesigner.publish.forge.remembered import DecisionMark, Identity
from codedesigner.publish.plain import shown
from codedesigner.publish.report import FindingReport, Report
from codedesigner.vote.finding import Disposition, Finding

DISMISSED = "dismissed by"
"""How the reason begins of what a person dismissed where the change is discussed."""

# What people see, or have seen and decided about; the others have a number in one report only.
TOLD: frozenset[Disposition] = frozenset({"posted", "undecided", "capped", "suppressed"})


@dataclass(frozen=True, slots=True)
class Recognised:
    """A report whose findings have the numbers that they have on the pull request.

    By id: what is kept of each finding that is told, the comments that stand about findings, the dismissals, and the
    head on which each that is known was `first` reported. `gone` are comments about what the report no longer has;
    `new` are those that were first reported on this head, by this run or an earlier one; `next` is the first number
    that nothing has.
    """

    report: Report
    identities: Mapping[str, Identity]
    posted: Mapping[str, Posted]
    dismissed: Mapping[str, DecisionMark]
    gone: tuple[Posted, ...]
    new: frozenset[str]
    first: Mapping[str, str]
    next: int
    moves: Moves


@dataclass(frozen=True, slots=True)
class _Known:
    """Something that has a number already."""

    number: int
    identity: Identity
    posted: Posted | None = None
    head: str = ""

    @property
    def key(self) -> str:
        """A name of its own: two like findings may have had one fingerprint, one after the other."""
        return f"comment {self.posted.comment.id}" if self.posted is not None else f"number {self.number}"

    @property
    def ended(self) -> bool:
        """Whether it was fixed or withdrawn. What was dismissed may well be there."""
        return self.posted is not None and self.posted.mark.status in ("fixed", "withdrawn")


def moves_of(files: Sequence[FileChange], *, rebased: bool = True) -> Moves:
    """What the change says about names, and the lines of its new sides.

    `rebased`: it starts from another commit than it did when it was last looked at.
    """
    return Moves(
        renamed={
            shown(file.old_path): shown(file.path) for file in files if file.old_path and file.status == "renamed"
        },
        # A deleted file is part of the change and of nothing else: what was in it may be in one that is new.
        present=frozenset(shown(file.path) for file in files if file.status != "deleted"),
        fresh=frozenset(shown(file.path) for file in files if file.status in ("added", "renamed", "copied")),
        lines={shown(file.path): file.new_lines for file in files},
        added={shown(file.path): [line.text for line in file.changed_lines("RIGHT")] for file in files},
        gone=frozenset(shown(file.path) for file in files if file.status == "deleted"),
        rebased=rebased,
    )


def recognise(report: Report, remembered: Remembered, files: Sequence[FileChange]) -> Recognised:
    """The report with the numbers that its findings have on the pull request.

    A finding that was told before keeps its number; a new one takes the next, and no number is given twice. Those that
    are only listed, as rejected claims are, take numbers behind all of these.
    """
    moves = moves_of(files, rebased=remembered.state.base != report.change.base)
    known = _known(remembered)
    told = [index for index, one in enumerate(report.findings) if one.disposition in TOLD]
    rest = [index for index, one in enumerate(report.findings) if one.disposition not in TOLD]
    by_id = {one.id: one for one in report.findings}
    identities = [identity_of(one, [by_id[each.id] for each in one.also]) for one in report.findings]
    found: dict[int, _Known] = {}
    # What stands goes before what has ended, and what is told before what is only listed.
    live = [one for one in known if not one.ended]
    for indexes, among, follow in ((told, live, True), (told, known, False), (rest, known, False)):
        taken = {one.key for one in found.values()}
        left = [one for one in among if one.key not in taken]
        open_ones = [index for index in indexes if index not in found]
        pairs = _alike([one.identity for one in left], [identities[index] for index in open_ones], moves, follow=follow)
        found |= {open_ones[now]: left[was] for now, was in pairs.items()}
    numbers, following = _numbers(report.findings, told, rest, found, remembered)
    ids = [f"F{numbers[index]}" for index in range(len(report.findings))]
    matched = {ids[index]: one.posted for index, one in found.items()}
    standing = {one.key for one in found.values()}
    dismissals = {one.number: one for one in remembered.dismissals}
    return Recognised(
        report=_renumbered(report, ids),
        identities={ids[index]: identities[index] for index in told},
        posted={name: posted for name, posted in matched.items() if posted is not None},
        dismissed={name: dismissals[int(name[1:])] for name in ids if int(name[1:]) in dismissals},
        gone=tuple(one for one in remembered.posted if f"comment {one.comment.id}" not in standing),
        new=frozenset(ids[index] for index in told if _is_new(ids[index], found.get(index), report, remembered)),
        first={ids[index]: one.head for index, one in found.items() if one.head},
        next=following,
        moves=moves,
    )


def _alike(old: Sequence[Identity], new: Sequence[Identity], moves: Moves, *, follow: bool) -> dict[int, int]:
    """As `match`; what is known from one angle alone is the same as what stands for that angle, too.

    Which of them stands for all changes with what each angle says of the defect.
    """
    found = match(old, new, moves, follow=follow)
    olds = [(was, each) for was, one in enumerate(old) if was not in found.values() for each in one.all]
    news = [(now, each) for now, one in enumerate(new) if now not in found for each in one.all]
    if len(olds) == len(old) - len(found) and len(news) == len(new) - len(found):
        return found
    pairs = match([each for _, each in olds], [each for _, each in news], moves, follow=follow)
    for second, first in sorted(pairs.items()):
        now, was = news[second][0], olds[first][0]
        if now not in found and was not in found.values():
            found[now] = was
    return found


@dataclass(frozen=True, slots=True)
class Dismissed:
    """What people dismissed on a pull request. `others` are the findings that stand there and that nobody dismissed:
    what is one of them is no dismissed one that moved. `base` is where the change started when it was last reviewed.
    """

    decisions: tuple[DecisionMark, ...] = ()
    others: tuple[Identity, ...] = ()
    base: str = ""


NOTHING_DISMISSED = Dismissed()


def dismissed_in(remembered: Remembered) -> Dismissed:
    """What people dismissed, as our comments say it."""
    decisions = remembered.dismissals
    numbers = {one.number for one in decisions}
    others = [one.identity for one in _known(remembered) if not one.ended and one.number not in numbers]
    return Dismissed(decisions, tuple(others), remembered.state.base)


def dismissed_ones(findings: Iterable[Finding], dismissed: Dismissed, change: Change) -> tuple[Finding, ...]:
    """The findings; those that a person dismissed are suppressed, with who and why, wherever they have gone since.

    Who dismissed one that stood for others, seen from other angles, has dismissed them all, and none that came since.
    """
    given = tuple(findings)
    told = [index for index, one in enumerate(given) if one.disposition in ("posted", "undecided")]
    found = decisions_about([identity_of(given[index]) for index in told], dismissed, change)
    by = {told[index]: decision for index, decision in found.items()}
    return tuple(_dismissed(one, by[index]) if index in by else one for index, one in enumerate(given))


def decisions_about(identities: Sequence[Identity], dismissed: Dismissed, change: Change) -> dict[int, DecisionMark]:
    """Which of the findings people dismissed, by their indexes."""
    asked = [(one, each) for one in dismissed.decisions if one.identity is not None for each in one.identity.all]
    known = [*(identity for _, identity in asked), *(each for one in dismissed.others for each in one.all)]
    moves = moves_of(change.files, rebased=dismissed.base != change.base)
    pairs = match(known, identities, moves, follow=True)
    return {now: asked[was][0] for now, was in pairs.items() if was < len(asked)}


def _dismissed(finding: Finding, decision: DecisionMark) -> Finding:
    return replace(finding, disposition="suppressed", reason=why_dismissed(decision))


def why_dismissed(decision: DecisionMark) -> str:
    """Why a finding is suppressed that a person dismissed."""
    return f"{DISMISSED} {decision.login}: {decision.reason}"


def finding_named(recognised: Recognised, name: str) -> FindingReport | None:
    """The finding that people call `name`, as in `F3`; None where the report has none."""
    wanted = name.strip().upper()
    return next((one for one in recognised.report.findings if one.id == wanted), None)


def _known(remembered: Remembered) -> list[_Known]:
    """Everything that has a number, each once: by its comment, by the summary, or by a dismissal."""
    once = [_Known(one.mark.number, _where_it_is(one), one, one.mark.head) for one in remembered.posted]
    others = [_Known(one.number, one.identity, head=one.head) for one in remembered.state.unplaced]
    others += [_Known(one.number, one.identity) for one in remembered.dismissals if one.number and one.identity]
    # Of a number that two comments have, as two runs raced, neither is lost; what else has it is the same finding.
    for one in others:
        if all(other.number != one.number for other in once):
            once.append(one)
    return once


def _where_it_is(posted: Posted) -> Identity:
    """What is kept of a finding, on the line to which the forge has moved its comment since."""
    line = posted.thread.line if posted.thread is not None else None
    if line is None:
        return posted.mark.identity
    shift = line - posted.mark.identity.line
    also = [one.model_copy(update={"line": max(0, one.line + shift)}) for one in posted.mark.identity.also]
    return posted.mark.identity.model_copy(update={"line": line, "also": tuple(also)})


def _is_new(name: str, known: _Known | None, report: Report, remembered: Remembered) -> bool:
    if known is not None:
        return known.head == report.change.head
    return all(name != f"F{number}" for _, number in remembered.state.known)


def _numbers(
    findings: Sequence[FindingReport],
    told: Sequence[int],
    rest: Sequence[int],
    found: Mapping[int, _Known],
    remembered: Remembered,
) -> tuple[dict[int, int], int]:
    """The number of every finding, and the next one that is free for good."""
    before = dict(remembered.state.known)
    following = 1 + max(
        [
            remembered.state.next - 1,
            *before.values(),
            *(one.mark.number for one in (*remembered.posted, *remembered.twice)),
            *(one.number for one in remembered.state.unplaced),
            *(one.number or 0 for one in remembered.dismissals),
        ]
    )
    numbers: dict[int, int] = {}
    for index in sorted(found):
        if found[index].number not in numbers.values():
            numbers[index] = found[index].number
    for index in told:
        if index not in numbers:
            number = before.get(findings[index].fingerprint)
            if number is None or number in numbers.values():
                number, following = following, following + 1
            numbers[index] = number
    behind = following
    for index in rest:
        if index not in numbers:
            numbers[index], behind = behind, behind + 1
    return numbers, following


def _renumbered(report: Report, ids: Sequence[str]) -> Report:
    names = {finding.id: name for finding, name in zip(report.findings, ids, strict=True)}
    findings = tuple(_named(finding, names) for finding in report.findings)
    gate = report.gate.model_copy(update={"blocking": tuple(names[name] for name in report.gate.blocking)})
    return report.model_copy(update={"findings": findings, "gate": gate})


def _named(finding: FindingReport, names: Mapping[str, str]) -> FindingReport:
    also = tuple(one.model_copy(update={"id": names[one.id]}) for one in finding.also)
    changes: dict[str, object] = {"id": names[finding.id], "also": also}
    if finding.duplicate_of is not None:
        now = names[finding.duplicate_of]
        changes |= {"duplicate_of": now, "reason": renamed(finding.reason, finding.duplicate_of, now)}
    if finding.repaired_with is not None:
        changes["repaired_with"] = names[finding.repaired_with]
    return finding.model_copy(update=changes)
