"""From an event to the work that it asks for, and events as JSON. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from codedesigner.errors import CodedesignerError
from codedesigner.event.model import (
    CommandIssued,
    Event,
    QuestionAsked,
    QueueEntered,
    ReviewRequested,
)
from codedesigner.service.task import Json, TaskType, Work

Asked = ReviewRequested | QueueEntered | CommandIssued | QuestionAsked
"""Events that something is to be done about."""

_KINDS: dict[str, type[Asked]] = {
    kind.__name__: kind for kind in (ReviewRequested, QueueEntered, CommandIssued, QuestionAsked)
}


class EventError(CodedesignerError):
    """What is stored is no event of this version."""


def asked(event: Event) -> Asked | None:
    """The event, if anything is to be done about it."""
    return event if isinstance(event, ReviewRequested | QueueEntered | CommandIssued | QuestionAsked) else None


def work_of(event: Asked, forge: str, repo: str) -> Work:
    """What is to be done. Two commands are two pieces of work, two reviews of one head are one."""
    match event:
        case ReviewRequested():
            return Work(forge, repo, event.number, event.head or "", "review:full" if event.full else "review")
        case QueueEntered():
            return Work(forge, repo, event.number, event.head, "queue")
        case CommandIssued() | QuestionAsked():
            return Work(forge, repo, event.number, "", f"comment:{event.comment}")


def first_task(event: Asked) -> TaskType:
    """Where the work begins: a review with what is to be known about the change, everything else with itself."""
    match event:
        case ReviewRequested():
            return "generate_questions"
        case QueueEntered():
            return "review"
        case CommandIssued() | QuestionAsked():
            return "address_comment"


ASKED_SEED = 2
"""How urgent a review is that a person has asked for."""


def by_person(event: Asked) -> bool:
    """Whether a person asked for the review: by a check requested anew, on the dashboard, by a command."""
    match event:
        case ReviewRequested():
            return event.asked
        case CommandIssued():
            return event.command == "recheck"
        case QueueEntered() | QuestionAsked():
            return False


def supersedes(newer: Work, older: Work) -> bool:
    """Whether the older work is pointless once the newer one is asked for: a review of a head that is no more."""
    review = newer.kind.startswith("review") and older.kind.startswith("review")
    same = newer.pull == older.pull and newer.number is not None
    return review and same and bool(newer.head and older.head) and newer.head != older.head


def to_json(event: Asked) -> dict[str, Json]:
    """The event as JSON."""
    return {"kind": type(event).__name__, **asdict(event)}


def from_json(value: Json) -> Asked:
    """The event again.

    Raises:
        EventError: it is none.
    """
    if not isinstance(value, dict) or value.get("kind") not in _KINDS:
        raise EventError("the task holds no event that this version knows")
    fields = {name: each for name, each in value.items() if name != "kind"}
    made: Callable[..., Asked] = _KINDS[str(value["kind"])]
    try:
        return made(**fields)
    except TypeError as error:
        raise EventError(f"the task's event has other fields than this version knows: {error}") from error
