"""The forge that a CI job may write to, as its environment describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
    if environ.get("GITHUB_ACTIONS") == "true":
        token = environ.get("INPUT_TOKEN") or environ.get("GITHUB_TOKEN") or ""
        with _github({**environ, "GITHUB_TOKEN": token}) if token else _nothing() as forge:
            yield forge
        return
    yield None


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


@contextmanager
def _github(environ: Mapping[str, str]) -> Iterator[JobForge]:
    from codedesigner.forge.fetching import fetcher
    from codedesigner.forge.github.connect import connect_from

    forge = connect_from(environ)
    # A run that is started again has the same id; what it left it finds by that.
    run = f"{environ.get('GITHUB_RUN_ID', '0')}-{environ.get('GITHUB_JOB', 'job')}"
    with TemporaryDirectory(prefix="codedesigner-", dir=environ.get("RUNNER_TEMP") or None) as folder:
        try:
            yield JobForge(forge, fetcher(forge, Path(folder), ca_file=environ.get("SSL_CERT_FILE", "")), run)
        finally:
            forge.close()


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables whose names say that they are secret. Short ones are words, and would be everywhere."""
    words = ("TOKEN", "SECRET", "PASSWORD", "PRIVATE", "API_KEY", "APIKEY", "STATE_KEY", "ACCESS_KEY")
    found = {value for name, value in environ.items() if any(word in name.upper() for word in words)}
    return tuple(sorted(value for value in found if len(value) >= 8))
