"""What all reviews of one process share when models are asked: one gate, one transport, one store of replies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from codedesigner.location.http import HttpTransport, Transport
from codedesigner.location.supervisor import SUPERVISOR
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.clock import Clock, SystemClock
from codedesigner.pool.events import Listen, PoolEvent, deaf
from codedesigner.pool.gate import Demand
from codedesigner.pool.keep import Replies
from codedesigner.pool.ledger import Ledger
from codedesigner.pool.lent import Lent, Turn
from codedesigner.pool.seat import Seat


class SharedModels:
    """Belongs to one event loop. Locations are added as reviews bring them: the operator's file names the same for all.

    `ledger` is what all workers share, `replies` what any of them has been told; both are their owner's to close.
    """

    def __init__(
        self,
        ledger: Ledger,
        replies: Replies | None,
        *,
        max_concurrent: int,
        per_endpoint: int,
        for_people: float = 0.0,
        transport: Transport | None = None,
        clock: Clock | None = None,
        listen: Listen = deaf,
    ) -> None:
        self.clock = clock or SystemClock()
        self.replies = replies
        self.listen = listen
        self.transport = transport or HttpTransport()
        self.gate = Allocator(
            (),
            ledger,
            self.clock,
            max_concurrent=max_concurrent,
            per_endpoint=per_endpoint,
            for_people=for_people,
            listen=listen,
        )
        self._seated: set[str] = set()

    def lend(self, turn: Turn) -> Lending:
        """All of it, for one task."""
        return Lending(self, turn)

    def can_execute(self, among: Collection[str] | None = None, *, deep: bool = False) -> bool:
        """Whether the gate would let a call through at one of these locations (None: at any), in deep mode if so asked.

        Of one that was never asked here nothing is known, and so nothing speaks against it.
        """
        wanted = self._seated if among is None else among
        if not wanted or not self._seated.issuperset(wanted):
            return True
        return any(self.gate.can_execute(Demand("", (each,), deep=deep)) for each in wanted)

    def has_quota(self, location: str) -> bool:
        """Whether something of its tightest quota is left, busy or not; of one that was never asked here, there is."""
        return location not in self._seated or self.gate.remaining(location) > 0

    def seat(self, seats: Iterable[Seat]) -> None:
        """Bring locations that may be new."""
        for one in seats:
            if one.id not in self._seated:
                self._seated.add(one.id)
                self.gate.add(one, for_people=SUPERVISOR in one.tags)  # nobody else answers people

    async def close(self) -> None:
        """Close the connections."""
        await self.transport.close()


@dataclass(frozen=True, slots=True)
class Lending:
    """The shared models in the hands of one task."""

    shared: SharedModels
    turn: Turn

    def listen(self, event: PoolEvent) -> None:
        """Tell everybody what happens to this task's calls."""
        holder = self.turn.holder
        self.shared.listen(replace(event, fields={"task_id": holder, **event.fields}) if holder else event)

    def gate(self, seats: Mapping[str, Seat]) -> Lent:
        """The gate for these locations."""
        self.shared.seat(seats.values())
        return Lent(self.shared.gate, self.turn)
