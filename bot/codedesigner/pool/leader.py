"""Leader first: of the calls that share the beginning of their prompt, one goes ahead and fills the server's cache."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable

FIRST_WAIT_S = 10.0


class Place:
    """A call's place in its group. `left` has to be called, whatever happens."""

    __slots__ = ("_group", "_leaders", "waiter")

    def __init__(self, leaders: Leaders, group: _Group) -> None:
        self._leaders = leaders
        self._group = group
        self.waiter: asyncio.Future[None] | None = None

    def begun(self) -> None:
        """The server has begun to answer, or has answered: the others follow."""
        self._group.open()

    def failed(self) -> None:
        """The attempt has failed: if this one led, the next one leads."""
        if self._group.leader is self:
            self._group.lead_on()

    def left(self) -> None:
        """The call has ended."""
        self.failed()
        self._leaders.forget(self._group)


class _Group:
    __slots__ = ("first_wait_s", "key", "leader", "members", "opened", "timer", "waiting")

    def __init__(self, key: Hashable, first_wait_s: float) -> None:
        self.key = key
        self.first_wait_s = first_wait_s
        self.leader: Place | None = None
        self.opened = False
        self.members = 0
        self.timer: asyncio.TimerHandle | None = None
        self.waiting: deque[Place] = deque()

    def open(self) -> None:
        """Let everybody go."""
        if self.opened:
            return
        self.opened, self.leader = True, None
        self._disarm()
        while self.waiting:
            _wake(self.waiting.popleft())

    def lead(self, place: Place) -> None:
        """Make it the leader, for a limited time."""
        self._disarm()
        self.leader = place
        self.timer = asyncio.get_running_loop().call_later(self.first_wait_s, self.open)

    def lead_on(self) -> None:
        """Make the one who has waited longest the leader."""
        self.leader = None
        self._disarm()
        while self.waiting:
            place = self.waiting.popleft()
            if _wake(place):
                self.lead(place)
                return

    def _disarm(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def _wake(place: Place) -> bool:
    if place.waiter is None or place.waiter.done():
        return False
    place.waiter.set_result(None)
    return True


class Leaders:
    """The groups that have calls on their way; a group without any is forgotten, and begins anew with its next call.

    A leader has `first_wait_s` seconds from when it goes ahead, its wait for a place in the queue included; after that
    the others go, too.
    """

    def __init__(self, first_wait_s: float = FIRST_WAIT_S) -> None:
        self.first_wait_s = first_wait_s
        self._groups: dict[Hashable, _Group] = {}

    def __len__(self) -> int:
        return len(self._groups)

    async def enter(self, key: Hashable) -> Place:
        """Wait until a call of the group may go. Cancelling the wait leaves nothing behind."""
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(key, self.first_wait_s)
        group.members += 1
        place = Place(self, group)
        if group.opened:
            return place
        if group.leader is None:
            group.lead(place)
            return place
        place.waiter = asyncio.get_running_loop().create_future()
        group.waiting.append(place)
        try:
            await place.waiter
        except asyncio.CancelledError:
            place.left()  # it may have been made leader while it was being cancelled
            raise
        return place

    def forget(self, group: _Group) -> None:
        """One call fewer in the group."""
        group.members -= 1
        if group.members == 0:
            del self._groups[group.key]
