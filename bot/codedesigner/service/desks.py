"""A desk for a task: its forge, its clone, and the models that all tasks of the process share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from codedesigner.assembly.connect import Told, untold
from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.shared import SharedModels
from codedesigner.pool.lent import Turn
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import NO_SECRETS, Desk
from codedesigner.service.forges import Asked, Opened
from codedesigner.service.task import Task
from codedesigner.vote.history import Book

Open = Callable[[str, Asked], AbstractAsyncContextManager[Opened]]
"""The forge of a repository, with the credential for it: `Forges.open`."""


def _silent(_line: str) -> None:
    return None


def _untold(_task: Task) -> Told:
    return untold


@dataclass(frozen=True)
class ForgeDesks:
    """Implements `Desks`. `options` hold for every review; `environ` is the operator's.

    A task's run is named by the first task of its work, so that whoever goes on finds what was left.
    """

    forge: Open
    models: SharedModels
    options: ReviewOptions
    environ: Mapping[str, str]
    clock: Callable[[], float]
    key: bytes | None = field(default=None, repr=False)
    say: Callable[[str], None] = _silent
    secrets: KnownSecrets = NO_SECRETS
    book: Book | None = None
    progress: Callable[[Task], Told] = _untold

    @asynccontextmanager
    async def open(self, task: Task, turn: Turn) -> AsyncIterator[Desk]:
        """A desk for one task."""
        asked = Asked(task.work.repo, _number(task, "repo_id"), _number(task, "installation"))
        async with self.forge(task.work.forge, asked) as opened:
            lent = self.models.lend(turn)
            told = self.progress(task)
            reviewing = Checkout(opened.forge, self.options, self.environ, opened.fetch, self.say, lent, told)
            run = str(task.context.get("first", task.id))
            yield Desk(
                opened.forge, reviewing, self.clock, run, self.key, self.say, self.secrets, self.book, resumed=True
            )


def _number(task: Task, name: str) -> int:
    value = task.context.get(name)
    return value if isinstance(value, int) else 0
