"""Everything that `.codedesigner.yml` and the operator's file can say, with its defaults."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, field_validator

from codedesigner.config.globs import check_glob
from codedesigner.config.shape import Closed

Strategy = Literal["exhaustive", "sampled", "incremental", "adaptive"]
Granularity = Literal["function", "statement"]
FailOn = Literal["low", "medium", "high", "critical", "never"]
InlineSuppressions = Literal["honour", "style", "ignore"]
VoteStrategy = Literal["weighted_vote", "majority_vote", "supervisor_selection"]
WeightSource = Literal["location_weight", "confidence", "historical_accuracy"]
TieBreaker = Literal["in_favour", "against", "highest_confidence", "fastest_response", "random"]

# What nobody wrote by hand, or nobody here can change: read as `.gitignore` lines.
DEFAULT_EXCLUDE: tuple[str, ...] = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "deno.lock"),
    *("poetry.lock", "uv.lock", "pdm.lock", "pixi.lock", "Pipfile.lock", "Cargo.lock", "Gemfile.lock", "composer.lock"),
    *("go.sum", "go.work.sum", "flake.lock", "mix.lock", "pubspec.lock", "Podfile.lock", "packages.lock.json"),
    *("gradle.lockfile", ".terraform.lock.hcl", "MODULE.bazel.lock"),
    *("*.min.js", "*.min.mjs", "*.min.css", "*.bundle.js", "*.map"),
    *("vendor/", "node_modules/", "third_party/", "bower_components/", ".yarn/"),
    *("**/dist/**/*.js", "**/dist/**/*.mjs", "**/dist/**/*.cjs", "**/dist/**/*.css"),
    *("*.pb.go", "*.pb.cc", "*.pb.h", "*_pb2.py", "*_pb2.pyi", "*_pb2_grpc.py", "*.g.dart", "*.freezed.dart"),
    *("*.generated.*", "*_generated.go", "zz_generated*.go", "*.[Dd]esigner.cs", "__snapshots__/", "*.snap"),
)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((value for index, value in enumerate(values) if value in values[:index]), None)
    if twice is not None:
        raise ValueError(f"names {twice} twice")
    return values


Glob = Annotated[str, AfterValidator(check_glob), Field(description="A path pattern, as in .gitignore.")]
AngleId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=50)]
AngleChoice = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)*$", max_length=400)]
AngleIds = Annotated[tuple[AngleId, ...], Field(min_length=1), AfterValidator(_distinct)]
Angles = Annotated[tuple[AngleChoice, ...], Field(min_length=1), AfterValidator(_distinct)]
Globs = Annotated[tuple[Glob, ...], Field(min_length=1)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=1, le=10**12)]


class Paths(Closed):
    """Which files are reviewed at all."""

    include: Globs = Field(default=("**",), description="Files to review: path patterns as in .gitignore.")
    exclude: tuple[Glob, ...] = Field(
        default=(),
        description="Files to leave out, although included; !pattern takes back what an earlier pattern left out.",
    )
    default_exclude: tuple[Glob, ...] = Field(
        default=DEFAULT_EXCLUDE,
        description="Left out before `exclude` has its say: lock files, minified, vendored and generated files.",
    )


class EarlyExit(Closed):
    """When further passes are not worth their cost."""

    enabled: bool = Field(default=True, description="Stop asking about a function once its findings no longer change.")
    consensus_threshold: Share = Field(
        default=0.9, description="Agreement between passes from which they count as the same."
    )
    stable_passes: int = Field(default=2, ge=1, le=100, description="Consecutive passes that have to be the same.")


class Sampling(Closed):
    """What the strategy `sampled` asks."""

    rate: float = Field(default=0.5, ge=0.1, le=1, description="Share of (function, term) pairs that are asked about.")
    seed: int | None = Field(
        default=None, ge=0, le=2**63, description="Which ones; without it, the general seed decides."
    )


class Budget(Closed):
    """What a review may cost. Retries count; what is left out is reported as not reviewed."""

    items: Count | None = Field(default=None, description="Questions planned, at most.")
    calls: Count | None = Field(default=None, description="Model calls, at most.")
    tokens: Count | None = Field(default=None, description="Tokens in and out together, at most.")
    usd: float | None = Field(default=None, gt=0, le=1e6, description="US dollars, at most.")


class Limits(Closed):
    """What is too large to look at, or to say. Whatever a limit cuts is named in the report."""

    file_bytes: Count = Field(default=1_000_000, description="A larger file is not reviewed (too_large).")
    diff_lines: Count = Field(default=1_000_000, description="Lines of the whole change that are read.")
    findings: int = Field(
        default=50,
        ge=0,
        le=10_000,
        description="Findings that are posted, worst first; the rest is capped, and cannot block.",
    )
    analyser_seconds: Count = Field(default=120, description="Seconds one run of an analyser may take.")
    output_bytes: Count = Field(default=20_000_000, description="Bytes one run of an analyser may print.")


class Gate(Closed):
    """When a change may not be merged."""

    fail_on: FailOn = Field(default="high", description="Findings of this severity or worse block the change.")
    # More than a tie: where one reviewer says yes and one no, real changes showed the yes to be wrong far more often.
    min_agreement: Share = Field(default=0.6, description="Agreement that a finding needs to be posted and to block.")
    min_voters: int = Field(
        default=2,
        ge=1,
        le=100,
        description="Locations that have to have judged a finding of models alone for it to block; else it needs a "
        "person.",
    )
    min_probability: Share | None = Field(
        default=None,
        description="Probability that a finding needs in place of the agreement, where a calibration gives one.",
    )
    quorum: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Locations that have to answer a question for it to count as answered; all, where fewer are asked.",
    )
    coverage: Share = Field(default=1.0, description="Share of the planned questions that has to be answered.")
    on_inconclusive: Literal["fail", "pass"] = Field(
        default="fail", description="What a review means that did not cover what it had to."
    )


class Votes(Closed):
    """How the votes of the locations become an agreement."""

    strategy: VoteStrategy = Field(
        default="weighted_vote", description="How votes are counted; or that the supervisor decides what is disputed."
    )
    weight_source: WeightSource = Field(default="location_weight", description="What a vote weighs.")
    wording: Literal["best", "supervisor"] = Field(
        default="best", description="Whose words a finding has that several models put differently."
    )
    calibration: Text | None = Field(
        default=None,
        description="A file that says how likely a finding with some agreement is right; of `codedesigner eval`.",
    )
    tie_breaker: TieBreaker = Field(
        default="in_favour", description="What a finding is that half of the weight is for, and half against."
    )


class Term(Closed):
    """Something to ask every function about, beside the angle's own questions."""

    term: Text = Field(description="The word or phrase that is looked into, such as `tenant isolation`.")
    angles: AngleIds | None = Field(default=None, description="Only from these angles; without it, from all.")
    question: Text | None = Field(default=None, description="What to ask about it, where the term alone does not say.")


