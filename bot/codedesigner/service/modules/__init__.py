"""Researcher, Explorer and Documenter: what the service does for a pull request, task by task."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.service.modules.base import Bench, ModuleInterface
from codedesigner.service.modules.documenter import Documenter
from codedesigner.service.modules.explorer import Explorer
from codedesigner.service.modules.researcher import Researcher
from codedesigner.service.task import Module


def modules_of(bench: Bench) -> Mapping[Module, ModuleInterface]:
    """The three."""
    return {module.name: module for module in (Researcher(bench), Explorer(bench), Documenter(bench))}
