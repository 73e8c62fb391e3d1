"""What a vote is worth where nothing was chosen: `blind_votes.py <reviews.json> <pairs.json> a,b,c ...`.

`codedesigner eval` learns bars and weights without the repository that it counts, but groups remarks as shipped, and
that was fitted to public reviews. Here one repository is left out of everything: likeness is fitted to the pairs of the
others, the threshold of grouping is the one that tells these pairs best, and the strategy is what does best when one of
the others is learned on and another one counted. The repository that is left out is only counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path

from bench.fit_likeness import fitted, weighed

from codedesigner.evaluation.chance import Chance
from codedesigner.evaluation.dataset import PairedTexts, PullRequest, read_dataset
from codedesigner.evaluation.heard import Heard, heard
from codedesigner.evaluation.pairing import pair_counts
from codedesigner.evaluation.protocol import Resampling, figures, held_out
from codedesigner.evaluation.reliability import UNFITTED, labelled
from codedesigner.evaluation.scoring import SCORINGS, Counts, Scoring, f1_of, total
from codedesigner.evaluation.ways import WAYS
from codedesigner.vote.calibration import calibration_error, error_by_chance
from codedesigner.vote.calibration import fitted as fitted_to
from codedesigner.vote.likeness import Logistic, WordLikeness

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
DRAWN = 10
"""Random panels of each size."""
MANY = (20,)
"""Sizes of the panels whose union is looked at."""
VOTES = ("majority_vote", "weighted_vote")


@dataclass(frozen=True, slots=True)
class Fit:
    """What groups remarks, fitted without one repository."""

    likeness: WordLikeness
    threshold: float


def fits(pairs: Sequence[PairedTexts]) -> Iterator[tuple[str, Fit]]:
    """(repository, what is fitted to all others)."""
    repos = sorted({one.repo for one in pairs})
    rows = {repo: weighed([one.model_dump(mode="json") for one in pairs if one.repo == repo]) for repo in repos}
    for left_out in repos:
        bias, *factors = fitted([row for repo in repos if repo != left_out for row in rows[repo]])
        likeness = WordLikeness(Logistic(bias, tuple(factors)))
        rest = [one for one in pairs if one.repo != left_out]

        def worth(at: float, likeness: WordLikeness = likeness, rest: Sequence[PairedTexts] = rest) -> float:
            return f1_of([pair_counts(one, likeness, threshold=at)[1] for one in rest])

        yield left_out, Fit(likeness, max(THRESHOLDS, key=worth))


class Blind:
    """One panel. `grouped[left out]` is everything, as the fit without that repository groups it."""

    def __init__(self, panel: Sequence[str], every: Sequence[PullRequest], fits: Mapping[str, Fit]) -> None:
        self.grouped: dict[str, list[Heard]] = {
            repo: [heard(one, panel, fit.likeness, threshold=fit.threshold) for one in every]
            for repo, fit in fits.items()
        }

    def counts(self, left_out: str, way: str, scoring: Scoring) -> list[Counts]:
        """Of the repository that is left out, the strategy learned on the others."""
        every = self.grouped[left_out]
        learned = WAYS[way]([one for one in every if one.pull_request.repo != left_out], scoring)
        return [learned.count(one) for one in every if one.pull_request.repo == left_out]

    def chosen(self, left_out: str, scoring: Scoring, ways: Sequence[str]) -> str:
        """The strategy that does best among the others, one of them held out at a time."""
        rest = [one for one in self.grouped[left_out] if one.pull_request.repo != left_out]
        return max(ways, key=lambda way: f1_of(held_out(rest, WAYS[way], scoring, "repo")[0]))

    def said(self, scoring: Scoring, *, fit: bool) -> list[tuple[float, bool]]:
        """(probability, right) of every finding of a repository that is left out, fitted on the others or as it is."""
        found = []
        for repo, every in self.grouped.items():
            rest = [one for one in every if one.pull_request.repo != repo]
            calibration = fitted_to(labelled(rest, scoring)) if fit else UNFITTED
            own = labelled([one for one in every if one.pull_request.repo == repo], scoring)
            found += [(calibration.raw(one.agreement, one.voters), one.right) for one in own]
        return found

    def row(self, scoring: Scoring, ways: Sequence[str]) -> tuple[list[Counts], list[str]]:
        """All repositories, each left out in its turn."""
        choices = [self.chosen(repo, scoring, ways) for repo in self.grouped]
        counts = [self.counts(repo, choice, scoring) for repo, choice in zip(self.grouped, choices, strict=True)]
        return [one for each in counts for one in each], choices


def main(reviews: str, pairs: str, panels: Sequence[str]) -> None:
    """Print each panel's blind F1 by strategy and by whatever was chosen."""
    every = [one for one in _read(reviews) if isinstance(one, PullRequest)]
    paired = [one for one in _read(pairs) if isinstance(one, PairedTexts)]
    known = dict(fits(paired))
    for repo, fit in known.items():
        print(f"without {repo}: threshold {fit.threshold}, {fit.likeness}", flush=True)
    told = [pair_counts(one, known[one.repo].likeness, threshold=known[one.repo].threshold) for one in paired]
    print(
        f"pairs: F1 {f1_of([sure for sure, _ in told]):.3f}, with probable ones {f1_of([all_ for _, all_ in told]):.3f}"
    )
    for panel in panels:
        blind = Blind(panel.split(","), every, known)
        print(f"\n{panel}")
        _figures(blind)
        for scoring in SCORINGS:
            print(f"{scoring}: calibration {_errors([blind], scoring)}", flush=True)
    there = sorted({name for one in every for name in one.reviews})
    chance = Chance(0)
    for size in MANY:
        _union([Blind(_drawn(there, size, chance), every, known) for _ in range(DRAWN)], size)
    drawn = [Blind(_drawn(there, size, chance), every, known) for size in (5, 8) for _ in range(DRAWN)]
    print(f"\n{len(drawn)} panels drawn at random")
    for scoring in SCORINGS:
        for way in VOTES:
            mean = fsum(f1_of(blind.row(scoring, (way,))[0]) for blind in drawn) / len(drawn)
            print(f"{scoring}: mean F1 {mean:.3f} by {way}", flush=True)
        print(f"{scoring}: calibration of all together {_errors(drawn, scoring)}", flush=True)


