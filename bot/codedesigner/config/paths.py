"""What the configuration says about one file. Pure: settings and a path in, an answer out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from codedesigner.config.globs import GlobList
from codedesigner.config.settings import FailOn, PathRule, Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why a file is not reviewed: the pattern that matched (None: no pattern did) and the key it stands under."""

    key: str
    pattern: str | None

    def __str__(self) -> str:
        if self.pattern is None:
            return f"no pattern of {self.key} matches"
        return f"{self.pattern} matches ({self.key})"


@dataclass(frozen=True, slots=True)
class FileSettings:
    """The effective settings of one file. `said_by` names, for each of these keys, the key of the configuration that
    decided it, such as `gate.fail_on` or `path_rules[2].fail_on`."""

    path: str
    excluded: Exclusion | None
    angles: tuple[str, ...]
    fail_on: FailOn
    min_agreement: float
    instructions: tuple[str, ...]
    said_by: Mapping[str, tuple[str, ...]]


class PathSettings:
    """`settings_for` with the patterns made ready once, for many files."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._include = GlobList(settings.paths.include)
        self._exclude = GlobList((*settings.paths.default_exclude, *settings.paths.exclude))
        self._rules = tuple((GlobList(rule.paths), rule) for rule in settings.path_rules)

    def of(self, path: str) -> FileSettings:
        """What applies to `path`, which is written from the root with `/`."""
        matching = [
            (index, pattern, rule)
            for index, (globs, rule) in enumerate(self._rules)
            if (pattern := globs.deciding(path)) is not None
        ]
        gate = self._settings.gate
        rules = [(index, rule) for index, _, rule in matching]
        angles, angles_by = _last(rules, lambda rule: rule.angles, self._settings.angles, "angles", "angles")
        fail_on, fail_on_by = _last(rules, lambda rule: rule.fail_on, gate.fail_on, "fail_on", "gate.fail_on")
        agreement, agreement_by = _last(
            rules, lambda rule: rule.min_agreement, gate.min_agreement, "min_agreement", "gate.min_agreement"
        )
        told = [(index, rule.instructions) for index, rule in rules if rule.instructions is not None]
        return FileSettings(
            path=path,
            excluded=self._excluded(path, matching),
            angles=angles,
            fail_on=fail_on,
            min_agreement=agreement,
            instructions=tuple(text for _, text in told),
            said_by={
                "angles": (angles_by,),
                "fail_on": (fail_on_by,),
                "min_agreement": (agreement_by,),
                "instructions": tuple(f"path_rules[{index}].instructions" for index, _ in told),
            },
        )

    def _excluded(self, path: str, matching: list[tuple[int, str, PathRule]]) -> Exclusion | None:
        if self._include.deciding(path) is None:
            return Exclusion("paths.include", None)
        for index, pattern, rule in reversed(matching):
            if rule.exclude is not None:
                return Exclusion(f"path_rules[{index}].paths", pattern) if rule.exclude else None
        pattern_out = self._exclude.deciding(path)
        return None if pattern_out is None else Exclusion(self._place_of(pattern_out), pattern_out)

    def _place_of(self, pattern: str) -> str:
        for key, patterns in (
            ("paths.exclude", self._settings.paths.exclude),
            ("paths.default_exclude", self._settings.paths.default_exclude),
        ):
            if pattern in patterns:
                return f"{key}[{len(patterns) - 1 - patterns[::-1].index(pattern)}]"
        raise AssertionError(f"{pattern} excluded a file without being configured")


def settings_for(settings: Settings, path: str) -> FileSettings:
    """What applies to one file; for many files, keep a `PathSettings`."""
    return PathSettings(settings).of(path)


def _last(
    rules: Sequence[tuple[int, PathRule]], said: Callable[[PathRule], T | None], general: T, key: str, general_key: str
) -> tuple[T, str]:
    for index, rule in reversed(rules):
        value = said(rule)
        if value is not None:
            return value, f"path_rules[{index}].{key}"
    return general, general_key
