"""What is wrong with a value, in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from codedesigner.config.problems import MAX_WORD, nearest
from codedesigner.config.yamlfile import Value

_BOOLEAN_WORDS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_NUMBER_LIKE = {
    re.compile(r"[-+]?0[0-9]+(\.[0-9]+)?"): "a leading zero means octal to some readers; write the number without it",
    re.compile(r"[-+]?[0-9][0-9_]*_[0-9_.]*"): "write the number without underscores",
    re.compile(r"[-+]?[0-9.]+[eE][-+]?[0-9]+"): "write the number out, without an exponent",
    re.compile(r"0[xob][0-9a-fA-F]+"): "write the number in decimal",
    re.compile(r"[0-9]+(:[0-9]+)+"): "write one number, in the unit the key names",
    re.compile(r"[-+]?[0-9]+(\.[0-9]+)?"): "remove the quotes",
}

_FAR = 1_000_000  # such limits catch slips, and are nobody's choice


def describe(detail: ErrorDetails, value: Value) -> tuple[str, str | None]:
    """A sentence's end ("must be ...") and a hint or None. `value` is None where it must not be repeated."""
    kind = detail["type"]
    context: Mapping[str, object] = detail.get("ctx", {})
    if kind in _SENTENCES:
        return _SENTENCES[kind](context) + _got(value), None
    if kind in _TYPES:
        wanted, hint = _TYPES[kind]
        return f"must be {wanted}{_got(value)}", hint(value)
    if kind == "literal_error":
        return _one_of(str(context["expected"]), value)
    if kind == "value_error":
        message, _, advice = str(context["error"]).partition("; ")
        return message, advice or None
    return detail["msg"], None


def remedy(detail: ErrorDetails, field: FieldInfo | None) -> str | None:
    """What to write instead, as far as the field's own description and limits say; None where they say nothing."""
    if field is None or field.description is None:
        return None
    what = field.description.rstrip(".")
    meaning = what[0].lower() + what[1:] if what[1:2].islower() else what
    example = f"such as {_flow(field.examples[0])}" if field.examples else ""
    if detail["type"] == "missing":
        return f"add {detail['loc'][-1]}{', ' if example else ''}{example}: {meaning}"
    return f"{example or _limits(field) or 'it is'}: {meaning}"


def _limits(field: FieldInfo) -> str:
    """`from 0 to 2`, as far as the field has limits that somebody may come near."""
    words = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}
    found = {
        name: getattr(rule, name) for rule in field.metadata for name in words if getattr(rule, name, None) is not None
    }
    near = {name: limit for name, limit in found.items() if name in ("gt", "ge") or limit < _FAR}
    return " ".join(f"{word} {near[name]:g}" for name, word in words.items() if name in near)


def _flow(value: object) -> str:
    """As it stands in a file, on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return str(value)


def _one_of(expected: str, value: Value) -> tuple[str, str | None]:
    choices = re.findall(r"'([^']*)'", expected)
    near = nearest(value, choices) if isinstance(value, str) else None
    message = f"must be one of {', '.join(choices)}{_got(value)}" if len(choices) > 1 else f"must be {expected}"
    return message, f"did you mean {near}?" if near else None


def _got(value: Value) -> str:
    if isinstance(value, bool):
        return f", not {str(value).lower()}"
    if isinstance(value, int | float):
        return f", not {value}"
    if isinstance(value, str) and len(value) <= 40 and value.isprintable():
        return f", not '{value}'"
    return ""


def _number_hint(value: Value) -> str | None:
    if isinstance(value, float):
        return "write it without a fraction"
    if isinstance(value, str) and len(value) <= MAX_WORD:
        for pattern, hint in _NUMBER_LIKE.items():
            if pattern.fullmatch(value):
                return hint
    return None


def _boolean_hint(value: Value) -> str | None:
    if isinstance(value, str):
        word = _BOOLEAN_WORDS.get(value.casefold()) or (value.lower() if value.lower() in ("true", "false") else None)
        return f"write {word}, without quotes" if word else None
    return None


def _text_hint(value: Value) -> str | None:
    return "put it in quotes" if isinstance(value, bool | int | float) else None


def _list_hint(value: Value) -> str | None:
    if isinstance(value, dict):
        return "write `- ` before each entry, instead of a name"
    return f"write [{value}]" if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _mapping_hint(value: Value) -> str | None:
    return "give it keys, or remove the line" if value is None else "write `key: value` lines, or {key: value}"


_TYPES: dict[str, tuple[str, Callable[[Value], str | None]]] = {
    "bool_type": ("true or false", _boolean_hint),
    "int_type": ("a whole number", _number_hint),
    "int_from_float": ("a whole number", _number_hint),
    "float_type": ("a number", _number_hint),
    "string_type": ("text", _text_hint),
    "tuple_type": ("a list", _list_hint),
    "list_type": ("a list", _list_hint),
    "dict_type": ("a mapping of keys to values", _mapping_hint),
    "model_type": ("a mapping of keys to values", _mapping_hint),
    "date_type": ("a date such as 2027-01-31", lambda _: None),
    "date_parsing": ("a date such as 2027-01-31", lambda _: None),
    "date_from_datetime_inexact": ("a date such as 2027-01-31", lambda _: None),
}


def _number(limit: object) -> str:
    return f"{limit:g}" if isinstance(limit, float) else str(limit)


def _count(context: Mapping[str, object], key: str, what: str) -> str:
    number = context[key]
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


_SENTENCES: dict[str, Callable[[Mapping[str, object]], str]] = {
    "greater_than": lambda context: f"must be above {_number(context['gt'])}",
    "greater_than_equal": lambda context: f"must be at least {_number(context['ge'])}",
    "less_than": lambda context: f"must be below {_number(context['lt'])}",
    "less_than_equal": lambda context: f"must be at most {_number(context['le'])}",
    "string_too_short": lambda context: f"must have at least {_count(context, 'min_length', 'character')}",
    "string_too_long": lambda context: f"must have at most {_count(context, 'max_length', 'character')}",
    "too_short": lambda context: f"must have at least {_count(context, 'min_length', 'item')}",
    "too_long": lambda context: f"must have at most {_count(context, 'max_length', 'item')}",
    "string_pattern_mismatch": lambda context: f"must look like {context['pattern']}",
    "finite_number": lambda _: "must be a finite number",
}
