"""What is put to the supervisor, and what its choice makes of it.

The supervisor itself is asked elsewhere, because that takes time: first `present`, then `settle` with its choice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import fsum
from typing import Any, ClassVar, Literal

from codedesigner.vote.strategies.base import AggregationInput, AggregationResult
from codedesigner.vote.strategies.tally import Option, key_of, options

PRESENT_TOP_N = 3


class More(Enum):
    """What a supervisor answers that wants to see further answers before it chooses."""

    MORE = "more"


Fallback = Literal["person", "most_supported"]
Chooser = Callable[[tuple[Any, ...]], Any]
"""What is presented -> the choice among it, or More; None where the supervisor is unsure, or gave no answer."""


def _unsure(_presented: tuple[Any, ...]) -> None:
    return None


@dataclass(frozen=True, slots=True)
class SupervisorSelection:
    """The supervisor chooses among the answers with most weight behind them, at most `present_top_n`.

    What it does not decide goes by `fallback`: to a person, and then nothing is selected (None), or to the answer
    with most support. `always` are answers that can be chosen although nobody gave them.
    """

    present_top_n: int = PRESENT_TOP_N
    fallback: Fallback = "person"
    choose: Chooser = _unsure
    always: tuple[Any, ...] = ()

    id: ClassVar[str] = "supervisor_selection"
    name: ClassVar[str] = "Supervisor"
    description: ClassVar[str] = "Let the supervisor choose among the answers with most support."
    applicable_to: ClassVar[tuple[str, ...]] = ("*",)

    def present(self, given: AggregationInput[Any], times: int = 1) -> tuple[Any, ...]:
        """The answers to choose from, the one with most support first; so many more each time that more are wanted."""
        return tuple(option.result for option in self._ranked(given)[: self.present_top_n * times])

    def aggregate(self, given: AggregationInput[Any]) -> AggregationResult[Any]:
        """What `choose` selects, or what the fallback does.

        Raises:
            ValueError: nobody answered.
        """
        times, choice = 1, self.choose(shown := self.present(given))
        while choice is More.MORE and len(self.present(given, times + 1)) > len(shown):
            times += 1
            choice = self.choose(shown := self.present(given, times))
        return self.settle(given, None if choice is More.MORE else choice, times)

    def settle(self, given: AggregationInput[Any], choice: Any, times: int = 1) -> AggregationResult[Any]:
        """The result of a choice among what was presented so many times; what was not presented is none.

        Raises:
            ValueError: nobody answered.
        """
        ranked = self._ranked(given)
        if not ranked:
            raise ValueError("nobody answered")
        shown = ranked[: self.present_top_n * times]
        won = None if choice is None else next((option for option in shown if option.result == choice), None)
        why = f"the supervisor chose among {len(shown)}"
        if won is None:
            why = "the supervisor did not decide" if choice is None else "the supervisor chose what was not presented"
            won = ranked[0] if self.fallback == "most_supported" else None
            why += ": needs a person" if won is None else ": the answer with most support stands"
        if len(ranked) > len(shown):
            why += f"; {len(ranked) - len(shown)} more answers were not presented"
        whole = fsum(option.support for option in ranked)
        return AggregationResult(
            selected=None if won is None else won.result,
            alternatives=tuple(option.alternative for option in ranked if option is not won),
            agreement_score=won.support / whole if won is not None and whole else 0.0,
            contributing_locations=() if won is None else won.locations,
            strategy_used=self.id,
            explanation=why,
        )

    def _ranked(self, given: AggregationInput[Any]) -> tuple[Option, ...]:
        counted = list(options(given, lambda response: response.weight))
        if not counted:
            return ()
        there = {option.key for option in counted}
        counted += [Option(key_of(each), each, (), 0.0) for each in self.always if key_of(each) not in there]
        return tuple(sorted(counted, key=lambda option: (-option.support, option.key)))
