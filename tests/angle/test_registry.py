from __future__ import annotations

from pathlib import Path

import pytest

from codedesigner.angle.registry import AngleRegistry, angles_for, load_angles
from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.config.loader import Loaded, RepoFile, load
from codedesigner.config.problems import flat
from codedesigner.config.yamlfile import read_yaml
from codedesigner.errors import ConfigError

AREA = FocusArea(id="words", name="Words", indicators=("utilize",), severity_if_violated="low")
DEFINITION = """
angle_definitions:
  - id: {id}
    version: 1.0.0
    name: Money
    description: Is money counted right?
    system_prompt: Look at the money.
    focus_areas:
      - {{id: cents, name: Cents, indicators: [float], severity_if_violated: high}}
{more}
"""


def angle(angle_id: str, weight: float = 0.25, *, replaces: bool = False, conflicts: tuple[str, ...] = ()) -> AngleSpec:
    return AngleSpec(
        id=angle_id,
        version="1.0.0",
        name=angle_id,
        description="d",
        system_prompt="p",
        focus_areas=(AREA,),
        weight=weight,
        replaces=replaces,
        conflicts_with=conflicts,
    )


def config(text: str) -> Loaded:
    return load(RepoFile(text.encode()), None, {}, {})


def messages(error: ConfigError) -> list[str]:
    return [str(each) for each in flat([error])]


def test_an_angle_is_registered_once() -> None:
    registry = AngleRegistry({}).register(angle("a"))

    assert registry.get("a") == angle("a")
    assert registry.get("b") is None
    with pytest.raises(ConfigError, match="there is an angle a already"):
        registry.register(angle("a"))


def test_an_angle_is_replaced_on_purpose_only() -> None:
    registry = AngleRegistry({}).register(angle("a"))

    replaced = registry.register(angle("a", 0.5, replaces=True))

    assert replaced.require("a").weight == 0.5
    assert registry.require("a").weight == 0.25
    with pytest.raises(ConfigError, match="there is no angle b to replace"):
        registry.register(angle("b", replaces=True))


def test_the_default_set_has_weight() -> None:
    with pytest.raises(ConfigError, match="needs a weight above 0"):
        AngleRegistry({}, default_set=("a",)).register(angle("a", 0))
    assert AngleRegistry({}).register(angle("a", 0)).get("a") is not None


def test_angles_that_conflict_do_not_run_together() -> None:
    registry = AngleRegistry({}).register(angle("a", conflicts=("b",))).register(angle("b")).register(angle("c"))

    assert [spec.id for spec in registry.select(["b", "c"])] == ["b", "c"]
    with pytest.raises(ConfigError, match="a conflicts with b: they cannot run together"):
        registry.select(["b", "a"])


def test_an_unknown_angle_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        angles_for(config("angles: [securty]\n"))

    assert str(caught.value) == ".codedesigner.yml:1: angles: there is no angle securty"
    assert caught.value.hint == "did you mean security?"


def test_output_is_held_against_the_angles_schema() -> None:
    registry = AngleRegistry({}).register(angle("a"))

    assert registry.validate_output("a", {"issues": [], "summary": "ok"}) == ()
    assert registry.validate_output("a", {"issues": []}) == ("the answer lacks summary",)


def test_a_repository_adds_a_fifth_angle() -> None:
    loaded = config("angles: [correctness, money]\n" + DEFINITION.format(id="money", more="    weight: 0.3"))

    registry = angles_for(loaded)

    assert [spec.id for spec in registry.select(loaded.settings.angles)] == ["correctness", "money"]
    assert len(registry.angles) == 5


def test_a_shipped_angle_is_not_replaced_by_accident() -> None:
    with pytest.raises(
        ConfigError, match=r"\.codedesigner\.yml:3: angle_definitions\[0\]\.id: there is an angle style"
    ):
        angles_for(config(DEFINITION.format(id="style", more="")))

    registry = angles_for(config(DEFINITION.format(id="style", more="    replaces: true")))
    assert registry.require("style").name == "Money"


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ("    composable_with: [stile]", ".codedesigner.yml:10: angle_definitions[0].composable_with[0]: there is no"),
        ("    conflicts_with:\n      - x", ".codedesigner.yml:11: angle_definitions[0].conflicts_with[0]: there is no"),
        ("    weight: 2", ".codedesigner.yml:10: angle_definitions[0].weight: must be at most 1"),
        ("    wieght: 2", ".codedesigner.yml:10: angle_definitions[0].wieght: unknown key"),
        ("angles: [style, monye]", ".codedesigner.yml:10: angles: there is no angle monye"),
        ("path_rules:\n  - paths: [a]\n    angles: [x]", ".codedesigner.yml:12: path_rules[0].angles: there is no"),
        ("terms:\n  - term: a\n    angles: [x]", ".codedesigner.yml:12: terms[0].angles: there is no angle x"),
    ],
)
def test_mistakes_about_angles_have_their_place(more: str, place: str) -> None:
    with pytest.raises(ConfigError) as caught:
        angles_for(config(DEFINITION.format(id="money", more=more)))

    assert messages(caught.value)[0].startswith(place)


def test_a_conflicting_pair_in_the_configuration_is_refused() -> None:
    text = "angles: [style, money]\n" + DEFINITION.format(id="money", more="    conflicts_with: [style]")

    with pytest.raises(ConfigError, match="money conflicts with style"):
        angles_for(config(text))


FILE = """
angles:
  - {{id: a, version: 1.0.0, name: A, description: d, system_prompt: p, focus_areas: [{area}], {extra}}}
  - {{id: b, version: 1.0.0, name: B, description: d, system_prompt: p, focus_areas: [{area}]}}
{more}
"""
AREA_TEXT = "{id: x, name: X, indicators: [x], severity_if_violated: low}"


@pytest.mark.parametrize(
    ("extra", "more", "place"),
    [
        ("weight: 0", "", "f:3: angles[0].weight: an angle of the default set"),
        ("", "default_set: [a, c]", "f:5: default_set[1]: there is no angle c"),
        ("conflicts_with: [b]", "", "f:1: default_set: a conflicts with b"),
        ("conflicts_with: [b]", "default_set: [a, b]", "f:5: default_set: a conflicts with b"),
        ("conflicts_with: [b]", "default_set: [a]\ncompositions: [[b, a]]", "f:6: compositions[0]: a conflicts with b"),
        ("", "compositions: [[a]]", "f:5: compositions[0]: must have at least 2 items"),
        ("", "compositions: [[a, c]]", "f:5: compositions[0]: there is no angle c"),
        ("composable_with: [c]", "", "f:3: angles[0].composable_with[0]: there is no angle c"),
    ],
)
def test_mistakes_in_an_angles_file_have_their_place(extra: str, more: str, place: str) -> None:
    document = read_yaml(FILE.format(area=AREA_TEXT, extra=extra, more=more), "f")
    with pytest.raises(ConfigError) as caught:
        load_angles(document)

    assert messages(caught.value)[0].startswith(place)


def test_an_angles_file_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(FILE.format(area=AREA_TEXT, extra="", more=""))

    assert set(angles_for(config("angles: [a]\n"), path).angles) == {"a", "b"}
