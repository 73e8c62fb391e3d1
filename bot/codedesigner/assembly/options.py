"""What somebody asks of a review, whoever asks: a command line, a CI job, a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codedesigner.change.model import Change
from codedesigner.config.loader import RepoFile
from codedesigner.pool.budget import NOTHING_SPENT, Spent
from codedesigner.publish.forge.recognise import NOTHING_DISMISSED, Dismissed

STRATEGIES = ("exhaustive", "sampled", "incremental", "adaptive")
THRESHOLDS = ("low", "medium", "high", "critical", "never")


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a pull request when a review of it begins: what people said before, and earlier reviews spent.

    `mode` is what `/codedesigner on` or `off` said last; None where nobody did.
    """

    mode: bool | None = None
    dismissed: Dismissed = NOTHING_DISMISSED
    spent: Spent = NOTHING_SPENT


@dataclass(frozen=True, slots=True)
class Given:
    """A change that somebody else read, and the configuration that was in force where it starts."""

    change: Change
    config: RepoFile | None


@dataclass(frozen=True, slots=True)
class ReviewOptions:
    """What was asked; None and () where nothing was said.

    `exact`: `base` is where the change starts, and not to be looked for: a shallow clone does not show it.
    """

    repo: Path
    base: str | None = None
    head: str | None = None
    diff: str | None = None
    strategy: str | None = None
    max_passes: int | None = None
    granularity: str | None = None
    angles_file: Path | None = None
    locations_file: Path | None = None
    location: tuple[str, ...] = ()
    angle: tuple[str, ...] = ()
    budget_calls: int | None = None
    budget_tokens: int | None = None
    budget_usd: float | None = None
    sarif: tuple[Path, ...] = ()
    fail_on: str | None = None
    min_agreement: float | None = None
    code_designer: bool | None = None
    no_cache: bool = False
    exact: bool = False
    standing: Standing = Standing()
    given: Given | None = None

    def overrides(self) -> dict[str, object]:
        """Dotted configuration keys that the options set."""
        said: dict[str, object] = {
            "strategy": self.strategy,
            "max_passes": self.max_passes,
            "granularity": self.granularity,
            "angles": list(self.angle) or None,
            "budget.calls": self.budget_calls,
            "budget.tokens": self.budget_tokens,
            "budget.usd": self.budget_usd,
            "gate.fail_on": self.fail_on,
            "gate.min_agreement": self.min_agreement,
        }
        return {key: value for key, value in said.items() if value is not None}
