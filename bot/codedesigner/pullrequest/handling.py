"""One event, handled to its end: whoever brings it, a CI job or a webhook."""

from __future__ import annotations

from codedesigner.errors import UsageError
from codedesigner.event.model import (
    CommandIssued,
    Event,
    Ignored,
    QuestionAsked,
    QueueEntered,
    Refused,
    ReviewRequested,
)
from codedesigner.pullrequest.commanding import obey
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.queueing import review_queue
from codedesigner.pullrequest.requested import review_requested
from codedesigner.pullrequest.talking import answer_question


async def handle(event: Event, desk: Desk) -> Ended:
    """What came of the event.

    Raises:
        UsageError: the event does not say what to do.
        CodedesignerError: it could not be done; where a commit is known, its check says so already.
    """
    match event:
        case ReviewRequested():
            return await review_requested(event, desk)
        case QueueEntered():
            return await review_queue(event, desk)
        case CommandIssued():
            return await obey(desk, event)
        case QuestionAsked():
            return await answer_question(desk, event)
        case Ignored(reason=reason):
            return Ended(0, (reason,))
        case Refused(reason=reason, hint=hint):
            raise UsageError(reason, hint=hint)
