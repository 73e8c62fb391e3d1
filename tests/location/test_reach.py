"""Which addresses are asked: not the cloud's own, not a name that leads inside, and nobody whom an answer names."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from codedesigner.config.environment import PRIVATE_NETWORKS
from codedesigner.errors import ConfigError
from codedesigner.location.http import HttpError, HttpRequest, HttpTransport
from codedesigner.location.proxies import Proxies
from codedesigner.location.reach import Reach
from codedesigner.location.resolving import BarredError, GuardedResolver

SERVICE = Reach(())
INSIDE = (
    "169.254.169.254",
    "100.100.100.200",
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "::1",
    "::",
    "[::1]",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:0a00:0001::",
)


@pytest.mark.parametrize("address", INSIDE)
def test_no_private_address_is_asked_unless_it_is_allowed_t_sec_61(address: str) -> None:
    assert not SERVICE.permits(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "models.example.org"])
def test_public_addresses_and_names_are(address: str) -> None:
    assert SERVICE.permits(address)
    assert Reach().permits(address)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "::", "ff02::1"])
def test_the_links_own_addresses_are_asked_by_nobody_t_sec_61(address: str) -> None:
    assert not Reach().permits(address)
    assert Reach().permits("127.0.0.1")


def test_what_the_operator_allows_is_asked() -> None:
    reach = Reach((ip_network("10.0.0.0/8"), ip_network("::1")))
    assert reach.permits("10.9.9.9")
    assert reach.permits("::ffff:10.9.9.9")
    assert reach.permits("[::1]")
    assert not reach.permits("127.0.0.1")


def test_the_environment_says_what_is_allowed() -> None:
    assert Reach.of_environment({}) == Reach()
    assert Reach.of_environment({PRIVATE_NETWORKS: ""}) == Reach(())
    assert Reach.of_environment({PRIVATE_NETWORKS: "127.0.0.1, 10.0.0.0/8"}).permits("127.0.0.1")
    with pytest.raises(ConfigError, match="no network"):
        Reach.of_environment({PRIVATE_NETWORKS: "my house"})


class Rebinding(AbstractResolver):
    """A name that is public when it is looked up first, and inside from then on."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = self.answers.pop(0)
        return [
            ResolveResult(hostname=host, host=each, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST)
            for each in found
        ]

    async def close(self) -> None:
        return None


def test_a_name_that_leads_inside_the_second_time_leads_nowhere_t_sec_61() -> None:
    async def scene() -> None:
        resolver = GuardedResolver(SERVICE, inner=Rebinding(["8.8.8.8"], ["169.254.169.254", "::1"]))
        assert [each["host"] for each in await resolver.resolve("evil.example")] == ["8.8.8.8"]
        with pytest.raises(BarredError):
            await resolver.resolve("evil.example")

    asyncio.run(scene())


def test_of_several_addresses_those_outside_are_kept_and_a_proxys_are_the_operators() -> None:
    async def scene() -> None:
        resolver = GuardedResolver(SERVICE, {"proxy"}, Rebinding(["10.0.0.1", "8.8.8.8"], ["10.0.0.1"]))
        assert [each["host"] for each in await resolver.resolve("mixed.example")] == ["8.8.8.8"]
        assert [each["host"] for each in await resolver.resolve("proxy")] == ["10.0.0.1"]

    asyncio.run(scene())


def test_hosts_of_proxies_are_known() -> None:
    proxies = Proxies({"http": "http://u:p@proxy:3128", "https": "other:3128", "no": "localhost", "all": "http://[x"})
    assert proxies.hosts() == {"proxy", "other"}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_a_transport_sends_nothing_inside_t_sec_61(host: str) -> None:
    async def scene() -> tuple[str, int]:
        asked = 0

        async def connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal asked
            asked += 1
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        transport = HttpTransport(reach=SERVICE)
        try:
            with pytest.raises(HttpError) as caught:
                await transport.send(HttpRequest("GET", f"http://{host}:{port}/", {}), timeout_s=5)
            await asyncio.sleep(0)
        finally:
            await transport.close()
            server.close()
        assert caught.value.kind == "unreachable"
        return caught.value.message, asked

    message, asked = asyncio.run(scene())
    assert PRIVATE_NETWORKS in message
    assert asked == 0
