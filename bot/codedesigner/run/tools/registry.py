"""What is written about each tool: found beside it, read without importing it, and kept.

# Tool: NAME
## Summary        one line
## Parameters     a table
## Examples       arguments as JSON, each followed by what comes of it
## Notes
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from codedesigner.config.problems import did_you_mean
from codedesigner.errors import UsageError
from codedesigner.protocol.wire import HINT_CHARACTERS, HINT_LINES

SECTIONS = ("summary", "parameters", "examples", "notes")
_HERE = Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class ToolDoc:
    """The documentation of one tool. `sections` by name in lower case, in the order of `SECTIONS`."""

    tool_name: str
    summary: str
    full_text: str
    sections: Mapping[str, str]

    def first_n_lines(self, n: int) -> str:
        """Its first `n` lines."""
        return "\n".join(self.full_text.split("\n")[:n])


def parse_doc(name: str, text: str) -> ToolDoc:
    """The documentation that `text` is.

    Raises:
        ValueError: it lacks something, or is that of another tool.
    """
    title, *parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)
    if title.strip() != f"# Tool: {name}":
        raise ValueError(f"the documentation of {name} has to begin with `# Tool: {name}`")
    sections = {head.strip().lower(): body.strip() for head, body in zip(parts[::2], parts[1::2], strict=True)}
    if tuple(sections) != SECTIONS or not all(sections.values()):
        raise ValueError(f"the documentation of {name} has to have the sections {', '.join(SECTIONS)}, in this order")
    if "\n" in sections["summary"]:
        raise ValueError(f"the summary of {name} has to be one line")
    return ToolDoc(name, sections["summary"], text, MappingProxyType(sections))


class ToolRegistry:
    """The documentation of all tools in a folder: `NAME.md` for each. A file is read once, when it is first needed."""

    def __init__(self, folder: Path = _HERE) -> None:
        self._folder = folder
        self._known: dict[str, ToolDoc] = {}

    @property
    def tools(self) -> Mapping[str, ToolDoc]:
        """All of them, by name."""
        return {name: self.load(name) for name in self.list_tools()}

    def list_tools(self) -> tuple[str, ...]:
        """The names of all tools that are documented, in order."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.md") if _NAME.fullmatch(path.stem)))

    def load(self, tool_name: str) -> ToolDoc:
        """The documentation of a tool.

        Raises:
            UsageError: there is no such tool.
            ValueError: its documentation is not in order.
        """
        if tool_name not in self._known:
            if tool_name not in self.list_tools():
                raise UsageError(
                    f"there is no tool {tool_name[:80]!r}", hint=did_you_mean(tool_name, self.list_tools())
                )
            text = (self._folder / f"{tool_name}.md").read_text(encoding="utf-8")
            self._known[tool_name] = parse_doc(tool_name, text)
        return self._known[tool_name]

    def get_preview(self, tool_name: str, lines: int = HINT_LINES) -> str:
        """The first lines of a tool's documentation, for whoever is asked to run it."""
        return self.load(tool_name).first_n_lines(lines)[:HINT_CHARACTERS]
