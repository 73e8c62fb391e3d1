"""The report as other programs read it: closed, frozen, versioned.

Adding a field is compatible; renaming, removing or giving one another meaning needs a new `schema_version`.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from codedesigner.change.model import NotReviewed, Side, Status
from codedesigner.publish.inputs import Conclusion, FailOn, LocationRole, LocationStatus
from codedesigner.severity import Severity
from codedesigner.vote.finding import Decider, Disposition, How, LookVerdict, Proof, Vote

Count = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FileReport(_Model):
    """A file that the change touched."""

    path: str = Field(description="Path after the change (before it, for a deleted file), with / between folders.")
    old_path: str | None = Field(description="Path before the change, for renamed and copied files.")
    status: Status = Field(description="What happened to the file.")
    binary: bool = Field(description="Whether git counts it as binary.")
    added: Count = Field(description="Added lines.")
    removed: Count = Field(description="Removed lines.")
    functions: tuple[str, ...] = Field(description="Qualified names of the functions that the change touched.")


class ChangeReport(_Model):
    """What was reviewed."""

    repo: str = Field(description="The repository, as it was given.")
    base: str = Field(description="Full id of the commit that the change starts from.")
    head: str = Field(description="Full id of the commit reviewed; `worktree` or `diff` where there is none.")
    functions: Count = Field(description="Functions that the change touched.")
    files: tuple[FileReport, ...] = Field(description="Every file of the change, in the order of the diff.")


class GateReport(_Model):
    """The verdict."""

    conclusion: Conclusion = Field(description="pass, fail, or inconclusive: too little was covered to say either.")
    title: str = Field(description="The verdict in a line, as a check shows it.")
    reason: str = Field(description="Why.")
    fail_on: FailOn = Field(
        description="Findings at or above this severity block, unless a path has its own threshold."
    )
    min_agreement: Share = Field(description="Only findings with at least this agreement block.")
    blocking: tuple[str, ...] = Field(description="Ids of the findings that block.")


class SkippedReport(_Model):
    """Something that nobody reviewed."""

    path: str = Field(description="The file.")
    function: str | None = Field(description="The function; null for the whole file.")
    reason: NotReviewed = Field(description="Why it was left out.")


class CoverageReport(_Model):
    """How much was reviewed."""

    items_planned: Count = Field(description="Questions planned: function, term, angle and pass.")
    items_answered: Count = Field(description="Questions that enough locations answered.")
    ballots_asked: Count = Field(description="Votes asked for.")
    ballots_answered: Count = Field(description="Votes that were yes or no.")
    preexisting: Count = Field(description="Defects seen that are older than the change, and were not proposed.")
    not_reviewed: tuple[SkippedReport, ...] = Field(description="Everything left out, with the reason.")


class BallotReport(_Model):
    """One location's vote on one finding."""

    location: str = Field(description="Who votes.")
    vote: Vote = Field(description="yes, no, or abstain: failed, or cannot judge this kind of defect.")
    how: How = Field(description="It proposed the finding, was asked about it, or was silent and not asked.")
    confidence: Share = Field(description="How sure it says it is.")
    weight: Annotated[float, Field(ge=0)] = Field(description="What its vote weighs.")
    rule: str = Field(description="The name of its own rule, where it has one.")
    reason: str = Field(description="Why it voted so, where it said.")


class LookReport(_Model):
    """What one location came to that looked at the fixed copy."""

    location: str = Field(description="Who looked.")
    verdict: LookVerdict = Field(
        description="satisfied: it had reported the defect, and does not any more. clean: it sees nothing new."
    )


class SuggestionReport(_Model):
    """A replacement of whole lines on the new side."""

    start_line: int = Field(ge=1, description="First line replaced, 1-based.")
    end_line: int = Field(ge=1, description="Last line replaced.")
    replacement: str = Field(description="The new lines with their line ends; empty: the lines are deleted.")
    verified: tuple[Proof, ...] = Field(description="What was proved about it, in order.")
    source: str = Field(description="The location whose fix it is.")
    looked: tuple[LookReport, ...] = Field(
        default=(), description="Every location that looked at the fixed copy, where it counts as reviewed."
    )

    @property
    def is_proved(self) -> bool:
        """Whether it may be offered for more than reading: applied to a copy, and looked at again by everyone."""
        return "applies" in self.verified and "reviewed" in self.verified


class AlsoReport(_Model):
    """Another finding that means the same defect, seen from another angle."""

    id: str = Field(description="Its name within this report.")
    angle: str = Field(description="The angle from which it was found.")
    kind: str = Field(description="Its kind.")
    severity: Severity = Field(description="How bad it is from there.")
    title: str = Field(description="The defect in a line, as it is seen from there.")
    agreement: Share = Field(description="Its own agreement.")
    ballots: tuple[BallotReport, ...] = Field(description="Every vote on it.")


