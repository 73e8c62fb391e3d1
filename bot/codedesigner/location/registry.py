"""The locations that a review may ask: the shipped analysers, and what the operator's locations file says.

An operator's file extends the shipped one unless it says `shipped: false`. An entry with the id of a shipped location
is laid over it, so `{id: ruff, weight: 2}` and `{id: typos, enabled: false}` are complete entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from codedesigner.config.environment import LOCATIONS_FILE
from codedesigner.config.layers import merge
from codedesigner.config.problems import Loc, did_you_mean, flat, raise_all
from codedesigner.config.shape import Closed
from codedesigner.config.validate import unknown_keys, validate, validate_value
from codedesigner.config.yamlfile import Document, Value, read_file
from codedesigner.errors import ConfigError
from codedesigner.location.embeddings import embedder_problems
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.location.spec import LocationSpec, LocationTemplate, PriceConfig, ProviderType
from codedesigner.location.supervisor import supervisor_problems
from codedesigner.location.template import fill, template_problems, value_problems
from codedesigner.text import resource

ModelPattern = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9*][A-Za-z0-9*._:/@+-]*$", max_length=200)]


class LocationsFile(Closed):
    """A whole `locations.yaml`; each location is complete, made `from` a template, or laid over a shipped one."""

    locations: tuple[dict[str, JsonValue], ...] = Field(
        default=(), max_length=500, description="The locations, each complete or made from a template."
    )
    templates: tuple[LocationTemplate, ...] = Field(
        default=(), max_length=100, description="What several locations have in common."
    )
    pool: PoolSettings = Field(default=PoolSettings(), description="How all locations together are asked.")
    prices: dict[ModelPattern, PriceConfig] = Field(
        default={},
        max_length=1000,
        description="What models cost, by name; `*` stands for anything. Stronger than the shipped prices.",
        examples=[{"gpt-5-mini": {"tokens_in": 0.25, "tokens_out": 2}}],
    )
    shipped: bool = Field(default=True, description="false: do without the locations that are shipped.")


@dataclass(frozen=True, slots=True)
class LocationRegistry:
    """Locations and templates by id, in file order; how they are asked together, and the operator's own prices."""

    locations: Mapping[str, LocationSpec]
    templates: Mapping[str, LocationTemplate]
    pool: PoolSettings = field(default_factory=PoolSettings)
    prices: Mapping[str, PriceConfig] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path | None = None) -> LocationRegistry:
        """The shipped locations, extended by the file at `path`.

        Raises:
            ConfigError: one thing is wrong, or (`CollectedConfigError`) several, each at its line.
        """
        shipped = read_locations(read_file(resource("locations.yaml"), name="locations.yaml"))
        return shipped if path is None else read_locations(read_file(path), shipped)

    def validate(self, config: Mapping[str, Value]) -> tuple[ConfigError, ...]:
        """Everything that is wrong with one location's values; empty where they are a location."""
        try:
            _located(dict(config))
        except ConfigError as error:
            return tuple(flat([error]))
        return ()

    def get(self, location_id: str) -> LocationSpec | None:
        """The location with this id."""
        return self.locations.get(location_id)

    def require(self, location_id: str) -> LocationSpec:
        """The location with this id; ConfigError, naming the nearest, where there is none."""
        spec = self.locations.get(location_id)
        if spec is None:
            raise ConfigError(f"there is no location {location_id}", hint=did_you_mean(location_id, self.locations))
        return spec

    def get_by_tag(self, tag: str) -> tuple[LocationSpec, ...]:
        """The enabled locations with this tag."""
        return self.list(tag=tag, enabled=True)

    def create_from_template(self, template_id: str, overrides: Mapping[str, Value]) -> LocationSpec:
        """A location made from a template. `overrides` holds its `id`, values of variables, and keys of a location.

        Raises:
            ConfigError: the template is unknown, or it and the overrides make no valid location.
        """
        template = self.templates.get(template_id)
        if template is None:
            raise ConfigError(f"there is no template {template_id}", hint=did_you_mean(template_id, self.templates))
        given = {name: value for name, value in overrides.items() if name in template.variables}
        own = {name: value for name, value in overrides.items() if name not in template.variables}
        problems = value_problems(template, given)
        raise_all([ConfigError(problem.message, key=problem.variable, hint=problem.hint) for problem in problems])
        return _located(fill(template, given, own))

    def list(
        self, *, enabled: bool | None = None, tag: str | None = None, provider: ProviderType | None = None
    ) -> tuple[LocationSpec, ...]:
        """The locations that fit all that is given, in file order."""
        return tuple(
            spec
            for spec in self.locations.values()
            if enabled in (None, spec.enabled)
            and (tag is None or tag in spec.tags)
            and provider in (None, spec.provider.type)
        )


