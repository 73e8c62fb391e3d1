from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from codedesigner.angle.compose import asked_as_one, combine, incompatible
from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA
from codedesigner.angle.registry import AngleRegistry, load_angles
from codedesigner.angle.spec import AngleSpec, FocusArea, sources
from codedesigner.config.yamlfile import read_file
from codedesigner.errors import ConfigError
from codedesigner.severity import Severity
from codedesigner.text import resource


def area(area_id: str, severity: Severity = "low", *indicators: str) -> FocusArea:
    return FocusArea(id=area_id, name=area_id, indicators=indicators or ("x",), severity_if_violated=severity)


def angle(angle_id: str, *, weight: float = 0.5, areas: tuple[FocusArea, ...] = (), **more: object) -> AngleSpec:
    data = {"id": angle_id, "version": "1.0.0", "name": angle_id.title(), "description": "d", **more}
    prompt = f"Prompt of {angle_id}."
    return AngleSpec.model_validate(
        {**data, "system_prompt": prompt, "weight": weight, "focus_areas": areas or (area("x"),)}
    )


def test_prompts_areas_and_weights_are_merged() -> None:
    first = angle("a", weight=0.6, temperature=0.4, areas=(area("x", "low", "p", "q"), area("y")))
    second = angle("b", weight=0.2, temperature=0.1, areas=(area("x", "high", "q", "r"), area("z")))

    both = combine([first, second])

    assert both.id == "a+b"
    assert both.source_angles == ("a", "b")
    assert [(each.id, each.indicators) for each in both.merged_focus_areas] == [
        ("x", ("p", "q", "r")),
        ("y", ("x",)),
        ("z", ("x",)),
    ]
    assert both.merged_focus_areas[0].severity_if_violated == "high"
    assert both.weight_distribution == pytest.approx({"a": 0.75, "b": 0.25})
    assert both.temperature == 0.1
    assert both.combined_prompt.index("Prompt of a.") < both.combined_prompt.index("Prompt of b.")


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_shares_add_up_to_one(weights: list[float]) -> None:
    both = combine([angle(f"a{index}", weight=weight) for index, weight in enumerate(weights)])

    assert sum(both.weight_distribution.values()) == pytest.approx(1)


def test_who_can_be_combined() -> None:
    free, picky, foe = angle("a"), angle("b", composable_with=("c",)), angle("d", conflicts_with=("a",))
    other = angle("e", output_schema={**ANGLE_OUTPUT_SCHEMA, "title": "other"})

    assert incompatible(free, angle("c")) is None
    assert incompatible(picky, angle("c")) is None
    assert incompatible(free, picky) == "b can only be combined with c, not with a"
    assert incompatible(free, foe) == "d conflicts with a"
    assert incompatible(free, other) == "the answers of a and e have different shapes"


def test_a_registry_composes_what_fits() -> None:
    registry = load_angles(read_file(resource("angles.yaml")))

    assert registry.compose(["correctness", "security"]).weight_distribution == pytest.approx(
        {"correctness": 2 / 3, "security": 1 / 3}
    )
    assert [each.id for each in registry.compositions] == ["correctness+security", "efficiency+style"]
    with pytest.raises(ConfigError, match="they cannot be combined"):
        registry.compose(["style", "security"])


@pytest.mark.parametrize("ids", [[], ["a"], ["a", "a"]])
def test_a_composite_has_at_least_two_sources(ids: list[str]) -> None:
    with pytest.raises(ConfigError, match="at least two different angles"):
        AngleRegistry({"a": angle("a")}).compose(ids)


def test_several_angles_asked_as_one_name_their_angle_and_change_with_each_source() -> None:
    one, other = angle("a", version="1.2.3"), angle("b", version="2.0.1")
    made = asked_as_one((one, other))
    assert (made.id, made.version, sources(made.id)) == ("a+b", "3.2.4", ("a", "b"))
    assert made.output_schema["properties"]["issues"]["items"]["properties"]["angle"] == {"enum": ["a", "b"]}  # type: ignore[index,call-overload]
    assert "angle" not in str(one.output_schema)
    assert one.system_prompt in made.system_prompt
    raised = asked_as_one((one, angle("b", version="2.0.2")))
    assert raised.version != made.version
    with pytest.raises(ValidationError):
        AngleSpec.model_validate(made.model_dump())


def test_a_registry_has_a_composition_under_its_name() -> None:
    registry = load_angles(read_file(resource("angles.yaml")))
    assert registry.require("correctness+security").id == "correctness+security"
    assert [each.id for each in registry.select(["correctness+security", "style"])] == ["correctness+security", "style"]
    with pytest.raises(ConfigError, match="style would be asked twice"):
        registry.select(["efficiency+style", "style"])
    with pytest.raises(ConfigError, match="there is no angle nonsense"):
        registry.select(["correctness+nonsense"])
    with pytest.raises(ConfigError, match="at least two different angles"):
        registry.select(["style+style"])