class FindingReport(_Model):
    """One defect, the votes on it, and what became of it."""

    id: str = Field(description="Name within this report.")
    fingerprint: str = Field(description="Name across reports: stable when lines shift or the wording changes.")
    path: str = Field(description="The file.")
    function: str | None = Field(description="Qualified name of the function; null outside every function.")
    line: int = Field(ge=0, description="First line, 1-based; 0 where it concerns the whole file.")
    end_line: int = Field(ge=0, description="Last line.")
    column: Count = Field(description="First column, 1-based, in code points; 0 where none is known.")
    end_column: Count = Field(description="The column after the last one; 0 where none is known.")
    side: Side = Field(description="RIGHT: lines after the change. LEFT: lines before it.")
    angle: str = Field(description="The angle from which it was found.")
    kind: str = Field(description="The kind of defect.")
    severity: Severity = Field(description="How bad it is.")
    title: str = Field(description="The defect in a line.")
    body: str = Field(description="What its finders said.")
    evidence: str = Field(description="The source lines, verbatim.")
    agreement: Share = Field(description="Weight of the yes votes over the weight of the yes and no votes.")
    probability: Share | None = Field(
        default=None, description="How likely it is right, as a calibration says; null where none is used."
    )
    confidence: Share = Field(description="How sure its finders are.")
    decided: Decider = Field(
        default="vote", description="Who decided: the vote, the supervisor, or nobody: a person has to."
    )
    disposition: Disposition = Field(description="What became of it.")
    reason: str = Field(description="Why.")
    ballots: tuple[BallotReport, ...] = Field(description="Every vote.")
    suggestion: SuggestionReport | None = Field(description="A verified fix, or null.")
    unfixed: str = Field(default="", description="Why a posted finding has no suggestion; empty otherwise.")
    repaired_with: str | None = Field(
        default=None,
        description="Id of the finding whose suggestion repairs this one, too; null where none does.",
    )
    also: tuple[AlsoReport, ...] = Field(
        default=(), description="Findings that mean the same defect from other angles, and for which this one stands."
    )
    duplicate_of: str | None = Field(default=None, description="Id of the finding that stands for this duplicate.")


class LocationReport(_Model):
    """What one location did in this run."""

    id: str = Field(description="Its id.")
    role: LocationRole = Field(
        default="reviewer",
        description="Whether it looked for defects, judged what was unclear, or told which claims mean one defect.",
    )
    status: LocationStatus = Field(description="How it is.")
    detail: str = Field(description="Why it is offline or degraded; empty otherwise.")
    requests_total: Count = Field(description="Requests made.")
    requests_failed: Count = Field(description="Requests that failed.")
    average_latency_ms: Annotated[float, Field(ge=0)] = Field(description="Mean latency in milliseconds.")
    p99_latency_ms: Annotated[float, Field(ge=0)] = Field(description="99th percentile of the latency.")
    tokens_in: Count = Field(description="Tokens read.")
    tokens_out: Count = Field(description="Tokens written.")
    tokens_cached: Count = Field(description="Tokens read from a prefix cache.")
    cost_usd: Annotated[float, Field(ge=0)] = Field(description="Cost in US dollars.")


class UsageReport(_Model):
    """What the run cost."""

    model_calls: Count = Field(description="Calls to models.")
    cached_calls: Count = Field(description="Questions answered from the store of answers.")
    tokens_in: Count = Field(description="Tokens read by models.")
    tokens_out: Count = Field(description="Tokens written by models.")
    duration_ms: Count = Field(description="Wall-clock time in milliseconds.")
    early_exits: Count = Field(description="Groups whose passes stopped early because the answers were stable.")


class ModeReport(_Model):
    """Whether reviewing was switched on."""

    enabled: bool = Field(description="Whether reviewing was on.")
    source: Literal["cli", "env", "runtime", "config_file"] = Field(description="Who switched it.")
    activated_at: Count = Field(description="Unix time in seconds; 0 while it is off.")


class CalibrationReport(_Model):
    """What probabilities stand on."""

    used: bool = Field(description="Whether findings have a probability.")
    labels: Count = Field(description="Findings of known truth that it was fitted on.")
    needed: Count = Field(description="So many have to be there for it to be used.")


class Report(_Model):
    """A review by codedesigner."""

    schema_version: Literal["1"] = Field(description="The version of this format.")
    change: ChangeReport
    gate: GateReport
    coverage: CoverageReport
    findings: tuple[FindingReport, ...] = Field(description="Every finding ever proposed, by id.")
    locations: tuple[LocationReport, ...] = Field(description="Every location that was to take part.")
    usage: UsageReport
    mode: ModeReport
    calibration: CalibrationReport | None = Field(default=None, description="Null where none is configured.")


def to_json(report: Report) -> str:
    """The report as JSON text: keys in the order of the schema, two spaces, non-ASCII as itself, a final line feed."""
    return json.dumps(report.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
