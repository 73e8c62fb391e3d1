"""Which addresses a model may be at: none that a machine gives its own secrets away at, and what the operator allows.

Every address that is about to be connected to is looked at, after its name was resolved, so that a name which leads
elsewhere the second time leads nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from codedesigner.config.environment import PRIVATE_NETWORKS
from codedesigner.errors import ConfigError

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Reach:
    """Public addresses, and private ones inside of `private`; with None all private ones but the link's own.

    The link's own (169.254.0.0/16, fe80::/10) are where clouds keep their machines' credentials.
    """

    private: tuple[_Network, ...] | None = None

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Reach:
        """As CODEDESIGNER_PRIVATE_NETWORKS says: networks with commas between them; empty, none.

        Raises:
            ConfigError: it names something that is no network.
        """
        named = environ.get(PRIVATE_NETWORKS)
        if named is None:
            return cls()
        try:
            return cls(tuple(ip_network(part.strip()) for part in named.split(",") if part.strip()))
        except ValueError:
            hint = "give networks such as 127.0.0.1,10.0.0.0/8"
            raise ConfigError("names something that is no network", key=PRIVATE_NETWORKS, hint=hint) from None

    def permits(self, address: str) -> bool:
        """Whether to connect to the address; text that is no address is a name, and not for us to say."""
        try:
            given = _meant(ip_address(address.strip("[]").partition("%")[0]))
        except ValueError:
            return True
        if self.private is not None:
            inside = any(given in network for network in self.private if network.version == given.version)
            return inside or (given.is_global and not given.is_multicast)
        return not (given.is_link_local or given.is_multicast or given.is_unspecified)


def _meant(address: _Address) -> _Address:
    """The IPv4 address that one of IPv6 stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
