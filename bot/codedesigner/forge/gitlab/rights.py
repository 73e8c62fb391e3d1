"""What a token may do in a project: GitLab tells its scopes and the role of its account, and nothing is tried."""

from __future__ import annotations

from typing import Final

from codedesigner.errors import ForgeError, MissingError
from codedesigner.forge.gitlab.client import WRITE
from codedesigner.forge.gitlab.reader import Reader
from codedesigner.publish.discussion import Permission, PullRequest
from codedesigner.publish.rights import Held, Right, RightName, unknown

_REMEDY: Final = f"give CODEDESIGNER_GITLAB_TOKEN {WRITE}"
_SCOPE: Final = "api"
_SPEAKS: Final[frozenset[Permission]] = frozenset({"triage", "write", "maintain", "admin"})
_WRITES: Final[frozenset[Permission]] = frozenset({"write", "maintain", "admin"})


class Rights:
    """The rights of one token in one project."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._client = reader.client

    async def all(self, pull: PullRequest | None) -> tuple[Right, ...]:
        """All of them."""
        wrong = await self._unwritable()
        role, people = await self._role()
        author = pull is not None and people.held == "yes" and pull.author.id == (await self._reader.me()).id
        needs: tuple[tuple[RightName, str, bool | None], ...] = (
            ("comments", "notes and threads can be written", True if role in _SPEAKS else None),
            ("check", "a commit status can be written", None if role is None else role in _WRITES),
            ("resolve", "threads can be resolved", None if role is None else role in _WRITES or author),
        )
        return (*(_written(name, can, enough, role, wrong) for name, can, enough in needs), people)

    async def _unwritable(self) -> tuple[Held, str]:
        """Why nothing can be written whatever the role; `yes` where the token is one that writes."""
        try:
            token = await self._client.get("/personal_access_tokens/self", what="the token", needs="any scope")
            project = await self._client.get(self._client.address.path, what="the project")
        except ForgeError as error:
            return "unknown", error.message
        scopes = token.get("scopes") if isinstance(token, dict) else None
        if not isinstance(scopes, list):
            return "unknown", "GitLab tells no scopes of the token"
        if isinstance(project, dict) and project.get("archived") is True:
            return "no", "the project is archived, and takes nothing"
        said = ", ".join(f"`{scope}`" for scope in scopes) or "none"
        return ("yes", "") if _SCOPE in scopes else ("no", f"the token has the scopes {said}, and not `{_SCOPE}`")

    async def _role(self) -> tuple[Permission | None, Right]:
        """The role of the token's account, and whether roles can be asked."""
        try:
            role = await self._reader.permission(await self._reader.me())
        except MissingError as error:
            return None, unknown("people", f"the token's account is no member: {error.message}", _REMEDY)
        except ForgeError as error:
            return None, Right("people", "no", error.message, _REMEDY)
        return role, Right("people", "yes", "what people may do can be asked")


def _written(name: RightName, can: str, enough: bool | None, role: Permission | None, wrong: tuple[Held, str]) -> Right:
    held, why = wrong
    if held == "no":
        return Right(name, "no", why, _REMEDY)
    if enough is False:
        return Right(name, "no", f"the token's role is too low (here it counts as `{role}`)", _REMEDY)
    if held == "unknown" or enough is None:
        return unknown(name, why or "the role of the token's account does not tell it", _REMEDY)
    return Right(name, "yes", can)
