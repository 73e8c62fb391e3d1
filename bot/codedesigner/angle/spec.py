"""An angle: one way of looking at a function, specified well enough for a small model to look that way."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, field_validator, model_validator

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA, schema_errors, unreadable
from codedesigner.config.settings import AngleId
from codedesigner.config.shape import Closed
from codedesigner.severity import Severity

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice")
    return values


def _usable(schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    problems = schema_errors(schema)
    problem = "; ".join(problems) if problems else unreadable(schema)
    if problem:
        raise ValueError(problem)
    return schema


Ids = Annotated[tuple[AngleId, ...], AfterValidator(_distinct)]
OutputSchema = Annotated[dict[str, JsonValue], AfterValidator(_usable)]


class FocusArea(Closed):
    """Something an angle examines."""

    id: AngleId = Field(description="Unique within the angle, snake_case.")
    name: Annotated[Line, Field(max_length=80)] = Field(description="For people.")
    indicators: Annotated[tuple[Line, ...], Field(min_length=1, max_length=50)] = Field(
        description="Words or plain descriptions that point to this area. Taken literally, never as a pattern."
    )
    severity_if_violated: Severity = Field(description="How bad a defect in this area is.")


class AngleSpec(Closed):
    """One angle, as in `angles.yaml` or under `angle_definitions` of a repository's configuration."""

    id: AngleId = Field(description="Unique identifier, snake_case.")
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$", max_length=30)] = Field(
        description="Semantic version. Answers are kept per version: raise it when the angle changes."
    )
    name: Annotated[str, StringConstraints(min_length=1, max_length=50)] = Field(description="Shown to people.")
    description: Annotated[str, StringConstraints(min_length=1, max_length=500)] = Field(
        description="What this angle evaluates."
    )
    system_prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)] = Field(
        description="The complete system prompt that shifts a model's perspective."
    )
    temperature: float = Field(default=0.3, ge=0, le=2, description="The model's temperature for this angle.")
    focus_areas: Annotated[tuple[FocusArea, ...], Field(min_length=1, max_length=50)] = Field(
        description="What to examine."
    )
    output_schema: OutputSchema = Field(
        default=ANGLE_OUTPUT_SCHEMA, description="The shape of an answer, in a closed part of JSON Schema."
    )
    evaluation_criteria: tuple[Line, ...] = Field(
        default=(), max_length=50, description="What this angle looks for, one sentence each."
    )
    weight: float = Field(default=0.25, ge=0, le=1, description="Importance relative to other angles.")
    composable_with: Ids = Field(
        default=(), description="Angles it can be combined with; empty: all that it does not conflict with."
    )
    conflicts_with: Ids = Field(default=(), description="Angles that must not run together with it.")
    replaces: bool = Field(default=False, description="true: takes the place of the shipped angle with this id.")

    @field_validator("focus_areas")
    @classmethod
    def _unique_areas(cls, areas: tuple[FocusArea, ...]) -> tuple[FocusArea, ...]:
        _distinct(tuple(area.id for area in areas))
        return areas

    @model_validator(mode="after")
    def _consistent(self) -> AngleSpec:
        if self.id in (*self.composable_with, *self.conflicts_with):
            raise ValueError("names itself in composable_with or conflicts_with")
        both = set(self.composable_with) & set(self.conflicts_with)
        if both:
            raise ValueError(f"both combines with and conflicts with {', '.join(sorted(both))}")
        return self


class ComposedAngle(AngleSpec):
    """Several angles as one that can be asked: `correctness+security`. Made by `compose.asked_as_one`, never read."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\+[a-z][a-z0-9_]*)+$", max_length=400)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    description: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    system_prompt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400_000)]
    focus_areas: Annotated[tuple[FocusArea, ...], Field(min_length=1, max_length=1000)]
    evaluation_criteria: tuple[Line, ...] = Field(default=(), max_length=1000)


def sources(angle_id: str) -> tuple[str, ...]:
    """The angles behind an id: itself, or those of a composition."""
    return tuple(angle_id.split("+"))


class AnglesFile(Closed):
    """A whole `angles.yaml`."""

    angles: Annotated[tuple[AngleSpec, ...], Field(min_length=1, max_length=200)] = Field(description="The angles.")
    default_set: Ids = Field(default=(), description="The angles that are used where nobody chooses; empty: all.")
    compositions: tuple[Annotated[Ids, Field(min_length=2)], ...] = Field(
        default=(), description="Angles that can be asked as one, each a list of ids."
    )


class CompositeAngle(Closed):
    """Several angles asked as one."""

    id: str
    source_angles: tuple[str, ...]
    merged_focus_areas: tuple[FocusArea, ...]
    combined_prompt: str
    weight_distribution: dict[str, float]  # adds up to 1
    temperature: float  # the lowest of the sources: the strictest one decides
    output_schema: dict[str, JsonValue]
