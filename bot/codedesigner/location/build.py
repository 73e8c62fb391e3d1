"""From the locations that are configured to reviewers that can be asked, and to what a plan needs to know of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from codedesigner.config.problems import raise_all
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.process import ProcessLimits
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.registry import unknown_programs
from codedesigner.location.spec import LocationSpec
from codedesigner.location.unreachable import UnreachableReviewer
from codedesigner.plan.cost import tokens_of
from codedesigner.plan.inputs import PlannedLocation
from codedesigner.run.reviewer import Reviewer


def reviewers(
    specs: Iterable[LocationSpec],
    *,
    limits: ProcessLimits,
    max_concurrent: int,
    angles: frozenset[str],
    repository: Path | None,
) -> tuple[Reviewer, ...]:
    """One reviewer per location, in order. `repository` is under review: no program inside it is ever started.

    Raises:
        ConfigError: a location names an analyser that does not exist.
    """
    wanted = tuple(specs)
    raise_all(list(unknown_programs(wanted, ANALYSERS)))
    slots = asyncio.Semaphore(max_concurrent)

    def build(spec: LocationSpec) -> Reviewer:
        if spec.provider.type != "local":
            reason = f"this version cannot ask a provider of type {spec.provider.type}"
            return UnreachableReviewer(spec.id, spec.weight, reason, angles)
        return LocalReviewer(
            ANALYSERS[spec.provider.model_id],
            location=spec.id,
            weight=spec.weight,
            limits=limits,
            slots=slots,
            repository=repository,
        )

    return tuple(build(spec) for spec in wanted)


def planned(
    asked: Sequence[Reviewer], specs: Mapping[str, LocationSpec], angles: frozenset[str]
) -> tuple[PlannedLocation, ...]:
    """The reviewers as a plan sees them. An analyser on this machine costs no calls and no tokens."""

    def reduce(reviewer: Reviewer) -> PlannedLocation:
        spec = specs.get(reviewer.id)
        model = spec is not None and spec.provider.type != "local"

        def looks_from(path: str, language: str | None) -> frozenset[str]:
            return reviewer.angles(path, language) & angles if reviewer.can_examine(path, language) else frozenset()

        return PlannedLocation(
            id=reviewer.id,
            angles=looks_from,
            deterministic=reviewer.deterministic,
            whole_file=not model,
            calls_per_item=1 if model else 0,
            prompt_tokens=tokens_of(spec.parameters.system_prompt_prefix or "") if model and spec else 0,
            max_tokens=spec.parameters.max_tokens if model and spec else 0,
        )

    return tuple(reduce(reviewer) for reviewer in asked)
