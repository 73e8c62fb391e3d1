"""The order in which items are asked.

Passes are made one after the other over everything, so that a run that stops early has seen each function once before
it sees any twice. Every pass comes in another order, drawn by the seed, because what was asked before colours what is
answered next; the questions about one function stay together, because they share the start of their prompts.
"""

from __future__ import annotations

from collections.abc import Sequence

from codedesigner.plan.candidate import Candidate
from codedesigner.plan.keys import digest


def by_pass(candidates: Sequence[Candidate], seed: int) -> list[Candidate]:
    """Pass by pass, each shuffled by `seed`; a plan of one pass stays in the order of the change."""
    if all(each.pass_number == 1 for each in candidates):
        return list(candidates)
    drawn: dict[tuple[str, ...], str] = {}

    def draw(*parts: str) -> str:
        if parts not in drawn:
            drawn[parts] = digest(str(seed), *parts)
        return drawn[parts]

    def place(each: Candidate) -> tuple[int, str, str, str]:
        number = str(each.pass_number)
        term = each.term.text if each.term else ""
        identity = each.target.identity
        return each.pass_number, draw(number, identity), identity, draw(number, each.angle.id, term)

    return sorted(candidates, key=place)
