"""The address of a pull or merge request, as people copy it from their browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from codedesigner.errors import UsageError
from codedesigner.publish.discussion import ForgeName

_GITHUB = re.compile(r"/([^/]+/[^/]+)/pull/([1-9]\d{0,9})(?:/(?:files|commits|checks|changes)(?:/.*)?)?/?")
_GITLAB = re.compile(r"/(.+?)/-/merge_requests/([1-9]\d{0,9})(?:/(?:diffs|commits|pipelines)(?:/.*)?)?/?")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HELP = "copy it from the browser: https://HOST/OWNER/NAME/pull/7, or https://HOST/GROUP/NAME/-/merge_requests/7"


@dataclass(frozen=True, slots=True)
class PullAddress:
    """Which pull request on which server. `server` is `https://HOST`, with its port where it has one."""

    forge: ForgeName
    server: str
    repo: str
    number: int

    @property
    def api(self) -> str:
        """Where the forge's REST API is."""
        if self.forge == "gitlab":
            return f"{self.server}/api/v4"
        return "https://api.github.com" if self.server == "https://github.com" else f"{self.server}/api/v3"

    @property
    def graphql(self) -> str:
        """Where the forge's GraphQL API is."""
        return f"{self.api}/graphql" if self.server == "https://github.com" else f"{self.server}/api/graphql"


def pull_address(url: str) -> PullAddress:
    """What the address names.

    Raises:
        UsageError: it is not that of a pull or merge request, or would send a token in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise UsageError("--pr takes an https address", hint=_HELP)
    if not parts.hostname or parts.username or parts.password:
        raise UsageError("--pr takes an address with a host, and without a user", hint=_HELP)
    server = f"{parts.scheme}://{parts.netloc}"
    for forge, pattern in (("github", _GITHUB), ("gitlab", _GITLAB)):
        found = pattern.fullmatch(parts.path)
        if found is not None:
            return PullAddress("github" if forge == "github" else "gitlab", server, found.group(1), int(found.group(2)))
    raise UsageError("--pr takes the address of a pull or merge request", hint=_HELP)
