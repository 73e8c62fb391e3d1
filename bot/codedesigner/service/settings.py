"""The operator's file of the service: which forges, which repositories, who may look, what is bounded.

Secrets never stand in it: it names the variables, or the file of a private key, that hold them.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from codedesigner.config.globs import GlobList, check_glob
from codedesigner.config.shape import Closed
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import Document, read_file
from codedesigner.forge.github.address import PUBLIC_API
from codedesigner.service.intake import MOST_BYTES
from codedesigner.service.task import MOST_SEED

Network = IPv4Network | IPv6Network

FOR_PEOPLE = 0.05
"""Of the limits. Reckoned, not measured: about twice what a few people ask for in a busy hour of a small quota."""


def _network(text: str) -> str:
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("is no network; write one such as 10.0.0.0/8 or 127.0.0.1") from None
    return text


def _url(text: str) -> str:
    # The address is never repeated: it may hold a password.
    wrong = "is no address; write one such as https://gitlab.example.org"
    try:
        parts = urlsplit(text)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(wrong) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or not text.isascii():
        raise ValueError(wrong)
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must not hold a user name, a query or a fragment")
    return text.rstrip("/")


def _server(text: str) -> str:
    """Where a token goes to: never in the clear, but on this machine."""
    url = _url(text)
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("would send the token in the clear; give an https address")
    return url


Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=300), AfterValidator(check_glob)]
Cidr = Annotated[str, AfterValidator(_network)]
Url = Annotated[str, AfterValidator(_url)]
ServerUrl = Annotated[str, AfterValidator(_server)]

_SECRETS = Field(
    min_length=1,
    max_length=5,
    description="Variables with the secrets of the webhook; several while one is exchanged for another.",
)
_REPOSITORIES = Field(
    min_length=1, max_length=1000, description="Which repositories are reviewed, as patterns of their full names."
)
_CA = Field(default="", description="A file with the certificates that vouch for the server.")


class GithubApp(Closed):
    """A GitHub App: it writes as itself, and has a token of its own in each account where it is installed."""

    id: int = Field(ge=1, description="The App's number.")
    private_key_file: str = Field(min_length=1, description="The PEM file that GitHub made.")


class GithubSettings(Closed):
    """GitHub, or a server of its kind."""

    api_url: ServerUrl = Field(default=PUBLIC_API, description="Where its API is.")
    ca_file: str = _CA
    app: GithubApp | None = Field(default=None, description="Whom it is asked as: an App, or")
    token_env: Variable | None = Field(default=None, description="the variable with a token.")
    webhook_secret_env: tuple[Variable, ...] = _SECRETS
    repositories: tuple[Pattern, ...] = _REPOSITORIES

    @model_validator(mode="after")
    def _one_credential(self) -> GithubSettings:
        if (self.app is None) == (self.token_env is None):
            raise ValueError("needs either app or token_env")
        return self


class GitlabSettings(Closed):
    """GitLab, on gitlab.com or elsewhere."""

    url: ServerUrl = Field(default="https://gitlab.com", description="Where it is.")
    ca_file: str = _CA
    token_env: Variable = Field(description="The variable with a project, group or personal access token.")
    webhook_secret_env: tuple[Variable, ...] = _SECRETS
    repositories: tuple[Pattern, ...] = _REPOSITORIES


class ForgeSettings(Closed):
    """Whose webhooks are taken."""

    github: GithubSettings | None = None
    gitlab: GitlabSettings | None = None

    @model_validator(mode="after")
    def _one_at_least(self) -> ForgeSettings:
        if self.github is None and self.gitlab is None:
            raise ValueError("needs github or gitlab")
        return self


class DashboardSettings(Closed):
    """Who may look, and act."""

    token_env: Variable = Field(description="The variable with the token that people sign in with.")
    metrics_token_env: Variable | None = Field(
        default=None, description="The variable with a token that /metrics asks for; without one it is open."
    )
    session_hours: int = Field(default=12, ge=1, le=720, description="How long somebody stays signed in.")


class LimitSettings(Closed):
    """What one source, and all together, may ask of the service."""

    body_bytes: int = Field(default=MOST_BYTES, ge=1_000, le=MOST_BYTES, description="Of one delivery.")
    bodies_bytes: int = Field(
        default=4 * MOST_BYTES, ge=MOST_BYTES, description="Of all deliveries that are being read at a time."
    )
    body_seconds: float = Field(default=10.0, gt=0, le=60, description="How long one delivery may take to arrive.")
    requests_per_minute: int = Field(default=6_000, ge=1, description="Deliveries of one address.")
    sign_ins_per_minute: int = Field(default=5, ge=1, description="Tries of one address to sign in.")
    for_people: float = Field(
        default=FOR_PEOPLE,
        ge=0,
        le=0.5,
        description="Share of every location's limits that reviews leave for the questions of people.",
    )
    stop_seconds: float = Field(
        default=30.0, ge=0, le=86_400, description="How long running work may take to reach a place to stop at."
    )


class NetworkSettings(Closed):
    """Which machines are near."""

    private: tuple[Cidr, ...] = Field(
        default=(), description="Private networks in which models and forges may be; no other private address is asked."
    )
    proxies: tuple[Cidr, ...] = Field(
        default=(), description="Reverse proxies whose X-Forwarded-For names the source of a request."
    )


class ServiceSettings(Closed):
    """The whole file."""

    forges: ForgeSettings
    dashboard: DashboardSettings
    limits: LimitSettings = LimitSettings()
    network: NetworkSettings = NetworkSettings()
    priorities: dict[Pattern, Annotated[int, Field(ge=0, le=MOST_SEED)]] = Field(
        default={},
        max_length=1000,
        description="How urgent reviews are, by patterns of repositories' full names; the last that matches decides.",
    )
    public_url: Url = Field(default="", description="Where people reach the dashboard; https makes its cookie secure.")
    state_key_env: Variable | None = Field(
        default=None, description="The variable with the key that marks in comments are signed with."
    )
    locations_file: str = Field(default="", description="Who is asked: a locations file.")
    operator_file: str = Field(default="", description="Configuration that holds for every repository.")


def read_settings(path: Path) -> tuple[ServiceSettings, Document]:
    """The file at `path`, and where each of its values stands.

    Raises:
        ConfigError: it cannot be read, or one thing in it is wrong, or several are.
    """
    document = read_file(path)
    return validate(document, ServiceSettings), document


def allowed(patterns: tuple[str, ...], repo: str) -> bool:
    """Whether a repository is one of those that are reviewed. Case does not tell repositories apart on either forge."""
    return GlobList(tuple(each.lower() for each in patterns)).deciding(repo.lower()) is not None


def urgency(priorities: Mapping[str, int], repo: str) -> int:
    """How urgent the operator's rules have a repository's reviews: 0 where none says anything."""
    return next((number for pattern, number in reversed(list(priorities.items())) if allowed((pattern,), repo)), 0)
