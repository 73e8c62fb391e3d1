"""What follows a failed attempt: end, ask elsewhere, or ask again after a wait. Decides, and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from tenacity import RetryCallState, Retrying, wait_exponential, wait_fixed
from tenacity.wait import wait_base

from codedesigner.call.model import Outcome
from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.pool.seat import RetryPolicy

MOST_ADAPTED = 6
"""How often a call is sent again at once because its provider has learned something."""

LEAST_JITTER = 0.75  # of a wait that is spread, as the vendors' own libraries spread it

OUTCOMES: Mapping[TroubleKind, Outcome] = {
    "context_overflow": "too_long",
    "too_large": "too_long",
    "unsupported_parameter": "rejected",
    "schema_rejected": "rejected",
    "content_filter": "filtered",
    "bad_request": "rejected",
    "unauthorised": "offline",
    "no_credit": "offline",
    "no_such_model": "offline",
    "feature_off": "rejected",
    "rate_limited": "rate_limited",
    "quota_exhausted": "offline",
    "overloaded": "failed",
    "loading": "failed",
    "server_error": "failed",
    "garbled": "failed",
    "unreachable": "offline",
    "disconnected": "failed",
    "timeout": "timeout",
}
"""What a call comes to whose last attempt failed so."""

# The question itself is at fault: another location is no remedy.
ABOUT_THE_QUESTION: frozenset[TroubleKind] = frozenset(
    {"context_overflow", "too_large", "content_filter", "bad_request", "unsupported_parameter", "schema_rejected"}
)


class Backoff:
    """Waits before the next attempt. `rng` spreads them, so that a seeded one gives the same waits again."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._strategies: dict[RetryPolicy, wait_base] = {}

    def seconds(self, policy: RetryPolicy, failed: int) -> float:
        """How long to wait after `failed` (1, 2, …) failed rounds."""
        strategy = self._strategies.get(policy)
        if strategy is None:
            strategy = self._strategies[policy] = _strategy(policy)
        state = RetryCallState(_NOBODY, None, (), {})
        state.attempt_number = failed
        wait = strategy(state)
        if policy.backoff == "exponential_with_jitter":
            wait *= self._rng.uniform(LEAST_JITTER, 1.0)
        return wait


_NOBODY = Retrying()


def _strategy(policy: RetryPolicy) -> wait_base:
    if policy.backoff == "fixed":
        return wait_fixed(min(policy.base_delay_s, policy.max_delay_s))
    return wait_exponential(multiplier=policy.base_delay_s, max=policy.max_delay_s)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do. `end`: with `outcome`. `elsewhere`: at once, at another location. `again`: after a wait.

    `out`: the location is not asked again for this call.
    """

    act: Literal["end", "elsewhere", "again"]
    outcome: Outcome
    out: bool = False


def decide(trouble: Trouble, *, tries: int, most: int, others: bool, later: bool, longest_wait_s: float) -> Step:
    """The step after a trouble that is not for the provider to adapt to.

    `tries` attempts were made of `most`. `others`: another location could be asked now; `later`: one that has failed
    in this round could be asked again after a wait.
    """
    outcome = OUTCOMES[trouble.kind]
    never = trouble.retry == "never"
    if never and trouble.kind in ABOUT_THE_QUESTION:
        return Step("end", outcome)
    too_long = trouble.retry_after_s is not None and trouble.retry_after_s > longest_wait_s
    if never or too_long:
        outcome = outcome if never else "rate_limited"
        if others:
            return Step("elsewhere", outcome, out=True)
        return Step("again" if later and tries < most else "end", outcome, out=True)
    if tries >= most:
        return Step("end", outcome)
    return Step("elsewhere" if others else "again", outcome)
