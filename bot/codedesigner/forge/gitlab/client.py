"""The one way to GitLab: python-gitlab signs and sends, `attempts.py` decides when something is sent again.

python-gitlab's own patience is off: it sleeps through any `Retry-After`, and sends a POST again where it may have been
stored. Redirections are not followed, for the token would follow them. It is imported with the first client: who uses
no forge does not pay for it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from codedesigner import __version__
from codedesigner.errors import ConfigError, ConflictError, UnreachableError
from codedesigner.forge.answers import AgainError, Answer
from codedesigner.forge.attempts import Attempts, Timing
from codedesigner.forge.gitlab.address import AccessToken, Address
from codedesigner.forge.gitlab.answers import judge, redirected, unreachable

if TYPE_CHECKING:
    from gitlab import Gitlab
    from requests import Response

Method = Literal["GET", "POST", "PUT", "DELETE"]
_T = TypeVar("_T")

READ = "the scope `read_api` and the role Reporter"
WRITE = "the scope `api` and the role Developer"

_TIMEOUT_S = 30
_PAGE = 100  # the most that any list gives
_MOST_PAGES = 1000


class Client:
    """Requests to one project's server."""

    def __init__(self, address: Address, credential: AccessToken, timing: Timing) -> None:
        self.address = address
        self.timing = timing
        self._attempts = Attempts(timing)
        self._credential = credential
        self._seen: list[Response] = []
        self._gitlab = _connect(address, credential, self._seen)

    @property
    def token(self) -> str:
        """The credential, as git needs it."""
        return self._credential.value

    @property
    def job(self) -> bool:
        """Whether it is a job's own token."""
        return self._credential.job

    def close(self) -> None:
        """Close the connections."""
        self._gitlab.session.close()

    async def get(self, path: str, /, *, what: str, needs: str = READ, **query: Any) -> Any:
        """What a GET gives. A name that ends in `_` stands for a list: `refs_` is `refs[]`."""
        return (await self._ask("GET", path, what, needs, query=_query(query))).data

    async def pages(self, path: str, /, *, what: str, needs: str = READ, **query: Any) -> list[Any]:
        """A whole list, whatever its pages."""
        items: list[Any] = []
        async for part in self.each_page(path, what=what, needs=needs, **query):
            items += part
        return items

    async def each_page(
        self, path: str, /, *, what: str, needs: str = READ, **query: Any
    ) -> AsyncGenerator[list[Any], None]:
        """The pages of a list, one after the other, for whoever may have enough of them.

        GitLab leaves out how many there are where there are very many; which one is next it always tells.
        """
        page = "1"
        for _ in range(_MOST_PAGES):
            asked = {**_query(query), "per_page": _PAGE, "page": page}
            answer = await self._ask("GET", path, what, needs, query=asked)
            if not isinstance(answer.data, list):
                raise UnreachableError(f"GitLab gave no list of {what}", status=answer.status)
            yield answer.data
            following = answer.headers.get("x-next-page", "")
            if not following:
                return
            page = following
        raise UnreachableError(f"GitLab's pages of {what} do not end")

    async def repeat(
        self,
        method: Method,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        what: str,
        needs: str = WRITE,
        conflicts: bool = False,
    ) -> Answer:
        """A write that changes nothing when it comes a second time, and so is simply sent again.

        `conflicts`: a 409 says that somebody else is writing just now, which passes.
        """
        return await self._ask(method, path, what, needs, body, conflicts=conflicts)

    async def create(
        self, path: str, body: Mapping[str, Any], *, what: str, stored: Callable[[], Awaitable[_T | None]]
    ) -> Any | _T:
        """What was created, or what `stored` finds of it.

        After an answer that leaves open whether it was created, `stored` is asked before anything is sent again.
        """

        async def attempt(met: int) -> Any | _T:
            answer = await self._send("POST", path, {}, body)
            return judge(answer, what, needs=WRITE, now=self.timing.now(), limits_met=met).data

        return await self._attempts.create(attempt, stored)

    async def _ask(
        self,
        method: Method,
        path: str,
        what: str,
        needs: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        conflicts: bool = False,
    ) -> Answer:
        async def attempt(met: int) -> Answer:
            answer = await self._send(method, path, query or {}, body)
            try:
                return judge(answer, what, needs=needs, now=self.timing.now(), limits_met=met)
            except ConflictError as error:
                if conflicts and error.status == 409:
                    raise AgainError(error, pause=None, stored=False) from None
                raise

        return await self._attempts.until(attempt)

    async def _send(
        self, method: Method, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None
    ) -> Answer:
        return await self._attempts.send(
            lambda: self._exchange(method, path, query, body), writes=method != "GET", what=f"{method} {path}"
        )

    def _exchange(self, method: Method, path: str, query: Mapping[str, Any], body: Mapping[str, Any] | None) -> Answer:
        from gitlab import GitlabError
        from requests import RequestException, TooManyRedirects
        from requests.exceptions import SSLError

        what = f"{method} {path}"
        self._seen.clear()
        given = None if body is None else dict(body)
        # Causes are left out: the objects on them carry the token.
        try:
            response = self._gitlab.http_request(
                method.lower(), path, query_data=dict(query), post_data=given, obey_rate_limit=False, max_retries=0
            )
        except GitlabError as error:  # its own error for a status has no headers; the answer itself has
            if not self._seen:
                raise unreachable(what, type(error).__name__) from None
            response = self._seen[-1]
        except TooManyRedirects:
            raise redirected(what, self._seen[-1].headers.get("location", "") if self._seen else "") from None
        except SSLError:
            hint = "for a server with a certificate of its own, CI_SERVER_TLS_CA_FILE names the authority's file"
            raise unreachable(what, "its certificate is not trusted", hint) from None
        except RequestException as error:
            raise unreachable(what, type(error).__name__) from None
        return _answer(what, response)


def _answer(what: str, response: Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        data = json.loads(response.content) if response.content else None
    except (ValueError, RecursionError):
        if 200 <= response.status_code < 300:
            raise unreachable(what, "its body is no JSON") from None
        data = None
    return Answer(response.status_code, headers, data)


def _query(given: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{name[:-1]}[]" if name.endswith("_") else name: value for name, value in given.items()}


def _connect(address: Address, credential: AccessToken, seen: list[Response]) -> Gitlab:
    try:
        import gitlab
    except ImportError as error:
        raise ConfigError("python-gitlab is not installed", hint="pip install 'codedesigner[gitlab]'") from error

    def keep(response: Response, *_args: object, **_more: object) -> None:
        seen.append(response)

    client = gitlab.Gitlab(
        address.base,
        private_token=None if credential.job else credential.value,
        job_token=credential.value if credential.job else None,
        ssl_verify=address.ca_file or True,
        timeout=_TIMEOUT_S,
        user_agent=f"codedesigner/{__version__}",
        retry_transient_errors=False,
    )
    if address.permits is not None:
        from codedesigner.forge.guarded import guarded

        for scheme in ("http://", "https://"):
            client.session.mount(scheme, guarded(address.permits))
    client.session.max_redirects = 0
    client.session.hooks["response"].append(keep)
    return client
