"""The one way to GitHub: PyGithub signs and sends, `attempts.py` decides when something is sent again.

PyGithub is imported with the first client: who uses no forge does not pay for it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from codedesigner import __version__
from codedesigner.errors import ConfigError, LimitedError, UnreachableError
from codedesigner.forge.answers import FIRST_PAUSE_S, Answer
from codedesigner.forge.attempts import LIMITS, Attempts, Timing
from codedesigner.forge.github.address import AccessToken, Address, App, AppInstallation, Credential
from codedesigner.forge.github.answers import judge, judge_graphql, unreachable

if TYPE_CHECKING:
    from github.Auth import AppAuth, Auth
    from github.Requester import Requester

    from codedesigner.forge.github.signing import InstallationToken

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_T = TypeVar("_T")

_TIMEOUT_S = 30
_PAGE = 100  # the most that any list gives
_MOST_PAGES = 1000


class Client:
    """Requests to one repository's server."""

    def __init__(self, address: Address, credential: Credential, timing: Timing) -> None:
        self.address = address
        self._attempts = Attempts(timing)
        self._github, self._auth, self._renewable = _connect(address, credential, timing.now)
        self.installation = isinstance(credential, AppInstallation) or (
            isinstance(credential, AccessToken) and credential.value.startswith("ghs_")
        )
        # Of a classic token GitHub tells what its owner may; the token may all of it that its scopes let through.
        self.classic = isinstance(credential, AccessToken) and credential.value.startswith(("ghp_", "gho_"))

    async def token(self) -> str:
        """The credential as git needs it; an App's is made anew when it has run out."""

        async def attempt(_met: int) -> str:
            return await asyncio.to_thread(self._fresh_token)

        return await self._attempts.until(attempt)

    def close(self) -> None:
        """Close the connections."""
        self._github.close()
        if self._renewable is not None:
            self._renewable.close()

    async def get(self, path: str, *, what: str, needs: str = "", **query: str | int) -> Any:
        """What a GET gives."""
        return (await self._ask("GET", _with(path, query), what, needs)).data

    async def pages(self, path: str, *, what: str, needs: str = "", key: str = "", **query: str | int) -> list[Any]:
        """A whole list, by the links that its pages give; `key` where the list is inside an object."""
        items: list[Any] = []
        async for part in self.each_page(path, what=what, needs=needs, key=key, **query):
            items += part
        return items

    async def each_page(
        self, path: str, *, what: str, needs: str = "", key: str = "", **query: str | int
    ) -> AsyncGenerator[list[Any], None]:
        """The pages of a list, one after the other, for whoever may have enough of them."""
        url: str | None = _with(path, {"per_page": _PAGE, **query})
        seen: set[str] = set()
        while url is not None:
            if url in seen or len(seen) >= _MOST_PAGES:
                raise UnreachableError(f"GitHub's pages of {what} do not end")
            seen.add(url)
            answer = await self._ask("GET", url, what, needs)
            part = answer.data.get(key) if key and isinstance(answer.data, dict) else answer.data
            if not isinstance(part, list):
                raise UnreachableError(f"GitHub gave no list of {what}", status=answer.status)
            yield part
            url = self._next(answer, what)

    async def repeat(
        self, method: Method, path: str, body: Mapping[str, Any] | None = None, *, what: str, needs: str = ""
    ) -> Answer:
        """A write that changes nothing when it comes a second time, and so is simply sent again."""
        return await self._ask(method, path, what, needs, body)

    async def create(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        what: str,
        needs: str = "",
        stored: Callable[[], Awaitable[_T | None]],
        method: Method = "POST",
        patient: bool = True,
    ) -> Any | _T:
        """What was created, or what `stored` finds of it.

        After an answer that leaves open whether it was created, `stored` is asked before anything is sent again. With
        `patient` false only one limit is waited for.
        """

        async def attempt(met: int) -> Any | _T:
            answer = await self._send(method, path, body)
            return judge(answer, what, needs=needs, now=self._now(), limits_met=met).data

        return await self._attempts.create(attempt, stored, limits=LIMITS if patient else 2)

    async def graphql(self, query: str, variables: Mapping[str, Any], *, what: str, needs: str = "") -> Any:
        """The data of a query, or of a mutation that changes nothing when it comes a second time."""

        async def attempt(met: int) -> Any:
            body = {"query": query, "variables": variables}
            write = query.lstrip().startswith("mutation")
            answer = await self._send("POST", self.address.graphql, body, write=write)
            return judge_graphql(answer, what, needs=needs, now=self._now(), limits_met=met)

        return await self._attempts.until(attempt)

    async def _ask(
        self, method: Method, path: str, what: str, needs: str, body: Mapping[str, Any] | None = None
    ) -> Answer:
        async def attempt(met: int) -> Answer:
            answer = await self._send(method, path, body)
            return judge(answer, what, needs=needs, now=self._now(), limits_met=met)

        return await self._attempts.until(attempt)

    async def _send(
        self, method: Method, path: str, body: Mapping[str, Any] | None, *, write: bool | None = None
    ) -> Answer:
        writes = method != "GET" if write is None else write
        return await self._attempts.send(
            lambda: self._exchange(method, path, body), writes=writes, what=f"{method} {path}"
        )

    def _now(self) -> float:
        return self._attempts.timing.now()

    def _exchange(self, method: Method, path: str, body: Mapping[str, Any] | None) -> Answer:
        from github import GithubException
        from requests import RequestException

        what = f"{method} {path.partition('?')[0]}"
        headers = {"Accept": "application/vnd.github+json"}
        # Causes are left out: the objects on them carry the Authorization header.
        try:
            status, given, text = self._github.requestJson(method, path, headers=headers, input=body)
            if status == 401 and self._renews():
                status, given, text = self._github.requestJson(method, path, headers=headers, input=body)
        except RequestException as error:
            raise unreachable(what, type(error).__name__) from None
        except GithubException as error:  # of making an App's token
            raise _app_refused(error) from None
        except RuntimeError:  # a redirection to another host, which PyGithub does not follow
            raise UnreachableError(
                f"GitHub redirects {what} to another host, which is not followed", hint="check GITHUB_API_URL"
            ) from None
        try:
            data = json.loads(text) if text else None
        except (ValueError, RecursionError):
            if 200 <= status < 300:
                raise unreachable(what, "its body is no JSON") from None
            data = None
        return Answer(status, given, data)

    def _renews(self) -> bool:
        """Whether there will be another token than the one that was not taken, and with which nothing was done."""
        if self._renewable is None:
            return False
        self._renewable.forget()
        return True

    def _fresh_token(self) -> str:
        from github import GithubException
        from requests import RequestException

        try:
            return self._auth.token
        except RequestException as error:
            raise unreachable("a token", type(error).__name__) from None
        except GithubException as error:
            raise _app_refused(error) from None

    def _next(self, answer: Answer, what: str) -> str | None:
        from requests.utils import parse_header_links

        links = parse_header_links(answer.headers.get("link", ""))
        following = next((link["url"] for link in links if link.get("rel") == "next"), None)
        if following is None:
            return None
        path = self.address.below(following)
        if path is None:
            raise UnreachableError(f"GitHub's next page of {what} is on another server, which is not asked")
        return path


