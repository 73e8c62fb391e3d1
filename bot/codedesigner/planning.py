"""Before anybody is asked: what a review of a change would ask, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache

from codedesigner.angle.spec import AngleSpec
from codedesigner.change.model import Change, FileChange, Unit
from codedesigner.change.units import find_units
from codedesigner.config.mode import ModeConfig
from codedesigner.config.paths import PathSettings
from codedesigner.config.settings import Settings
from codedesigner.plan.inputs import Budget, PlannedAngle, PlannedLocation, TermSource
from codedesigner.plan.keys import file_key
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, SchedulerConfig
from codedesigner.plan.planner import make_plan
from codedesigner.plan.target import statements_of, targets_of
from codedesigner.protocol.issue import Source
from codedesigner.run.examine import versions
from codedesigner.run.models import Models
from codedesigner.run.reviewer import Reviewer

Known = Callable[[str, Sequence[Source]], AbstractSet[str]]
"""(location, sources) -> the `key` of every source about which the location's answer is kept."""


def _no_brief(_item: ExecutionItem) -> str:
    return ""


@dataclass(frozen=True)
class Request:
    """What to review, with whom, and how. `now` is Unix time in seconds, `monotonic` a clock in seconds.

    `known` says what need not be asked again, for the incremental strategy; None where nothing is kept. `reviewers`
    look at whole files, `models` at items, under the specs of their angles; `brief` is what a model is told about an
    item beside its code.
    """

    change: Change
    settings: Settings
    mode: ModeConfig
    angles: Sequence[PlannedAngle]
    terms: TermSource
    reviewers: Sequence[Reviewer]
    locations: Sequence[PlannedLocation]
    scheduler: SchedulerConfig
    budget: Budget
    now: float
    monotonic: Callable[[], float]
    known: Known | None = None
    models: Models | None = None
    angle_specs: Mapping[str, AngleSpec] = field(default_factory=dict)
    brief: Callable[[ExecutionItem], str] = _no_brief


@dataclass(frozen=True, slots=True)
class Planned:
    """The files that the configuration leaves in, the paths it leaves out, the changed functions, and the plan."""

    files: tuple[FileChange, ...]
    filtered: tuple[str, ...]
    units: tuple[Unit, ...]
    plan: ExecutionPlan


def plan_change(request: Request) -> Planned:
    """What a review of the change would ask, of whom. Asks nobody."""
    of = cache(PathSettings(request.settings).of)
    filtered = tuple(file.path for file in request.change.files if of(file.path).excluded is not None)
    left = tuple(file for file in request.change.files if file.path not in frozenset(filtered))
    units = find_units([file for file in left if file.unread is None])
    parts = units
    if request.settings.granularity == "statement":
        parts = tuple(part for unit in units for part in statements_of(unit))
    plan = make_plan(
        targets_of(parts, left),
        request.angles,
        request.locations,
        strategy=request.settings.strategy,
        config=request.scheduler,
        terms=request.terms,
        budget=request.budget,
        answered=_answered(request, left),
        wanted=lambda path: frozenset(of(path).angles),
        seed=request.settings.seed,
        now=request.now,
    )
    return Planned(left, filtered, units, plan)


def _answered(request: Request, files: Sequence[FileChange]) -> frozenset[str]:
    """The keys of all answers that are known. The side before is looked at only if need be, and never planned for."""
    if request.known is None:
        return frozenset()
    found: set[str] = set()
    pairs = versions(files).values()
    for reviewer in request.reviewers:
        mine = [pair.after for pair in pairs if reviewer.can_examine(pair.after.path, pair.after.language)]
        known = request.known(reviewer.id, mine)
        found.update(file_key(after.path, after.text, reviewer.id) for after in mine if after.key in known)
    return frozenset(found)
