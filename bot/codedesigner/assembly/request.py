"""From what the command line, the environment and the files say to a request for a review."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from codedesigner.angle.registry import AngleRegistry, angles_for
from codedesigner.assembly.calibrating import calibration_of, notice
from codedesigner.assembly.options import ReviewOptions
from codedesigner.change.git import Git
from codedesigner.change.history import common_base, resolve, upstream_base
from codedesigner.change.model import Change
from codedesigner.change.source import ReadLimits, read_diff, read_range
from codedesigner.config.loader import REPO_FILE, WRONG_NAMES, RepoFile, find_repo_file, load
from codedesigner.config.mode import decide, from_environment
from codedesigner.config.paths import PathSettings
from codedesigner.config.settings import Settings
from codedesigner.errors import ConfigError, UsageError
from codedesigner.location.build import planned, planned_models, reviewers
from codedesigner.location.embeddings import embedder_of
from codedesigner.location.local.process import ProcessLimits
from codedesigner.location.prices import price_of
from codedesigner.location.registry import LocationRegistry, locations_for
from codedesigner.location.seats import is_model
from codedesigner.location.spec import LocationSpec
from codedesigner.location.supervisor import supervisor_of
from codedesigner.plan.cost import tokens_of
from codedesigner.plan.inputs import Budget, PlannedAngle, Term, TermSource, same_terms
from codedesigner.plan.model import EarlyExitConfig, SamplingConfig, SchedulerConfig
from codedesigner.planning import Known, Request
from codedesigner.pool.budget import Spent
from codedesigner.publish.discussion import PullRequest
from codedesigner.run.brief import LazyBriefs
from codedesigner.run.knowledge import BriefLimits
from codedesigner.run.prompting import rules
from codedesigner.run.reviewer import Reviewer
from codedesigner.run.sources import Excluded
from codedesigner.run.survey import briefs
from codedesigner.vote.calibration import Calibration
from codedesigner.vote.history import NO_HISTORY, History

MAX_DIFF_BYTES = 256_000_000


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the change starts, and the configuration that was in force there."""

    git: Git | None
    base: str | None
    config: RepoFile | None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that can be planned, and the models that it asks once somebody connects them.

    `supervisor` judges what the vote of the `models` leaves unclear, `embedder` makes vectors of what they say, and
    neither is one of them. `git` is the repository that
    the change lies in; None where only a diff is there. `config_commit` is the commit whose `.codedesigner.yml` is in
    force; empty where there is none, or where it is a folder's. `pull` is the pull request that the change is, if any.
    """

    request: Request
    models: tuple[LocationSpec, ...]
    registry: LocationRegistry
    supervisor: LocationSpec | None = None
    git: Git | None = None
    config_commit: str = ""
    embedder: LocationSpec | None = None
    pull: PullRequest | None = None

    @property
    def helpers(self) -> tuple[LocationSpec, ...]:
        """The models that are asked and have no vote."""
        return tuple(spec for spec in (self.supervisor, self.embedder) if spec is not None)


def build_request(options: ReviewOptions, environ: Mapping[str, str]) -> Request:
    """Everything that a plan needs; see `prepare`."""
    return prepare(options, environ).request


def prepare(options: ReviewOptions, environ: Mapping[str, str]) -> Prepared:
    """Everything that a review or a plan needs.

    Raises:
        UsageError, RepositoryError, DiffError, ConfigError: what was asked for cannot be done; the message says why.
    """
    now = time.time()
    start = _start(options)
    loaded = load(start.config, None, environ, options.overrides())
    settings = flags_win(loaded.settings, options.overrides())
    mode = decide(
        runtime=options.standing.mode,
        cli=options.code_designer,
        env=from_environment(environ),
        config_file=loaded.enabled_by_file,
        now=now,
    )
    registry = angles_for(loaded, options.angles_file)
    locations = locations_for(options.locations_file, environ)
    specs = _specs(options, locations)
    supervisor, embedder = supervisor_of(specs), embedder_of(specs)
    helpers = [spec for spec in (supervisor, embedder) if spec is not None]
    models = tuple(spec for spec in specs if is_model(spec) and spec not in helpers)
    _can_be_asked(models, helpers, locations, settings)
    angles = frozenset(_wanted_angles(settings))
    asked = _reviewers(options, specs, settings, start.git)
    known: Known | None = None
    if settings.strategy == "incremental" and not options.no_cache:
        from codedesigner.assembly.memory import remembering

        asked, known = remembering(asked, environ)
    change = _change(options, start, settings)
    folder = options.repo if start.git is None else start.git.top
    commit = start.base if options.head is not None or options.given is not None else None
    calibration = calibration_of(settings.vote.calibration, start.git, commit, folder)
    request = Request(
        change=change,
        settings=settings,
        mode=mode,
        angles=_angles(registry, settings),
        terms=_terms(settings),
        reviewers=asked,
        locations=(
            *planned(asked, angles),
            *planned_models(models, angles, locations.prices, rules_tokens=tokens_of(rules()) + settings.brief.tokens),
        ),
        scheduler=_scheduler(settings),
        budget=_budget(settings, options.standing.spent),
        now=now,
        monotonic=time.monotonic,
        known=known,
        brief=_briefs(change, start.git, settings),
        description=_description(change, start.git) if models else "",
        angle_specs={name: registry.require(name) for name in angles},
        history=_history(settings, environ, calibration),
        calibration=calibration,
        dismissed=options.standing.dismissed,
    )
    commit = _config_commit(options, start, change)
    return Prepared(request, models, locations, supervisor, start.git, commit, embedder)


def _config_commit(options: ReviewOptions, start: _Start, change: Change) -> str:
    ranged = options.given is not None or (options.diff is None and options.head is not None)
    return change.base if ranged and start.config is not None else ""


def _budget(settings: Settings, spent: Spent) -> Budget:
    """What is left: a budget holds for all reviews of a pull request together."""
    whole, usd = settings.budget, settings.budget.usd
    return Budget(
        whole.items,
        None if whole.calls is None else max(0, whole.calls - spent.calls),
        None if whole.tokens is None else max(0, whole.tokens - spent.tokens),
        None if usd is None else max(0.0, usd - spent.usd),
    )


def _can_be_asked(
    models: Sequence[LocationSpec], helpers: Sequence[LocationSpec], locations: LocationRegistry, settings: Settings
) -> None:
    """Nobody is left out in silence, and no budget is promised that cannot be kept.

    Raises:
        ConfigError: there are more models than the pool takes, or one without a price under a budget of money.
    """
    most = locations.pool.max_workers
    if len(models) > most:
        left = ", ".join(spec.id for spec in models[most:])
        message = f"{len(models)} models are enabled, and pool.max_workers is {most}: {left} would be left out"
        raise ConfigError(message, hint="raise pool.max_workers, or switch some of them off")
    if settings.budget.usd is not None:
        unknown = [spec.id for spec in (*models, *helpers) if price_of(spec, locations.prices) is None]
        if unknown:
            message = f"a budget of US dollars cannot be kept: no price is known for {', '.join(unknown)}"
            raise ConfigError(message, hint="say what it costs: `price` of the location, or `prices` of the file")


def notices(request: Request) -> list[str]:
    """What whoever reads the report should know about how it came to be, a line each."""
    said = [
        f"note: {reviewer.id}: {count} results left out, {reason}"
        for reviewer in request.reviewers
        for reason, count in sorted(getattr(reviewer, "dropped", {}).items())
    ]
    said += notice(request.calibration)
    edited = any(REPO_FILE in (file.path, file.old_path) for file in request.change.files)
    if edited and request.change.head not in ("worktree", "diff"):
        said.append(f"note: this change edits {REPO_FILE}; it is reviewed under that of {request.change.base[:12]}")
    return said


def flags_win(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """The settings without what path rules say about the things that the command line sets: it is the stronger."""
    ruled = {"gate.fail_on": "fail_on", "gate.min_agreement": "min_agreement", "angles": "angles"}
    silent = {name: None for key, name in ruled.items() if key in overrides}
    rules = tuple(rule.model_copy(update=silent) for rule in settings.path_rules)
    return settings.model_copy(update={"path_rules": rules})


def _start(options: ReviewOptions) -> _Start:
    """The configuration of a range is its first commit's: a change cannot configure its own reviewer.

    The work tree and the place where a diff is reviewed belong to whoever types the command.
    """
    if options.given is not None:
        return _Start(None, None, options.given.config)
    if options.diff is not None:
        return _Start(None, None, find_repo_file(options.repo) if options.repo.is_dir() else None)
    git = Git(options.repo)
    head = options.head
    if options.base is None:
        base = upstream_base(git, head)
    else:
        named = resolve(git, options.base)
        base = named if options.exact else common_base(git, named, resolve(git, head or "HEAD"))
    if head is None:
        return _Start(git, base, find_repo_file(git.top))
    data = git.read_file_at(base, REPO_FILE)
    there = git.tree(base, (REPO_FILE, *WRONG_NAMES)) if data is None else {}
    if REPO_FILE in there:
        raise ConfigError(f"has to be an ordinary file in {base[:12]}, not a link or a submodule", path=REPO_FILE)
    if there:
        raise ConfigError("is not read under this name", path=min(there), hint=f"rename it to {REPO_FILE}")
    return _Start(git, base, None if data is None else RepoFile(data, f"{REPO_FILE} of {base[:12]}"))


def _change(options: ReviewOptions, start: _Start, settings: Settings) -> Change:
    limits = ReadLimits(settings.limits.file_bytes, settings.limits.diff_lines)
    if options.given is not None:
        return options.given.change
    if options.diff is None:
        return read_range(options.repo, start.base, options.head, limits, exact=True)
    return read_diff(_diff_bytes(options.diff), options.repo, limits)


def _diff_bytes(file: str) -> bytes:
    """The diff's bytes, read up to a bound that no diff under review comes near."""
    try:
        with click.open_file(file, "rb") as stream:
            data: bytes = stream.read(MAX_DIFF_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read the diff {file}: {error.strerror}", hint="`-` reads standard input") from error
    if len(data) > MAX_DIFF_BYTES:
        raise UsageError(
            f"the diff has more than {MAX_DIFF_BYTES:,} bytes", hint="review the commits instead: --base and --head"
        )
    return data


def _specs(options: ReviewOptions, registry: LocationRegistry) -> tuple[LocationSpec, ...]:
    if options.location:
        return tuple(registry.require(location_id) for location_id in dict.fromkeys(options.location))
    return registry.list(enabled=True)


def _reviewers(
    options: ReviewOptions, specs: Sequence[LocationSpec], settings: Settings, git: Git | None
) -> tuple[Reviewer, ...]:
    repository = git.top if git is not None else options.repo.resolve()
    built = reviewers(
        specs,
        limits=ProcessLimits(seconds=settings.limits.analyser_seconds, output_bytes=settings.limits.output_bytes),
        max_concurrent=settings.max_concurrent,
        repository=repository,
    )
    return (*built, *_sarif(options, repository, {reviewer.id for reviewer in built}))


def _sarif(options: ReviewOptions, repository: Path, taken: set[str]) -> list[Reviewer]:
    if not options.sarif:
        return []
    from codedesigner.location.sarif import SarifReviewer

    results: list[Reviewer] = []
    for path in options.sarif:
        for reviewer in SarifReviewer.read(path, repository, taken=taken):
            taken.add(reviewer.id)
            results.append(reviewer)
    return results


def _wanted_angles(settings: Settings) -> tuple[str, ...]:
    """Every angle that some file is looked at from, each once."""
    by_rules = (name for rule in settings.path_rules for name in rule.angles or ())
    return tuple(dict.fromkeys([*settings.angles, *by_rules]))


def _angles(registry: AngleRegistry, settings: Settings) -> tuple[PlannedAngle, ...]:
    return tuple(
        PlannedAngle(
            spec.id,
            spec.version,
            spec.weight,
            tuple(indicator for area in spec.focus_areas for indicator in area.indicators),
            tokens_of(spec.system_prompt),
        )
        for spec in map(registry.require, _wanted_angles(settings))
    )


def _terms(settings: Settings) -> TermSource:
    return same_terms(
        [
            Term(entry.term, None if entry.angles is None else frozenset(entry.angles), entry.question)
            for entry in settings.terms
        ]
    )


def brief_limits(settings: Settings) -> BriefLimits:
    """How long a brief may be."""
    return BriefLimits(settings.brief.tokens, settings.brief.names)


def _briefs(change: Change, git: Git | None, settings: Settings) -> LazyBriefs:
    limits = brief_limits(settings)
    return briefs(change, git, limits, excluded_by(settings))


def excluded_by(settings: Settings) -> Excluded:
    """Why the configuration leaves a path out."""
    of = cache(PathSettings(settings).of)

    def reason(path: str) -> str | None:
        found = of(path).excluded
        return None if found is None else str(found)

    return reason


def _history(settings: Settings, environ: Mapping[str, str], calibration: Calibration | None) -> History:
    by_history = calibration is not None and calibration.enough and calibration.history != 0
    if settings.vote.weight_source != "historical_accuracy" and not by_history:
        return NO_HISTORY
    from codedesigner.assembly.memory import known_history

    return known_history(environ)


def _description(change: Change, git: Git | None) -> str:
    """What the messages of the change's commits say below their subjects."""
    if git is None:
        return ""
    head = resolve(git, "HEAD") if change.head == "worktree" else change.head
    return git.messages(change.base, head)


def _scheduler(settings: Settings) -> SchedulerConfig:
    early, sampling = settings.early_exit, settings.sampling
    return SchedulerConfig(
        max_passes=settings.max_passes,
        max_concurrent=settings.max_concurrent,
        early_exit=EarlyExitConfig(early.enabled, early.consensus_threshold, early.stable_passes),
        sampling=SamplingConfig(settings.strategy == "sampled", sampling.rate, sampling.seed),
        timeout_per_item_ms=settings.timeout_per_item_ms or 30_000,
        total_timeout_ms=settings.total_timeout_ms,
    )
