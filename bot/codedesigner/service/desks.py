"""A desk for a task: its forge, its clone, and the models that all tasks of the process share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.shared import SharedModels
from codedesigner.forge.fetching import Clonable
from codedesigner.pool.lent import Turn
from codedesigner.publish.ports import Forge
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import NO_SECRETS, Desk
from codedesigner.service.clones import Clones
from codedesigner.service.task import Task
from codedesigner.vote.history import Book


class ServedForge(Forge, Clonable, Protocol):
    """A forge that git can fetch from as well."""


Connect = Callable[[Task], AbstractAsyncContextManager[ServedForge]]
"""The forge of a task's repository, with the credential for it."""


def _silent(_line: str) -> None:
    return None


@dataclass(frozen=True)
class ForgeDesks:
    """Implements `Desks`. `options` hold for every review; `environ` is the operator's.

    A task's run is named by its work, so that an attempt that begins anew finds what the one before has left.
    """

    connect: Connect
    clones: Clones
    models: SharedModels
    options: ReviewOptions
    environ: Mapping[str, str]
    clock: Callable[[], float]
    key: bytes | None = field(default=None, repr=False)
    say: Callable[[str], None] = _silent
    secrets: KnownSecrets = NO_SECRETS
    book: Book | None = None
    ca_file: str = ""

    @asynccontextmanager
    async def open(self, task: Task, turn: Turn) -> AsyncIterator[Desk]:
        """A desk for one task."""
        async with self.connect(task) as forge, self.clones.of(forge, ca_file=self.ca_file) as fetch:
            reviewing = Checkout(forge, self.options, self.environ, fetch, self.say, lending=self.models.lend(turn))
            run = f"{task.created_at:.0f}-{task.context.get('after', task.id)}"
            yield Desk(forge, reviewing, self.clock, run, self.key, self.say, self.secrets, self.book)
