"""Fit the likeness of remarks to pairs of remarks that people or a judge told apart: `fit_likeness.py <pairs.json>`.

The file is a list of `{repo, texts: {id: text}, same: [[id, id]], different: [...], probably_different: [...]}`, where
an id is `reviewer#number`. Coefficients never fall below 0: more in common is never a sign of two defects. Printed are
the lines of `vote/fitted.py`, and what a fit without one repository says about that one.
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import exp
from pathlib import Path

from codedesigner.vote.likeness import Surroundings
from codedesigner.vote.remark import Remark

SIZES = ((38, 1), (20, 2), (8, 5), (5, 10), (2, 20))
"""(reviewers at a time, how often drawn): likeness must hold among few and among many."""
ROUNDS, STEP = 400, 1.0
CUTS = [round(0.02 * step, 2) for step in range(1, 50)]

Row = tuple[tuple[float, ...], bool, float]  # measures, same, weight


def remarks_of(change: dict[str, object], names: Sequence[str]) -> list[Remark]:
    """The remarks of those reviewers on one change."""
    texts = change["texts"]
    assert isinstance(texts, dict)
    return [Remark(key, key.split("#")[0], text) for key, text in texts.items() if key.split("#")[0] in names]


def rows(changes: Sequence[dict[str, object]], size: int, draws: int) -> Iterator[tuple[tuple[float, ...], bool]]:
    """The measures of every known pair that is a candidate, among so many reviewers drawn at random."""
    for seed in range(draws):
        draw = random.Random(seed)  # noqa: S311
        for change in changes:
            texts = change["texts"]
            assert isinstance(texts, dict)
            everyone = sorted({key.split("#")[0] for key in texts})
            remarks = remarks_of(change, draw.sample(everyone, min(size, len(everyone))))
            place = {remark.id: index for index, remark in enumerate(remarks)}
            measured = Surroundings(remarks, lambda _one, _other: True)
            candidates = set(measured.pairs)
            for label in ("same", "different", "probably_different"):
                pairs = change[label]
                assert isinstance(pairs, list)
                for one, other in pairs:
                    if one in place and other in place:
                        pair = min(place[one], place[other]), max(place[one], place[other])
                        if pair in candidates:
                            yield measured.features(*pair), label == "same"


def weighed(changes: Sequence[dict[str, object]]) -> list[Row]:
    """All rows; every number of reviewers counts the same."""
    found: list[Row] = []
    for size, draws in SIZES:
        drawn = list(rows(changes, size, draws))
        found += [(measures, same, 1.0 / len(SIZES) / len(drawn)) for measures, same in drawn]
    return found


def fitted(data: Sequence[Row]) -> tuple[float, ...]:
    """Bias and coefficients of greatest likelihood, the coefficients at least 0."""
    merged: dict[tuple[tuple[float, ...], bool], float] = defaultdict(float)
    for measures, same, weight in data:
        merged[tuple(round(value, 2) for value in measures), same] += weight
    beta = [0.0] * (1 + len(data[0][0]))
    curvature = [1.0 / 4, *(sum(w * m[i] ** 2 for (m, _), w in merged.items()) for i in range(len(beta) - 1))]
    moved = [0.0] * len(beta)
    for _ in range(ROUNDS):
        slope = [0.0] * len(beta)
        for (measures, same), weight in merged.items():
            error = weight * (same - probability(beta, measures))
            slope[0] += error
            for index, value in enumerate(measures, 1):
                slope[index] += error * value
        for index, value in enumerate(slope):
            moved[index] = 0.9 * moved[index] + STEP * value / curvature[index]
            beta[index] += moved[index]
            if index:
                beta[index] = max(0.0, beta[index])
    return tuple(beta)


def probability(beta: Sequence[float], measures: Sequence[float]) -> float:
    """The model's answer."""
    return 1.0 / (1.0 + exp(-beta[0] - sum(factor * value for factor, value in zip(beta[1:], measures, strict=True))))


def f1(beta: Sequence[float], data: Sequence[Row], cut: float) -> float:
    """Of saying `same` from the cut on."""
    right = said = there = 0.0
    for measures, same, weight in data:
        yes = probability(beta, measures) >= cut
        right, said, there = right + weight * (yes and same), said + weight * yes, there + weight * same
    return 2 * right / (said + there)


def main(path: str) -> None:
    """Print the fit to all, and how well each repository is told from the others."""
    changes = json.loads(Path(path).read_text(encoding="utf-8"))
    data = {repo: weighed([one for one in changes if one["repo"] == repo]) for repo in {one["repo"] for one in changes}}
    for left_out in sorted(data):
        others = [row for repo, found in sorted(data.items()) if repo != left_out for row in found]
        beta = fitted(others)
        cut = max(CUTS, key=lambda at, beta=beta, others=others: f1(beta, others, at))  # type: ignore[misc]
        print(f"without {left_out}: F1 {f1(beta, data[left_out], cut):.3f} at {cut}, {[round(b, 2) for b in beta]}")
    beta = fitted([row for _, found in sorted(data.items()) for row in found])
    print(f"BIAS = {beta[0]:.2f}\nCOEFFICIENTS = ({', '.join(f'{value:.2f}' for value in beta[1:])})")


if __name__ == "__main__":
    main(sys.argv[1])
