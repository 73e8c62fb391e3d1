"""What goes wrong between us and a model server, in words that are the same for every server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TroubleKind = Literal[
    "context_overflow",  # the prompt is longer than the model's context
    "too_large",  # the request has too many bytes, or more tokens than the limit of a minute
    "unsupported_parameter",  # the provider has remembered which, and leaves it out from now on
    "schema_rejected",  # the provider has remembered, and offers a weaker mode from now on
    "content_filter",
    "bad_request",  # any other question that the server does not take
    "unauthorised",
    "no_credit",
    "no_such_model",
    "feature_off",
    "rate_limited",
    "quota_exhausted",  # the account's, not the minute's
    "overloaded",  # the server's fleet, not our quota
    "loading",
    "server_error",
    "garbled",  # an answer that is not in the server's own protocol
    "unreachable",
    "disconnected",
    "timeout",
]

Retry = Literal["never", "again", "adapted"]
"""`adapted`: at once, as the provider has learned; `again`: after a wait."""

RETRY: dict[TroubleKind, Retry] = {
    "context_overflow": "never",
    "too_large": "never",
    "unsupported_parameter": "adapted",
    "schema_rejected": "adapted",
    "content_filter": "never",
    "bad_request": "never",
    "unauthorised": "never",
    "no_credit": "never",
    "no_such_model": "never",
    "feature_off": "never",
    "rate_limited": "again",
    "quota_exhausted": "never",
    "overloaded": "again",
    "loading": "again",
    "server_error": "again",
    "garbled": "again",
    "unreachable": "again",
    "disconnected": "again",
    "timeout": "again",
}
# These say something about the location and not about the question: it is off until a check finds it well again.
OFF: frozenset[TroubleKind] = frozenset({"unauthorised", "no_credit", "no_such_model", "quota_exhausted"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One failed attempt. `message` is for people, one line, without secrets and control characters.

    `status` is HTTP's, None where there was no answer. `retry_after_s` are the seconds that the server asks to wait.
    `parameter` is the one that is not supported. `should_retry` is the server's own word on it, stronger than the
    table's.
    """

    kind: TroubleKind
    message: str
    status: int | None = None
    retry_after_s: float | None = None
    parameter: str | None = None
    should_retry: bool | None = None
    latency_ms: float = 0.0

    @property
    def retry(self) -> Retry:
        """Whether another attempt makes sense."""
        usual = RETRY[self.kind]
        if self.should_retry is None or usual == "adapted":
            return usual
        return "again" if self.should_retry else "never"