class TermsFromChange(Closed):
    """What the change itself gives reason to ask. Models alone can be asked."""

    names: int = Field(
        default=5,
        ge=0,
        le=100,
        description="Names that the change introduces and uses elsewhere: does the use fit? At most so many; 0: none.",
    )
    points: int = Field(
        default=5,
        ge=0,
        le=100,
        description="Points of the change's description: does the code do what it says? At most so many; 0: none.",
    )


class Brief(Closed):
    """What models are told about a function beside its code."""

    tokens: int = Field(default=600, ge=0, le=20_000, description="Tokens it may have, about; 0: there is none.")
    names: int = Field(
        default=12, ge=1, le=1000, description="Callers, tests, types and called functions that are listed, of each."
    )
    issue: bool = Field(
        default=True,
        description="Quote the issue that a pull request closes, if people with permission to write wrote it.",
    )


class Lookups(Closed):
    """What the supervisor may have looked up in the repository before it judges a finding."""

    calls: int = Field(default=6, ge=0, le=20, description="Lookups for one finding, at most; 0: none.")
    characters: int = Field(
        default=8_000, ge=1_000, le=100_000, description="Characters of their results together, at most."
    )
    seconds: Count = Field(default=20, description="Seconds one lookup may take.")


class OnForge(Closed):
    """How the reviewer behaves on a pull or merge request."""

    drafts: Literal["review", "skip"] = Field(
        default="review", description="Whether drafts are reviewed; the check of one that is not stays red."
    )
    inline: bool = Field(default=True, description="Post findings on their lines; false: all stand in the summary.")
    blocking_threads: FailOn = Field(
        default="low",
        description="GitLab: findings of this severity or worse are threads to be resolved, others plain notes.",
    )
    resolve_threads: bool = Field(
        default=False,
        description="Resolve the threads of what is fixed; on GitHub the token then has to have contents: write.",
    )
    answers: bool = Field(default=True, description="Answer questions that people ask in the reviewer's threads.")
    answers_per_thread: int = Field(default=5, ge=1, le=100, description="Answers in one thread, at most.")
    commands_per_hour: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="Rechecks and questions of one person on one pull request that are answered in an hour.",
    )
    triage_may_recheck: bool = Field(
        default=False, description="Whether people with the role triage, too, may ask for another look."
    )


class Fixes(Closed):
    """How fixes are made and proved that are offered as suggestions."""

    enabled: bool = Field(default=True, description="Prove fixes on a copy, and offer those that hold.")
    max_passes: int = Field(default=6, ge=1, le=100, description="Passes over one fix, at most.")
    min_passes: int = Field(default=2, ge=1, le=100, description="Passes over one fix, at least.")
    issue_stability: int = Field(
        default=2, ge=1, le=100, description="Consecutive passes that have to find the same number of issues."
    )
    content_stability: int = Field(
        default=2, ge=1, le=100, description="Consecutive passes that have to leave the text as it is."
    )
    candidates: int = Field(default=2, ge=1, le=10, description="Models that may each propose a fix for one finding.")
    calls: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        description="Questions to models about fixes, at most; 0: only what analysers propose is proved.",
    )
    seconds: Count = Field(default=600, description="Seconds that making and proving fixes may take.")


