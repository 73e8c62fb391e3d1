"""The angles that a review can look from: shipped ones, a file's, and a repository's own.

A repository extends the angles through `angle_definitions` in its `.codedesigner.yml`. An id that is taken is an
error, so that nobody weakens a shipped angle by accident; `replaces: true` says that it is meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from codedesigner.angle.compose import asked_as_one, combine, conflict, incompatible
from codedesigner.angle.output import output_errors
from codedesigner.angle.spec import AnglesFile, AngleSpec, CompositeAngle, sources
from codedesigner.config.loader import Loaded
from codedesigner.config.problems import Loc, did_you_mean, flat, raise_all
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import Document, read_file
from codedesigner.errors import ConfigError
from codedesigner.text import resource


@dataclass(frozen=True, slots=True)
class AngleRegistry:
    """Angles by id, those used where nobody chooses, and the combinations that are known by name."""

    angles: Mapping[str, AngleSpec]
    default_set: tuple[str, ...] = ()
    compositions: tuple[CompositeAngle, ...] = ()

    def register(self, spec: AngleSpec) -> AngleRegistry:
        """A registry that has `spec` as well, or in the place of the angle that it replaces.

        Raises:
            ConfigError: its id is taken and it does not say `replaces`, it replaces nothing, or it has no weight
                although it is in the default set.
        """
        taken = spec.id in self.angles
        if taken and not spec.replaces:
            hint = "choose another id, or say `replaces: true`"
            raise ConfigError(f"there is an angle {spec.id} already", key="id", hint=hint)
        if spec.replaces and not taken:
            hint = did_you_mean(spec.id, self.angles)
            raise ConfigError(f"there is no angle {spec.id} to replace", key="id", hint=hint)
        if spec.id in self.default_set and spec.weight <= 0:
            raise ConfigError("an angle of the default set needs a weight above 0", key="weight")
        return replace(self, angles={**self.angles, spec.id: spec})

    def get(self, angle_id: str) -> AngleSpec | None:
        """The angle with this id."""
        return self.angles.get(angle_id)

    def require(self, angle_id: str) -> AngleSpec:
        """The angle with this id, or for `one+other` the two as one; ConfigError, naming the nearest, where none is."""
        if len(sources(angle_id)) > 1:
            return asked_as_one(self._together(sources(angle_id)))
        spec = self.angles.get(angle_id)
        if spec is None:
            raise ConfigError(f"there is no angle {angle_id}", hint=did_you_mean(angle_id, self.angles))
        return spec

    def select(self, ids: Sequence[str]) -> tuple[AngleSpec, ...]:
        """The angles to run together, in the order given; the default set where none is named.

        Raises:
            ConfigError: one is unknown, two of them conflict, or one is asked alone and in a combination.
        """
        wanted = ids or self.default_set
        chosen = tuple(self.require(angle_id) for angle_id in wanted)
        single = [source for angle_id in wanted for source in sources(angle_id)]
        twice = next((name for index, name in enumerate(single) if name in single[:index]), None)
        if twice is not None:
            raise ConfigError(f"{twice} would be asked twice", hint="name it alone or in one combination")
        for first, second in combinations(map(self.require, single), 2):
            clash = conflict(first, second)
            if clash is not None:
                raise ConfigError(f"{clash}: they cannot run together", hint="choose one of them")
        return chosen

    def compose(self, ids: Sequence[str]) -> CompositeAngle:
        """One angle from several.

        Raises:
            ConfigError: fewer than two, one named twice or unknown, or two that cannot be combined.
        """
        return combine(self._together(ids))

    def _together(self, ids: Sequence[str]) -> tuple[AngleSpec, ...]:
        if len(set(ids)) != len(ids) or len(ids) < 2:
            raise ConfigError("a composite needs at least two different angles")
        chosen = tuple(self.require(angle_id) for angle_id in ids)
        for first, second in combinations(chosen, 2):
            reason = incompatible(first, second)
            if reason is not None:
                raise ConfigError(f"{reason}: they cannot be combined")
        return chosen

    def validate_output(self, angle_id: str, output: object) -> tuple[str, ...]:
        """Everything in which `output` (parsed JSON) departs from the angle's schema; empty where it fits."""
        return output_errors(self.require(angle_id).output_schema, output)


