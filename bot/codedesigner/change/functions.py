"""A syntax tree's definitions as named spans. Pure; runs in the parser child."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from codedesigner.change import walk
from codedesigner.change.funcnames import own_name, shortened, text_of, tidy
from codedesigner.change.grammars import Binding, Grammar

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST: Final = 40  # definitions nested deeper belong to the one at this depth
_CASTS: Final = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "expression_list"}
)

_TAKEN: Final = ""  # the value's binding is the definition already

DefinitionKind = Literal["function", "method", "class"]


class Definition(NamedTuple):
    """Lines `start`..`end` (1-based, both included) of one named definition, decorators and comments above included."""

    start: int
    end: int
    kind: DefinitionKind
    name: str


@dataclass(slots=True)
class _Scope:
    end_byte: int
    name: str
    is_class: bool = False
    is_function: bool = False


class _Wrapper(NamedTuple):
    depth: int  # of the innermost of a chain of wrappers
    end_byte: int
    line: int  # of the outermost
    column: int

    def holds(self, depth: int, node: Node) -> bool:
        return self.depth == depth - 1 and node.start_byte < self.end_byte


@dataclass(slots=True)
class _Found:
    start_byte: int
    end_byte: int
    start: int  # of the definition itself, or of what wraps it
    end: int
    column: int
    kind: DefinitionKind
    name: str


@dataclass(slots=True)
class DefinitionCollector:
    """Feed it every visit of a walk, then ask for `definitions()`."""

    language: str
    grammar: Grammar
    text: bytes
    _scopes: list[_Scope] = field(default_factory=list)
    _found: list[_Found] = field(default_factory=list)
    _leads: dict[int, int] = field(default_factory=dict)  # line -> column of its first character
    _wrapper: _Wrapper | None = None
    _named: dict[int, str] = field(default_factory=dict)  # start byte of a value -> the name it is bound to

    def visit(self, visit: walk.Visit) -> None:
        """Take one node of the walk into account."""
        depth, node, roles = visit
        while self._scopes and self._scopes[-1].end_byte <= node.start_byte:
            self._scopes.pop()
        if roles & (walk.COMMENT | walk.LEAD):
            self._note_lead(node)
        if roles & walk.WRAPPER:
            self._note_wrapper(depth, node)
        if roles & walk.BINDING:
            self._bind(depth, node)
        elif roles & (walk.FUNCTION | walk.CLASS | walk.SCOPE | walk.CLOSURE):
            self._define(depth, node, roles)

    def definitions(self) -> list[Definition]:
        """All definitions in document order, properly nested: no two share a line unless one holds the other."""
        placed: list[Definition] = []
        open_: list[tuple[int, int]] = []  # end byte and last line of the definitions around
        done = 0  # last line of whatever ended before
        for found in self._found:
            while open_ and open_[-1][0] <= found.start_byte:
                done = max(done, open_.pop()[1])
            start = max(self._with_leads(found, done), done + 1)
            end = min(found.end, open_[-1][1]) if open_ else found.end
            if start <= end:
                placed.append(Definition(start, end, found.kind, found.name))
                open_.append((found.end_byte, end))
        return placed

    def _with_leads(self, found: _Found, done: int) -> int:
        start = found.start
        # Where indentation is syntax, a comment at another column belongs to what it is indented like.
        indented = self.language == "python"
        while start - 1 > done and start - 1 in self._leads:
            if indented and self._leads[start - 1] != found.column:
                break
            start -= 1
        return start

    def _note_lead(self, node: Node) -> None:
        """Remember the lines that hold nothing but this comment or attribute."""
        line = self.text.rfind(b"\n", 0, node.start_byte) + 1
        before = self.text[line : node.start_byte]
        first, last = walk.first_line(node), walk.last_line(node)
        end = self.text.find(b"\n", node.end_byte - 1)
        after = self.text[node.end_byte : end if end >= 0 else len(self.text)]
        if before.strip() or after.strip() or (first == 1 and self.text.startswith(b"#!")):
            return
        column = node.start_point[1]
        for number in range(first, last + 1):
            self._leads[number] = column

    def _note_wrapper(self, depth: int, node: Node) -> None:
        outer = self._wrapper
        if outer is not None and outer.holds(depth, node):
            self._wrapper = outer._replace(depth=depth, end_byte=node.end_byte)
        else:
            self._wrapper = _Wrapper(depth, node.end_byte, walk.first_line(node), node.start_point[1])
        exported = node.child_by_field_name("value") if node.type == "export_statement" else None
        if exported is not None:
            self._named[exported.start_byte] = "default"

    def _start(self, depth: int, node: Node) -> tuple[int, int]:
        wrapper = self._wrapper
        if wrapper is not None and wrapper.holds(depth, node):
            self._wrapper = None  # only the first definition in a wrapper starts where the wrapper does
            return wrapper.line, wrapper.column
        return walk.first_line(node), node.start_point[1]

    def _define(self, depth: int, node: Node, roles: int) -> None:
        bound = self._named.pop(node.start_byte, None)
        if bound == _TAKEN or (bound is None and roles & walk.CLOSURE) or len(self._scopes) >= DEEPEST:
            return
        name = own_name(self.language, node) or bound
        if name is None or (node.type == "property_declaration" and self._in_function()):
            return
        if roles & walk.SCOPE:
            self._scopes.append(_Scope(node.end_byte, self._qualified(name)))
        else:
            self._add(depth, node, name, is_class=bool(roles & walk.CLASS))

    def _owner(self) -> _Scope | None:
        return next((scope for scope in reversed(self._scopes) if scope.is_class or scope.is_function), None)

    def _in_function(self) -> bool:
        owner = self._owner()
        return owner is not None and owner.is_function

    def _add(self, depth: int, node: Node, name: str, *, is_class: bool) -> None:
        owner = self._owner()
        member = (owner is not None and owner.is_class) or (owner is None and "." in name)
        qualified = self._qualified(name)
        kind: DefinitionKind = "class" if is_class else "method" if member else "function"
        start, column = self._start(depth, node)
        last = walk.last_line(node)
        self._found.append(_Found(node.start_byte, node.end_byte, start, last, column, kind, qualified))
        self._scopes.append(_Scope(node.end_byte, qualified, is_class=is_class, is_function=not is_class))

    def _qualified(self, name: str) -> str:
        return shortened(f"{self._scopes[-1].name}.{name}" if self._scopes else name)

    def _bind(self, depth: int, node: Node) -> None:
        """A function bound to a name outside every function is called by that name; a table lends its name."""
        if self._in_function() or len(self._scopes) >= DEEPEST:
            return
        name, value = self._sides(node)
        if name is None or value is None:
            return
        if self._is_closure(value):
            self._add(depth, node, name, is_class=False)
            self._named[value.start_byte] = _TAKEN
        elif value.type in self.grammar.classes and value.child_by_field_name("body") is not None:
            self._named[value.start_byte] = name
        elif value.type in self.grammar.tables:
            self._scopes.append(_Scope(node.end_byte, self._qualified(name)))

    def _is_closure(self, value: Node) -> bool:
        if value.type in self.grammar.closures or value.type in self.grammar.functions:
            return True
        # Ruby spells a lambda as a call with a block.
        method = value.child_by_field_name("method") if self.language == "ruby" and value.type == "call" else None
        return method is not None and text_of(method) in {"lambda", "proc"}

    def _sides(self, node: Node) -> tuple[str | None, Node | None]:
        binding = self.grammar.bindings[node.type]
        name, value = _fields(node, binding)
        while value is not None and value.type in _CASTS and value.named_child_count:
            value = value.named_children[0]
        label = None if name is None else tidy(text_of(name))
        if label and self.language == "php":
            label = label.removeprefix("$")
        return label or None, value


def _fields(node: Node, binding: Binding) -> tuple[Node | None, Node | None]:
    if binding.name:
        return node.child_by_field_name(binding.name), node.child_by_field_name(binding.value)
    sides = node.named_children
    return (sides[0], sides[-1]) if len(sides) > 1 else (None, None)
