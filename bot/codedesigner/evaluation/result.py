"""What an evaluation found, as other programs read it: closed, frozen, versioned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from codedesigner.evaluation.protocol import HoldOut
from codedesigner.evaluation.scoring import Scoring

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Between = tuple[float, float]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Model):
    """A share, and where it lies in 95 of 100 resamples; null where none were drawn."""

    value: Share
    interval: Between | None


class Quality(_Model):
    """Counts, and what follows from them."""

    tp: Count = Field(description="Golden issues found.")
    fp: Count = Field(description="Posted findings that found nothing new.")
    fn: Count = Field(description="Golden issues missed.")
    precision: Figure
    recall: Figure
    f1: Figure


class LocationResult(_Model):
    """One reviewer alone."""

    id: str
    quality: Quality
    reviews: Count = Field(description="Pull requests that it looked at.")
    comments: Count
    tokens: Count | None = Field(description="Tokens of all its reviews; null where they are not known.")
    usd: Annotated[float, Field(ge=0)] | None = Field(description="Cost of all its reviews; null if not known.")


class StrategyResult(_Model):
    """One strategy under one scoring."""

    strategy: str
    scoring: Scoring
    quality: Quality
    gain: float = Field(description="Its F1 less that of the best single location, chosen in the same way.")
    gain_interval: Between | None
    learned: dict[str, str] = Field(description="What was held out -> what was learned on the rest.")
    usd: Annotated[float, Field(ge=0)] | None = Field(description="Cost of all that it needs; null if not known.")


class VotesResult(_Model):
    """Findings with one number of votes."""

    votes: Count
    findings: Count
    right: Count


class BinResult(_Model):
    """Findings of like agreement or probability."""

    findings: Count
    said: Share = Field(description="Their mean agreement, or fitted probability.")
    right: Share = Field(description="The share of them that was right.")


class ReliabilityResult(_Model):
    """Agreement less half a vote beside the truth, or what a calibration fitted on what is not held out makes of it."""

    scoring: Scoring
    fitted: bool
    findings: Count
    error: Figure = Field(description="Expected calibration error: the mean distance of what was said from the truth.")
    by_chance: Share = Field(description="The error to expect of so many findings where all that is said is true.")
    bins: tuple[BinResult, ...]


class PanelResult(_Model):
    """A panel of reviewers."""

    reviewers: tuple[str, ...]
    strategies: tuple[StrategyResult, ...]
    votes: tuple[VotesResult, ...] = Field(description="Under the majority scoring.")
    reliability: tuple[ReliabilityResult, ...]


class PairsResult(_Model):
    """Whether pairs of texts that mean the same come into one group."""

    against: Literal["different", "different and probably different"]
    quality: Quality


class AnchoringResult(_Model):
    """How near to a comment's lines it was placed."""

    source: Literal["text", "evidence"] = Field(description="From its words alone, or from code that it quotes.")
    comments: Count
    placed: Count = Field(description="Comments that got a place at all.")
    within: dict[str, Figure] = Field(description="Lines of distance at most -> share of all comments.")


class HistoryResult(_Model):
    """What is known of one location from outcomes, for one angle and kind."""

    location: str
    angle: str
    kind: str
    right: Annotated[float, Field(ge=0)]
    wrong: Annotated[float, Field(ge=0)]
    accuracy: Share


class EvaluationResult(_Model):
    """An evaluation of labelled reviews."""

    schema_version: Literal["1"] = "1"
    dataset: str
    pull_requests: Count
    repositories: Count
    golden: Count
    comments: Count
    hold_out: HoldOut
    bootstrap: Count
    seed: int
    locations: tuple[LocationResult, ...] = ()
    panels: tuple[PanelResult, ...] = ()
    pairs: tuple[PairsResult, ...] = ()
    anchoring: tuple[AnchoringResult, ...] = ()
    history: tuple[HistoryResult, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="What was left out, and why.")
