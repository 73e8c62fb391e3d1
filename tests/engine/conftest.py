"""A real llama.cpp server with a model of noise, one for each test process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest
from bench.llama.fetch import UnavailableError
from bench.llama.process import Llama, running

from codedesigner.location.http import HttpTransport
from codedesigner.location.providers import provider
from codedesigner.location.spec import LocationSpec
from codedesigner.pool.provider import Provider

T = TypeVar("T")


@pytest.fixture(scope="session")
def llama() -> Iterator[Llama]:
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running())
        except UnavailableError as error:
            pytest.skip(str(error))
        yield server


class Engine:
    """The server, reached as a location is."""

    def __init__(self, llama: Llama) -> None:
        self.llama = llama

    def spec(self, **provider_settings: object) -> LocationSpec:
        """A location there, with further keys of `provider`."""
        reached = {
            "type": "custom",
            "dialect": "openai",
            "model_id": "noise",
            "endpoint": f"{self.llama.address}/v1",
            "api_key_env": "LLAMA_KEY",
            **provider_settings,
        }
        return LocationSpec.model_validate({"id": "llama", "name": "llama", "provider": reached})

    def play(self, scene: Callable[[Provider], Awaitable[T]], *, key: str | None = None, **settings: object) -> T:
        """Run a scene with the location's provider."""

        async def everything() -> T:
            transport = HttpTransport()
            environ = {"LLAMA_KEY": key or self.llama.key}
            try:
                return await scene(provider(self.spec(**settings), environ=environ, transport=transport))
            finally:
                await transport.close()

        return asyncio.run(everything())

    def metric(self, name: str) -> float:
        """One of the server's own counters."""
        _, text = self.llama.get("/metrics")
        line = next(line for line in text.splitlines() if line.startswith(f"llamacpp:{name} "))
        return float(line.split()[1])

    def busy(self) -> int:
        """How many of its slots are at work."""
        slots: list[dict[str, Any]] = json.loads(self.llama.get("/slots")[1])
        return sum(slot["is_processing"] for slot in slots)


@pytest.fixture
def engine(llama: Llama) -> Engine:
    return Engine(llama)
