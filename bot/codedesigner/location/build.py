"""From the locations that are configured to analysers that can be asked, and to what a plan knows of all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

from codedesigner.angle.spec import sources
from codedesigner.config.problems import raise_all
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.process import ProcessLimits
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.prices import price_of
from codedesigner.location.registry import unknown_programs
from codedesigner.location.seats import is_model
from codedesigner.location.spec import LocationSpec, PriceConfig
from codedesigner.plan.cost import tokens_of
from codedesigner.plan.inputs import PlannedLocation
from codedesigner.run.reviewer import Reviewer


def reviewers(
    specs: Iterable[LocationSpec],
    *,
    limits: ProcessLimits,
    max_concurrent: int,
    repository: Path | None,
) -> tuple[Reviewer, ...]:
    """One reviewer per analyser, in order. `repository` is under review: no program inside it is ever started.

    Raises:
        ConfigError: a location names an analyser that does not exist.
    """
    wanted = tuple(spec for spec in specs if not is_model(spec))
    raise_all(list(unknown_programs(wanted, ANALYSERS)))
    slots = asyncio.Semaphore(max_concurrent)

    def build(spec: LocationSpec) -> Reviewer:
        return LocalReviewer(
            ANALYSERS[spec.provider.model_id],
            location=spec.id,
            weight=spec.weight,
            limits=limits,
            slots=slots,
            repository=repository,
        )

    return tuple(build(spec) for spec in wanted)


def planned(asked: Iterable[Reviewer], angles: frozenset[str]) -> tuple[PlannedLocation, ...]:
    """The reviewers of whole files as a plan sees them. An analyser on this machine costs no calls and no tokens."""

    def reduce(reviewer: Reviewer) -> PlannedLocation:
        def looks_from(path: str, language: str | None) -> frozenset[str]:
            if not reviewer.can_examine(path, language):
                return frozenset()
            own = reviewer.angles(path, language)
            return frozenset(angle for angle in angles if not own.isdisjoint(sources(angle)))

        return PlannedLocation(
            id=reviewer.id,
            angles=looks_from,
            deterministic=reviewer.deterministic,
            whole_file=True,
            calls_per_item=0,
        )

    return tuple(reduce(reviewer) for reviewer in asked)


def planned_models(
    specs: Iterable[LocationSpec], angles: frozenset[str], prices: Mapping[str, PriceConfig], *, rules_tokens: int
) -> tuple[PlannedLocation, ...]:
    """The models as a plan sees them: each looks from every angle at whatever is text, one call a question.

    `rules_tokens` come with every call beside the location's own prefix. A price that nobody knows counts as 0 here.
    """

    def reduce(spec: LocationSpec) -> PlannedLocation:
        price = price_of(spec, prices)
        return PlannedLocation(
            id=spec.id,
            angles=lambda _path, _language: angles,
            prompt_tokens=rules_tokens + tokens_of(spec.parameters.system_prompt_prefix or ""),
            max_tokens=spec.parameters.max_tokens,
            usd_in=0.0 if price is None else price.tokens_in,
            usd_out=0.0 if price is None else price.tokens_out,
        )

    return tuple(reduce(spec) for spec in specs if is_model(spec))
