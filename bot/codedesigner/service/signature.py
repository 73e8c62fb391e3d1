"""Whether a delivery comes from who knows the secret. Compared in constant time; no secret is ever shown.

GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
GitLab's signed form follows https://www.standardwebhooks.com
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

TOLERANCE_S = 300.0
"""How far the time of a signed delivery may be from ours, in seconds."""

_PREFIX = "sha256="
_SECRET_PREFIX = "whsec_"  # noqa: S105 -- how such a secret begins


def github_signed(secret: str, body: bytes, signature: str | None) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC of the raw body. The older header with SHA-1 is not looked at."""
    if not secret or not signature or not signature.startswith(_PREFIX):
        return False
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return _same(signature.removeprefix(_PREFIX), expected)


def gitlab_token(secret: str, token: str | None) -> bool:
    """Whether `X-Gitlab-Token` is the secret. It signs nothing: whoever has seen one delivery can make others."""
    return bool(secret) and bool(token) and _same(token or "", secret)


def standard_signed(
    secret: str, body: bytes, *, delivery: str | None, timestamp: str | None, signature: str | None, now: float
) -> bool:
    """Whether one of the signatures in `webhook-signature` is that of id, time and body, and the time is near `now`."""
    if not (secret and delivery and timestamp and signature) or not (timestamp.isascii() and timestamp.isdigit()):
        return False
    if len(timestamp) > 12 or abs(int(timestamp) - now) > TOLERANCE_S:
        return False
    message = b".".join((delivery.encode("utf-8", "surrogateescape"), timestamp.encode(), body))
    expected = base64.b64encode(hmac.new(_key(secret), message, hashlib.sha256).digest()).decode("ascii")
    versions = (one.partition(",") for one in signature.split(" "))
    # All are compared: where one of several is right must not be told by how long it takes.
    found = [_same(value, expected) for version, _, value in versions if version == "v1"]
    return any(found)


def _key(secret: str) -> bytes:
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape"))
