"""Fit the likeness of few remarks, by words and by vectors, too: `fit_meaning.py <pairs.json> <vectors.json>`.

Without vectors, they are made. The pairs are those of `fit_likeness.py`. In a review remarks are compared within a
function and an angle, so there are few at a time. The pairs tell no places: every known pair is looked at among a few
other remarks of its change drawn at random, while vectors are held against all remarks of the panel. Printed are the
lines of `vote/fitted.py`, and what each way says about a repository that its fit has not seen.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from pathlib import Path

from bench.fit_likeness import CUTS, Row, f1, fitted, remarks_of

from codedesigner.call.embedding import Vector, vector_of
from codedesigner.evaluation.dataset import PairedTexts
from codedesigner.evaluation.pairing import pair_counts
from codedesigner.evaluation.scoring import Counts, f1_of
from codedesigner.vote.fitted import THRESHOLD
from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import FEW, Comparable, Likeness, Logistic, Pairs, Surroundings, WordLikeness
from codedesigner.vote.meaning import FEWEST, Cosines, MeaningLikeness
from codedesigner.vote.remark import Remark

PANELS = ((5, 2), (5, 4), (8, 2), (8, 5))
"""(reviewers, remarks of a place) that are fitted to."""
LOOKED_AT = (*PANELS, (8, 8), (8, 12), (8, 16))
DRAWS = 2
_WORDS = 3

_HERE = "here"

Change = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """A known pair, the first two of some remarks at one place; `row` has its measures, without vectors first."""

    row: Row
    label: str
    remarks: tuple[Remark, ...]
    cosines: Cosines

    def together(self, likeness: Likeness) -> bool:
        """Whether the pair ends up in one group."""
        groups = grouped(self.remarks, likeness)
        ids = {each.id for each in self.remarks[:2]}
        return any(ids <= {member.id for member in group.members} for group in groups)


_MISSED = (-2.0, -2.0, -2.0)
"""Of a pair that shares no word, and so is no candidate."""


def measured(changes: Sequence[Change], vectors: Mapping[str, Vector], panel: tuple[int, int]) -> Iterator[Place]:
    """Every known pair among some others, in panels drawn at random."""
    for seed in range(DRAWS):
        draw = random.Random(seed)  # noqa: S311
        for change in changes:
            texts = change["texts"]
            assert isinstance(texts, dict)
            everyone = sorted({key.split("#")[0] for key in texts})
            panelists = draw.sample(everyone, min(panel[0], len(everyone)))
            remarks = {one.id: replace(one, path=_HERE) for one in remarks_of(change, panelists)}
            said = {one.text for one in remarks.values()}
            if len(said) < FEWEST:
                continue
            cosines = Cosines({text: vectors[text] for text in said})
            for label in ("same", "different", "probably_different"):
                pairs = change[label]
                assert isinstance(pairs, list)
                for one, other in pairs:
                    if one in remarks and other in remarks:
                        rest = [remark for key, remark in remarks.items() if key not in (one, other)]
                        near = [remarks[one], remarks[other], *draw.sample(rest, min(panel[1] - 2, len(rest)))]
                        found = Surroundings(near, lambda _one, _other: True)
                        measures = found.features(0, 1) if (0, 1) in set(found.pairs) else _MISSED
                        lift = cosines.lift(near[0].text, near[1].text)
                        assert lift is not None
                        yield Place(((*measures, lift), label == "same", 1.0), label, tuple(near), cosines)


def told(size: int, rest: Sequence[Place]) -> Logistic:
    """What is fitted to the first measures of the rest, moved so that what tells the rest best is `THRESHOLD`."""
    rows = [(measures[:size], same, 1.0 / len(rest)) for measures, same, _ in (place.row for place in rest)]
    beta = fitted([row for row in rows if row[0][:_WORDS] != _MISSED])
    cut = max(CUTS, key=lambda at: f1(beta, rows, at))
    return Logistic(beta[0] + log(THRESHOLD / (1 - THRESHOLD)) - log(cut / (1 - cut)), beta[1:])


Way = Callable[[Place], Likeness]


def counted(places: Sequence[Place], way: Way) -> tuple[float, float]:
    """F1 after grouping, without and with the pairs that probably differ."""
    sure: list[Counts] = []
    every: list[Counts] = []
    for place in places:
        met, same = place.together(way(place)), place.label == "same"
        every.append(Counts(int(met and same), int(met and not same), int(same and not met)))
        sure += [] if place.label == "probably_different" else every[-1:]
    return f1_of(sure), f1_of(every)


def main(pairs: str, kept: str | None) -> None:
    """Print the figures."""
    changes: list[Change] = json.loads(Path(pairs).read_text(encoding="utf-8"))
    vectors = vectors_of(changes, kept)
    repos = sorted({str(one["repo"]) for one in changes})
    rows = {
        panel: {repo: list(measured([one for one in changes if one["repo"] == repo], vectors, panel)) for repo in repos}
        for panel in LOOKED_AT
    }
    fits: dict[str, Logistic] = {}
    for left_out in repos:
        rest = [row for panel in PANELS for repo in repos if repo != left_out for row in rows[panel][repo]]
        words, fits[left_out] = told(_WORDS, rest), told(_WORDS + 1, rest)
        many = WordLikeness().many
        ways: dict[str, Way] = {
            "words fitted to many": lambda _place, fit=many: WordLikeness(fit, fit),  # type: ignore[misc]
            "words fitted to few": lambda _place, fit=words: WordLikeness(fit, fit),  # type: ignore[misc]
            "and vectors": lambda place, fit=fits[left_out]: _likeness(place.cosines, fit),  # type: ignore[misc]
        }
        for panel in LOOKED_AT:
            own = rows[panel][left_out]
            figures = ((name, counted(own, way)) for name, way in ways.items())
            line = "; ".join(f"{name} {sure:.3f} / {every:.3f}" for name, (sure, every) in figures)
            print(
                f"without {left_out}, {panel[0]} reviewers, {panel[1]} at a place, {len(own)} pairs; {line}", flush=True
            )
    whole(changes, vectors, fits)
    every = [row for panel in PANELS for repo in repos for row in rows[panel][repo]]
    for name, size in (("FEW", _WORDS), ("MEANING", _WORDS + 1)):
        fit = told(size, every)
        coefficients = ", ".join(f"{value:.2f}" for value in fit.coefficients)
        print(f"{name}_BIAS = {fit.bias:.2f}\n{name}_COEFFICIENTS = ({coefficients})")


@dataclass(frozen=True, slots=True)
class Together:
    """Takes all remarks for those of one place."""

    likeness: Likeness

    def pairs(self, remarks: Sequence[Remark], comparable: Comparable) -> Pairs:
        """What is likely there."""
        return self.likeness.pairs([replace(one, path=_HERE) for one in remarks], comparable)


def whole(changes: Sequence[Change], vectors: Mapping[str, Vector], fits: Mapping[str, Logistic]) -> None:
    """All remarks of a change at one place: what holds for few, held against many."""
    entries = [PairedTexts.model_validate_json(json.dumps(change)) for change in changes]

    def likeness(one: PairedTexts, few: int) -> Likeness:
        cosines = Cosines({text: vectors[text] for text in one.texts.values()})
        return Together(_likeness(cosines, fits[one.repo], few))

    for name, few in (("vectors for all", sys.maxsize), ("as shipped", FEW)):
        counts = [pair_counts(one, likeness(one, few)) for one in entries]
        sure, every = (f1_of([each[place] for each in counts]) for place in (0, 1))
        print(f"all at once, {name}: {sure:.3f} / {every:.3f}", flush=True)


def _likeness(cosines: Cosines, fit: Logistic, few: int = sys.maxsize) -> MeaningLikeness:
    return MeaningLikeness(cosines, fit, few)


def vectors_of(changes: Sequence[Change], kept: str | None) -> dict[str, Vector]:
    """The vectors of all texts, read from a file or made anew."""
    texts: set[str] = set()
    for change in changes:
        said = change["texts"]
        assert isinstance(said, dict)
        texts |= set(said.values())
    if kept is not None:
        made = json.loads(Path(kept).read_text(encoding="utf-8"))
    else:
        from bench.minilm import embedder

        ordered = sorted(texts)
        made = dict(zip(ordered, embedder()(ordered), strict=True))
    found = {text: vector_of(made[text]) for text in texts}
    return {text: vector for text, vector in found.items() if vector is not None}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
