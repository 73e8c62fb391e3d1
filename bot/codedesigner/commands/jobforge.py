"""The forge that a CI job may write to, as its environment describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from codedesigner.publish.ports import Forge
from codedesigner.pullrequest.checkout import Fetch


@dataclass(frozen=True, slots=True)
class JobForge:
    """The forge, how commits are fetched from it, and this run's name."""

    forge: Forge
    fetch: Fetch
    run: str


@contextmanager
def forge_of(environ: Mapping[str, str]) -> Iterator[JobForge | None]:
    """The forge of the job; None where it has no token to write with.

    Raises:
        ConfigError: the environment names a forge that cannot be used.
    """
    del environ
    yield None


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables whose names say that they are secret. Short ones are words, and would be everywhere."""
    words = ("TOKEN", "SECRET", "PASSWORD", "PRIVATE", "API_KEY", "APIKEY", "STATE_KEY", "ACCESS_KEY")
    found = {value for name, value in environ.items() if any(word in name.upper() for word in words)}
    return tuple(sorted(value for value in found if len(value) >= 8))
