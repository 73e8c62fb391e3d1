"""How each language names a definition: node -> the part of the name that the node itself gives.

Parts are joined with `.` in every language: Rust's and C++'s `::`, Lua's `:` and PHP's `\\` become `.` as well.
Type arguments are left out of the names of types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final
from zlib import crc32

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST_NAME: Final = 160
_READ_BYTES: Final = 2000
_SPACE: Final = re.compile(r"\s+")
_TYPE_ARGUMENTS: Final = re.compile(r"<[^<>]*>|\[[^\[\]]*\]")
_QUOTES: Final = "'\"`"
_LEAST_UNPRINTABLE_BYTE, _MOST_UNPRINTABLE_BYTE = "\udc80", "\udcff"  # what surrogateescape makes of odd bytes

Namer = Callable[["Node"], str | None]


def text_of(node: Node) -> str:
    """The source of a node, its first bytes only where it is absurdly long."""
    return (node.text or b"")[:_READ_BYTES].decode("utf-8", "surrogateescape")


def plain_name(node: Node) -> str | None:
    """The field `name` as it stands in the source."""
    found = node.child_by_field_name("name")
    return None if found is None else tidy(text_of(found))


def tidy(name: str) -> str:
    """One line, without quotes, with `.` between the parts."""
    if name.isidentifier():
        return name
    name = _SPACE.sub(" ", name).strip()
    if len(name) > 1 and name[0] in _QUOTES and name[-1] == name[0]:
        name = name[1:-1]
    name = name.replace("::", ".").replace("\\", ".").replace(".prototype.", ".").lstrip(".")
    return name if name.isprintable() else "".join(map(_visible, name))


def _visible(character: str) -> str:
    if character.isprintable() or _LEAST_UNPRINTABLE_BYTE <= character <= _MOST_UNPRINTABLE_BYTE:
        return character
    return f"\\u{ord(character):04x}"


def shortened(name: str) -> str:
    """`name`, cut and marked with `…` and a checksum where it is longer than `LONGEST_NAME`."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}…{crc32(name.encode('utf-8', 'surrogateescape')):08x}"


def type_name(node: Node | None) -> str | None:
    """The name of a type without its arguments."""
    return None if node is None else tidy(_without_arguments(text_of(node)))


def _without_arguments(text: str) -> str:
    for _ in range(8):
        shorter = _TYPE_ARGUMENTS.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text


def _named_type(node: Node) -> str | None:
    return type_name(node.child_by_field_name("name"))


def _child_of_type(node: Node, *types: str) -> Node | None:
    return next((child for child in node.named_children if child.type in types), None)


def _c_function(node: Node) -> str | None:
    """Through pointer, reference, array and parenthesised declarators to the name itself."""
    at = node.child_by_field_name("declarator")
    for _ in range(64):
        if at is None:
            return plain_name(node)
        if at.type == "operator_cast":
            return tidy("operator " + _text_of_field(at, "type"))
        if at.type == "qualified_identifier":
            return _qualified(at)
        inner = at.child_by_field_name("declarator") or _child_of_type(
            at, *_DECLARATORS if at.type in _WRAPPING_DECLARATORS else ()
        )
        if inner is None:
            return tidy(text_of(at))
        at = inner
    return None


_WRAPPING_DECLARATORS: Final = frozenset({"parenthesized_declarator", "reference_declarator", "attributed_declarator"})
_DECLARATORS: Final = (
    "identifier",
    "field_identifier",
    "qualified_identifier",
    "function_declarator",
    "pointer_declarator",
    "reference_declarator",
    "parenthesized_declarator",
    "array_declarator",
    "operator_name",
    "destructor_name",
    "operator_cast",
)


def _text_of_field(node: Node, name: str) -> str:
    found = node.child_by_field_name(name)
    return "" if found is None else text_of(found)


def _qualified(node: Node) -> str:
    """`Cart<T>::operator<` -> `Cart.operator<`: arguments go from the scopes, never from the operator."""
    parts: list[str] = []
    at: Node | None = node
    while at is not None and at.type == "qualified_identifier" and len(parts) < 32:
        scope = at.child_by_field_name("scope")
        if scope is not None:
            parts.append(_without_arguments(text_of(scope)))
        at = at.child_by_field_name("name")
    if at is not None:
        last = "operator " + _text_of_field(at, "type") if at.type == "operator_cast" else text_of(at)
        parts.append(_without_arguments(last) if at.type == "template_function" else last)
    return tidy(".".join(parts))


def _c_class(node: Node) -> str | None:
    """None for a mere mention such as `struct item *next`."""
    return _named_type(node) if node.child_by_field_name("body") is not None else None


def _go_method(node: Node) -> str | None:
    receiver = node.child_by_field_name("receiver")
    parameter = None if receiver is None else _child_of_type(receiver, "parameter_declaration")
    kind = None if parameter is None else parameter.child_by_field_name("type")
    owner = None if kind is None else _without_arguments(text_of(kind)).strip("*() ")
    return ".".join(tidy(part) for part in (owner, _text_of_field(node, "name")) if part)