def locations_for(locations_file: Path | None = None, environ: Mapping[str, str] | None = None) -> LocationRegistry:
    """The locations of a review: the operator's file is an argument, or named by CODEDESIGNER_LOCATIONS_FILE."""
    named = (environ or {}).get(LOCATIONS_FILE)
    return LocationRegistry.load(locations_file or (Path(named) if named else None))


def read_locations(document: Document, shipped: LocationRegistry | None = None) -> LocationRegistry:
    """The registry of a locations file, laid over `shipped`.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several, each at its line.
    """
    file = validate(document, LocationsFile)
    below = shipped if shipped is not None and file.shipped else LocationRegistry({}, {})
    errors: list[ConfigError] = []
    templates = {**below.templates, **_templates(document, file, errors)}
    locations = dict(below.locations)
    seen: dict[str, int] = {}
    for index in range(len(file.locations)):
        at: Loc = ("locations", index)
        try:
            spec = _entry(document, at, templates, below.locations)
        except ConfigError as error:
            errors += flat([error])
            continue
        if spec.id in seen:
            first = document.line_of_value(("locations", seen[spec.id]))
            message = f"there is a location {spec.id} already, on line {first}"
            errors.append(document.error(message, (*at, "id"), hint="give one of them another id, or remove it"))
        seen.setdefault(spec.id, index)
        locations[spec.id] = spec

    def at_tags(spec: LocationSpec, message: str, hint: str) -> ConfigError:
        return document.error(message, ("locations", seen.get(spec.id, 0), "tags"), hint=hint)

    enabled = [spec for spec in locations.values() if spec.enabled]
    errors += supervisor_problems(enabled, at_tags) + embedder_problems(enabled, at_tags)
    raise_all(errors)
    return LocationRegistry(locations, templates, file.pool, file.prices)


def _templates(document: Document, file: LocationsFile, errors: list[ConfigError]) -> dict[str, LocationTemplate]:
    templates: dict[str, LocationTemplate] = {}
    for index, template in enumerate(file.templates):
        at: Loc = ("templates", index)
        if template.id in templates:
            hint = "give one of them another id, or remove it"
            errors.append(document.error(f"there is a template {template.id} already", (*at, "id"), hint=hint))
        templates[template.id] = template
        errors += [
            document.error(problem.message, (*at, "variables", problem.variable), hint=problem.hint)
            for problem in template_problems(template)
        ]
        errors += unknown_keys(document, LocationSpec, (*at, "base"))
    return templates


def _entry(
    document: Document, at: Loc, templates: Mapping[str, LocationTemplate], below: Mapping[str, LocationSpec]
) -> LocationSpec:
    entry = document.value_at(at)
    if not isinstance(entry, dict):
        hint = "write `- id: my-model`, and the location's other keys below it"
        raise document.error("must be a mapping of keys to values", at, hint=hint)
    own = {key: value for key, value in entry.items() if key not in ("from", "with")}
    if "from" in entry:
        values = _from_template(document, at, entry, own, templates)
    elif "with" in entry:
        raise document.error("needs a template", (*at, "with"), hint="name it with `from`", at_key=True)
    else:
        known = below.get(str(entry.get("id")))
        values = (
            own if known is None else merge(known.model_dump(mode="json", by_alias=True, exclude_defaults=True), own)
        )

    def line(loc: Loc, key: bool) -> int | None:
        place = (*at, *loc)
        return document.line_of_key(place) if key else document.line_of_value(place)

    return validate_value(values, LocationSpec, name=document.name, line=line, at=at)


def _from_template(
    document: Document,
    at: Loc,
    entry: Mapping[str, Value],
    own: Mapping[str, Value],
    templates: Mapping[str, LocationTemplate],
) -> dict[str, Value]:
    template = templates.get(str(entry["from"]))
    if template is None:
        hint = did_you_mean(str(entry["from"]), templates)
        raise document.error(f"there is no template {entry['from']}", (*at, "from"), hint=hint)
    given = entry.get("with", {})
    if not isinstance(given, dict):
        hint = "write with: {model_id: my-model}"
        raise document.error("must be a mapping of variables to values", (*at, "with"), hint=hint)
    raise_all(
        [
            document.error(problem.message, (*at, "with", problem.variable), hint=problem.hint)
            for problem in value_problems(template, given)
        ]
    )
    return fill(template, given, own)


def _located(values: Mapping[str, Value]) -> LocationSpec:
    return validate_value(dict(values), LocationSpec, name=None, line=lambda _loc, _key: None)


def unknown_programs(specs: Iterable[LocationSpec], known: Iterable[str]) -> tuple[ConfigError, ...]:
    """An error for each `local` location whose analyser is not one of `known`."""
    names = sorted(known)
    return tuple(
        ConfigError(
            f"there is no analyser {spec.provider.model_id}",
            key=spec.id,
            hint=did_you_mean(spec.provider.model_id, names),
        )
        for spec in specs
        if spec.provider.type == "local" and spec.provider.model_id not in names
    )
