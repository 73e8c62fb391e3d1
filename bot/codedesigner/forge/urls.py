"""Addresses of forges, as an environment gives them. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from codedesigner.change.model import display
from codedesigner.errors import ConfigError, MissingError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def checked(url: str, key: str) -> SplitResult:
    """A server's URL in its parts; `key` is the variable that it comes from.

    Raises:
        ConfigError: it is none, or a token would travel in the clear.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"is no URL: {error}", key=key) from None
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname or port == 0:
        raise ConfigError("is no plain URL of a server", key=key, hint="give https://HOST[:PORT]/PATH")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigError("would send the token in the clear", key=key, hint="give an https URL")
    return parts


def same_server(one: SplitResult, other: SplitResult) -> bool:
    """Whether two URLs have scheme, host and port in common."""
    return (one.scheme, one.hostname, _port(one)) == (other.scheme, other.hostname, _port(other))


def below(api: str, url: str) -> str | None:
    """The path and query of `url` below the API's own path; None where it leads elsewhere."""
    root, other = urlsplit(api), urlsplit(url)
    if not same_server(root, other) or not other.path.startswith(f"{root.path}/"):
        return None
    return other.path.removeprefix(root.path) + (f"?{other.query}" if other.query else "")


def token_of(value: str, key: str, hint: str) -> str:
    """The token in a variable.

    Raises:
        ConfigError: there is none, or it holds what no token does.
    """
    token = value.strip()
    if not token:
        raise ConfigError("is not set", key=key, hint=hint)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigError("is no token: it holds characters that none has", key=key)
    return token


def full_id(sha: str) -> str:
    """`sha`, which must be a full id: a path of the API is made of it.

    Raises:
        MissingError: it is none.
    """
    if not _FULL_ID.fullmatch(sha):
        raise MissingError(f"`{display(sha[:80])}` is not the full id of a commit")
    return sha


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
