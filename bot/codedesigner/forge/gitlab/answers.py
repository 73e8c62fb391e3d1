"""What an answer of GitLab means: a value, a refusal, a limit, or nothing usable. Pure.

Its words come as a text, as a table of texts by field, or as `error`; some name the wrong thing: that a line code
cannot be blank means that path, lines and commits do not fit the diff.
"""

from __future__ import annotations

from typing import Any

from codedesigner.errors import (
    ConflictError,
    ForbiddenError,
    ForgeError,
    LimitedError,
    MissingError,
    UnavailableError,
)
from codedesigner.forge.answers import FIRST_PAUSE_S, AgainError, Answer, no_use, one_line, retry_after

_FULL = "Maximum number of comments"
_LINE_CODE = "line_code"


def judge(answer: Answer, what: str, *, needs: str, now: float, limits_met: int) -> Answer:
    """`answer`, if it is a success.

    `what` is the request in a few words, `needs` the right that it takes, `now` the Unix time, `limits_met` how often
    this request has met a limit before.

    Raises:
        AgainError: a limit, or no usable answer.
        ForgeError: a refusal.
    """
    status = answer.status
    if 200 <= status < 300:
        return answer
    if status >= 500 or status < 200:
        raise AgainError(no_use("GitLab", what, status), pause=None, stored=True)
    if status == 429:
        told = retry_after(answer.headers, now)
        pause = FIRST_PAUSE_S * 2.0**limits_met if told is None else told
        limit = LimitedError(f"GitLab limits {what}: {words(answer) or status}", status=status, retry_after_s=pause)
        raise AgainError(limit, pause=pause, stored=False)
    raise _refusal(answer, what, needs)


def unreachable(what: str, why: str, hint: str | None = None) -> AgainError:
    """There was no answer: the connection could not be made, broke, or took too long."""
    error = UnavailableError(f"no answer from GitLab to {what}: {why}", hint=hint)
    return AgainError(error, pause=None, stored=True)


def redirected(what: str, to: str) -> ForgeError:
    """A redirection: a POST that follows one becomes a GET, and the token would go wherever it leads."""
    return MissingError(
        f"GitLab redirects {what} to {one_line(to)}, and redirects are not followed",
        hint="set CI_API_V4_URL and CI_SERVER_URL to the address that GitLab redirects to (https?), and the project's "
        "present path",
    )


def reasons(data: Any) -> tuple[str, ...]:
    """What a 4xx body says is wrong, one text each."""
    if not isinstance(data, dict):
        return ()
    found: list[str] = []
    for key in ("message", "error", "error_description"):
        found += _texts(data.get(key))
    return tuple(one_line(text) for text in found)


def words(answer: Answer) -> str:
    """GitLab's words on one line."""
    return "; ".join(reasons(answer.data))


def is_misplaced(error: ConflictError) -> bool:
    """Whether a comment was refused for its position."""
    return any(word in reason for reason in error.reasons for word in (_LINE_CODE, "position"))


def _texts(given: object) -> list[str]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        return [f"{name}: {text}" for name, value in given.items() for text in _texts(value)]
    if isinstance(given, list):
        return [text for one in given for text in _texts(one)]
    return []


def _refusal(answer: Answer, what: str, needs: str) -> ForgeError:
    said, status = words(answer) or f"status {answer.status}", answer.status
    if status == 401:
        hint = "the token is not valid, or no longer, or of a kind that may not do this (CI_JOB_TOKEN): give another"
        return ForbiddenError(f"GitLab does not accept the token for {what}: {said}", status=status, hint=hint)
    if status == 403:
        return ForbiddenError(f"GitLab refuses {what}: {said}", status=status, hint=f"the token needs {needs}")
    if status in (404, 410):
        hint = f"it may exist: a token without {needs} is not told"
        return MissingError(f"GitLab has no such thing for {what}: {said}", status=status, hint=hint)
    if _FULL in said:
        return LimitedError(f"GitLab takes no more comments: {said}", status=status)
    return ConflictError(f"GitLab refuses {what}: {said}", status=status, reasons=reasons(answer.data) or (said,))
