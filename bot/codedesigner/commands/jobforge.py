"""The forge that a CI job may write to, as its environment describes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from codedesigner.commands.pulladdress import PullAddress
from codedesigner.config.environment import GITLAB_TOKEN
from codedesigner.errors import UsageError
from codedesigner.forge.attempts import Timing
from codedesigner.publish.ports import Forge
from codedesigner.pullrequest.checkout import Fetch

SHORTEST_KEY = 16
SHORTEST_SECRET = 8
# A number of TOKENS is none.
_SECRET_NAME = re.compile(r"TOKEN(?!S)|SECRET|PASSWORD|PRIVATE|API_?KEY|STATE_KEY|ACCESS_KEY")


@dataclass(frozen=True, slots=True)
class JobForge:
    """The forge, how commits are fetched from it, and this run's name."""

    forge: Forge
    fetch: Fetch
    run: str


@contextmanager
def forge_of(environ: Mapping[str, str], timing: Timing | None = None) -> Iterator[JobForge | None]:
    """The forge of the job; None where it has no token to write with.

    Raises:
        ConfigError: the environment names a forge that cannot be used.
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        token = environ.get("INPUT_TOKEN") or environ.get("GITHUB_TOKEN") or ""
        with _github({**environ, "GITHUB_TOKEN": token}, timing) if token else _nothing() as forge:
            yield forge
        return
    if environ.get("GITLAB_CI") == "true":
        with _gitlab(environ, timing) if environ.get(GITLAB_TOKEN, "").strip() else _nothing() as forge:
            yield forge
        return
    yield None


@contextmanager
def _nothing() -> Iterator[None]:
    yield None


@contextmanager
def _github(environ: Mapping[str, str], timing: Timing | None) -> Iterator[JobForge]:
    from codedesigner.forge.fetching import fetcher
    from codedesigner.forge.github.connect import connect_from

    forge = connect_from(environ, timing)
    # A run that is started again has the same id; what it left it finds by that.
    run = f"{environ.get('GITHUB_RUN_ID', '0')}-{environ.get('GITHUB_JOB', 'job')}"
    with TemporaryDirectory(prefix="codedesigner-", dir=environ.get("RUNNER_TEMP") or None) as folder:
        try:
            yield JobForge(forge, fetcher(forge, Path(folder), ca_file=environ.get("SSL_CERT_FILE", "")), run)
        finally:
            forge.close()


@contextmanager
def _gitlab(environ: Mapping[str, str], timing: Timing | None) -> Iterator[JobForge]:
    from codedesigner.forge.fetching import fetcher
    from codedesigner.forge.gitlab.connect import connect_from

    forge = connect_from(environ, timing)
    # A job that is retried is in the same pipeline.
    run = f"{environ.get('CI_PIPELINE_ID', '0')}-{environ.get('CI_JOB_NAME', 'job')}"
    with TemporaryDirectory(prefix="codedesigner-") as folder:
        try:
            yield JobForge(forge, fetcher(forge, Path(folder), ca_file=forge.client.address.ca_file), run)
        finally:
            forge.close()


@contextmanager
def forge_at(address: PullAddress, environ: Mapping[str, str], timing: Timing | None = None) -> Iterator[JobForge]:
    """The forge of a pull request's address, with the token that its variable holds.

    Raises:
        ConfigError: there is no token.
    """
    if address.forge == "gitlab":
        project = {"CI_PROJECT_PATH": address.repo, "CI_SERVER_URL": address.server, "CI_API_V4_URL": address.api}
        mine = {name: value for name, value in environ.items() if not name.startswith("CI_")}
        ca_file = environ.get("CI_SERVER_TLS_CA_FILE", "")
        with _gitlab({**mine, **project, "CI_SERVER_TLS_CA_FILE": ca_file}, timing) as forge:
            yield forge
        return
    given = {"GITHUB_REPOSITORY": address.repo, "GITHUB_API_URL": address.api, "GITHUB_GRAPHQL_URL": address.graphql}
    with _github({**environ, **given, "GITHUB_SERVER_URL": address.server}, timing) as forge:
        yield forge


def state_key(environ: Mapping[str, str]) -> bytes | None:
    """The key that signs what the reviewer keeps in its comments; None where there is none.

    Raises:
        UsageError: it is too short to be one.
    """
    key = environ.get("INPUT_STATE_KEY") or environ.get("CODEDESIGNER_STATE_KEY") or ""
    if key and len(key) < SHORTEST_KEY:
        raise UsageError(
            f"the state key has fewer than {SHORTEST_KEY} characters", hint="make it longer, or leave it out"
        )
    return key.encode() or None


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Values of variables whose names say that they are secret. Short ones are words, and would be everywhere."""
    found = {value for name, value in environ.items() if _SECRET_NAME.search(name.upper())}
    return tuple(sorted(value for value in found if len(value) >= SHORTEST_SECRET and not value.isdigit()))
