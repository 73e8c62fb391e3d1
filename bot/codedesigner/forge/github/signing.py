"""How requests to GitHub are signed: PyGithub's ways, and an App's token for one repository, made anew when it must be.

PyGithub's own token of an installation is for all of its repositories, and stays until it has run out, even where
GitHub does not take it any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from github.Auth import Auth
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

from codedesigner.forge.guarded import Permits, guarded

_EARLY = dt.timedelta(minutes=2)
"""Before a token runs out: what is sent with it has to arrive, and git fetches for a while."""


class InstallationToken(Auth):
    """An installation's token for one repository. `asker` asks as the App itself."""

    def __init__(self, asker: Requester, installation: int, repository: str, now: Callable[[], float]) -> None:
        self._asker = asker
        self._installation = installation
        self._repository = repository
        self._now = now
        self._value = ""
        self._until = dt.datetime.min.replace(tzinfo=dt.UTC)

    @property
    def token_type(self) -> str:
        """As the header has it."""
        return "token"

    @property
    def token(self) -> str:
        """The token of this moment.

        Raises:
            GithubException: GitHub makes none.
        """
        if not self._value or dt.datetime.fromtimestamp(self._now(), dt.UTC) >= self._until - _EARLY:
            _, data = self._asker.requestJsonAndCheck(
                "POST",
                f"/app/installations/{self._installation}/access_tokens",
                input={"repositories": [self._repository]},
            )
            self._value = str(data["token"])
            self._until = dt.datetime.fromisoformat(str(data["expires_at"]))
        return self._value

    def close(self) -> None:
        """Close the connections."""
        self._asker.close()

    def forget(self) -> None:
        """It was not taken."""
        self._value = ""


def requester(plain: Requester, permits: Permits | None, **changed: Any) -> Requester:
    """The same with something changed, connecting to what is permitted alone."""
    kind = Requester if permits is None else _guarded(permits)
    return kind(**{**plain.kwargs, **changed})


def _guarded(permits: Permits) -> type[Requester]:
    class Plain(HTTPRequestsConnectionClass):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.session.mount("http://", guarded(permits))

    class Secure(HTTPSRequestsConnectionClass):
        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **more)
            self.session.mount("https://", guarded(permits))

    class Guarded(Requester):
        """Its own kind, so that no other requester of this process connects differently."""

    Guarded.injectConnectionClasses(Plain, Secure)
    return Guarded