def load_angles(document: Document) -> AngleRegistry:
    """The registry of an `angles.yaml`.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several, each at its line.
    """
    file = validate(document, AnglesFile)
    default_set = file.default_set or tuple(angle.id for angle in file.angles)
    registry = AngleRegistry({}, default_set)
    errors: list[ConfigError] = []
    for index, spec in enumerate(file.angles):
        try:
            registry = registry.register(spec)
        except ConfigError as error:
            errors.append(_placed(document, error, ("angles", index)))
    errors += _unknown(document, registry, [(("angles", i), spec) for i, spec in enumerate(file.angles)])
    for index, angle_id in enumerate(file.default_set):
        if angle_id not in registry.angles:
            hint = did_you_mean(angle_id, registry.angles)
            errors.append(document.error(f"there is no angle {angle_id}", ("default_set", index), hint=hint))
    raise_all(errors)
    composed = []
    for index, ids in enumerate(file.compositions):
        try:
            composed.append(registry.compose(ids))
        except ConfigError as error:
            errors.append(_placed(document, error, ("compositions", index)))
    _select_at(document, registry, file.default_set, errors)
    raise_all(errors)
    return replace(registry, compositions=tuple(composed))


def angles_for(loaded: Loaded, angles_file: Path | None = None) -> AngleRegistry:
    """The angles of a review: the shipped ones (or those of `angles_file`) and the configuration's own.

    Raises:
        ConfigError: a definition is wrong, or the configuration uses angles that do not exist or conflict.
    """
    source = angles_file or resource("angles.yaml")
    registry = load_angles(read_file(source, name=str(angles_file) if angles_file else "angles.yaml"))
    registry = _with_definitions(registry, loaded)
    errors: list[ConfigError] = []
    uses: list[tuple[str, tuple[str, ...] | None]] = [("angles", loaded.settings.angles)]
    uses += [(f"path_rules[{index}].angles", rule.angles) for index, rule in enumerate(loaded.settings.path_rules)]
    for key, ids in uses:
        try:
            registry.select(ids or ())
        except ConfigError as error:
            errors.append(loaded.error(key, error.message, hint=error.hint))
    for index, term in enumerate(loaded.settings.terms):
        for angle_id in term.angles or ():
            if angle_id not in registry.angles:
                hint = did_you_mean(angle_id, registry.angles)
                errors.append(loaded.error(f"terms[{index}].angles", f"there is no angle {angle_id}", hint=hint))
    raise_all(errors)
    return registry


def _with_definitions(registry: AngleRegistry, loaded: Loaded) -> AngleRegistry:
    document = loaded.document_of("angle_definitions")
    if document is None:
        return registry
    errors: list[ConfigError] = []
    specs: list[tuple[Loc, AngleSpec]] = []
    for index in range(len(loaded.settings.angle_definitions)):
        at: Loc = ("angle_definitions", index)
        try:
            spec = validate(document, AngleSpec, at)
        except ConfigError as error:
            errors += flat([error])
            continue
        specs.append((at, spec))
        try:
            registry = registry.register(spec)
        except ConfigError as error:
            errors.append(_placed(document, error, at))
    raise_all(errors + _unknown(document, registry, specs))
    return registry


def _unknown(document: Document, registry: AngleRegistry, specs: Sequence[tuple[Loc, AngleSpec]]) -> list[ConfigError]:
    return [
        document.error(f"there is no angle {name}", (*at, key, index), hint=did_you_mean(name, registry.angles))
        for at, spec in specs
        for key, names in (("composable_with", spec.composable_with), ("conflicts_with", spec.conflicts_with))
        for index, name in enumerate(names)
        if name not in registry.angles
    ]


def _placed(document: Document, error: ConfigError, at: Loc) -> ConfigError:
    """The error of a value that came from a file, told at its line. Its own key is relative to that value."""
    loc = (*at, error.key) if error.key else at
    message = error.message.removeprefix(f"{error.key}: ") if error.key else error.message
    return document.error(message, loc, hint=error.hint)


def _select_at(
    document: Document, registry: AngleRegistry, default_set: Sequence[str], errors: list[ConfigError]
) -> None:
    try:
        registry.select(default_set)
    except ConfigError as error:
        errors.append(_placed(document, error, ("default_set",)))
