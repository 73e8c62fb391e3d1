"""From what a delivery names to a forge that may be written to: with its installation's token, for one repository.

A payload is proved to be the forge's, and nothing more: whether the installation or the token has that repository is
asked of the forge, each time. No address is ever taken from a payload.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from codedesigner.errors import ConfigError, ForbiddenError, UnavailableError
from codedesigner.forge.attempts import Timing
from codedesigner.forge.fetching import Clonable, fetcher
from codedesigner.forge.github.address import AccessToken as GithubToken
from codedesigner.forge.github.address import Address as GithubAddress
from codedesigner.forge.github.address import App, AppInstallation, Credential
from codedesigner.forge.gitlab.address import AccessToken as GitlabToken
from codedesigner.forge.gitlab.address import Address as GitlabAddress
from codedesigner.location.reach import Reach
from codedesigner.publish.ports import Forge
from codedesigner.pullrequest.checkout import Fetch
from codedesigner.service.clones import Clones
from codedesigner.service.held import Held
from codedesigner.service.settings import GithubSettings, GitlabSettings, ServiceSettings, allowed

Resolve = Callable[[str], list[str]]
"""The addresses of a host."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository's forge, and how its commits are fetched. `ca_file` vouches for it, "" where the system does."""

    forge: Forge
    fetch: Fetch


@dataclass(frozen=True, slots=True)
class Asked:
    """Which repository a delivery names. `repo_id` is the forge's number of it, `installation` the App's (0: none)."""

    repo: str
    repo_id: int
    installation: int


def resolve(host: str) -> list[str]:
    """As the system does it."""
    return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})


class Forges:
    """The forges of the operator's file. `clones` keep what was fetched from task to task."""

    def __init__(
        self,
        settings: ServiceSettings,
        held: Held,
        *,
        timing: Timing | None = None,
        resolve: Resolve = resolve,
        clones: Clones | None = None,
    ) -> None:
        self._settings = settings
        self._held = held
        self._timing = timing
        self._clones = clones
        self._resolve = resolve
        self._reach = Reach(tuple(ip_network(each) for each in settings.network.private))

    async def check(self) -> None:
        """Whether every forge of the file may be reached at all.

        Raises:
            ConfigError: one of them is at a private address that the file does not allow.
        """
        forges = self._settings.forges
        for one in (forges.github, forges.gitlab):
            if one is not None:
                with suppress(UnavailableError):  # tasks wait until there is one
                    await self._reachable(one.api_url if isinstance(one, GithubSettings) else one.url)

    @asynccontextmanager
    async def open(self, forge: str, asked: Asked) -> AsyncIterator[Opened]:
        """The forge of a repository, while it is used.

        Raises:
            ForbiddenError: the repository is not one that is reviewed, or not the installation's or the token's.
            MissingError: the forge does not know it.
            UnavailableError: the forge is down, or its name cannot be looked up.
            ConfigError: the forge is not in the file, or may not be reached.
        """
        forges = self._settings.forges
        if forge == "github" and forges.github is not None:
            await self._permitted(forges.github.repositories, asked, forges.github.api_url)
            found: Any = await self._github(forges.github, asked)
            ca_file = forges.github.ca_file
        elif forge == "gitlab" and forges.gitlab is not None:
            await self._permitted(forges.gitlab.repositories, asked, forges.gitlab.url)
            found = await self._gitlab(forges.gitlab, asked)
            ca_file = forges.gitlab.ca_file
        else:
            raise ConfigError(f"the file has no forge `{forge}`", hint="add it under `forges`")
        try:
            async with self._clone(found, ca_file) as fetch:
                yield Opened(found, fetch)
        finally:
            found.close()

    @asynccontextmanager
    async def _clone(self, forge: Clonable, ca_file: str) -> AsyncIterator[Fetch]:
        """The repository's clone, if clones are kept; else one that goes with the task.

        It is fetched from the addresses that were looked at, whatever the name leads to a moment later. Its host need
        not be that of the API.
        """
        pin = await self._reachable(forge.clone_url)
        if self._clones is not None:
            async with self._clones.of(forge, ca_file=ca_file, pin=pin) as fetch:
                yield fetch
            return
        with TemporaryDirectory(prefix="codedesigner-") as folder:
            yield fetcher(forge, Path(folder), ca_file=ca_file, pin=pin)

    async def _github(self, settings: GithubSettings, asked: Asked) -> Forge:
        from codedesigner.forge.github.connect import connect, installation_of

        address = GithubAddress(asked.repo, settings.api_url, ca_file=settings.ca_file, permits=self._reach.permits)
        credential: Credential = GithubToken(self._held.github_token)
        if settings.app is not None:
            app = App(str(settings.app.id), self._held.github_key)
            number = await installation_of(address, app, self._timing)
            if asked.installation not in (0, number):
                raise ForbiddenError(
                    f"{asked.repo} does not belong to the App's installation {asked.installation}, which was delivered"
                )
            credential = AppInstallation(app.id, app.private_key, number)
        forge = connect(address, credential, self._timing)
        try:
            hold_to(asked, await forge.client.get(address.path, what="the repository"))
        except BaseException:
            forge.close()
            raise
        return forge

    async def _gitlab(self, settings: GitlabSettings, asked: Asked) -> Forge:
        from codedesigner.forge.gitlab.connect import connect

        address = GitlabAddress(asked.repo, settings.url, ca_file=settings.ca_file, permits=self._reach.permits)
        forge = connect(address, GitlabToken(self._held.gitlab_token), self._timing)
        try:
            hold_to(asked, await forge.client.get(address.path, what="the project"))
        except BaseException:
            forge.close()
            raise
        return forge

    async def _permitted(self, patterns: tuple[str, ...], asked: Asked, url: str) -> None:
        # The file may have become another since the delivery was accepted.
        if not allowed(patterns, asked.repo):
            raise ForbiddenError(f"{asked.repo} is not one of the repositories that are reviewed")
        await self._reachable(url)

    async def _reachable(self, url: str) -> list[str]:
        host = urlsplit(url).hostname or ""
        try:
            found = await asyncio.to_thread(self._resolve, host)
        except OSError:
            raise UnavailableError(
                f"the name {host} is not known", hint="look at the name server and the file"
            ) from None
        if not found or not all(map(self._reach.permits, found)):
            raise ConfigError(
                f"{host} is at a private address", hint="add its network to network.private, if it is meant to be there"
            )
        return found


def hold_to(asked: Asked, found: object) -> None:
    """Refuse a repository that is another than the one delivered: renamed, made anew, or not the token's to write.

    A public repository can be read with anybody's token. What the forge does not tell of rights, writing will.

    Raises:
        ForbiddenError: it is another.
    """
    known = found if isinstance(found, dict) else {}
    if asked.repo_id and known.get("id") != asked.repo_id:
        raise ForbiddenError(f"{asked.repo} is not the repository that was delivered: its number is another")
    rights = known.get("permissions")
    if isinstance(rights, dict) and (
        rights.get("push") is False
        or ("project_access" in rights and not rights["project_access"] and not rights.get("group_access"))
    ):
        raise ForbiddenError(f"{asked.repo} is not one that the token may write to")