def _with(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _app_refused(error: Any) -> Exception:
    """The error for a token that GitHub did not make for an App."""
    status = int(error.status)
    if status >= 500:
        return unreachable("a token of the App", f"status {status}")
    if status in (403, 429) and "limit" in str(error.message).lower():
        return LimitedError("GitHub limits making tokens of the App", status=status, retry_after_s=FIRST_PAUSE_S)
    said = error.message or status
    return ConfigError(f"GitHub makes no token for the App: {said}", hint="check id, key and installation")


def _prove(app: AppAuth) -> None:
    """Sign something with the App's key, which PyGithub would find out to be none with the first request."""
    from jwt import PyJWTError

    try:
        app.create_jwt()
    except (PyJWTError, ValueError):  # without the cause: it may quote the key
        raise ConfigError(
            "the private key of the App is none", hint="give the whole PEM file that GitHub made"
        ) from None


def _connect(
    address: Address, credential: Credential, now: Callable[[], float]
) -> tuple[Requester, Auth, InstallationToken | None]:
    try:
        import github
        import github.Auth
    except ImportError as error:
        raise ConfigError("PyGithub is not installed", hint="pip install 'codedesigner[github]'") from error
    from codedesigner.forge.github.signing import InstallationToken, requester

    plain = github.Github(
        base_url=address.api,
        timeout=_TIMEOUT_S,
        user_agent=f"codedesigner/{__version__}",
        per_page=_PAGE,
        verify=address.ca_file or True,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    ).requester
    auth: Auth
    renewable = None
    if isinstance(credential, AccessToken):
        auth = github.Auth.Token(credential.value)
    else:
        name = credential.id if isinstance(credential, App) else credential.app
        auth = app = github.Auth.AppAuth(name, credential.private_key)
        _prove(app)
        if isinstance(credential, AppInstallation):
            asker = requester(plain, address.permits, auth=app)
            auth = renewable = InstallationToken(asker, credential.installation, address.name, now)
    return requester(plain, address.permits, auth=auth), auth, renewable
