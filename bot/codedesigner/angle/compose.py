"""Several angles asked as one: which may be combined, and what comes out."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from pydantic import JsonValue

from codedesigner.angle.spec import AngleSpec, ComposedAngle, CompositeAngle, FocusArea
from codedesigner.severity import worst


def conflict(first: AngleSpec, second: AngleSpec) -> str | None:
    """Why the two must not run together, or None."""
    for one, other in ((first, second), (second, first)):
        if other.id in one.conflicts_with:
            return f"{one.id} conflicts with {other.id}"
    return None


def incompatible(first: AngleSpec, second: AngleSpec) -> str | None:
    """Why the two cannot be asked as one, or None."""
    clash = conflict(first, second)
    if clash is not None:
        return clash
    for one, other in ((first, second), (second, first)):
        if one.composable_with and other.id not in one.composable_with:
            return f"{one.id} can only be combined with {', '.join(one.composable_with)}, not with {other.id}"
    if first.output_schema != second.output_schema:
        return f"the answers of {first.id} and {second.id} have different shapes"
    return None


def combine(angles: Sequence[AngleSpec]) -> CompositeAngle:
    """One angle from at least two that are compatible with each other.

    Weights are shared out in proportion (evenly where all are 0). Focus areas with the same id become one, with the
    indicators of all and the worst severity.
    """
    total = sum(angle.weight for angle in angles)
    shares = {angle.id: angle.weight / total if total else 1 / len(angles) for angle in angles}
    return CompositeAngle(
        id="+".join(angle.id for angle in angles),
        source_angles=tuple(angle.id for angle in angles),
        merged_focus_areas=_merged_areas(angles),
        combined_prompt=_combined_prompt(angles),
        weight_distribution=shares,
        temperature=min(angle.temperature for angle in angles),
        output_schema=angles[0].output_schema,
    )


def asked_as_one(angles: Sequence[AngleSpec]) -> ComposedAngle:
    """The angles as one that can be asked; each issue of its answer names the angle that it belongs to."""
    whole = combine(angles)
    return ComposedAngle(
        id=whole.id,
        version=_version(angles),
        name=" and ".join(angle.name for angle in angles),
        description=" ".join(angle.description.strip() for angle in angles),
        system_prompt=whole.combined_prompt,
        temperature=whole.temperature,
        focus_areas=whole.merged_focus_areas,
        output_schema=_naming_angles(whole.output_schema, whole.source_angles),
        evaluation_criteria=tuple(dict.fromkeys(line for angle in angles for line in angle.evaluation_criteria)),
        weight=min(1.0, sum(angle.weight for angle in angles)),
    )


def _version(angles: Sequence[AngleSpec]) -> str:
    """Raised whenever that of a source is."""
    parts = [tuple(map(int, angle.version.split("."))) for angle in angles]
    return ".".join(str(sum(part[place] for part in parts)) for place in range(3))


def _naming_angles(schema: dict[str, JsonValue], names: Sequence[str]) -> dict[str, JsonValue]:
    """The schema, with `angle` in each issue, required so that servers that are held to it do not leave it out."""
    copied: dict[str, JsonValue] = copy.deepcopy(schema)
    match copied:
        case {"properties": {"issues": {"items": {"properties": dict(fields), "required": list(required)}}}}:
            fields["angle"] = {"enum": list(names)}
            required.append("angle")
    return copied


def _merged_areas(angles: Sequence[AngleSpec]) -> tuple[FocusArea, ...]:
    merged: dict[str, FocusArea] = {}
    for area in (area for angle in angles for area in angle.focus_areas):
        known = merged.get(area.id)
        if known is None:
            merged[area.id] = area
            continue
        merged[area.id] = FocusArea(
            id=known.id,
            name=known.name,
            indicators=tuple(dict.fromkeys((*known.indicators, *area.indicators))),
            severity_if_violated=worst((known.severity_if_violated, area.severity_if_violated)),
        )
    return tuple(merged.values())


def _combined_prompt(angles: Sequence[AngleSpec]) -> str:
    names = ", ".join(angle.name for angle in angles)
    opening = (
        f"You examine the same code from {len(angles)} angles: {names}. Work through them one after the other. "
        "Where an angle tells you to leave something alone, that holds for its own part only."
    )
    parts = [
        f"Angle {index} of {len(angles)}: {angle.name}\n{angle.system_prompt}" for index, angle in enumerate(angles, 1)
    ]
    return "\n\n".join((opening, *parts))
