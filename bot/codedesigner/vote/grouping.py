"""Which remarks mean one defect: groups in a deterministic order, the same for every order of the input.

Average linkage: two groups meet where their members are alike on average, so that one bridge between two defects
does not join them. What stands at different places never meets, whatever it says, and what stands at one place meets
only where it says the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.vote.fitted import THRESHOLD
from codedesigner.vote.likeness import SHIPPED, Likeness, Pairs
from codedesigner.vote.linkage import linked
from codedesigner.vote.remark import Remark
from codedesigner.vote.standing import standing
from codedesigner.vote.wording import skeleton


@dataclass(frozen=True, slots=True)
class Group:
    """Remarks that mean one defect, at least one. `representative` is the member that says it best.

    That is the one most like the others, of a reviewer that said no more than others did: who has said several things
    in one group has perhaps meant several.
    """

    members: tuple[Remark, ...]
    representative: Remark

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who stands behind it, each once, in order of name."""
        return tuple(sorted({member.reviewer for member in self.members}))


def grouped(
    remarks: Sequence[Remark], likeness: Likeness = SHIPPED, *, threshold: float | None = None
) -> tuple[Group, ...]:
    """Every remark in exactly one group; groups and their members in order of place, then of words.

    `threshold` (0..1) is the mean likeness from which on two groups are one.
    """
    nodes = _repeated(remarks)
    first = [node[0] for node in nodes]
    places = [standing(node) for node in nodes]
    said = [skeleton(remark.text) for remark in first]

    def comparable(one: int, other: int) -> bool:
        of_two_names = said[one][0] == said[other][0] and said[one][1] != said[other][1]
        return not of_two_names and places[one].joined(places[other]) is not None

    pairs = likeness.pairs(first, comparable)
    parts = linked(places, pairs, THRESHOLD if threshold is None else threshold)
    return tuple(_group([nodes[index] for index in part], part, pairs) for part in parts)


def _repeated(remarks: Sequence[Remark]) -> list[list[Remark]]:
    """The remarks in order, those that say the same of the same place together."""
    nodes: dict[tuple[object, ...], list[Remark]] = defaultdict(list)
    for remark in sorted(remarks, key=_order):
        said = " ".join(remark.text.split())
        # Nothing said is nothing in common.
        nodes[said or remark.id, remark.path, remark.line, remark.end_line, remark.kind].append(remark)
    return list(nodes.values())


def _order(remark: Remark) -> tuple[str, int, int, str, str, str, str]:
    line, end_line = remark.line or 0, remark.end_line or 0
    return (remark.path or "", line, end_line, remark.text, remark.reviewer, remark.kind or "", remark.id)


def _group(nodes: Sequence[Sequence[Remark]], indices: Sequence[int], pairs: Pairs) -> Group:
    members = sorted((remark for node in nodes for remark in node), key=_order)
    support = [
        sum(
            pairs.get((min(index, other), max(index, other)), 0.0) * len(node)
            for other, node in zip(indices, nodes, strict=True)
        )
        + len(own)
        for index, own in zip(indices, nodes, strict=True)
    ]
    said = Counter(member.reviewer for member in members)
    fewest = [min(said[remark.reviewer] for remark in node) for node in nodes]

    def worth(place: int) -> tuple[float, ...]:
        return -fewest[place], round(support[place], 9), len(nodes[place][0].text), -place

    best = max(range(len(nodes)), key=worth)
    return Group(tuple(members), min(nodes[best], key=lambda remark: said[remark.reviewer]))
