"""Every tool is documented, and what is written is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.run.tools.conftest import Asking
from tests.test_docs import default_of, keys, type_of

from codedesigner.config.schema import schema_of
from codedesigner.errors import UsageError
from codedesigner.protocol.wire import HINT_CHARACTERS, HINT_LINES
from codedesigner.run.tools.registry import SECTIONS, ToolRegistry, parse_doc
from codedesigner.run.tools.shipped import TOOLS

ROOT = Path(__file__).parents[3]
REGISTRY = ToolRegistry()
EXAMPLE = re.compile(r"```json\n(.+?)\n```\n\n```text\n(.*?)\n```(?:\n\nLeft out: (.*?)\.$)?", re.DOTALL | re.MULTILINE)

every_tool = pytest.mark.parametrize("name", TOOLS)


def test_no_tool_is_without_documentation_and_no_documentation_without_its_tool() -> None:
    assert set(REGISTRY.list_tools()) == set(TOOLS)
    assert {name: tool.name for name, tool in TOOLS.items()} == {name: name for name in TOOLS}


def rows(name: str) -> Iterator[list[str]]:
    head, rule, *lines = REGISTRY.load(name).sections["parameters"].splitlines()
    assert head == "| name | type | default | meaning |"
    assert rule == "| --- | --- | --- | --- |"
    for line in lines:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


@every_tool
def test_the_parameters_are_those_of_the_tool(name: str) -> None:
    def worded(default: str) -> str:
        return {"``": "empty"}.get(default, default)

    schema = schema_of(TOOLS[name].arguments, "x", "x")
    assert list(rows(name)) == [
        [key, type_of(body), worded(default_of(body, required)), str(body["description"]).removesuffix(".")]
        for key, body, required in keys(schema)
    ]


@every_tool
def test_the_examples_are_what_comes_of_them(name: str, shop: Asking) -> None:
    examples = REGISTRY.load(name).sections["examples"]
    shown = [(json.loads(given), text, cut) for given, text, cut in EXAMPLE.findall(examples)]
    assert shown
    assert examples.count("```") == 4 * len(shown)
    for given, text, cut in shown:
        result = shop.with_arguments(name, given)
        assert (result.text, result.truncated) == (text, cut), given


@every_tool
def test_the_first_lines_say_what_it_is_for_and_fit_into_a_request(name: str) -> None:
    preview = REGISTRY.get_preview(name)
    assert preview.splitlines()[0] == f"# Tool: {name}"
    assert len(preview.splitlines()) == HINT_LINES
    assert len(preview) <= HINT_CHARACTERS
    assert REGISTRY.load(name).summary in preview
    assert f"| {next(iter(TOOLS[name].arguments.model_fields))} |" in preview


def test_documentation_is_read_without_importing_the_tool() -> None:
    program = (
        "import sys; from codedesigner.run.tools.registry import ToolRegistry;"
        "ToolRegistry().load('read_file');"
        "print([name for name in sys.modules if name.endswith(('tools.read_file', 'tools.shipped'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


GOOD = "# Tool: x\n\n## Summary\nOne.\n\n## Parameters\n| a |\n\n## Examples\nx\n\n## Notes\n- n\n"


def test_documentation_is_kept_once_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text(GOOD)
    registry = ToolRegistry(tmp_path)
    first = registry.load("x")
    (tmp_path / "x.md").write_text(GOOD.replace("One", "Two"))
    assert registry.load("x") is first
    assert registry.get_preview("x", 4) == "# Tool: x\n\n## Summary\nOne."
    assert tuple(first.sections) == SECTIONS
    assert registry.tools == {"x": first}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("Tool: x", "Tool: y"), "has to begin with"),
        (GOOD.replace("## Notes\n- n\n", ""), "has to have the sections"),
        (GOOD.replace("One.", ""), "has to have the sections"),
        (GOOD.replace("## Notes", "## Hints"), "has to have the sections"),
        (GOOD.replace("One.", "One.\nTwo."), "one line"),
        ("", "has to begin with"),
    ],
)
def test_documentation_that_lacks_something_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_doc("x", text)


@pytest.mark.parametrize("name", ["raed_file", "../registry", "", "read_file.md", "x" * 1000])
def test_a_tool_that_is_not_there_is_not_looked_for_elsewhere(name: str) -> None:
    with pytest.raises(UsageError, match="there is no tool"):
        REGISTRY.load(name)


def test_the_page_on_tools_is_made_of_their_documentation() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "tools_page.py"], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout == (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