def _union(panels: Sequence[Blind], size: int) -> None:
    """What is left of the golden issues that anybody named when all remarks are merged."""
    every = [one for blind in panels for repo, said in blind.grouped.items() for one in said if _of(one, repo)]
    golden = sum(len(one.pull_request.golden) for one in every)
    named = sum(
        len({issue for name in one.answered for said in one.pull_request.reviews[name] for issue in said.golden})
        for one in every
    )
    print(f"\nunion of {size} reviewers: recall {named / golden:.3f} unmerged", end="")
    for scoring in SCORINGS:
        found = total(WAYS["union_merge"]([], scoring).count(one) for one in every)
        print(f", {found.recall:.3f} merged ({scoring})", end="")
    print(flush=True)


def _of(heard: Heard, repo: str) -> bool:
    return heard.pull_request.repo == repo


def _figures(blind: Blind) -> None:
    for ways in (*((way,) for way in WAYS if way != "union_merge"), VOTES):
        for scoring in SCORINGS:
            counts, choices = blind.row(scoring, ways)
            found = figures(counts, Resampling())
            assert found.f1 is not None
            interval = f"[{found.f1.low:.2f}, {found.f1.high:.2f}]"
            name = f"the best of {', '.join(choices)}" if len(ways) > 1 else ways[0]
            print(f"{scoring}: F1 {found.counts.f1:.3f} {interval} by {name}", flush=True)


def _errors(blind: Sequence[Blind], scoring: Scoring) -> str:
    told = []
    for name, fit in (("as it is", False), ("fitted", True)):
        said = [one for each in blind for one in each.said(scoring, fit=fit)]
        told.append(f"{name} {calibration_error(said):.3f} (by chance {error_by_chance(said):.3f})")
    return ", ".join(told)


def _drawn(names: Sequence[str], size: int, chance: Chance) -> list[str]:
    left = list(names)
    return [left.pop(chance.below(len(left))) for _ in range(size)]


def _read(path: str) -> Sequence[object]:
    return read_dataset(Path(path).read_text(encoding="utf-8"), path)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
