"""`codedesigner review --apply`, from outside: what is shown, what is written, what is refused."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from codedesigner.cli import run


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def git(self, *arguments: str) -> str: ...

    def write(self, files: Mapping[str, str | bytes | None]) -> None: ...

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "x") -> str: ...


BEFORE = "import sys\n\n\ndef f():\n    return sys\n"
AFTER = 'import re\nimport sys\n\n\ndef f():\n    x = f"a"\n    return sys, x\n'
FIXED = 'import sys\n\n\ndef f():\n    x = "a"\n    return sys, x\n'
PATCH = (
    "diff --git a/m.py b/m.py\n--- a/m.py\n+++ b/m.py\n@@ -1,7 +1,6 @@\n"
    '-import re\n import sys\n \n \n def f():\n-    x = f"a"\n+    x = "a"\n     return sys, x\n'
)


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Review = Callable[..., Said]


@pytest.fixture
def repo(make_repo: Callable[..., Repo]) -> Repo:
    repo = make_repo({"m.py": BEFORE})
    repo.commit({"m.py": AFTER})
    return repo


@pytest.fixture
def review(repo: Repo, capfdbinary: pytest.CaptureFixture[bytes]) -> Review:
    def call(*more: str | Path, rev: tuple[str, ...] = ("--base", "HEAD~1", "--head", "HEAD")) -> Said:
        code = run(["review", "--repo", str(repo.path), *rev, "--location", "ruff", *map(str, more)])
        out, err = capfdbinary.readouterr()
        return Said(code, out.decode(), err.decode())

    return call


def text_of(repo: Repo) -> str:
    return (repo.path / "m.py").read_bytes().decode()


def test_with_yes_all_fixes_are_written_and_shown(review: Review, repo: Repo) -> None:
    (repo.path / "m.py").chmod(0o755)

    said = review("--apply-all", "--yes")

    assert said.code == 0
    assert said.out.endswith(PATCH)
    assert said.err == "applied: F1, F2: m.py\n"
    assert text_of(repo) == FIXED
    assert (repo.path / "m.py").stat().st_mode & 0o777 == 0o755


def test_one_can_be_chosen_and_the_gate_keeps_its_exit_code(review: Review, repo: Repo) -> None:
    said = review("--apply", "F2", "--yes", "--fail-on", "low")

    assert said.code == 1
    assert text_of(repo) == AFTER.replace('f"a"', '"a"')


def test_fixes_of_one_line_are_proved_and_written_together_whichever_is_named(review: Review, repo: Repo) -> None:
    line = 'y = (f"b", f"c", not f in [1])'
    repo.commit({"m.py": AFTER.replace("    x =", f"    {line}\n    x =")})

    report = json.loads(review("--format", "json").out)
    there = [one for one in report["findings"] if one["line"] == 6 and (one["suggestion"] or one["repaired_with"])]
    (first,) = (one for one in there if one["suggestion"])
    assert first["suggestion"]["replacement"] == '    y = ("b", "c", f not in [1])\n'
    assert first["suggestion"]["verified"] == ["applies", "parses", "reviewed"]
    others = [one["id"] for one in there if one["repaired_with"] == first["id"]]
    assert len(others) == len(there) - 1 == 2

    said = review("--apply", others[0], "--yes")
    assert said.err == f"applied: {first['id']}: m.py\n"
    assert '    y = ("b", "c", f not in [1])\n' in text_of(repo)


def test_a_word_in_a_comment_is_repaired_there(review: Review, repo: Repo) -> None:
    repo.commit({"m.py": AFTER.replace("    x =", "    # the odering\n    x =")})

    said = review("--location", "typos", "--apply-all", "--yes")

    assert said.code == 0
    assert "    # the ordering\n" in text_of(repo)


def test_without_a_terminal_the_patch_is_shown_and_nothing_written(review: Review, repo: Repo) -> None:
    said = review("--apply-all")

    assert said.code == 2
    assert said.out.endswith(PATCH)
    assert "no terminal to ask at" in said.err
    assert text_of(repo) == AFTER


def test_with_another_format_on_standard_output_the_patch_goes_to_the_other(review: Review, tmp_path: Path) -> None:
    said = review("--apply-all", "--format", "json")
    assert len(json.loads(said.out)["findings"]) == 2
    assert PATCH in said.err

    quiet = review("--apply-all", "--format", "json", "--output", tmp_path / "r.json")
    assert quiet.out == ""
    assert PATCH in quiet.err


def test_the_patch_that_is_shown_is_one_that_git_takes(review: Review, repo: Repo, tmp_path: Path) -> None:
    said = review("--apply-all", "--format", "json", "--output", tmp_path / "r.json")
    patch = tmp_path / "fixes.patch"
    patch.write_text(said.err[: said.err.index("error:")])

    repo.git("apply", str(patch))

    assert text_of(repo) == FIXED


def test_a_finding_without_a_fix_is_an_error_and_nothing_is_written(review: Review, repo: Repo) -> None:
    said = review("--apply", "F1", "--apply", "F9", "--yes")

    assert said.code == 2
    assert "nothing was written: no verified fix for F9" in said.err
    assert "F1, F2" in said.err
    assert text_of(repo) == AFTER


@pytest.mark.parametrize("options", [("--apply", "f3x"), ("--apply", "F0"), ("--yes",)])
def test_options_that_make_no_sense_are_refused_before_the_review(review: Review, options: tuple[str, ...]) -> None:
    said = review(*options)

    assert said.code == 2
    assert said.out == ""


def test_nothing_to_apply_is_said(review: Review, repo: Repo) -> None:
    repo.commit({"m.py": FIXED})

    said = review("--apply-all", "--yes")

    assert said.code == 0
    assert "nothing to apply" in said.err


@pytest.mark.parametrize("change", ["edited", "crlf", "gone", "symlink", "folder_symlink"])
def test_a_file_that_is_not_the_text_reviewed_is_refused(review: Review, repo: Repo, change: str) -> None:
    file = repo.path / "m.py"
    elsewhere = repo.path.parent / "elsewhere.py"
    elsewhere.write_text(AFTER)
    if change == "folder_symlink":
        repo.commit({"src/n.py": AFTER.replace("re\n", "re  # n\n")})
        (repo.path.parent / "src").mkdir()
        (repo.path / "src").rename(repo.path.parent / "real")
        (repo.path / "src").symlink_to(repo.path.parent / "real")
        kept = (repo.path.parent / "real" / "n.py").read_bytes()
    elif change == "symlink":
        file.unlink()
        file.symlink_to(elsewhere)
        kept = AFTER.encode()
    elif change == "gone":
        file.unlink()
        kept = b""
    else:
        kept = (AFTER.replace("\n", "\r\n") if change == "crlf" else AFTER + "# more\n").encode()
        file.write_bytes(kept)

    said = review("--apply-all", "--yes")

    assert said.code == 2
    assert "is not the text that was reviewed" in said.err
    assert "diff --git" not in said.out
    assert elsewhere.read_text() == AFTER
    where = {"folder_symlink": repo.path.parent / "real" / "n.py", "symlink": elsewhere}.get(change, file)
    assert (where.read_bytes() if where.exists() else b"") == kept


def test_an_uncommitted_change_and_a_diff_are_applied_where_they_stand(review: Review, repo: Repo) -> None:
    repo.commit({"m.py": BEFORE})
    repo.write({"m.py": AFTER})
    diff = repo.path.parent / "x.diff"
    diff.write_text(repo.git("diff") + "\n")

    assert review("--apply", "F1", "--yes", rev=("--diff", str(diff))).code == 0
    assert text_of(repo) == AFTER.replace("import re\n", "")
    assert review("--apply-all", "--yes", rev=("--base", "HEAD")).code == 0
    assert text_of(repo) == FIXED


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_at_a_terminal_the_person_sees_the_patch_and_decides(repo: Repo, answer: str, written: bool) -> None:
    person, terminal = pty.openpty()
    os.write(person, f"{answer}\n".encode())
    command = [sys.executable, "-m", "codedesigner", "review", "--repo", str(repo.path)]
    command += ["--base", "HEAD~1", "--head", "HEAD", "--location", "ruff", "--apply-all"]
    done = subprocess.run(command, stdin=terminal, stdout=terminal, stderr=terminal, check=False, timeout=60)
    os.close(terminal)
    seen = b""
    try:
        while chunk := os.read(person, 65536):
            seen += chunk
    except OSError:  # the terminal is gone and all that was on it was read
        pass
    os.close(person)

    assert done.returncode == 0
    assert seen.index(b"-import re") < seen.index(b"Write 1 file?")
    assert text_of(repo) == (FIXED if written else AFTER)
