"""Where a project's API is, and as whom it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from codedesigner.config.environment import GITLAB_TOKEN
from codedesigner.errors import ConfigError
from codedesigner.forge.urls import checked, same_server, token_of

Permits = Callable[[str], bool]
PUBLIC = "https://gitlab.com"
_API = "/api/v4"
_PART = r"[A-Za-z0-9_.][A-Za-z0-9_.-]*"
_PATH = re.compile(rf"(?!.*(?:^|/)\.{{1,2}}(?:/|$)){_PART}(?:/{_PART})+")
_HINT = "a project access token with the scope `api` and the role Developer, as a masked variable"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A project, group or personal access token; `job` for CI_JOB_TOKEN, which reads little and writes nothing."""

    value: str = field(repr=False)
    job: bool = False


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The pipeline that a job belongs to, where it is the project's own."""

    id: int
    ref: str
    sha: str


@dataclass(frozen=True, slots=True)
class Address:
    """One project (`group/…/name`) on one server. `ca_file` vouches for a private one, `pipeline` is that of the job.

    `permits` says which addresses may be connected to; without it, any.

    Raises:
        ConfigError: a URL or a name that would send the token somewhere else, or in the clear.
    """

    project: str
    server: str = PUBLIC
    api: str = ""
    ca_file: str = ""
    number: int | None = None
    pipeline: Pipeline | None = None
    permits: Permits | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.project):
            raise ConfigError("not the path of a project on GitLab", key="CI_PROJECT_PATH", hint="give GROUP/NAME")
        server = checked(self.server, "CI_SERVER_URL")
        object.__setattr__(self, "server", self.server.rstrip("/"))
        if self.api:
            api = checked(self.api, "CI_API_V4_URL")
            if not same_server(api, server):
                raise ConfigError(
                    "not on the host of CI_SERVER_URL", key="CI_API_V4_URL", hint="both are of one server"
                )
        object.__setattr__(self, "api", (self.api or f"{self.server}{_API}").rstrip("/"))
        if not self.api.endswith(_API):
            raise ConfigError(f"does not end with {_API}", key="CI_API_V4_URL", hint="give https://HOST/api/v4")

    @property
    def clone_url(self) -> str:
        """Where git fetches the project."""
        return f"{self.server}/{self.project}.git"

    @property
    def base(self) -> str:
        """What python-gitlab calls the server: it puts the API's path behind it by itself."""
        return self.api.removesuffix(_API)

    @property
    def path(self) -> str:
        """The project's path below the API's own. A path with slashes is one segment of it."""
        name = quote(self.project, safe="") if self.number is None else str(self.number)
        return f"/projects/{name}"


def address_from(environment: Mapping[str, str]) -> Address:
    """What a job is told about its server, and about the project that its merge request goes to.

    Raises:
        ConfigError: the environment names no project, or something that cannot be used.
    """
    target = environment.get("CI_MERGE_REQUEST_PROJECT_ID", "")
    number = target or environment.get("CI_PROJECT_ID", "")
    path = environment.get("CI_MERGE_REQUEST_PROJECT_PATH" if target else "CI_PROJECT_PATH", "")
    if not path:
        raise ConfigError("is not set", key="CI_PROJECT_PATH", hint="set it to GROUP/NAME")
    return Address(
        path,
        environment.get("CI_SERVER_URL") or PUBLIC,
        environment.get("CI_API_V4_URL", ""),
        environment.get("CI_SERVER_TLS_CA_FILE") or environment.get("SSL_CERT_FILE", ""),
        _number(number),
        _pipeline(environment, number),
    )


def credential_from(environment: Mapping[str, str]) -> AccessToken:
    """The token in CODEDESIGNER_GITLAB_TOKEN.

    Raises:
        ConfigError: there is none.
    """
    return AccessToken(token_of(environment.get(GITLAB_TOKEN, ""), GITLAB_TOKEN, _HINT))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _pipeline(environment: Mapping[str, str], project: str) -> Pipeline | None:
    """That of a fork is in the fork, where no status of the project is."""
    number = _number(environment.get("CI_PIPELINE_ID", ""))
    ref = environment.get("CI_MERGE_REQUEST_REF_PATH") or environment.get("CI_COMMIT_REF_NAME", "")
    sha = environment.get("CI_COMMIT_SHA", "")
    if number is None or not ref or not sha or environment.get("CI_PROJECT_ID", "") != project:
        return None
    return Pipeline(number, ref, sha)
