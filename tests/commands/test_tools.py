from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from codedesigner.commands.tools import tools
from codedesigner.errors import ConfigError, UsageError
from codedesigner.run.tools.registry import ToolRegistry


def run(*arguments: str) -> str:
    done = CliRunner().invoke(tools, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_all_tools_are_listed_with_what_they_are_for() -> None:
    known = ToolRegistry().tools
    assert [line.split(maxsplit=1) for line in run("list").splitlines()] == [
        [name, doc.summary] for name, doc in known.items()
    ]
    assert json.loads(run("list", "--format", "json")) == [
        {"tool_name": name, "summary": doc.summary} for name, doc in known.items()
    ]


def test_a_tool_is_shown_as_it_is_documented() -> None:
    doc = ToolRegistry().load("git_log")
    assert run("show", "git_log") == doc.full_text
    shown = json.loads(run("show", "git_log", "--format", "json"))
    assert shown["full_text"] == doc.full_text
    assert list(shown["sections"]) == ["summary", "parameters", "examples", "notes"]


def test_a_slip_is_told_what_was_meant() -> None:
    error = CliRunner().invoke(tools, ["show", "gitlog"]).exception
    assert isinstance(error, UsageError)
    assert error.hint == "did you mean git_log?"


@pytest.mark.parametrize("name", ["../worker", "registry"])
def test_only_documentation_is_shown(name: str) -> None:
    assert isinstance(CliRunner().invoke(tools, ["show", "--", name]).exception, UsageError)


def test_validate_reads_every_documentation_and_says_which_tool_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = ToolRegistry().tools
    done = CliRunner().invoke(tools, ["validate"], catch_exceptions=False)
    assert (done.exit_code, done.output) == (0, f"tools: {len(known)} tools, valid\n")

    for name, doc in known.items():
        if name != "git_log":
            (tmp_path / f"{name}.md").write_text(doc.full_text, encoding="utf-8")
    monkeypatch.setattr(ToolRegistry.__init__, "__defaults__", (tmp_path,))
    error = CliRunner().invoke(tools, ["validate"]).exception
    assert isinstance(error, ConfigError)
    assert "git_log" in error.message

    (tmp_path / "git_log.md").write_text("# Tool: git_log\n", encoding="utf-8")
    error = CliRunner().invoke(tools, ["validate"]).exception
    assert isinstance(error, ConfigError)
    assert "sections" in error.message
