"""Before anybody is asked: what a review of a change would ask, and of whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
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
from codedesigner.plan.target import Target, statements_of, targets_of
from codedesigner.plan.terms import ChangeTerms, TermLimits, both, terms_of_change
from codedesigner.protocol.issue import Source
from codedesigner.publish.forge.recognise import NOTHING_DISMISSED, Dismissed
from codedesigner.run.examine import versions
from codedesigner.run.models import Models
from codedesigner.run.reviewer import Reviewer
from codedesigner.vote.calibration import Calibration
from codedesigner.vote.history import NO_HISTORY, History

Known = Callable[[str, Sequence[Source]], AbstractSet[str]]
"""(location, sources) -> the `key` of every source about which the location's answer is kept."""

_TERMS_ANGLE = "correctness"  # from which terms of the change are asked, if it is on; else from the first


def _no_brief(_item: ExecutionItem) -> str:
    return ""


@dataclass(frozen=True)
class Request:
    """What to review, with whom, and how. `now` is Unix time in seconds, `monotonic` a clock in seconds.

    `known` says what need not be asked again, for the incremental strategy; None where nothing is kept. `reviewers`
    look at whole files, `models` at items, under the specs of their angles; `brief` is what a model is told about an
    item beside its code. `description` is what somebody wrote about the change; terms are made from it, nothing else.
    `history` is how often locations were right so far, where their votes weigh by that; `calibration`
    says how likely a finding is right, by its votes. `dismissed` are findings that people dismissed where the change is
    discussed.
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
    dismissed: Dismissed = NOTHING_DISMISSED
    models: Models | None = None
    angle_specs: Mapping[str, AngleSpec] = field(default_factory=dict)
    brief: Callable[[ExecutionItem], str] = _no_brief
    description: str = ""
    history: History = NO_HISTORY
    calibration: Calibration | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """The files that the configuration leaves in, the paths it leaves out, the changed functions, and the plan.

    `questions` belong to the terms that come from the change.
    """

    files: tuple[FileChange, ...]
    filtered: tuple[str, ...]
    units: tuple[Unit, ...]
    plan: ExecutionPlan
    questions: Mapping[str, str] = field(default_factory=dict)


def plan_change(request: Request) -> Planned:
    """What a review of the change would ask, of whom. Asks nobody."""
    of = cache(PathSettings(request.settings).of)
    filtered = tuple(file.path for file in request.change.files if of(file.path).excluded is not None)
    left = tuple(file for file in request.change.files if file.path not in frozenset(filtered))
    units = find_units([file for file in left if file.unread is None])
    parts = units
    if request.settings.granularity == "statement":
        parts = tuple(part for unit in units for part in statements_of(unit))
    targets = targets_of(parts, left)
    found = _terms(request, targets, left)
    plan = make_plan(
        targets,
        request.angles,
        request.locations,
        strategy=request.settings.strategy,
        config=request.scheduler,
        terms=both(request.terms, found.of),
        budget=request.budget,
        answered=_answered(request, left),
        wanted=lambda path: frozenset(of(path).angles),
        seed=request.settings.seed,
        now=request.now,
    )
    return Planned(left, filtered, units, replace(plan, notes=found.left_out), found.questions)


def _terms(request: Request, targets: Sequence[Target], files: Sequence[FileChange]) -> ChangeTerms:
    """What the change gives reason to ask, where there is somebody who can be asked about a term."""
    if not request.angles or not any(location.takes_terms for location in request.locations):
        return ChangeTerms()
    names = [angle.id for angle in request.angles]
    angle = _TERMS_ANGLE if _TERMS_ANGLE in names else names[0]
    limits = TermLimits(request.settings.terms_from_change.names, request.settings.terms_from_change.points)
    return terms_of_change(targets, files, request.description, limits=limits, angle=angle)


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
