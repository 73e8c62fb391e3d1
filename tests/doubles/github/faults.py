"""Faults in GitHub's words, for `github.fail`."""

from __future__ import annotations

from tests.doubles.server import Fault

_SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."


def secondary_limit(
    method: str, path: str, *, nth: int = 1, status: int = 403, retry_after: int | None = None, stored: bool = False
) -> Fault:
    """A secondary rate limit; GitHub answers it with 403 or 429, with or without Retry-After."""
    headers = {"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "4321"}  # of these there are enough
    headers |= {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Fault(method, path, nth, status, {"message": _SECONDARY}, headers, stored)


def primary_limit(method: str, path: str, reset: int, *, nth: int = 1, status: int = 403) -> Fault:
    """No request is left until `reset`, in seconds since 1970."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset), "X-RateLimit-Limit": "1000"}
    return Fault(method, path, nth, status, {"message": "API rate limit exceeded for installation."}, headers)


def not_permitted(method: str, path: str, *, nth: int = 0) -> Fault:
    """The permission is missing, whatever the token says."""
    return Fault(method, path, nth, 403, {"message": "Resource not accessible by integration"})
