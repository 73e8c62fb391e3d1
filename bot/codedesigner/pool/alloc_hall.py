"""All locations behind the gate, their endpoints, and the ledger that may fail them all at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from codedesigner.pool.alloc_obstacle import BUSY, Obstacle
from codedesigner.pool.alloc_place import Line, Place
from codedesigner.pool.gate import Demand, Rank
from codedesigner.pool.ledger import Ledger, LedgerError
from codedesigner.pool.seat import LocationLimits

_PAUSE_S: Final = (0.1, 1.0)  # between two tries to use a ledger that cannot be used


class Chair(Protocol):
    """What the gate knows of a seat."""

    @property
    def id(self) -> str:
        """The location's id."""

    @property
    def endpoint(self) -> str:
        """Whose limit on concurrency it shares."""

    @property
    def limits(self) -> LocationLimits:
        """What it may be asked for at most."""


class Wants(NamedTuple):
    """What all of a group wait for."""

    candidates: tuple[str, ...]
    deep: bool
    person: bool = False


class Hall:
    """The places by location. While the ledger cannot be used, it is in the way at each of them."""

    def __init__(
        self,
        ledger: Ledger,
        per_endpoint: int,
        for_people: float = 0.0,
        tell_broken: Callable[[LedgerError], None] = lambda _error: None,
    ) -> None:
        self.places: dict[str, Place] = {}
        self.ledger = ledger
        self._per_endpoint = per_endpoint
        self._for_people = for_people
        self._lines: dict[str, Line] = {}
        self._broken: Obstacle | None = None
        self._tell_broken = tell_broken
        self._pause_s = _PAUSE_S[0]

    def add(self, seat: Chair, *, for_people: bool = True) -> None:
        """A location more. Raises `ValueError` where there is one of that id."""
        if seat.id in self.places:
            raise ValueError(f"there is a location {seat.id} already")
        line = self._lines.setdefault(seat.endpoint, Line())
        slots = self._per_endpoint if seat.limits.concurrent is None else seat.limits.concurrent
        line.allow(seat.id, slots)
        self.places[seat.id] = Place(
            seat.id, seat.limits, slots, line, self.ledger, self._for_people if for_people else 0.0
        )

    def remove(self, location: str) -> None:
        """A location less. Calls that are there end as they would have."""
        place = self.places.pop(location, None)
        if place is not None:
            place.line.allow(location, None)

    def in_flight(self, *, location: str | None, endpoint: str | None) -> int:
        """How many calls are at a location or an endpoint."""
        if location is not None:
            place = self.places.get(location)
            return 0 if place is None else place.in_flight
        line = None if endpoint is None else self._lines.get(endpoint)
        return 0 if line is None else line.in_flight

    def obstacle(self, location: str, deep: bool, now: float, *, person: bool = False) -> Obstacle | None:
        """What is in the way of a call at a location."""
        place = self.places.get(location)
        if place is None:
            return Obstacle("offline", f"{location}: there is no such location")
        if self._broken is not None and now < self._broken.look_at:
            return self._broken
        try:
            return place.obstacle(deep, now, person=person)
        except LedgerError as error:
            return self.breaks(error, now)

    def obstacles(self, wants: Wants, now: float) -> list[Obstacle | None]:
        """What is in the way of a call at each of its candidates."""
        return [self.obstacle(each, wants.deep, now, person=wants.person) for each in wants.candidates]

    def breaks(self, error: LedgerError, now: float) -> Obstacle:
        """The ledger cannot be used: nobody gets in before it is tried again."""
        since = now
        shortest_s, longest_s = _PAUSE_S
        if self._broken is None:
            self._pause_s = shortest_s
            self._tell_broken(error)
        else:
            since = self._broken.since
            self._pause_s = min(2 * self._pause_s, longest_s)
        until = now + self._pause_s
        self._broken = Obstacle("over_quota", f"the quota ledger cannot be used: {error}", until, since, until)
        return self._broken

    def works(self) -> None:
        """The ledger has taken a reservation, or has refused one."""
        self._broken = None

    def too_long(self, location: str, tokens: int) -> bool:
        """Whether a call is larger than all that the location may use in a minute."""
        place = self.places.get(location)
        most = None if place is None else place.limits.tokens_per_minute
        return most is not None and tokens > most

    def remaining(self, location: str, now: float) -> float:
        """The share of its tightest quota that is left; 1 where it has none, 0 where nobody knows."""
        place = self.places.get(location)
        try:
            return 0.0 if place is None else place.share_left(now)
        except LedgerError:
            return 0.0

    def has_room(self, demand: Demand, now: float) -> bool:
        """Whether one of the candidates has room for the call. False where the ledger cannot be used."""
        try:
            return any(
                self.obstacle(each, demand.deep, now, person=demand.person) is None
                and self.places[each].has_room(demand, now)
                for each in demand.candidates
            )
        except LedgerError:
            return False

    def free(self, wants: Wants, rank: Rank | None, now: float) -> list[Place]:
        """Those of the locations where nothing is in the way, the best first.

        Without a rank: those in order before those that come back from a refusal, then the most quota left, then the
        fewest calls in flight.
        """
        free = [
            self.places[each]
            for each in wants.candidates
            if self.obstacle(each, wants.deep, now, person=wants.person) is None
        ]
        if len(free) < 2:
            return free
        if rank is None:
            return sorted(free, key=lambda each: (each.half_open(now), -self.remaining(each.id, now), each.in_flight))
        ranked = list(rank([each.id for each in free]))
        return sorted(free, key=lambda each: ranked.index(each.id) if each.id in ranked else len(ranked))


class Look:
    """One look at what everybody waits for: who fits, when to look again, and which groups may have no hope.

    `shortest_wait_s` is the shortest time that anybody is ready to wait for a limit.
    """

    __slots__ = ("_hall", "_now", "_shortest_wait_s", "hopeless", "wake_at")

    def __init__(self, hall: Hall, shortest_wait_s: float, now: float) -> None:
        self.wake_at = math.inf
        self.hopeless: list[tuple[Wants, list[Obstacle]]] = []
        self._hall = hall
        self._shortest_wait_s = shortest_wait_s
        self._now = now

    def fits(self, wants: Wants) -> bool:
        """Whether nothing is in the way at one of a group's candidates."""
        candidates, deep, person = wants
        found = []
        hopeless = True
        for each in candidates:
            obstacle = self._hall.obstacle(each, deep, self._now, person=person)
            if obstacle is None:
                return True
            if obstacle is BUSY:
                hopeless = False
                continue
            found.append(obstacle)
            self.wake_at = min(self.wake_at, obstacle.look_at)
            hopeless = hopeless and obstacle.outlasts(self._shortest_wait_s, -math.inf)
        if hopeless:
            self.hopeless.append((wants, found))
        return False
