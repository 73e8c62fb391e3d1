"""The change under review tries to run code, to switch analysers off, and to be taken for a part of them."""

import asyncio
from pathlib import Path

import pytest

from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Source

PYTHON = ("ruff", "pyflakes", "pylint", "bandit", "mypy", "ty")
_DEFECTS = """\
import os
import subprocess


def f(name: str) -> int:
    subprocess.run(name, shell=True)
    return gone
"""


def _examine(name: str, files: dict[str, str]) -> dict[str, Answer]:
    sources = [Source(path, path, "python" if path.endswith(".py") else None, text) for path, text in files.items()]
    return asyncio.run(LocalReviewer(ANALYSERS[name]).examine(sources)).answers


def _kinds(answer: Answer) -> list[str]:
    return sorted(issue.kind for issue in answer.issues)


def _canary(marker: Path) -> str:
    return f"open({str(marker)!r}, 'w').write('ran')\n"


@pytest.mark.parametrize("name", PYTHON)
def test_configuration_in_the_change_is_neither_run_nor_obeyed(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    plain = _examine(name, {"pkg/a.py": _DEFECTS})
    hostile = _examine(
        name,
        {
            "pkg/a.py": _DEFECTS,
            "pyproject.toml": (
                "[tool.ruff]\nexclude = ['**']\n[tool.mypy]\nplugins = ['./evil.py']\nignore_errors = true\n"
                "[tool.pylint.main]\nload-plugins = ['evil']\ninit-hook = 'import evil'\n"
                "[tool.bandit]\nskips = ['B602']\n"
            ),
            "mypy.ini": "[mypy]\nplugins = evil.py\nignore_errors = True\n",
            ".pylintrc": f"[MAIN]\ninit-hook={_canary(marker)}[MESSAGES CONTROL]\ndisable=all\n",
            "setup.cfg": "[bandit]\nskips = B602\n[mypy]\nignore_errors = True\n",
            ".bandit": "[bandit]\nskips: B602\n",
            "ruff.toml": "exclude = ['**']\n",
            "ty.toml": "[rules]\nall = 'ignore'\n",
            "evil.py": _canary(marker),
            "conftest.py": _canary(marker),
            "sitecustomize.py": _canary(marker),
        },
    )
    assert _kinds(hostile["pkg/a.py"]) == _kinds(plain["pkg/a.py"]) != []
    assert not marker.exists()


@pytest.mark.parametrize("name", PYTHON)
def test_files_named_like_modules_are_never_imported(name: str, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    names = [
        "ast", "json", "re", "os", "typing", "tokenize", "pylint", "astroid", "bandit", "mypy", "pyflakes", "yaml",
        "colorama", "dill", "usercustomize", "sitecustomize", "isort", "tomlkit", "stevedore", "builtins",
    ]  # fmt: skip
    files = {f"{module}.py": _canary(marker) for module in names}
    files["user.py"] = "".join(f"import {module}\n" for module in names) + "print(gone_name)\n"
    answers = _examine(name, files)
    assert {answer.status for answer in answers.values()} == {"answered"}
    assert not marker.exists()


@pytest.mark.parametrize("name", PYTHON)
def test_requests_to_say_nothing_are_not_heard(name: str) -> None:
    plain = _examine(name, {"pkg/a.py": "# one line\n# two\n# three\n" + _DEFECTS})
    silenced = "".join(
        f"{line}  # noqa # nosec # type: ignore # ty: ignore # pylint: disable=all\n" if line.strip() else f"{line}\n"
        for line in _DEFECTS.split("\n")[:-1]
    )
    asked = _examine(name, {"pkg/a.py": "# ruff: noqa\n# mypy: ignore-errors\n# pylint: skip-file\n" + silenced})
    assert _kinds(asked["pkg/a.py"]) == _kinds(plain["pkg/a.py"]) != []
    assert [issue.line for issue in asked["pkg/a.py"].issues] == [issue.line for issue in plain["pkg/a.py"].issues]


@pytest.mark.parametrize("name", PYTHON)
def test_one_broken_and_one_undecodable_file_leave_the_rest_judged(name: str) -> None:
    files = {"broken.py": "def (:\n", "bytes.py": "x = '\udcff'\n", "pkg/a.py": _DEFECTS, "empty.py": ""}
    answers = _examine(name, files)
    assert answers["broken.py"].status == "unparsed"
    assert answers["bytes.py"].status in ("failed", "unparsed")
    assert answers["broken.py"].detail.startswith(name)
    assert answers["bytes.py"].detail.startswith(name)
    assert answers["pkg/a.py"] == _examine(name, {"pkg/a.py": _DEFECTS})["pkg/a.py"]
    assert answers["empty.py"] == Answer("answered")


@pytest.mark.parametrize("name", PYTHON)
def test_lines_and_columns_are_ours(name: str) -> None:
    text = "# \x85 \u2028 \x1c \v counted as one line\n\f\n# 世界 \U0001f40d\nWIDE = '世界'; print(missing_name)\n"
    issues = _examine(name, {"a.py": text})["a.py"].issues
    found = [(issue.line, issue.column) for issue in issues if issue.kind == "undefined-name"]
    # mypy miscounts after wide characters, so it is taken to name no column there.
    assert found == {"bandit": [], "mypy": [(4, 0)]}.get(name, [(4, 20)])


def test_a_lone_cr_makes_no_syntax_error_of_ours() -> None:
    for name in PYTHON:
        answer = _examine(name, {"mac.py": "def f():\r    return 1\r"})["mac.py"]
        assert answer.issues == ()


def test_ruffs_fixes_say_whether_they_are_safe() -> None:
    issues = _examine("ruff", {"a.py": "import os\n\n\ndef f(x=[]):\n    return x\n"})["a.py"].issues
    fixes = {issue.kind: issue.fix for issue in issues}
    assert fixes["unused-import"] is not None
    assert fixes["unused-import"].safe
    assert fixes["mutable-default"] is not None
    assert not fixes["mutable-default"].safe
    assert fixes["unused-import"].edits[0].text == ""
