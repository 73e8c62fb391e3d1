from __future__ import annotations

import pytest

from codedesigner.config.paths import Exclusion, PathSettings, settings_for
from codedesigner.config.settings import Gate, PathRule, Paths, Settings


def rules(*given: PathRule, paths: Paths | None = None) -> Settings:
    return Settings(path_rules=given, paths=paths or Paths(), gate=Gate(fail_on="high", min_agreement=0.5))


def test_without_rules_the_general_settings_apply() -> None:
    effective = settings_for(Settings(), "src/a.py")

    assert effective.excluded is None
    assert effective.angles == ("correctness", "efficiency", "style", "security")
    assert effective.fail_on == "high"
    assert effective.said_by["fail_on"] == ("gate.fail_on",)


def test_the_last_matching_rule_that_says_something_decides() -> None:
    settings = rules(
        PathRule(paths=("*.py",), fail_on="low", min_agreement=0.9),
        PathRule(paths=("tests/",), angles=("style",), fail_on="never"),
        PathRule(paths=("tests/unit/",), min_agreement=0.1),
    )

    effective = settings_for(settings, "tests/unit/test_a.py")

    assert (effective.angles, effective.fail_on, effective.min_agreement) == (("style",), "never", 0.1)
    assert effective.said_by["angles"] == ("path_rules[1].angles",)
    assert effective.said_by["min_agreement"] == ("path_rules[2].min_agreement",)
    assert settings_for(settings, "a.py").fail_on == "low"
    assert settings_for(settings, "a.go").fail_on == "high"


def test_instructions_add_up_in_order() -> None:
    settings = rules(
        PathRule(paths=("*.py",), instructions="First."),
        PathRule(paths=("*.go",), instructions="Never."),
        PathRule(paths=("src/",), instructions="Second."),
    )

    effective = settings_for(settings, "src/a.py")

    assert effective.instructions == ("First.", "Second.")
    assert effective.said_by["instructions"] == ("path_rules[0].instructions", "path_rules[2].instructions")


@pytest.mark.parametrize(
    "path",
    [
        *("package-lock.json", "a/Cargo.lock", "static/app.min.js", "x/vendor/y.go", "node_modules/a/index.js"),
        *("api/v1/a.pb.go", "a_pb2.py", "web/dist/app.js", "ui/__snapshots__/a.snap", "app.js.map", "go.sum"),
    ],
)
def test_what_nobody_wrote_by_hand_is_left_out(path: str) -> None:
    excluded = settings_for(Settings(), path).excluded

    assert excluded is not None
    assert excluded.key.startswith("paths.default_exclude[")


@pytest.mark.parametrize("path", ["src/a.py", "cmd/dist/main.go", "lock.py", "vendor", "src/minjs.js", "vendoring.py"])
def test_what_looks_similar_is_not(path: str) -> None:
    assert settings_for(Settings(), path).excluded is None


def test_own_patterns_add_to_the_default_ones_and_can_take_them_back() -> None:
    settings = rules(paths=Paths(exclude=("docs/", "!vendor/ours/")))

    assert settings_for(settings, "docs/a.md").excluded == Exclusion("paths.exclude[0]", "docs/")
    assert settings_for(settings, "vendor/theirs/a.go").excluded is not None
    assert settings_for(settings, "vendor/ours/a.go").excluded is None


def test_what_is_not_included_is_excluded() -> None:
    excluded = settings_for(rules(paths=Paths(include=("src/",))), "docs/a.py").excluded

    assert excluded == Exclusion("paths.include", None)
    assert str(excluded) == "no pattern of paths.include matches"


def test_a_rule_can_exclude_and_a_later_one_can_bring_back() -> None:
    settings = rules(
        PathRule(paths=("legacy/",), exclude=True),
        PathRule(paths=("legacy/core/",), exclude=False),
        PathRule(paths=("vendor/ours/",), exclude=False),
    )
    paths = PathSettings(settings)

    assert paths.of("legacy/a.py").excluded == Exclusion("path_rules[0].paths", "legacy/")
    assert paths.of("legacy/core/a.py").excluded is None
    assert paths.of("vendor/ours/a.go").excluded is None
