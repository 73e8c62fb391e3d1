"""How often one source may ask: a bucket for each, that fills at a steady rate. Bounded in memory, whoever asks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import TypeAlias

from codedesigner.service.settings import Network

MOST_SOURCES = 10_000
"""Buckets that are kept; the one that was asked for longest ago goes first, and is full again."""

Clock: TypeAlias = Callable[[], float]


class Throttle:
    """So many requests a minute of each source, all of them at once if none came before."""

    def __init__(self, per_minute: int, clock: Clock, *, most: int = MOST_SOURCES) -> None:
        self._rate = per_minute / 60
        self._size = float(per_minute)
        self._clock = clock
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, source: str) -> float:
        """Take one: 0 if it may pass, else in how many seconds it may."""
        now = self._clock()
        left, since = self._buckets.pop(source, (self._size, now))
        left = min(self._size, left + (now - since) * self._rate)
        passes = left >= 1
        self._buckets[source] = (left - 1 if passes else left, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return 0.0 if passes else (1 - left) / self._rate


def source_of(peer: str, forwarded: str, proxies: tuple[Network, ...]) -> str:
    """Who asks: the peer, or whom a proxy of ours names. Of IPv6 the network counts: one machine has billions there.

    `forwarded` is X-Forwarded-For; its last entries are of the proxies nearest to us, and what an unknown one says
    is not believed.
    """
    named = [part.strip() for part in forwarded.split(",") if part.strip()] if forwarded else []
    source = peer
    while named and _within(source, proxies):
        source = named.pop()
    try:
        address = ip_address(source)
    except ValueError:
        return peer
    return str(ip_network(f"{address}/64", strict=False)) if address.version == 6 else str(address)


def _within(text: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return any(address in network for network in networks if network.version == address.version)
