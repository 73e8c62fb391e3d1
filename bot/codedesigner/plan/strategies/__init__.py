"""The strategies: each decides which items of the cross product are asked, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from codedesigner.plan.model import StrategyName
from codedesigner.plan.strategies.adaptive import adaptive
from codedesigner.plan.strategies.base import Strategy
from codedesigner.plan.strategies.exhaustive import exhaustive
from codedesigner.plan.strategies.incremental import incremental
from codedesigner.plan.strategies.sampled import sampled

STRATEGIES: Mapping[StrategyName, Strategy] = MappingProxyType(
    {
        "exhaustive": exhaustive,
        "sampled": sampled,
        "incremental": incremental,
        "adaptive": adaptive,
    }
)
