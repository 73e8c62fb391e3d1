"""Which findings of models mean one defect that was seen from several angles.

Within an angle the vote has told defects apart already, so two findings of one angle never meet here. Those of
different angles do where they stand on the same lines of one function, at least in part, and say the same, by the
likeness that groups the claims of one angle. Whoever looks for something else is likelier to have found something else,
so more is asked for than within an angle: two that stay two are read twice, and of two that became one, one is hidden.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.vote.finding import Finding
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.linkage import linked
from codedesigner.vote.remark import Remark
from codedesigner.vote.standing import MODEL
from codedesigner.vote.wording import skeleton

ALIKE = 0.55
"""The mean likeness from which on two are one: well over what groups claims of one angle (`fitted.THRESHOLD`)."""


def same_defects(findings: Sequence[Finding], likeness: Likeness = SHIPPED) -> tuple[tuple[int, ...], ...]:
    """Groups of at least two indexes of `findings`, each of different kinds, that mean one defect."""
    places: dict[object, list[int]] = defaultdict(list)
    for index, finding in enumerate(findings):
        if finding.kind.startswith(MODEL):
            places[finding.path, finding.side, finding.function].append(index)
    found: list[tuple[int, ...]] = []
    for members in places.values():
        ordered = sorted(members, key=lambda index: _order(findings[index]))
        parts = _parts([findings[index] for index in ordered], likeness)
        found += [tuple(sorted(ordered[at] for at in part)) for part in parts if len(part) > 1]
    return tuple(sorted(found))


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.line, finding.end_line, finding.kind, finding.column, finding.fingerprint, finding.body


@dataclass(frozen=True, slots=True)
class _Seen:
    """Findings that may be one defect: the angles they are seen from, and the lines that all of them stand on."""

    kinds: frozenset[str]
    first: int
    last: int

    def joined(self, other: _Seen) -> _Seen | None:
        """That of both together; None where they cannot be one."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        if first > last or not self.kinds.isdisjoint(other.kinds):
            return None
        return _Seen(self.kinds | other.kinds, first, last)


def _parts(findings: Sequence[Finding], likeness: Likeness) -> list[list[int]]:
    """The findings of one function, in order, in groups."""
    seen = [_Seen(frozenset({one.kind}), one.line, max(one.line, one.end_line)) for one in findings]
    said = [_said(one) for one in findings]
    owners = [index for index, texts in enumerate(said) for _ in texts]
    texts = [text for each in said for text in each]
    shapes = [skeleton(text) for text in texts]

    def comparable(one: int, other: int) -> bool:
        of_two_names = shapes[one][0] == shapes[other][0] and shapes[one][1] != shapes[other][1]
        return not of_two_names and seen[owners[one]].joined(seen[owners[other]]) is not None

    remarks = [_remark(at, findings[owner], text) for at, (owner, text) in enumerate(zip(owners, texts, strict=True))]
    means: dict[tuple[int, int], float] = defaultdict(float)
    for one, other in sorted(likeness.pairs(remarks, comparable)):
        mine, theirs = sorted((owners[one], owners[other]))
        # Each pair by itself: beside many that say the same, none stands out as being like another.
        alone = likeness.pairs([remarks[one], remarks[other]], _any)
        means[mine, theirs] += alone.get((0, 1), 0.0) / len(said[mine]) / len(said[theirs])
    return linked(seen, means, ALIKE)


def _any(_one: int, _other: int) -> bool:
    return True


def _remark(at: int, finding: Finding, text: str) -> Remark:
    place = finding.function or finding.path
    return Remark(str(at), finding.kind, text, place, finding.line, finding.end_line, finding.kind)


def _said(finding: Finding) -> list[str]:
    """The words of all who claim it, each once; vectors are known by the words as they were said."""
    said = [proposal.issue.message for proposal in finding.proposals] or [finding.body or finding.title]
    once: dict[str, str] = {}
    for text in sorted(said):
        once.setdefault(" ".join(text.split()), text)
    return list(once.values())
