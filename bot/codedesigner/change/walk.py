"""One pass over a syntax tree: the nodes that matter, by the part they play, in document order.

The walk is iterative, so that a hundred thousand nested brackets cost no stack, and uses a cursor, not a query: a
query over the children of an error node takes quadratic time. It does not look inside a node that lies on one line,
because everything in there shares that line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from codedesigner.change.grammars import Grammar

if TYPE_CHECKING:
    from tree_sitter import Language, Node, Tree

FUNCTION: Final = 1
CLASS: Final = 2
SCOPE: Final = 4
CLOSURE: Final = 8
BINDING: Final = 32
WRAPPER: Final = 64
LEAD: Final = 128
COMMENT: Final = 256
STATEMENT: Final = 512
BODY: Final = 1024
OPEN: Final = 2048

_ERROR_KIND: Final = 65535  # TSSymbol of an ERROR node in every grammar
_NO_STATEMENT: Final = COMMENT | STATEMENT
_SEEN: Final = ~(BODY | OPEN)
DEFINING: Final = FUNCTION | CLASS | SCOPE | CLOSURE | BINDING | WRAPPER | LEAD | COMMENT
STATING: Final = STATEMENT | COMMENT

Roles = Mapping[int, int]
Visit = tuple[int, "Node", int]  # how deep a node lies, the node, and the parts it plays


def roles_of(language: Language, grammar: Grammar) -> Roles:
    """Kind id of the grammar -> the parts played by that node type."""
    parts = [
        (grammar.functions, FUNCTION),
        (grammar.classes, CLASS),
        (grammar.scopes, SCOPE),
        (grammar.closures, CLOSURE),
        (frozenset(grammar.bindings), BINDING),
        (grammar.wrappers, WRAPPER | OPEN),
        (grammar.open, OPEN),
        (grammar.leads, LEAD | STATEMENT),
        (grammar.comments, COMMENT),
        (grammar.statements, STATEMENT),
        (grammar.bodies, BODY),
    ]
    roles: dict[int, int] = {_ERROR_KIND: BODY}
    for kind in range(language.node_kind_count):
        name = language.node_kind_for_id(kind)
        if name is None or not language.node_kind_is_visible(kind):
            continue
        if not language.node_kind_is_named(kind):
            roles[kind] = STATEMENT if name in grammar.tokens else 0
            continue
        role = sum(flag for types, flag in parts if name in types)
        if name.endswith("_statement") and not role & BODY:
            role |= STATEMENT
        roles[kind] = role
    return {kind: role for kind, role in roles.items() if role}


def visits(  # noqa: C901  one loop on purpose: this and the collectors take as long as half of the parsing
    tree: Tree, text: bytes, roles: Roles
) -> Iterator[Visit]:
    """Every node that plays a part, parents before children; named children of a body are statements."""
    cursor = tree.walk()
    descend, advance, ascend = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    role_of = roles.get
    if not descend():
        return
    in_body = [True]
    line_end = -1
    while True:
        node: Node = cursor.node  # type: ignore[assignment]  # a cursor always stands on a node
        role = role_of(node.kind_id, 0)
        if in_body[-1] and not role & _NO_STATEMENT and node.is_named:
            role |= STATEMENT
        start = node.start_byte
        if start > line_end:
            line_end = text.find(b"\n", start)
            if line_end < 0:
                line_end = len(text)
        inside = not role & COMMENT and (node.end_byte > line_end or role & OPEN)
        if role:
            if role & BODY and not inside:
                role |= STATEMENT  # a body on one line is one logical line
            if role & _SEEN:
                yield len(in_body), node, role
        if inside and descend():
            in_body.append(bool(role & BODY))
            continue
        while not advance():
            if not ascend():
                return
            in_body.pop()


def first_line(node: Node) -> int:
    """1-based number of the line where `node` starts."""
    return node.start_point[0] + 1


def last_line(node: Node) -> int:
    """1-based number of the last line that holds a character of `node` other than its final LF."""
    row, column = node.end_point
    return row + 1 if column or row == node.start_point[0] else row