def _rust_impl(node: Node) -> str | None:
    kind = node.child_by_field_name("type")
    if kind is None:
        return None
    bare = _without_arguments(text_of(kind)) if kind.type != "array_type" else text_of(kind)
    return tidy(bare.lstrip("&").removeprefix("'static ").removeprefix("mut ").strip()) or tidy(text_of(kind))


def _ruby_singleton(node: Node) -> str | None:
    owner = node.child_by_field_name("object")
    name = _text_of_field(node, "name")
    return name if owner is None or owner.type == "self" else tidy(f"{text_of(owner)}.{name}")


_KOTLIN_TYPES: Final = ("user_type", "nullable_type", "parenthesized_type", "non_nullable_type", "function_type")


def _kotlin_function(node: Node) -> str | None:
    """`fun String.shout()` -> `String.shout`."""
    name = node.child_by_field_name("name")
    if name is None:
        return None
    receiver = _child_of_type(node, *_KOTLIN_TYPES)
    if receiver is None or receiver.start_byte > name.start_byte:
        return tidy(text_of(name))
    return f"{type_name(receiver)}.{tidy(text_of(name))}"


def _kotlin_property(node: Node) -> str | None:
    """A property that runs code: with a getter, a setter, or a function as its value."""
    if _child_of_type(node, "getter", "setter", "lambda_literal", "anonymous_function") is None:
        return None
    declared = _child_of_type(node, "variable_declaration")
    name = None if declared is None else _child_of_type(declared, "identifier")
    if declared is None or name is None:
        return None
    receiver = _child_of_type(node, *_KOTLIN_TYPES)
    prefix = f"{type_name(receiver)}." if receiver is not None and receiver.start_byte < declared.start_byte else ""
    return prefix + tidy(text_of(name))


def _swift_property(node: Node) -> str | None:
    """A property that runs code: computed, observed, or a closure as its value."""
    value = node.child_by_field_name("value")
    runs = (
        node.child_by_field_name("computed_value") is not None
        or _child_of_type(node, "willset_didset_block") is not None
        or (value is not None and value.type == "lambda_literal")
    )
    return plain_name(node) if runs else None


def _csharp_property(node: Node) -> str | None:
    """A property or event that runs code, not `{ get; set; }`."""
    accessors = node.child_by_field_name("accessors")
    runs = _child_of_type(node, "arrow_expression_clause") is not None or (
        accessors is not None
        and any(accessor.child_by_field_name("body") is not None for accessor in accessors.named_children)
    )
    return plain_name(node) if runs else None


def _csharp_operator(node: Node) -> str | None:
    return tidy(f"operator {_text_of_field(node, 'operator') or _text_of_field(node, 'type')}")


def _method_style(node: Node) -> str | None:
    """Lua's `function M:pay()` -> `M.pay`."""
    return tidy(_text_of_field(node, "name").replace(":", "."))


def _fixed(name: str) -> Namer:
    return lambda _node: name


_BY_LANGUAGE: Final[Mapping[str, Mapping[str, Namer]]] = {
    "c": {"function_definition": _c_function},
    "cpp": {"function_definition": _c_function, "class_specifier": _c_class},
    "go": {"method_declaration": _go_method},
    "rust": {"impl_item": _rust_impl},
    "java": {"static_initializer": _fixed("static")},
    "csharp": {
        "property_declaration": _csharp_property,
        "event_declaration": _csharp_property,
        "indexer_declaration": _fixed("this"),
        "operator_declaration": _csharp_operator,
        "conversion_operator_declaration": _csharp_operator,
        "destructor_declaration": lambda node: f"~{_text_of_field(node, 'name')}",
    },
    "ruby": {"singleton_method": _ruby_singleton},
    "kotlin": {
        "function_declaration": _kotlin_function,
        "property_declaration": _kotlin_property,
        "secondary_constructor": _fixed("constructor"),
        "anonymous_initializer": _fixed("init"),
    },
    "swift": {
        "class_declaration": _named_type,
        "property_declaration": _swift_property,
        "deinit_declaration": _fixed("deinit"),
        "subscript_declaration": _fixed("subscript"),
    },
    "lua": {"function_declaration": _method_style},
}
_C_TYPES: Final = dict.fromkeys(("struct_specifier", "union_specifier", "enum_specifier"), _c_class)


def own_name(language: str, node: Node) -> str | None:
    """The part of the qualified name that `node` gives; None where it has none, or is not a definition at all."""
    namers = _BY_LANGUAGE.get(language, {})
    namer = namers.get(node.type)
    if namer is None and language in {"c", "cpp"}:
        namer = _C_TYPES.get(node.type)
    return (namer or plain_name)(node) or None
