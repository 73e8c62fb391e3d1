"""Fit where a text without a quotation points: `fit_whereabouts.py <anchored.json>`.

The file is a list of pull requests with a patch and comments whose lines are known. The weights are those under which
the lines near a comment's own are likeliest, held to 0 as far as comments are few. Printed are the weights for
`run/whereabouts.py`, and how many comments of each repository are placed near enough by a fit to all the others.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from codedesigner.change.diff import parse_diff
from codedesigner.evaluation.anchoring import shown
from codedesigner.evaluation.dataset import AnchoredChange, read_dataset
from codedesigner.run.resemblance import MEASURES, CodeLine, Measures, measured
from codedesigner.run.whereabouts import NEAR, placed, probabilities

PULL = 20.0
"""How strongly weights are held to 0, each in units of how much its measure varies."""
ROUNDS, STEP = 60, 0.3

Row = tuple[list[Measures], list[int], list[bool]]  # measures of the lines, their numbers, which are near enough


def rows(change: AnchoredChange) -> list[Row]:
    """Every comment of a change whose file the change has."""
    if change.patch is None:
        return []
    files = {file.path: file for file in parse_diff(change.patch.encode("utf-8", "surrogateescape"))}
    found = []
    for comment in change.comments:
        file = files.get(comment.path)
        lines = [] if file is None else [CodeLine(*each) for each in shown(comment, file)]
        if lines:
            near = [comment.from_line - NEAR <= line.number <= comment.to_line + NEAR for line in lines]
            found.append((measured(comment.text, lines), [line.number for line in lines], near))
    return found


def fitted(data: Sequence[Row]) -> list[float]:
    """The weights of most likelihood."""
    every = [row for measures, _, _ in data for row in measures]
    size = [_spread([row[index] for row in every]) for index in range(len(MEASURES))]
    scaled = [([tuple(v / s for v, s in zip(row, size, strict=True)) for row in m], near) for m, _, near in data]
    weights = [0.0] * len(size)
    for _ in range(ROUNDS):
        slope, curvature = [-PULL * weight for weight in weights], [PULL] * len(weights)
        for measures, near in scaled:
            _add(slope, curvature, measures, near, tuple(weights))
        weights = [w + STEP * each / bend for w, each, bend in zip(weights, slope, curvature, strict=True)]
    return [weight / scale for weight, scale in zip(weights, size, strict=True)]


def _add(
    slope: list[float], curvature: list[float], measures: Sequence[Measures], near: Sequence[bool], weights: Measures
) -> None:
    """What one comment says of the weights."""
    likely = probabilities(measures, weights)
    hit = sum(p for p, is_near in zip(likely, near, strict=True) if is_near) or 1.0
    mean, square = [0.0] * len(weights), [0.0] * len(weights)
    for row, p, is_near in zip(measures, likely, near, strict=True):
        push = (p / hit if is_near else 0.0) - p
        if p > 1e-6 or push > 1e-6:
            for index, value in enumerate(row):
                if value:
                    slope[index] += push * value
                    mean[index] += p * value
                    square[index] += p * value * value
    for index in range(len(weights)):
        curvature[index] += square[index] - mean[index] ** 2


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return float(sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5 or 1.0


def near_enough(data: Sequence[Row], weights: Measures) -> int:
    """How many comments are placed on a line that is near enough."""
    return sum(dict(zip(n, near, strict=True))[placed(m, n, weights)] for m, n, near in data)


def main(path: str) -> None:
    """Print the fit to all, and how well it does on each repository when fitted to the others."""
    changes = read_dataset(Path(path).read_text(encoding="utf-8"), path)
    data: dict[str, list[Row]] = {}
    for one in changes:
        if isinstance(one, AnchoredChange):
            data.setdefault(one.repo, []).extend(rows(one))
    data = {repo: found for repo, found in data.items() if found}
    hits = 0
    for left_out, own in sorted(data.items()):
        weights = fitted([row for repo, found in sorted(data.items()) if repo != left_out for row in found])
        hit = near_enough(own, tuple(weights))
        hits += hit
        print(f"without {left_out}: {hit} of {len(own)}", flush=True)
    whole = sum(map(len, data.values()))
    print(f"placed within {NEAR} lines by fits to other repositories: {hits / whole:.3f} of {whole}")
    weights = fitted([row for _, found in sorted(data.items()) for row in found])
    print(f"WEIGHTS = ({', '.join(f'{weight:.2f}' for weight in weights)})")


if __name__ == "__main__":
    main(sys.argv[1])
