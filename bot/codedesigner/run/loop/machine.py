"""The machine of the fix loop: its states, its events, and which event leads from where to where. Pure.

Two tables say it. `TRANSITIONS` are the states that each state may be followed by, `EVENTS` the ones that each event
leads from and to. A step is legal where both allow it: `error_occurred` may come from any state by its event, and from
`initializing` and `processing` by the states, because what has an end already cannot fail any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from codedesigner.errors import CodedesignerError

Status = Literal["initializing", "processing", "converged", "max_iterations", "error", "complete"]
Event = Literal[
    "line_loaded",  # a line more is known
    "angle_complete",  # one angle has looked at the text of this pass
    "all_angles_complete",  # all of them have: the next pass, or converged
    "max_passes_reached",
    "error_occurred",
    "cleanup_done",
]
STATUSES: tuple[Status, ...] = get_args(Status)

TRANSITIONS: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        "initializing": frozenset[Status]({"processing", "error"}),
        "processing": frozenset[Status]({"processing", "converged", "max_iterations", "error"}),
        "converged": frozenset[Status]({"complete"}),
        "max_iterations": frozenset[Status]({"complete"}),
        "error": frozenset[Status]({"complete"}),
        "complete": frozenset[Status](),
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """Where an event leads from, and where to; one of several targets is chosen by what has happened in the pass."""

    sources: tuple[Status, ...]
    targets: tuple[Status, ...]


EVENTS: Mapping[Event, Move] = MappingProxyType(
    {
        "line_loaded": Move(("initializing",), ("processing",)),
        "angle_complete": Move(("processing",), ("processing",)),
        "all_angles_complete": Move(("processing",), ("processing", "converged")),
        "max_passes_reached": Move(("processing",), ("max_iterations",)),
        "error_occurred": Move(STATUSES, ("error",)),
        "cleanup_done": Move(("converged", "max_iterations", "error"), ("complete",)),
    }
)


class IllegalTransition(CodedesignerError):  # noqa: N818  the name says what happened
    """An event that cannot happen in a state, or that does not lead where it was to lead.

    `status`, `event` and `target` (None: none was named) say which.
    """

    def __init__(self, status: Status, event: Event, target: Status | None, why: str) -> None:
        super().__init__(f"{event} in state {status}: {why}")
        self.status = status
        self.event = event
        self.target = target


def targets(status: Status, event: Event) -> tuple[Status, ...]:
    """The states that the event may lead to from `status`; none where it cannot happen there."""
    move = EVENTS[event]
    if status not in move.sources:
        return ()
    return tuple(target for target in move.targets if target in TRANSITIONS[status])


def step(status: Status, event: Event, target: Status | None = None) -> Status:
    """The state after the event. `target` chooses where the event can lead to several.

    Raises:
        IllegalTransition: the event cannot happen in this state, or does not lead to `target`, or leaves it open.
    """
    allowed = targets(status, event)
    if not allowed:
        known = [name for name in EVENTS if targets(status, name)]
        raise IllegalTransition(status, event, target, f"only {', '.join(known) or 'nothing'} can happen there")
    if target is None:
        if len(allowed) > 1:
            raise IllegalTransition(status, event, None, f"it can lead to {' or '.join(allowed)}, and neither is named")
        return allowed[0]
    if target not in allowed:
        raise IllegalTransition(status, event, target, f"it leads to {' or '.join(allowed)}, not to {target}")
    return target


def table() -> tuple[tuple[str, str, str], ...]:
    """Every legal step as (state, event, next state), in the order of the states and of the events."""
    return tuple(
        (status, event, target) for status in STATUSES for event in EVENTS for target in targets(status, event)
    )
