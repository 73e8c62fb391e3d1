"""From an environment, or from given values, to a forge."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.errors import ForbiddenError, UnreachableError
from codedesigner.forge.attempts import Timing
from codedesigner.forge.github.address import Address, App, Credential, address_from, credential_from
from codedesigner.forge.github.client import Client
from codedesigner.forge.github.forge import GitHubForge


def connect(address: Address, credential: Credential, timing: Timing | None = None) -> GitHubForge:
    """One repository, written to as `credential`.

    Raises:
        ConfigError: PyGithub is not installed.
    """
    return GitHubForge(Client(address, credential, timing or Timing()))


async def installation_of(address: Address, app: App, timing: Timing | None = None) -> int:
    """The number of the App's installation that has the repository.

    Raises:
        MissingError: it is installed nowhere that has it.
        ForbiddenError: the installation is suspended.
        ConfigError: PyGithub is not installed, or the key is none.
    """
    client = Client(address, app, timing or Timing())
    try:
        found = await client.get(f"{address.path}/installation", what="the App's installation")
    finally:
        client.close()
    number = found.get("id") if isinstance(found, dict) else None
    if isinstance(found, dict) and found.get("suspended_at"):
        raise ForbiddenError(
            f"the App's installation that has {address.repo} is suspended",
            hint="an owner of the account lifts that under its settings, at the installed Apps",
        )
    if not isinstance(number, int):
        raise UnreachableError("GitHub gave no number of an installation")
    return number


def connect_from(environment: Mapping[str, str], timing: Timing | None = None) -> GitHubForge:
    """The repository and the token of a job: GITHUB_REPOSITORY, GITHUB_TOKEN, and on which server they are.

    Raises:
        ConfigError: one of them is missing or cannot be used, or PyGithub is not installed.
    """
    return connect(address_from(environment), credential_from(environment), timing)
