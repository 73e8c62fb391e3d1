"""What becomes of findings on a pull request is kept for votes to weigh by."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from codedesigner.event.model import ReviewRequested
from codedesigner.pullrequest.handling import handle
from codedesigner.vote.history import Outcome

from .conftest import CART
from .stage import NUMBER, REPO, Stage

BAD = CART + "\n\ndef tax(prices):\n    return total(prices) * rate_of_nobody\n"
GOOD = CART + "\n\ndef tax(prices):\n    return total(prices) * 3\n"


@dataclass
class Shelf:
    """A `Book` in memory."""

    kept: dict[tuple[str, str], Sequence[Outcome]] = field(default_factory=dict)

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        self.kept[fingerprint, place] = outcomes


def review(stage: Stage, shelf: Shelf) -> None:
    event = ReviewRequested(stage.pull.base, stage.pull.head, NUMBER)
    asyncio.run(handle(event, replace(stage.desk, book=shelf)))


def test_a_finding_that_is_fixed_was_right_and_is_told_once(stage: Stage) -> None:
    shelf = Shelf()
    stage.open({"cart.py": BAD})
    review(stage, shelf)
    assert list(shelf.kept.values()) == [[]]

    stage.push({"cart.py": GOOD})
    for _ in range(2):
        review(stage, shelf)

    (((_, place), kept),) = shelf.kept.items()
    assert place == f"{REPO}#{NUMBER}"
    assert {(one.vote, one.what, one.kind) for one in kept} == {("yes", "fixed", "undefined-name")}
    assert len(kept) == len({one.location for one in kept}) == 2


def test_one_that_is_dismissed_was_wrong(stage: Stage) -> None:
    shelf = Shelf()
    stage.open({"cart.py": BAD})
    stage.review()
    stage.say("/codedesigner dismiss F1 it comes from a template")
    review(stage, shelf)

    ((kept),) = shelf.kept.values()
    assert {one.what for one in kept} == {"dismissed"}
