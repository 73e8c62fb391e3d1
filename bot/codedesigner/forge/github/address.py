"""Where a repository's API is, and as whom it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from codedesigner.errors import ConfigError
from codedesigner.forge.urls import below, checked, same_server, token_of

Permits = Callable[[str], bool]
PUBLIC_API = "https://api.github.com"
_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class AppInstallation:
    """A GitHub App in one account: its tokens live an hour and are made anew where needed."""

    app: str
    private_key: str = field(repr=False)
    installation: int


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that lasts as long as the run: a job's GITHUB_TOKEN, or somebody's personal access token."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App as itself, which may ask where it is installed and nothing else."""

    id: str
    private_key: str = field(repr=False)


Credential = AccessToken | AppInstallation | App


@dataclass(frozen=True, slots=True)
class Address:
    """One repository (`owner/name`) on one server. Both URLs name the same host; `ca_file` vouches for a private one.

    `permits` says which addresses may be connected to; without it, any.

    Raises:
        ConfigError: a URL or a name that would send the token somewhere else, or in the clear.
    """

    repo: str
    api: str = PUBLIC_API
    graphql: str = ""
    server: str = ""
    ca_file: str = ""
    permits: Permits | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _REPO.fullmatch(self.repo):
            raise ConfigError("not the name of a repository on GitHub", key="GITHUB_REPOSITORY", hint="give OWNER/NAME")
        api = checked(self.api, "GITHUB_API_URL")
        object.__setattr__(self, "api", self.api.rstrip("/"))
        if self.graphql:
            graphql = checked(self.graphql, "GITHUB_GRAPHQL_URL")
            if not same_server(graphql, api):
                raise ConfigError(
                    "not on the host of GITHUB_API_URL", key="GITHUB_GRAPHQL_URL", hint="both are of one server"
                )
        else:
            object.__setattr__(self, "graphql", self.api.removesuffix("/v3") + "/graphql")
        if self.server:
            checked(self.server, "GITHUB_SERVER_URL")
        else:
            object.__setattr__(self, "server", _server(api))
        object.__setattr__(self, "server", self.server.rstrip("/"))

    @property
    def owner(self) -> str:
        """Whose repository it is."""
        return self.repo.partition("/")[0]

    @property
    def name(self) -> str:
        """The repository's name without its owner."""
        return self.repo.partition("/")[2]

    @property
    def clone_url(self) -> str:
        """Where git fetches the repository."""
        return f"{self.server}/{self.repo}.git"

    @property
    def path(self) -> str:
        """The repository's path below the API's own."""
        return f"/repos/{self.repo}"

    def below(self, url: str) -> str | None:
        """The path and query of `url` below the API's own path; None where it leads elsewhere."""
        return below(self.api, url)


def address_from(environment: Mapping[str, str]) -> Address:
    """What a job of GitHub Actions is told about its server.

    Raises:
        ConfigError: the environment names no repository, or something that cannot be used.
    """
    repo = environment.get("GITHUB_REPOSITORY", "")
    if not repo:
        raise ConfigError("is not set", key="GITHUB_REPOSITORY", hint="set it to OWNER/NAME")
    return Address(
        repo,
        environment.get("GITHUB_API_URL") or PUBLIC_API,
        environment.get("GITHUB_GRAPHQL_URL", ""),
        environment.get("GITHUB_SERVER_URL", ""),
        environment.get("SSL_CERT_FILE", ""),
    )


def credential_from(environment: Mapping[str, str]) -> AccessToken:
    """The token in GITHUB_TOKEN.

    Raises:
        ConfigError: there is none.
    """
    key = "GITHUB_TOKEN"
    return AccessToken(token_of(environment.get(key, ""), key, "pass `${{ github.token }}` to the step"))


def _server(api: SplitResult) -> str:
    """Where people see what the API tells: github.com, HOST.ghe.com, or the Enterprise Server itself."""
    host = api.netloc.removeprefix("api.") if not api.path.startswith("/api/") else api.netloc
    return f"{api.scheme}://{host}"
