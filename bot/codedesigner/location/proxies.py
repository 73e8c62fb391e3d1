"""Which proxy a request goes through, as the environment says: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit


class Proxies:
    """Proxies by scheme, with `no` for who is reached without, as urllib names them. Loopback is never proxied."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._named = dict(named)
        self._known: dict[str, str | None] = {}

    @classmethod
    def of_environment(cls) -> Proxies:
        """As the environment says now."""
        from urllib.request import getproxies_environment

        return cls(getproxies_environment())

    def for_url(self, url: str) -> str | None:
        """The proxy's address; None where there is none. Raises ValueError for an address that is none."""
        if not self._named:
            return None
        scheme, _, rest = url.partition("://")
        origin = f"{scheme}://{rest.partition('/')[0]}"
        if origin not in self._known:
            self._known[origin] = self._found(origin)
        return self._known[origin]

    def hosts(self) -> frozenset[str]:
        """The proxies' own hosts."""
        named = (each for scheme, each in self._named.items() if scheme != "no")
        addresses = (each if "://" in each else f"http://{each}" for each in named)
        return frozenset(host for each in addresses if (host := _host(each)))

    def _found(self, origin: str) -> str | None:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # not in its stubs

        parts = urlsplit(origin)
        proxy = self._named.get(parts.scheme) or self._named.get("all")
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        if not proxy or is_loopback(host) or proxy_bypass_environment(f"{host}{port}", self._named):
            return None
        return proxy if "://" in proxy else f"http://{proxy}"


def is_loopback(host: str) -> bool:
    """Whether the name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
