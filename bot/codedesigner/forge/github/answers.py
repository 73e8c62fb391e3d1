"""What an answer of GitHub means: a value, a refusal, a limit, or nothing usable. Pure.

GitHub uses 403 for three things (a limit, a missing permission, a block), 422 bodies come in two shapes, and GraphQL
says no with status 200.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from codedesigner.errors import (
    ConflictError,
    ForbiddenError,
    ForgeError,
    LimitedError,
    MissingError,
    UnavailableError,
    UnreachableError,
)
from codedesigner.forge.answers import FIRST_PAUSE_S, AgainError, Answer, no_use, one_line, retry_after

_LIMIT_WORDS = re.compile(r"rate limit|abuse detection|submitted too quickly|please wait a few minutes", re.IGNORECASE)
_PERMISSION_WORDS = re.compile(r"not accessible by|must have|must authenticate|not permitted|blocked", re.IGNORECASE)


def judge(answer: Answer, what: str, *, needs: str, now: float, limits_met: int) -> Answer:
    """`answer`, if it is a success.

    `what` is the request in a few words, `needs` the permission that it takes, `now` the Unix time, `limits_met` how
    often this request has met a limit before.

    Raises:
        AgainError: a limit, or no usable answer.
        ForgeError: a refusal.
    """
    status = answer.status
    if 200 <= status < 300:
        return answer
    if status >= 500 or status < 200:
        raise AgainError(no_use("GitHub", what, status), pause=None, stored=True)
    if status < 400:
        raise MissingError(
            f"GitHub redirects {what}, and redirects are not followed",
            status=status,
            hint="the repository was renamed or moved: give its present name",
        )
    if _is_limit(answer):
        pause = _pause(answer.headers, now, limits_met)
        said = f"GitHub limits {what}: {one_line(answer.message) or status}"
        raise AgainError(LimitedError(said, status=status, retry_after_s=pause), pause=pause, stored=False)
    raise _refusal(answer, what, needs)


def judge_graphql(answer: Answer, what: str, *, needs: str, now: float, limits_met: int) -> Any:
    """The `data` of a GraphQL answer that has no errors. Raises like `judge`, for errors inside a 200 too."""
    body = judge(answer, what, needs=needs, now=now, limits_met=limits_met).data
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors:
        data = body.get("data") if isinstance(body, dict) else None
        if not isinstance(data, dict):
            error = UnreachableError(f"GitHub answered {what} with no data", status=answer.status)
            raise AgainError(error, pause=None, stored=True)
        return data
    known = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    kinds = {str(one.get("type", "")) for one in known}
    said = tuple(one_line(str(one.get("message", ""))) for one in known)
    words = "; ".join(said)
    if "RATE_LIMITED" in kinds or _LIMIT_WORDS.search(words):
        pause = _pause(answer.headers, now, limits_met)
        limit = LimitedError(f"GitHub limits {what}: {words}", status=answer.status, retry_after_s=pause)
        raise AgainError(limit, pause=pause, stored=False)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        raise ForbiddenError(f"GitHub refuses {what}: {words}", status=answer.status, hint=_lacks(answer, needs))
    if "NOT_FOUND" in kinds:
        raise MissingError(f"GitHub has no such thing for {what}: {words}", status=answer.status)
    if kinds - {""} or any("extensions" in one for one in known):
        raise ConflictError(f"GitHub refuses {what}: {words}", status=answer.status, reasons=said)
    # "Something went wrong while executing your query": an error without a type is GitHub's own.
    error = UnreachableError(f"GitHub could not do {what}: {words}", status=answer.status)
    raise AgainError(error, pause=None, stored=True)


def unreachable(what: str, why: str) -> AgainError:
    """There was no answer: the connection could not be made, broke, or took too long."""
    return AgainError(UnavailableError(f"no answer from GitHub to {what}: {why}"), pause=None, stored=True)


def reasons(data: Any) -> tuple[str, ...]:
    """What a 4xx body says is wrong, one text each: `errors` holds strings in some answers and objects in others."""
    errors = data.get("errors") if isinstance(data, dict) else None
    if isinstance(errors, str):
        return (one_line(errors),)
    if not isinstance(errors, Sequence):
        return ()
    return tuple(one_line(_reason(one)) for one in errors)


def _reason(error: object) -> str:
    if not isinstance(error, dict):
        return str(error)
    place = ".".join(str(error[name]) for name in ("resource", "field") if error.get(name))
    said = str(error.get("message") or error.get("code") or "")
    return f"{place}: {said}" if place and said else place or said


def _is_limit(answer: Answer) -> bool:
    if answer.status == 429:
        return True
    words = " ".join((answer.message, *reasons(answer.data)))
    if answer.status == 422:
        return "submitted too quickly" in words
    if answer.status != 403:
        return False
    if _LIMIT_WORDS.search(words):
        return True
    if _PERMISSION_WORDS.search(words):
        return False
    return "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"


def _pause(headers: Mapping[str, str], now: float, limits_met: int) -> float:
    """How long GitHub wants to be left alone, in its own order of precedence."""
    seconds = retry_after(headers, now)
    if seconds is not None:
        return seconds
    reset = headers.get("x-ratelimit-reset", "").strip()
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit() and len(reset) <= 12:
        return max(0.0, int(reset) - now) + 1.0  # within which part of that second is not said
    return FIRST_PAUSE_S * 2.0**limits_met


def _refusal(answer: Answer, what: str, needs: str) -> ForgeError:
    said = reasons(answer.data)
    words = "; ".join(filter(None, (one_line(answer.message), *said))) or f"status {answer.status}"
    status = answer.status
    if status == 401:
        hint = "the token is not valid, or no longer: give a fresh one"
        return ForbiddenError(f"GitHub does not accept the token for {what}: {words}", status=status, hint=hint)
    if status in (403, 451):
        return ForbiddenError(f"GitHub refuses {what}: {words}", status=status, hint=_lacks(answer, needs))
    if status in (404, 410):
        unseen = f"it may exist: a token without `{needs}` is not told" if needs else None
        return MissingError(f"GitHub has no such thing for {what}: {words}", status=status, hint=unseen)
    return ConflictError(f"GitHub refuses {what}: {words}", status=status, reasons=said or (one_line(answer.message),))


def _lacks(answer: Answer, needs: str) -> str | None:
    """The permission that is missing, as a workflow file spells it."""
    accepted = answer.headers.get("x-accepted-github-permissions", "")
    told = accepted.replace("_", "-").replace("=", ": ").replace(";", " or ").replace("  ", " ").strip()
    named = needs or told
    return f"the token needs the permission `{named}`" if named else None
