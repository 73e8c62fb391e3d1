"""Which line a text without a quotation seems to be about: a guess from the names that it shares with the code.

No claim of a model is placed so in a review; there, only a quotation counts. This is for texts that were written
without one: threads on a forge, and comments that are measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from codedesigner.run.resemblance import EVIDENCE, CodeLine, Measures, measured

# What each of `MEASURES` says of a line, a softmax over all that are shown; written by `bench/fit_whereabouts.py`.
WEIGHTS: Measures = (4.73, 1.88, 1.46, 1.40, 2.50, 0.31, 7.93, 1.11, 5.87, 0.61, 0.32, -0.56, -0.36, 0.55, -1.11)
NEAR = 3
"""Lines within which a place is as good as found."""
_SURE = 0.5


def whereabouts(text: str, lines: Sequence[CodeLine]) -> int | None:
    """The number of the line that the text is most likely about; None where it shares nothing with any of them."""
    rows = measured(text, lines)
    if not any(any(row[:EVIDENCE]) for row in rows):
        return None
    return placed(rows, [line.number for line in lines], WEIGHTS)


def placed(rows: Sequence[Measures], numbers: Sequence[int], weights: Measures) -> int:
    """The same from measures of the lines, at least one, whose numbers ascend.

    A line that is likelier than all others together; where there is none, the line that has most of the probability
    within `NEAR` lines, as several likely lines beat a single one that is a little likelier than each.
    """
    likely = probabilities(rows, weights)
    places = range(len(numbers))
    first = max(places, key=lambda place: (round(likely[place], 9), -place))
    if likely[first] >= _SURE:
        return numbers[first]
    near = [round(_near(numbers, likely, place), 9) for place in places]
    return numbers[max(places, key=lambda place: (near[place], round(likely[place], 9), -place))]


def probabilities(rows: Sequence[Measures], weights: Measures) -> list[float]:
    """How likely the text is about each line."""
    scores = [sum(weight * value for weight, value in zip(weights, row, strict=True)) for row in rows]
    most = max(scores)
    shares = [exp(score - most) for score in scores]
    whole = sum(shares)
    return [share / whole for share in shares]


def _near(numbers: Sequence[int], likely: Sequence[float], place: int) -> float:
    """The probability of the lines whose numbers are near that of this one."""
    first, end = place, place + 1
    while first > 0 and numbers[place] - numbers[first - 1] <= NEAR:
        first -= 1
    while end < len(numbers) and numbers[end] - numbers[place] <= NEAR:
        end += 1
    return sum(likely[first:end])
