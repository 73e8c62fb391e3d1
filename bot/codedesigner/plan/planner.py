"""The plan of a review: the cross product, a strategy's choice from it, and the budget's cut. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from codedesigner.plan.candidate import AnglesOfPath, Candidate, expand
from codedesigner.plan.cost import estimate, under_budget
from codedesigner.plan.inputs import Budget, PlannedAngle, PlannedLocation, TermSource, same_terms
from codedesigner.plan.keys import digest
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef, SchedulerConfig, StrategyName
from codedesigner.plan.strategies import STRATEGIES
from codedesigner.plan.strategies.base import Policy
from codedesigner.plan.strategies.sampled import draw
from codedesigner.plan.target import Target

_NO_TERMS = same_terms(())
_NO_BUDGET = Budget()
_DEFAULTS = SchedulerConfig()


def make_plan(
    targets: Sequence[Target],
    angles: Sequence[PlannedAngle],
    locations: Sequence[PlannedLocation],
    *,
    strategy: StrategyName = "exhaustive",
    config: SchedulerConfig = _DEFAULTS,
    terms: TermSource = _NO_TERMS,
    budget: Budget = _NO_BUDGET,
    answered: Collection[str] = frozenset(),
    wanted: AnglesOfPath | None = None,
    seed: int = 0,
    now: float = 0.0,
) -> ExecutionPlan:
    """The items of a review in the order of asking, each with the reason why it is asked or skipped.

    Items planned = sum over functions and angles of (1 + terms that apply) x passes, where passes is
    `config.max_passes` if a location can answer that would not repeat itself, else 1. `answered` are content keys
    for `incremental`, `wanted(path)` the angles that the rules of a path leave on, `now` seconds since 1970.
    The same arguments give the same plan.
    """
    policy = Policy(seed, config.sampling, answered)
    drafted: Sequence[Candidate] = list(
        expand(targets, angles, locations, terms=terms, max_passes=config.max_passes, wanted=wanted)
    )
    if config.sampling.enabled and strategy != "sampled":
        drafted = draw(drafted, policy)
    chosen: Sequence[Candidate] = STRATEGIES[strategy](drafted, policy)
    if not budget.unlimited:
        chosen = list(under_budget(chosen, budget))
    items = _items(chosen)
    return ExecutionPlan(
        id=digest(strategy, *(f"{item.id} {item.status}" for item in items))[:16],
        created_at=now,
        items=items,
        strategy=strategy,
        estimated_operations=sum(item.status == "pending" for item in items),
        estimate=estimate(chosen, locations),
    )


def _items(chosen: Sequence[Candidate]) -> tuple[ExecutionItem, ...]:
    refs: dict[str, FunctionRef] = {}
    names: dict[tuple[str, str, str | None], str] = {}
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}  # one tuple for the many items that ask the same locations

    def ids(locations: tuple[PlannedLocation, ...]) -> tuple[str, ...]:
        found = tuple(location.id for location in locations)
        return shared.setdefault(found, found)

    def item(each: Candidate) -> ExecutionItem:
        unit, identity = each.target.unit, each.target.identity
        term = each.term.text if each.term else None
        if identity not in refs:
            refs[identity] = FunctionRef(unit.path, unit.name, unit.span.start, unit.span.end)
        question = (identity, each.angle.id, term)
        if question not in names:
            names[question] = digest(identity, each.angle.id, "" if term is None else "term", term or "")[:16]
        return ExecutionItem(
            id=f"{names[question]}-{each.pass_number}",
            function_ref=refs[identity],
            term=term,
            angle_id=each.angle.id,
            pass_number=each.pass_number,
            status="pending" if each.skip is None else "skipped",
            skip_reason=each.skip,
            reason=each.reason,
            risk=each.risk,
            locations=() if each.skip else ids(each.locations),
            known=ids(each.known),
            unasked=ids(each.unasked),
        )

    return tuple(map(item, chosen))