class PathRule(Closed):
    """What is different for some files. Where several rules match a file, the last one to say something decides."""

    paths: Globs = Field(description="The files: path patterns as in .gitignore.")
    instructions: Text | None = Field(default=None, description="Told to the reviewers, after those of earlier rules.")
    angles: Angles | None = Field(default=None, description="The angles for these files, instead of the general ones.")
    fail_on: FailOn | None = Field(default=None, description="Instead of gate.fail_on.")
    min_agreement: Share | None = Field(default=None, description="Instead of gate.min_agreement.")
    exclude: bool | None = Field(
        default=None, description="true: do not review; false: review although excluded before."
    )


class Suppression(Closed):
    """A finding that is known and accepted."""

    fingerprint: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_.-]{4,128}$")] = Field(
        description="The finding's fingerprint, from the report."
    )
    reason: Text = Field(description="Why it is accepted; stands in the report.")
    until: dt.date | None = Field(
        default=None, description="The last day on which it is accepted; without it, for ever."
    )


class Settings(Closed):
    """The effective configuration."""

    enabled: bool = Field(
        default=True, description="false switches reviewing off, unless something stronger switches it on."
    )
    paths: Paths = Field(default=Paths(), description="Which files are reviewed at all.")
    angles: Angles = Field(
        default=("correctness", "efficiency", "style", "security"),
        description="The angles to review from, by id; `one+other`: both asked as one question.",
    )
    strategy: Strategy = Field(default="exhaustive", description="Which of the possible questions are asked.")
    max_passes: int = Field(
        default=8, ge=1, le=100, description="Times a function is looked at from one angle, at most."
    )
    frugal: bool = Field(
        default=False,
        description="Show every function once in few tokens: other defaults for max_passes, angles, batch_tokens, "
        "brief.tokens and terms_from_change.",
    )
    batch_tokens: int = Field(
        default=0,
        ge=0,
        le=200_000,
        description="Tokens of code that may share one call, about; 0: every question is a call of its own.",
    )
    granularity: Granularity = Field(default="function", description="What one question is about.")
    early_exit: EarlyExit = Field(default=EarlyExit(), description="When further passes are not worth their cost.")
    sampling: Sampling = Field(default=Sampling(), description="What the strategy `sampled` asks.")
    timeout_per_item_ms: Count | None = Field(
        default=None, description="Milliseconds one call about a question may take; without it, as its location says."
    )
    total_timeout_ms: Count = Field(default=3_600_000, description="Milliseconds a review may take.")
    max_concurrent: int = Field(default=4, ge=1, le=1000, description="Questions asked at the same time.")
    seed: int = Field(default=0, ge=0, le=2**63, description="Decides every order and choice that is random.")
    budget: Budget = Field(default=Budget(), description="What a review may cost.")
    limits: Limits = Field(default=Limits(), description="What is too large to look at, or to say.")
    gate: Gate = Field(default=Gate(), description="When a change may not be merged.")
    vote: Votes = Field(default=Votes(), description="How the votes of the locations become an agreement.")
    terms: tuple[Term, ...] = Field(default=(), max_length=1000, description="What to ask every function about.")
    terms_from_change: TermsFromChange = Field(
        default=TermsFromChange(), description="What the change itself gives reason to ask."
    )
    brief: Brief = Field(default=Brief(), description="What models are told about a function beside its code.")
    lookups: Lookups = Field(
        default=Lookups(), description="What the supervisor may have looked up before it judges a finding."
    )
    forge: OnForge = Field(default=OnForge(), description="How the reviewer behaves on a pull or merge request.")
    fix: Fixes = Field(default=Fixes(), description="How fixes are made and proved that are offered as suggestions.")
    path_rules: tuple[PathRule, ...] = Field(
        default=(), max_length=1000, description="What is different for some files."
    )
    suppress: tuple[Suppression, ...] = Field(default=(), max_length=10_000, description="Findings known and accepted.")
    inline_suppressions: InlineSuppressions = Field(
        default="style",
        description="Comments that silence analysers. Of those that the change brings: honour all, or for style only; "
        "with `ignore`, no comment counts, whoever wrote it.",
    )
    angle_definitions: tuple[dict[str, JsonValue], ...] = Field(
        default=(), max_length=100, description="Angles of your own, shaped as in angles.yaml."
    )

    @field_validator("suppress")
    @classmethod
    def _once(cls, suppress: tuple[Suppression, ...]) -> tuple[Suppression, ...]:
        _distinct(tuple(each.fingerprint for each in suppress))
        return suppress
