"""The command line from outside: exit codes, messages, and where output goes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import jsonschema
import pytest

from codedesigner import __version__
from codedesigner.assembly.options import STRATEGIES as STRATEGY_NAMES
from codedesigner.cli import COMMANDS, app, run
from codedesigner.commands.review import FORMAT_NAMES
from codedesigner.plan.strategies import STRATEGIES
from codedesigner.publish import FORMATS


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def git(self, *arguments: str) -> str: ...

    def write(self, files: Mapping[str, str | bytes | None]) -> None: ...

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "x") -> str: ...


GOOD = "def f(a):\n    return a\n"
BAD = "def f(a):\n    return undefined_thing\n"


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in this process."""

    def call(*arguments: str | Path) -> Said:
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return call


def review(command: Command, repo: Repo, *more: str | Path) -> Said:
    return command("review", "--repo", repo.path, "--base", "HEAD~1", "--head", "HEAD", "--location", "ruff", *more)


@pytest.fixture
def bad_repo(make_repo: Callable[..., Repo]) -> Repo:
    repo = make_repo({"m.py": GOOD})
    repo.commit({"m.py": BAD})
    return repo


def test_version_and_help_say_what_there_is(command: Command) -> None:
    assert command("--version").out == f"codedesigner, version {__version__}\n"
    said = command("--help")
    assert said.code == 0
    assert all(name in said.out for name in COMMANDS)


def test_every_command_can_be_imported_and_explains_itself(command: Command) -> None:
    for name in COMMANDS:
        said = command(name, "--help")
        assert said.code == 0, name
        assert "Usage: codedesigner" in said.out


def test_an_unknown_command_names_the_nearest(command: Command) -> None:
    said = command("reveiw")

    assert said.code == 2
    assert "Did you mean 'review'?" in said.err


def test_a_blocking_finding_fails_the_gate(command: Command, bad_repo: Repo) -> None:
    said = review(command, bad_repo)

    assert said.code == 1
    assert "m.py:2" in said.out
    assert "undefined-name" in said.out
    assert "1/1" in said.out
    assert "FAIL" in said.out
    assert said.err == ""


def test_what_does_not_block_passes(command: Command, bad_repo: Repo) -> None:
    assert review(command, bad_repo, "--fail-on", "critical").code == 0
    assert review(command, bad_repo, "--fail-on", "never").code == 0


def test_the_json_report_keeps_to_its_schema(command: Command, bad_repo: Repo) -> None:
    schema = json.loads(command("schema", "report").out)

    said = review(command, bad_repo, "--format", "json")

    report = json.loads(said.out)
    jsonschema.validate(report, schema)
    assert report["schema_version"] == "1"
    (finding,) = report["findings"]
    assert (finding["id"], finding["kind"], finding["line"], finding["function"]) == ("F1", "undefined-name", 2, "f")
    assert finding["evidence"] == "    return undefined_thing"
    assert report["gate"]["blocking"] == ["F1"]
    assert report["change"]["base"] == bad_repo.git("rev-parse", "HEAD~1")


def test_two_runs_say_the_same_save_times(command: Command, bad_repo: Repo) -> None:
    def timeless(text: str) -> object:
        report = json.loads(text)
        report["usage"]["duration_ms"] = report["mode"]["activated_at"] = 0
        for location in report["locations"]:
            location["average_latency_ms"] = location["p99_latency_ms"] = 0
        return report

    first, second = (review(command, bad_repo, "--format", "json").out for _ in range(2))

    assert timeless(first) == timeless(second)


def test_formats_and_outputs_come_in_pairs_and_leave_the_screen_alone(
    command: Command, bad_repo: Repo, tmp_path: Path
) -> None:
    sarif, summary = tmp_path / "r.sarif", tmp_path / "r.md"

    said = review(
        command, bad_repo, "--format", "sarif", "--format", "markdown", "--output", sarif, "--output", summary
    )

    assert (said.code, said.out) == (1, "")
    assert json.loads(sarif.read_text())["version"] == "2.1.0"
    assert "undefined" in summary.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.md", "r.sarif", "repo"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--format", "json", "--format", "text"),
        ("--format", "json", "--output", "a", "--output", "b"),
        ("--format", "json", "--format", "text", "--output", "-", "--output", "-"),
    ],
)
def test_formats_without_their_outputs_are_a_usage_error(
    command: Command, bad_repo: Repo, arguments: Sequence[str]
) -> None:
    assert review(command, bad_repo, *arguments).code == 2


def test_an_output_that_cannot_be_written_is_said_before_anything_is_lost(
    command: Command, bad_repo: Repo, tmp_path: Path
) -> None:
    said = review(command, bad_repo, "--format", "json", "--output", tmp_path / "none" / "r.json")

    assert said.code == 2
    assert "cannot write" in said.err


