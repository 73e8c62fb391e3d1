"""Names of hosts to addresses, for aiohttp, without those that must not be reached."""

from __future__ import annotations

import errno
import socket
from collections.abc import Container

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from codedesigner.location.reach import Reach


class BarredError(OSError):
    """A host's addresses are all such as must not be reached."""


class GuardedResolver(AbstractResolver):
    """Resolves names as the system does. Hosts in `exempt`, such as proxies, are where the operator put them."""

    def __init__(self, reach: Reach, exempt: Container[str] = (), inner: AbstractResolver | None = None) -> None:
        self._reach = reach
        self._exempt = exempt
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses that may be connected to.

        Raises:
            BarredError: there are only others.
            OSError: the name is not known.
        """
        self._inner = self._inner or ThreadedResolver()
        found = await self._inner.resolve(host, port, family)
        kept = [each for each in found if host in self._exempt or self._reach.permits(each["host"])]
        if not kept:
            raise BarredError(errno.EACCES, "its address may not be reached")
        return kept

    async def close(self) -> None:
        """Nothing is open."""
        if self._inner is not None:
            await self._inner.close()
