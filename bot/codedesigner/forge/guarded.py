"""Connections to a forge that look where they have led before anything is sent.

A name may lead elsewhere than a moment ago, when it was looked at. What counts is the address of the other end.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from codedesigner.errors import ConfigError

Permits = Callable[[str], bool]
"""Whether an address may be connected to."""


def guarded(permits: Permits) -> HTTPAdapter:
    """For a session of requests. What goes by way of a proxy is not looked at: there the proxy looks names up."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(super()._new_conn(), self.host, permits)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _looked_at(super()._new_conn(), self.host, permits)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Guarded(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, **more)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    return Guarded()


def _looked_at(made: socket.socket, host: str, permits: Permits) -> socket.socket:
    if permits(str(made.getpeername()[0])):
        return made
    made.close()
    raise ConfigError(
        f"{host} is at a private address", hint="add its network to network.private, if it is meant to be there"
    )
