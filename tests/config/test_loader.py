from __future__ import annotations

from pathlib import Path

import pytest

from codedesigner.config.loader import WRONG_NAMES, RepoFile, find_repo_file, load
from codedesigner.config.problems import flat
from codedesigner.config.settings import Settings
from codedesigner.errors import ConfigError


def test_nothing_said_is_the_defaults() -> None:
    loaded = load(None, None, {"PATH": "/bin", "HOME": "/"}, {"gate.fail_on": None})

    assert loaded.settings == Settings()
    assert loaded.origin("gate.fail_on") == "default"
    assert loaded.enabled_by_file is None


def test_command_line_before_environment_before_operator_before_repository(tmp_path: Path) -> None:
    operator = tmp_path / "ops.yml"
    operator.write_text("max_passes: 3\nseed: 3\n\ngate:\n  min_agreement: 0.3\n")
    repo = RepoFile(b"max_passes: 2\nseed: 2\nmax_concurrent: 2\n\n\n\ngate:\n  min_agreement: 0.2\n  quorum: 2\n")
    environ = {"CODEDESIGNER_MAX_PASSES": "4", "CODEDESIGNER_GATE__FAIL_ON": "low"}

    loaded = load(repo, operator, environ, {"max_passes": 5})

    settings = loaded.settings
    assert (settings.max_passes, settings.seed, settings.max_concurrent) == (5, 3, 2)
    assert (settings.gate.fail_on, settings.gate.min_agreement, settings.gate.quorum) == ("low", 0.3, 2)
    assert loaded.origin("max_passes") == "command line"
    assert loaded.origin("gate.fail_on") == "CODEDESIGNER_GATE__FAIL_ON"
    assert loaded.origin("gate.min_agreement") == f"{operator}:5"
    assert loaded.origin("gate.quorum") == ".codedesigner.yml:9"
    assert loaded.origin("gate.coverage") == "default"


def test_the_operators_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    operator = tmp_path / "ops.yml"
    operator.write_text("seed: 9\n")

    assert load(None, None, {"CODEDESIGNER_OPERATOR_FILE": str(operator)}, {}).settings.seed == 9


def test_a_list_from_a_stronger_place_replaces_the_whole_list() -> None:
    loaded = load(RepoFile(b"angles: [style, security]\n"), None, {"CODEDESIGNER_ANGLES": "correctness, style"}, {})

    assert loaded.settings.angles == ("correctness", "style")


def test_origins_reach_into_lists() -> None:
    repo = RepoFile(b"path_rules:\n  - paths: [a]\n  - paths: [b]\n    exclude: true\n")
    loaded = load(repo, None, {}, {})

    assert loaded.origin("path_rules[1].exclude") == ".codedesigner.yml:4"
    assert loaded.origin("path_rules") == ".codedesigner.yml:1"
    with pytest.raises(KeyError):
        loaded.origin("gate.nonsense")


def test_errors_of_all_places_are_told_together(tmp_path: Path) -> None:
    operator = tmp_path / "ops.yml"
    operator.write_text("sed: 1\n")

    with pytest.raises(ConfigError) as caught:
        load(RepoFile(b"gate: 3\nseed: x\n"), operator, {"CODEDESIGNER_GATE__FAIL_IN": "x"}, {"gate.quorum": 0})

    assert [(error.path, error.line, error.key) for error in flat([caught.value])] == [
        (".codedesigner.yml", 1, "gate"),
        (".codedesigner.yml", 2, "seed"),
        (str(operator), 1, "sed"),
        ("CODEDESIGNER_GATE__FAIL_IN", None, None),
        ("command line", None, "gate.quorum"),
    ]
    assert len(str(caught.value).splitlines()) == 5


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CODEDESIGNER_GATE__FAILON", "high", "did you mean CODEDESIGNER_GATE__FAIL_ON?"),
        ("CODEDESIGNER_ENABLED", "1", "CODE_DESIGNER=1 or CODE_DESIGNER=0"),
        ("CODEDESIGNER_PATH_RULES", "x", "set path_rules in a file"),
        ("CODEDESIGNER_MAX_PASSES", "many", "must be a whole number"),
        ("CODEDESIGNER_SEED", "012", "leading zero"),
        ("CODEDESIGNER_PATHS__EXCLUDE", "a,{b}", "braces"),
    ],
)
def test_a_variable_that_is_wrong_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, None, {name: value}, {})

    assert str(caught.value).startswith(name)
    assert words in f"{caught.value}; {caught.value.hint}"


def test_variables_may_be_empty_or_belong_to_others() -> None:
    environ = {"CODEDESIGNER_SEED": " ", "CODEDESIGNER_LOCATIONS_FILE": "x.yml", "CODE_DESIGNER": "0"}

    assert load(None, None, environ, {}).settings == Settings()


def test_an_unknown_option_names_the_nearest() -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, None, {}, {"gate.failon": "high"})

    assert caught.value.hint == "did you mean gate.fail_on?"


@pytest.mark.parametrize("said", [True, False])
def test_what_a_file_says_about_enabled_is_known(said: bool) -> None:
    repo = RepoFile(f"enabled: {str(said).lower()}\n".encode())

    assert load(repo, None, {}, {}).enabled_by_file is said


def test_a_work_trees_file(tmp_path: Path) -> None:
    assert find_repo_file(tmp_path) is None
    (tmp_path / ".codedesigner.yml").write_text("seed: 1\n")
    assert find_repo_file(tmp_path) == RepoFile(b"seed: 1\n")


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_a_file_with_another_name_is_not_silently_ignored(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("seed: 1\n")

    with pytest.raises(ConfigError) as caught:
        find_repo_file(tmp_path)

    assert caught.value.hint == "rename it to .codedesigner.yml"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("seed: 1\n")
    (tmp_path / ".codedesigner.yml").symlink_to("elsewhere")

    with pytest.raises(ConfigError, match="ordinary file"):
        find_repo_file(tmp_path)


def test_frugal_changes_defaults_and_nothing_that_was_said() -> None:
    plain = load(RepoFile(b"frugal: true\n"), None, {}, {})
    assert (plain.settings.max_passes, plain.settings.angles) == (1, ("correctness+security",))
    assert (plain.settings.batch_tokens, plain.settings.brief.tokens) == (8000, 0)
    assert (plain.settings.terms_from_change.names, plain.settings.terms_from_change.points) == (0, 0)
    assert {plain.origin(key) for key in ("max_passes", "brief.tokens")} == {"frugal"}

    said = load(
        RepoFile(b"angles: [style]\nbrief: {names: 3}\n"), None, {"CODEDESIGNER_FRUGAL": "true"}, {"max_passes": 2}
    )
    assert (said.settings.max_passes, said.settings.angles) == (2, ("style",))
    assert (said.settings.brief.names, said.settings.brief.tokens) == (3, 0)
    assert (said.origin("max_passes"), said.origin("batch_tokens")) == ("command line", "frugal")

    off = load(RepoFile(b"frugal: true\n"), None, {"CODEDESIGNER_FRUGAL": "false"}, {})
    assert (off.settings.max_passes, off.settings.batch_tokens) == (8, 0)
