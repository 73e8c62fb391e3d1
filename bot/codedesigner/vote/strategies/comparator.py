"""How alike two items are in meaning, and which items mean the same: what deduplication by meaning rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.remark import Remark
from codedesigner.vote.strategies.tally import key_of


@dataclass(frozen=True, slots=True)
class SemanticComparator:
    """Compares items by their words; `text_field` holds those of an item that is a mapping."""

    text_field: str = "description"
    likeness: Likeness = SHIPPED

    def compare(self, one: Any, other: Any) -> float:
        """How alike two items are (0..1); the same both ways, and 1 for the very same."""
        if key_of(one) == key_of(other):
            return 1.0
        first, second = sorted((one, other), key=key_of)
        remarks = [self.remark(0, "a", first), self.remark(1, "b", second)]
        if remarks[0].text.split() == remarks[1].text.split():
            return 1.0
        return self.likeness.pairs(remarks, lambda _one, _other: True).get((0, 1), 0.0)

    def cluster(self, items: Sequence[Any], threshold: float | None = None) -> list[list[Any]]:
        """Every item in exactly one group, those in it alike by at least `threshold` on average.

        The order of the items changes nothing but their order among equals.
        """
        ordered = sorted(items, key=key_of)
        remarks = [self.remark(number, f"{number}", item) for number, item in enumerate(ordered)]
        groups = grouped(remarks, self.likeness, threshold=threshold)
        return sorted(([ordered[int(member.id)] for member in group.members] for group in groups), key=key_of)

    def remark(self, number: int, location: str, item: Any) -> Remark:
        """An item as a remark; where it says in which file and line it stands, that counts, too."""
        named = item if isinstance(item, Mapping) else {}
        text, path, line = named.get(self.text_field), named.get("path"), named.get("line")
        return Remark(
            id=f"{number:08d}",
            reviewer=location,
            text=text if isinstance(text, str) else item if isinstance(item, str) else key_of(item),
            path=path if isinstance(path, str) else None,
            line=line if isinstance(line, int) and isinstance(path, str) else None,
        )
