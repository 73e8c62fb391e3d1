from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from codedesigner.commands.config import angles, explain, locations, schema
from codedesigner.errors import ConfigError, UsageError


def run(command: click.Command, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], env={"CODE_DESIGNER": None})


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / ".codedesigner.yml").write_text("angles: [style]\npaths:\n  exclude: [docs/]\n")
    return tmp_path


def test_angles_are_listed_with_a_mark_at_those_in_use(repo: Path) -> None:
    lines = run(angles, "list", "--repo", repo).stdout.splitlines()

    assert [line.split()[:2] for line in lines[1:] if line.startswith("*")] == [["*", "style"]]
    assert len(lines) == 5


def test_an_angle_is_shown_as_text_and_as_json(repo: Path) -> None:
    text = run(angles, "show", "security", "--repo", repo).stdout
    data = json.loads(run(angles, "show", "security", "--repo", repo, "--format", "json").stdout)

    assert "system_prompt: |" in text
    assert data["id"] == "security"
    assert data["output_schema"]["required"] == ["issues", "summary"]


def test_locations_are_listed_and_shown() -> None:
    lines = run(locations, "list").stdout.splitlines()
    assert lines[1].split()[:4] == ["ruff", "on", "local", "ruff"]
    assert run(locations, "list", "--tag", "shell").stdout.splitlines()[1].startswith("shellcheck")
    assert all(" off " in line for line in run(locations, "list", "--disabled").stdout.splitlines()[1:])
    assert json.loads(run(locations, "show", "ruff", "--format", "json").stdout)["provider"]["type"] == "local"


def test_files_are_validated(tmp_path: Path) -> None:
    good = tmp_path / "good.yaml"
    good.write_text("locations:\n  - {id: ruff, weight: 2}\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text("locations:\n  - {id: ruff, wieght: 2}\n")

    assert "18 locations, 15 enabled, valid" in run(locations, "validate", good).stdout
    assert run(locations, "validate").exit_code == 0
    assert run(angles, "validate", "--repo", tmp_path).stdout == "angles: 4 angles, valid\n"
    error = run(locations, "validate", bad).exception
    assert isinstance(error, ConfigError)
    assert str(error) == f"{bad}:2: locations[0].wieght: unknown key"
    assert isinstance(run(angles, "validate", bad).exception, ConfigError)


@pytest.mark.parametrize("what", ["config", "angles", "locations", "report"])
def test_schemas_are_schemas(what: str) -> None:
    data = json.loads(run(schema, what).stdout)

    Draft202012Validator.check_schema(data)
    assert data["$id"] == f"urn:codedesigner:schema:{what}:1"
    assert data["additionalProperties"] is False


def test_a_file_is_explained(repo: Path) -> None:
    assert run(explain, "src/a.py", "--repo", repo).stdout.startswith("src/a.py is reviewed: ")
    outside = run(explain, "docs/a.md", "--repo", repo).stdout
    assert outside.startswith(
        "docs/a.md is not reviewed: filtered, docs/ matches (paths.exclude[0]), .codedesigner.yml:3"
    )
    absolute = run(explain, repo / "docs" / "a.md", "--repo", repo, "--format", "json")
    assert json.loads(absolute.stdout)["path"] == "docs/a.md"


def test_with_the_mode_off_a_file_is_not_reviewed(repo: Path) -> None:
    result = CliRunner().invoke(explain, ["a.py", "--repo", str(repo)], env={"CODE_DESIGNER": "0"})

    assert result.stdout.startswith("a.py is not reviewed: reviewing is switched off by env")


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.py", "."])
def test_only_files_of_the_repository_are_explained(repo: Path, path: str) -> None:
    assert isinstance(run(explain, path, "--repo", repo).exception, UsageError)


def test_importing_the_commands_is_cheap() -> None:
    code = "import sys, codedesigner.commands.config; print('pydantic' in sys.modules or 'yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
