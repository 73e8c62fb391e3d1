from __future__ import annotations

import pytest

from codedesigner.angle.kinds import KINDS
from codedesigner.angle.registry import load_angles
from codedesigner.angle.spec import AngleSpec
from codedesigner.config.problems import flat
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import Document, read_file, read_yaml
from codedesigner.errors import ConfigError
from codedesigner.text import resource

GOOD = """id: clarity_2
version: 1.0.0
name: Clarity
description: Is it clear?
system_prompt: Look at it.
focus_areas:
  - id: words
    name: Words
    indicators: [utilize]
    severity_if_violated: low
"""


def shipped() -> Document:
    return read_file(resource("angles.yaml"), name="angles.yaml")


def test_the_defaults_of_a_spec() -> None:
    spec = validate(read_yaml(GOOD, "f"), AngleSpec)

    assert (spec.temperature, spec.weight, spec.replaces) == (0.3, 0.25, False)
    assert (spec.evaluation_criteria, spec.composable_with, spec.conflicts_with) == ((), (), ())
    assert spec.output_schema["required"] == ["issues", "summary"]


@pytest.mark.parametrize(
    ("wrong", "right", "key"),
    [
        ("id: Clarity", "id: clarity_2", "id"),
        ("id: a-b", "id: clarity_2", "id"),
        ("version: 1.0", "version: 1.0.0", "version"),
        ("version: 1.0.0-beta", "version: 1.0.0", "version"),
        (f"name: {'x' * 51}", "name: Clarity", "name"),
        (f"description: {'x' * 501}", "description: Is it clear?", "description"),
        ("system_prompt: ''", "system_prompt: Look at it.", "system_prompt"),
        ("    severity_if_violated: grave", "    severity_if_violated: low", "focus_areas[0].severity_if_violated"),
        ("    indicators: []", "    indicators: [utilize]", "focus_areas[0].indicators"),
        ("temperature: 2.1\nname: C", "name: Clarity", "temperature"),
        ("weight: 1.1\nname: C", "name: Clarity", "weight"),
        ("weight: -0.1\nname: C", "name: Clarity", "weight"),
        ("output_schema: {}\nname: C", "name: Clarity", "output_schema"),
        ("output_schema: {type: object, pattern: x}\nname: C", "name: Clarity", "output_schema"),
        ("composable_with: [a, a]\nname: C", "name: Clarity", "composable_with"),
        ("composable_with: [a]\nconflicts_with: [a]\nname: C", "name: Clarity", None),
        ("conflicts_with: [clarity_2]\nname: C", "name: Clarity", None),
        ("promt: x\nname: C", "name: Clarity", "promt"),
    ],
)
def test_a_spec_that_is_wrong_is_refused_at_its_key(wrong: str, right: str, key: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        validate(read_yaml(GOOD.replace(right, wrong), "f"), AngleSpec)

    assert [error.key for error in flat([caught.value])] == [key]


def test_without_focus_areas_there_is_nothing_to_examine() -> None:
    with pytest.raises(ConfigError, match="focus_areas: must have at least 1 item"):
        validate(read_yaml(GOOD.split("focus_areas:")[0] + "focus_areas: []\n", "f"), AngleSpec)


def test_the_shipped_angles_are_the_four_with_their_weights() -> None:
    registry = load_angles(shipped())

    weights = {spec.id: spec.weight for spec in registry.angles.values()}
    assert weights == {"correctness": 0.4, "efficiency": 0.25, "style": 0.15, "security": 0.2}
    assert sum(weights.values()) == pytest.approx(1)
    assert registry.default_set == ("correctness", "efficiency", "style", "security")
    assert {kind.angle for kind in KINDS.values()} == set(registry.angles)


@pytest.mark.parametrize("angle_id", ["correctness", "efficiency", "style", "security"])
def test_a_shipped_prompt_says_what_to_look_for_and_what_to_leave(angle_id: str) -> None:
    spec = load_angles(shipped()).require(angle_id)

    assert "Do not report:" in spec.system_prompt
    assert "exactly as it stands" in spec.system_prompt
    assert "Finding nothing is a good answer" in spec.system_prompt
    assert len(spec.system_prompt) < 3000
    assert len(spec.evaluation_criteria) >= 4
    assert all(len(area.indicators) >= 4 for area in spec.focus_areas)
