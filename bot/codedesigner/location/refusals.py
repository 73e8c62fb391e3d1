"""From a server's refusal to a trouble: what went wrong, in the same words for every dialect.

The status decides where it can; codes in the body decide what it leaves open, and sentences what codes do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from codedesigner.call.trouble import OFF, RETRY, Trouble, TroubleKind
from codedesigner.location import refusal_words as words
from codedesigner.location.http import origin
from codedesigner.location.refusal_bodies import Said, error_of, said_by, said_in
from codedesigner.location.refusal_parameters import carries_schema, droppable, unsupported
from codedesigner.location.secret import scrubbed
from codedesigner.location.waits import rate_state, retry_after, should_retry, stated_wait

Scrub = Callable[[str], str]

# Errors without a status, inside an answer that claims to be none.
_STATUS_OF_CODE = {
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "resource_exhausted": 429,
    "authentication_error": 401,
    "permission_error": 403,
    "billing_error": 402,
    "not_found_error": 404,
    "request_too_large": 413,
    "invalid_request_error": 400,
    "timeout_error": 504,
    "unavailable_error": 503,
}
_PLAIN: dict[int, TroubleKind] = {
    401: "unauthorised",
    407: "unauthorised",
    408: "timeout",
    409: "server_error",
    410: "no_such_model",
    425: "server_error",
    499: "disconnected",
    501: "feature_off",
    504: "timeout",
    524: "timeout",
    529: "overloaded",
}


def trouble_of(status: int, headers: Mapping[str, str], body: bytes, *, now: float, scrub: Scrub = scrubbed) -> Trouble:
    """What an answer with an error's status means. Names of headers are in lower case, `now` is Unix time.

    `scrub` makes a server's words fit to be shown. Never raises, whatever the body is.
    """
    if 300 <= status < 400:
        return Trouble("bad_request", _redirect(status, headers, scrub), status)
    return _trouble(status, headers, said_in(body), now, scrub)


def error_in_body(
    parsed: object, *, now: float = 0.0, headers: Mapping[str, str] | None = None, scrub: Scrub = scrubbed
) -> Trouble | None:
    """The error in an answer, or a part of one, with status 200; None where there is none.

    `status` of the trouble is the one that the error names, otherwise 200.
    """
    error = error_of(parsed)
    if error is None:
        return None
    said = said_by(error)
    named = said.numbers or tuple(_STATUS_OF_CODE[code] for code in sorted(said.codes) if code in _STATUS_OF_CODE)
    trouble = _trouble(named[0] if named else 500, headers or {}, said, now, scrub)
    if said.numbers:
        return trouble
    message = scrub(said.message) or "an error without a word"
    return Trouble(trouble.kind, message, 200, trouble.retry_after_s, trouble.parameter, trouble.should_retry)


def _trouble(status: int, headers: Mapping[str, str], said: Said, now: float, scrub: Scrub) -> Trouble:
    headers = {**(said.headers or {}), **headers}
    wait = retry_after(headers, now)
    if wait is None:
        wait = stated_wait(said.matched)
    kind, parameter = _kind(status, said, waits=wait is not None, told_to_wait="retry-after" in headers)
    if wait is None and kind == "rate_limited":
        wait = _until_reset(headers, now)
    return Trouble(
        kind,
        _message(status, said, scrub),
        status,
        retry_after_s=wait if RETRY[kind] == "again" else None,
        parameter=parameter,
        should_retry=should_retry(headers),
    )


def _kind(status: int, said: Said, *, waits: bool, told_to_wait: bool) -> tuple[TroubleKind, str | None]:
    if status in _PLAIN:
        return _PLAIN[status], None
    match status:
        case 402:
            return "rate_limited" if told_to_wait else "no_credit", None
        case 403:
            return _forbidden(said), None
        case 404:
            return _missing(said), None
        case 413:
            return "context_overflow" if words.overflows(said) else "too_large", None
        case 429:
            return _too_many(said, waits=waits), None
        case 503:
            return _unavailable(said), None
    if 400 <= status < 500:
        return _about_question(said)
    if status >= 500:
        return _servers(said)
    return "garbled", None


def _about_question(said: Said) -> tuple[TroubleKind, str | None]:
    """What a 400 or 422 means."""
    kinds: tuple[tuple[Callable[[Said], bool], TroubleKind], ...] = (
        (words.filtered, "content_filter"),
        (words.overflows, "context_overflow"),
        (words.quota_by_code, "quota_exhausted"),
        (words.no_credit, "no_credit"),
        (words.bad_key, "unauthorised"),
        (words.too_much, "too_large"),
    )
    for holds, kind in kinds:
        if holds(said):
            return kind, None
    parameter = unsupported(said)
    if parameter is not None and droppable(parameter) and not carries_schema(parameter):
        return "unsupported_parameter", parameter
    if carries_schema(parameter) or words.schema_rejected(said):
        return "schema_rejected", None
    return "no_such_model" if words.no_model(said) else "bad_request", None


def _servers(said: Said) -> tuple[TroubleKind, str | None]:
    """What a 500 means: some servers answer so to a question that they do not understand."""
    kind, parameter = _about_question(said)
    # What would turn the location off is not believed from a server in trouble.
    if kind in {"bad_request", *OFF} and not words.clients_fault(said):
        return ("loading" if words.loading(said) else "server_error"), None
    return kind, parameter


def _forbidden(said: Said) -> TroubleKind:
    if words.filtered(said):
        return "content_filter"
    if words.quota_by_code(said):
        return "quota_exhausted"
    return "no_credit" if words.no_credit(said) else "unauthorised"


def _missing(said: Said) -> TroubleKind:
    # OpenRouter: nobody serves this model with all that was asked for.
    return "schema_rejected" if "no endpoints found that" in said.matched else "no_such_model"


def _too_many(said: Said, *, waits: bool) -> TroubleKind:
    if words.quota_by_code(said) or (words.quota_by_text(said) and not waits):
        return "quota_exhausted"
    if words.too_much(said):
        return "too_large"
    return "overloaded" if "overloaded" in said.matched or "overloaded_error" in said.codes else "rate_limited"


def _unavailable(said: Said) -> TroubleKind:
    if words.loading(said):
        return "loading"
    return "schema_rejected" if "can handle the requested parameters" in said.matched else "overloaded"


def _until_reset(headers: Mapping[str, str], now: float) -> float | None:
    state = rate_state(headers, now)
    if state is None:
        return None
    used_up = ((state.requests_left, state.requests_reset_s), (state.tokens_left, state.tokens_reset_s))
    return max((reset for left, reset in used_up if left == 0 and reset is not None), default=None)


def _redirect(status: int, headers: Mapping[str, str], scrub: Scrub) -> str:
    target = headers.get("location", "")
    where = origin(target) if "://" in target else "elsewhere"
    return scrub(f"{status}: the server redirects to {where}, which is not followed; correct the endpoint")


def _message(status: int, said: Said, scrub: Scrub) -> str:
    if said.message:
        return scrub(said.message if said.message.startswith(str(status)) else f"{status}: {said.message}")
    codes = ", ".join(sorted(code for code in said.codes if not code.isdecimal()))
    if codes:
        return scrub(f"{status}: {codes}")
    try:
        return f"{status}: {HTTPStatus(status).phrase}"
    except ValueError:
        return f"{status}: an error without a word"