def test_the_work_tree_is_what_is_reviewed_by_default(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo({"m.py": GOOD})
    repo.write({"m.py": BAD, "new.py": "import os\nprint(nothing)\n"})

    said = command("review", "--repo", repo.path, "--location", "ruff", "--format", "json")

    report = json.loads(said.out)
    assert said.code == 1
    assert report["change"]["head"] == "worktree"
    assert {finding["path"] for finding in report["findings"]} == {"m.py", "new.py"}


def test_an_empty_change_passes_and_says_so(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo()

    said = command("review", "--repo", repo.path, "--location", "ruff")

    assert said.code == 0
    assert "PASS" in said.out


def test_a_diff_on_standard_input_is_reviewed(
    command: Command, bad_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    diff = subprocess.run(["git", "diff", "HEAD~1", "HEAD"], cwd=bad_repo.path, check=True, capture_output=True).stdout
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(diff)))

    said = command("review", "--repo", bad_repo.path, "--diff", "-", "--location", "ruff", "--format", "json")

    assert said.code == 1
    assert [finding["line"] for finding in json.loads(said.out)["findings"]] == [2]


def test_a_diff_whose_files_cannot_be_had_is_inconclusive(command: Command, tmp_path: Path) -> None:
    diff = tmp_path / "a.diff"
    diff.write_text(
        "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -10,2 +10,2 @@ def f():\n context\n-old\n+new\n"
    )

    said = command("review", "--repo", tmp_path, "--diff", diff, "--location", "ruff")

    assert said.code == 3
    assert "INCONCLUSIVE" in said.out
    assert "content unavailable" in said.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--base", "nope", "--head", "HEAD"), "nope"),
        (("--base", "HEAD~1", "--head", "--output=/tmp/x"), "--output=/tmp/x"),
        (("--diff", "missing.diff"), "missing.diff"),
        (("--diff", "-", "--base", "HEAD"), "--diff"),
        (("--base", "HEAD~1", "--head", "HEAD", "--location", "rufff"), "ruff"),
        (("--base", "HEAD~1", "--head", "HEAD", "--angle", "corectness"), "correctness"),
        (("--strategy", "best"), "exhaustive"),
        (("--min-agreement", "1.5"), "1.5"),
        (("--budget-calls", "0"), "0"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_with_the_word_in_question(
    command: Command, bad_repo: Repo, arguments: Sequence[str], words: str
) -> None:
    said = command("review", "--repo", bad_repo.path, *arguments)

    assert said.code == 2
    assert words in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_a_folder_that_is_no_repository_is_named(command: Command, tmp_path: Path) -> None:
    said = command("review", "--repo", tmp_path)

    assert said.code == 2
    assert str(tmp_path) in said.err


def test_a_shallow_clone_without_the_base_says_how_to_get_it(command: Command, bad_repo: Repo, tmp_path: Path) -> None:
    base = bad_repo.git("rev-parse", "HEAD~1")
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{bad_repo.path}", str(clone)], check=True)

    said = command("review", "--repo", clone, "--base", base, "--head", "HEAD")

    assert said.code == 2
    assert "shallow" in said.err + said.out
    assert "fetch" in said.err


def test_a_broken_configuration_names_file_line_key_and_the_nearest(
    command: Command, make_repo: Callable[..., Repo]
) -> None:
    repo = make_repo({"m.py": GOOD, ".codedesigner.yml": "gate:\n  fail_at: high\n"})
    repo.commit({"m.py": BAD})

    said = review(command, repo)

    assert said.code == 2
    assert ":2: gate.fail_at" in said.err
    assert "fail_on" in said.err


def test_the_command_line_is_stronger_than_a_rule_for_a_path(command: Command, make_repo: Callable[..., Repo]) -> None:
    rules = "path_rules: [{paths: ['*.py'], fail_on: low, angles: [style]}]\n"
    repo = make_repo({"m.py": GOOD, ".codedesigner.yml": rules})
    repo.commit({"m.py": BAD})

    assert review(command, repo).code == 0  # looked at for style alone
    assert review(command, repo, "--angle", "correctness").code == 1
    assert review(command, repo, "--angle", "correctness", "--fail-on", "never").code == 0


def test_a_link_in_the_place_of_the_configuration_is_an_error(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo({"m.py": GOOD})
    (repo.path / ".codedesigner.yml").symlink_to("elsewhere.yml")
    repo.commit({})
    repo.commit({"m.py": BAD})

    said = review(command, repo)

    assert said.code == 2
    assert "ordinary file" in said.err


def test_a_location_that_is_switched_off_and_unknown_is_named(command: Command, bad_repo: Repo, tmp_path: Path) -> None:
    entry = "{id: odd, name: Odd, enabled: false, provider: {type: local, model_id: rufff}}"
    (tmp_path / "l.yaml").write_text(f"locations: [{entry}]\n")

    said = review(command, bad_repo, "--locations-file", tmp_path / "l.yaml", "--location", "odd")

    assert said.code == 2
    assert "rufff" in said.err


def test_the_choices_of_the_command_line_are_what_there_is() -> None:
    assert set(FORMAT_NAMES) == set(FORMATS)
    assert set(STRATEGY_NAMES) == set(STRATEGIES)


def test_a_change_does_not_configure_its_own_review(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo({"m.py": GOOD})
    repo.commit({"m.py": BAD, ".codedesigner.yml": "gate: {fail_on: never}\npaths: {exclude: ['**']}\n"})

    assert review(command, repo).code == 1


def test_a_change_does_not_silence_its_own_review(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo({"m.py": GOOD})
    silencers = {"pyproject.toml": "[tool.ruff]\nexclude=['*']\n", "ruff.toml": "lint.ignore = ['ALL']\n"}
    repo.commit({"m.py": BAD.replace("thing\n", "thing  # noqa\n"), **silencers})

    assert review(command, repo).code == 1


def test_switched_off_it_reviews_nothing_passes_and_says_who(command: Command, make_repo: Callable[..., Repo]) -> None:
    repo = make_repo({"m.py": GOOD, ".codedesigner.yml": "enabled: false\n"})
    repo.commit({"m.py": BAD})

    said = review(command, repo, "--format", "json")

    report = json.loads(said.out)
    assert said.code == 0
    assert report["mode"] == {"enabled": False, "source": "config_file", "activated_at": 0}
    assert report["findings"] == []
    assert "config_file" in report["gate"]["reason"]
    assert review(command, repo, "--code-designer").code == 1


def test_a_location_that_cannot_be_asked_leaves_the_review_inconclusive(
    command: Command, bad_repo: Repo, tmp_path: Path
) -> None:
    locations = tmp_path / "l.yaml"
    locations.write_text(
        "locations:\n  - id: far\n    name: Far\n    provider: {type: ollama, model_id: m}\n", encoding="utf-8"
    )

    said = command(
        *("review", "--repo", bad_repo.path, "--base", "HEAD~1", "--head", "HEAD"),
        *("--locations-file", locations, "--location", "far"),
    )

    assert said.code == 3
    assert "INCONCLUSIVE" in said.out
    assert "far" in said.out


def test_a_long_line_a_long_diff_and_odd_bytes_each_have_a_name(
    command: Command, make_repo: Callable[..., Repo]
) -> None:
    repo = make_repo({"long.py": "x = 1\n", "many.py": "x = 1\n", "latin.py": "x = 1\n"})
    repo.commit(
        {
            "long.py": "x = '" + "a" * 5_000_000 + "'\n",
            "many.py": "".join(f"x{n} = {n}\n" for n in range(100_000)),
            "latin.py": b"# caf\xe9\nx = undefined\n",
        }
    )

    said = review(command, repo, "--format", "json")

    report = json.loads(said.out)
    reasons = {entry["path"]: entry["reason"] for entry in report["coverage"]["not_reviewed"]}
    assert reasons["long.py"] == reasons["many.py"] == "too_large"
    assert {finding["path"] for finding in report["findings"]} <= {"latin.py"}
    assert said.code in (1, 3)
    assert "too_large" in report["gate"]["reason"]


def test_an_interrupt_and_a_bug_have_their_own_exit_codes(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(**_: object) -> None:
        raise KeyboardInterrupt

    def broken(**_: object) -> None:
        raise RuntimeError("kaboom")

    monkeypatch.setattr(app, "main", interrupted)
    assert run([]) == 130
    monkeypatch.setattr(app, "main", broken)
    assert run([]) == 4
    assert "kaboom" in capfd.readouterr().err


def test_plan_shows_counts_and_its_json_is_the_plan(command: Command, bad_repo: Repo) -> None:
    where = ("--repo", bad_repo.path, "--base", "HEAD~1", "--head", "HEAD")

    text, machine = command("plan", *where), command("plan", *where, "--format", "json")

    assert text.code == machine.code == 0
    assert "m.py" in text.out
    plan = json.loads(machine.out)
    assert plan["schema_version"] == "1"
    assert {item["angle_id"] for item in plan["items"]} == {"correctness", "efficiency", "style", "security"}
    assert plan["items"][0]["function_ref"] == {"file": "m.py", "name": "f", "start_line": 1, "end_line": 2}
