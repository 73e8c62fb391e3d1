"""What people do on the dashboard: pause, resume, cancel, recheck."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Final, Literal, TypeGuard, get_args

from codedesigner.event.model import ReviewRequested
from codedesigner.service.inbox import Accepted, Inbox, Refused
from codedesigner.service.intake import Delivery
from codedesigner.service.store import Store
from codedesigner.service.task import Task

Act = Literal["pause", "resume", "cancel", "recheck"]
ACTS: Final[tuple[Act, ...]] = get_args(Act)
CANCELLED = "cancelled on the dashboard"


def is_act(text: str) -> TypeGuard[Act]:
    """Whether it is one of them."""
    return text in ACTS


class Acts:
    """Does them, so that they outlive this process."""

    def __init__(self, store: Store, box: Inbox, now: Callable[[], float]) -> None:
        self._store = store
        self._inbox = box
        self._now = now

    async def do(self, act: Act, task: Task) -> str:
        """Do it; what came of it in a sentence.

        Raises:
            DatabaseError: the database cannot be used.
        """
        match act:
            case "pause":
                done = await self._store.want(task.id, held=True)
                return "It is paused at the next place to stop at." if done else "It has ended already."
            case "resume":
                done = await self._store.want(task.id, held=False)
                return "It goes on." if done else "It has ended already."
            case "cancel":
                done = await self._store.want(task.id, cancelled=CANCELLED)
                return "It ends at the next place to stop at." if done else "It has ended already."
            case "recheck":
                return await self._recheck(task)

    async def _recheck(self, task: Task) -> str:
        if task.work.number is None:
            return "Nothing is known that could be reviewed again."
        name = f"dashboard-{secrets.token_hex(8)}"
        known = {key: value for key in ("repo_id", "installation") if isinstance(value := task.context.get(key), int)}
        event = ReviewRequested(None, task.work.head or None, task.work.number, full=True, asked=True)
        came = await self._inbox.accept(
            Delivery(
                forge="gitlab" if task.work.forge == "gitlab" else "github",
                id=name,
                digest=sha256(name.encode()).hexdigest(),
                repo=task.work.repo,
                repo_id=known.get("repo_id", 0),
                installation=known.get("installation", 0),
                event=event,
            )
        )
        if isinstance(came, Refused):
            return f"It cannot be reviewed again now: {came.reason}."
        joined = isinstance(came, Accepted) and came.joined
        return "It is being reviewed already, and will be once more." if joined else "It is reviewed again."
