"""Whether texts that mean the same are taken for the same."""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.evaluation.dataset import PairedTexts
from codedesigner.evaluation.evaluate import quality
from codedesigner.evaluation.protocol import Resampling, figures
from codedesigner.evaluation.result import PairsResult
from codedesigner.evaluation.scoring import Counts
from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.remark import Remark


def paired(entries: Sequence[PairedTexts], resampling: Resampling) -> tuple[PairsResult, ...]:
    """How well the product tells pairs apart, without and with those that probably differ."""
    counts = [pair_counts(one) for one in entries]
    return (
        PairsResult(against="different", quality=quality(figures([sure for sure, _ in counts], resampling))),
        PairsResult(
            against="different and probably different",
            quality=quality(figures([every for _, every in counts], resampling)),
        ),
    )


def pair_counts(
    entry: PairedTexts, likeness: Likeness = SHIPPED, *, threshold: float | None = None
) -> tuple[Counts, Counts]:
    """The counts of one pull request, without and with the pairs that probably differ."""
    # What a name says before its last `#` is who wrote the text.
    remarks = [Remark(name, name.rpartition("#")[0] or name, text) for name, text in entry.texts.items()]
    groups = grouped(remarks, likeness, threshold=threshold)
    place = {member.id: number for number, group in enumerate(groups) for member in group.members}

    def taken(pairs: Sequence[tuple[str, str]]) -> int:
        return sum(place[one] == place[other] for one, other in pairs)

    same, wrong = taken(entry.same), taken(entry.different)
    missed, probably = len(entry.same) - same, taken(entry.probably_different)
    return Counts(same, wrong, missed), Counts(same, wrong + probably, missed)
