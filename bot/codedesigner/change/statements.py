"""A syntax tree's logical lines. Pure; runs in the parser child.

A logical line begins where a statement begins, or a clause such as `else`, `except` or `case`: a call over five lines
is one, a compound statement is its header and then the statements of its body. Lines that only close (`}`, `end`,
`fi`) belong to the logical line before them, decorators to the one after them. Blank lines and comments begin nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from codedesigner.change import walk

if TYPE_CHECKING:
    from tree_sitter import Node

# What they hold stands at the top level of the file all the same.
_CONTAINERS: Final = frozenset(
    {"namespace_declaration", "namespace_definition", "internal_module", "mod_item", "linkage_specification"}
    | {"preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "ERROR"}
)


class Extent(NamedTuple):
    """Lines `start`..`end`, 1-based, both included."""

    start: int
    end: int


@dataclass(slots=True)
class StatementCollector:
    """Feed it every visit of a walk, then ask for `logical_lines()` and `outermost`."""

    text: bytes
    outermost: list[Extent] = field(default_factory=list)  # statements that no other statement holds
    _starts: set[int] = field(default_factory=set)
    _headed: set[int] = field(default_factory=set)  # lines right below a decorator
    _comments: set[int] = field(default_factory=set)
    _open_until: int = -1  # end byte of the outermost statement that is open

    def visit(self, visit: walk.Visit) -> None:
        """Take one node of the walk into account."""
        _, node, roles = visit
        if roles & walk.COMMENT:
            self._note_comment(node)
            return
        self._starts.add(node.start_point[0] + 1)
        if roles & walk.LEAD:
            self._headed.add(walk.last_line(node) + 1)
        start = node.start_byte
        if start >= self._open_until and node.type not in _CONTAINERS:
            self._open_until = node.end_byte
            self.outermost.append(Extent(walk.first_line(node), walk.last_line(node)))

    def logical_lines(self) -> list[Extent]:
        """In order, sharing no line, and together holding every line of code of the file."""
        found: list[Extent] = []
        start = last = 0
        for number, line in enumerate(self.text.split(b"\n"), start=1):
            if number in self._comments or not line.strip():
                continue
            if not start or (number in self._starts and number not in self._headed):
                if start:
                    found.append(Extent(start, last))
                start = number
            last = number
        if start:
            found.append(Extent(start, last))
        return found

    def _note_comment(self, node: Node) -> None:
        """Remember the lines that hold nothing but this comment."""
        first, last = walk.first_line(node), walk.last_line(node)
        line = self.text.rfind(b"\n", 0, node.start_byte) + 1
        if self.text[line : node.start_byte].strip():
            first += 1
        end = self.text.find(b"\n", node.end_byte - 1)
        if self.text[node.end_byte : end if end >= 0 else len(self.text)].strip():
            last -= 1
        self._comments.update(range(first, last + 1))
