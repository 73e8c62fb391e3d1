"""The one way to GitHub: one request at a time, a pause between writes, limits waited for, nothing stored twice.

PyGithub signs and sends; its own retries are off, because they send a POST again after any 5xx and sleep through a
primary limit however long that lasts. It is imported with the first client: who uses no forge does not pay for it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import urlencode

from codedesigner import __version__
from codedesigner.errors import ConfigError, LimitedError, UnreachableError
from codedesigner.forge.github.address import Address, AppInstallation, Credential
from codedesigner.forge.github.answers import AgainError, Answer, judge, judge_graphql, unreachable

if TYPE_CHECKING:
    from github.Auth import AppAuth, Auth
    from tenacity import AsyncRetrying, RetryCallState

    from github import Github

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
_T = TypeVar("_T")

_TIMEOUT_S = 30
_PAGE = 100  # the most that any list gives
_MOST_PAGES = 1000
_FAILURES = 4  # attempts of a request that gets no usable answer
_LIMITS = 6  # attempts of a request that meets limits
_FIRST_BACKOFF_S = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How patient a run is. `patience_s` is for all pauses of a run together, those between writes aside."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    between_writes_s: float = 1.0
    patience_s: float = 900.0


class Client:
    """Requests to one repository's server."""

    def __init__(self, address: Address, credential: Credential, timing: Timing) -> None:
        self.address = address
        self._timing = timing
        self._github, self._auth = _connect(address, credential)
        self.installation = isinstance(credential, AppInstallation) or credential.value.startswith("ghs_")
        self._turn = asyncio.Lock()
        self._last_write: float | None = None
        self._waited = 0.0

    async def token(self) -> str:
        """The credential as git needs it; an App's is made anew when it has run out."""

        async def attempt() -> str:
            return await asyncio.to_thread(self._fresh_token)

        return await self._attempts("a token", attempt)

    def close(self) -> None:
        """Close the connections."""
        self._github.close()

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
        ambiguous = False

        async def attempt() -> Any:
            nonlocal ambiguous
            if ambiguous and (found := await stored()) is not None:
                return found
            try:
                return judge(
                    await self._send(method, path, body), what, needs=needs, now=self._timing.now(), limits_met=met[0]
                ).data
            except AgainError as again:
                ambiguous = ambiguous or again.stored
                raise

        met = [0]
        try:
            return await self._attempts(what, attempt, met, limits=_LIMITS if patient else 2)
        except UnreachableError:
            if ambiguous and (found := await stored()) is not None:
                return found
            raise

    async def graphql(self, query: str, variables: Mapping[str, Any], *, what: str, needs: str = "") -> Any:
        """The data of a query, or of a mutation that changes nothing when it comes a second time."""
        met = [0]

        async def attempt() -> Any:
            body = {"query": query, "variables": variables}
            write = query.lstrip().startswith("mutation")
            answer = await self._send("POST", self.address.graphql, body, write=write)
            return judge_graphql(answer, what, needs=needs, now=self._timing.now(), limits_met=met[0])

        return await self._attempts(what, attempt, met)

    async def _ask(
        self, method: Method, path: str, what: str, needs: str, body: Mapping[str, Any] | None = None
    ) -> Answer:
        met = [0]

        async def attempt() -> Answer:
            answer = await self._send(method, path, body)
            return judge(answer, what, needs=needs, now=self._timing.now(), limits_met=met[0])

        return await self._attempts(what, attempt, met)

    async def _attempts(
        self, what: str, attempt: Callable[[], Awaitable[_T]], met: list[int] | None = None, *, limits: int = _LIMITS
    ) -> _T:
        """`attempt`, again and again where that may help; `met` counts the limits on the way."""
        counted = [0] if met is None else met
        try:
            return await self._retrying(counted, limits)(attempt)
        except AgainError as again:
            raise again.error from None

    def _retrying(self, met: list[int], limits: int) -> AsyncRetrying:
        from tenacity import AsyncRetrying, retry_if_exception_type

        failures = 0

        def pause(state: RetryCallState) -> float:
            again = _again(state)
            return _FIRST_BACKOFF_S * 2.0**failures if again.pause is None else again.pause

        def enough(state: RetryCallState) -> bool:  # asked after `pause`
            nonlocal failures
            again = _again(state)
            if again.limited:
                met[0] += 1
            else:
                failures += 1
            return (
                met[0] >= limits
                or failures >= _FAILURES
                or self._waited + state.upcoming_sleep > self._timing.patience_s
            )

        async def wait(seconds: float) -> None:
            self._waited += seconds
            await self._timing.sleep(seconds)

        return AsyncRetrying(
            retry=retry_if_exception_type(AgainError), stop=enough, wait=pause, sleep=wait, reraise=True
        )

    async def _send(
        self, method: Method, path: str, body: Mapping[str, Any] | None, *, write: bool | None = None
    ) -> Answer:
        """One request, when its turn has come."""
        writes = method != "GET" if write is None else write
        async with self._turn:
            if writes and self._last_write is not None:
                early = self._last_write + self._timing.between_writes_s - self._timing.now()
                if early > 0:
                    await self._timing.sleep(min(early, self._timing.between_writes_s))
            try:
                return await asyncio.to_thread(self._exchange, method, path, body)
            finally:
                if writes:
                    self._last_write = self._timing.now()

    def _exchange(self, method: Method, path: str, body: Mapping[str, Any] | None) -> Answer:
        from requests import RequestException

        from github import GithubException

        what = f"{method} {path.partition('?')[0]}"
        headers = {"Accept": "application/vnd.github+json"}
        # Causes are left out: the objects on them carry the Authorization header.
        try:
            status, given, text = self._github.requester.requestJson(method, path, headers=headers, input=body)
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

    def _fresh_token(self) -> str:
        from requests import RequestException

        from github import GithubException

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


def _again(state: RetryCallState) -> AgainError:
    error = state.outcome.exception() if state.outcome is not None else None
    if not isinstance(error, AgainError):
        raise TypeError("only such attempts are repeated")
    return error


def _with(path: str, query: Mapping[str, str | int]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _app_refused(error: Any) -> Exception:
    """The error for a token that GitHub did not make for an App."""
    status = int(error.status)
    if status >= 500:
        return unreachable("a token of the App", f"status {status}")
    if status in (403, 429) and "limit" in str(error.message).lower():
        return LimitedError("GitHub limits making tokens of the App", status=status)
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


def _connect(address: Address, credential: Credential) -> tuple[Github, Auth]:
    try:
        import github.Auth

        import github
    except ImportError as error:
        raise ConfigError("PyGithub is not installed", hint="pip install 'codedesigner[github]'") from error

    auth: Auth
    if isinstance(credential, AppInstallation):
        app = github.Auth.AppAuth(credential.app, credential.private_key)
        _prove(app)
        auth = github.Auth.AppInstallationAuth(app, credential.installation)
    else:
        auth = github.Auth.Token(credential.value)
    client = github.Github(
        auth=auth,
        base_url=address.api,
        timeout=_TIMEOUT_S,
        user_agent=f"codedesigner/{__version__}",
        per_page=_PAGE,
        verify=address.ca_file or True,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
    return client, auth
