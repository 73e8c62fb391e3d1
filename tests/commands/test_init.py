"""`codedesigner init`: what it writes, where, and what it never replaces."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from codedesigner.cli import run
from codedesigner.config.loader import RepoFile, load
from codedesigner.text import resource

EXAMPLES = sorted((resource("templates") / "init" / "github").glob("*.yml"))


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://github.com/o/r.git", ".github/workflows/codedesigner.yml"),
        ("git@github.example.com:o/r.git", ".github/workflows/codedesigner.yml"),
        ("ssh://git@gitlab.example.com:2222/g/p.git", ".gitlab/codedesigner.gitlab-ci.yml"),
    ],
)
def test_the_forge_is_found_by_the_remote(make_repo: Callable[..., Any], url: str, file: str) -> None:
    repo = make_repo({"a.py": "x = 1\n"})
    repo.git("remote", "add", "origin", url)

    assert run(["init", "--repo", str(repo.path)]) == 0

    assert yaml.safe_load((repo.path / file).read_text())
    loaded = load(RepoFile((repo.path / ".codedesigner.yml").read_bytes()), None, {}, {})
    assert loaded.settings.gate.fail_on == "high"


def test_nothing_is_replaced_unless_asked(make_repo: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    repo = make_repo({".codedesigner.yml": "seed: 3\n"})

    assert run(["init", "--repo", str(repo.path), "--forge", "github"]) == 2
    assert "--force" in capsys.readouterr().err
    assert not (repo.path / ".github").exists()
    assert run(["init", "--repo", str(repo.path), "--forge", "github", "--forks", "--by-hand", "--force"]) == 0
    assert len(list((repo.path / ".github" / "workflows").iterdir())) == 4
    assert "seed" not in (repo.path / ".codedesigner.yml").read_text()


def test_a_link_is_never_followed(make_repo: Callable[..., Any], tmp_path: Path) -> None:
    repo = make_repo({"a.py": "x = 1\n"})
    (tmp_path / "outside").write_text("mine")
    (repo.path / ".codedesigner.yml").symlink_to(tmp_path / "outside")

    assert run(["init", "--repo", str(repo.path), "--forge", "github", "--force"]) == 2
    assert (tmp_path / "outside").read_text() == "mine"


def test_a_repository_that_tells_nothing_has_to_be_told(make_repo: Callable[..., Any]) -> None:
    assert run(["init", "--repo", str(make_repo({"a.py": "x = 1\n"}).path)]) == 2


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_T_SEC_67_an_example_keeps_strangers_words_out_of_shells_and_rights_out_of_jobs(path: Path) -> None:
    text = path.read_text()
    workflow = yaml.safe_load(text)

    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    for job in workflow["jobs"].values():
        assert set(job["permissions"]) <= {"contents", "pull-requests", "checks"}
        assert job["permissions"].get("contents", "read") == "read"
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            uses = step.get("uses")
            assert uses is None or len(uses.partition("@")[2]) == 40
            assert uses is None or "checkout" not in uses
    assert "cache" not in text


def test_T_SEC_67_zizmor_has_nothing_to_say(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for path in EXAMPLES:
        shutil.copy(path, folder)
    zizmor = Path(sys.executable).parent / "zizmor"

    done = subprocess.run(
        [zizmor, "--offline", "--no-config", "--persona", "pedantic", "--format", "json", folder],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    assert [one for one in json.loads(done.stdout) if not one["ignored"]] == []
