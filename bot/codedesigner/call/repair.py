"""Towards the schema without judgement: what is plainly meant is spelled as it was asked for, nothing is made up."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from pydantic import JsonValue

from codedesigner.call.jsontext import MAX_DIGITS, MalformedJsonError, parse
from codedesigner.call.model import Schema
from codedesigner.call.reduce import fraction, is_fraction, members
from codedesigner.config.problems import Loc, dotted

MOST_TOLD = 20
_NUMBER = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{MAX_DIGITS - 1}}})(?:\.[0-9]{{1,30}})?(?:[eE][+-]?[0-9]{{1,3}})?")


def coerced(value: JsonValue, schema: Schema) -> tuple[JsonValue, tuple[str, ...]]:
    """The value, spelled as a full `schema` asks where that is beyond doubt, and what was done, place by place.

    A choice in other letters or with spaces around it; a number, true or false written as text; a whole number with
    a point; null for an empty list that has to be there. Whether it fits then is for `angle.output` to say. Of more
    than `MOST_TOLD` repairs the rest is counted.
    """
    told: list[str] = []
    repaired = _coerced(value, schema, (), told)
    if len(told) > MOST_TOLD:
        told = [*told[:MOST_TOLD], f"{len(told) - MOST_TOLD} more"]
    return repaired, tuple(told)


def _coerced(value: JsonValue, schema: Schema, at: Loc, told: list[str]) -> JsonValue:
    if isinstance(value, dict):
        return _object(value, schema, at, told)
    items = schema.get("items")
    if isinstance(value, list):
        inner = items if isinstance(items, dict) else {}
        return [_coerced(each, inner, (*at, index), told) for index, each in enumerate(value)]
    choices = schema.get("enum")
    if isinstance(choices, list):
        return _chosen(value, choices, at, told)
    wanted = schema.get("type")
    rule = _RULES.get(wanted) if isinstance(wanted, str) else None
    repaired = rule(value, schema) if rule is not None else value
    if type(repaired) is not type(value):
        told.append(f"{_place(at)}: {wanted} from {_kind(value)}")
    return repaired


def _object(value: Mapping[str, JsonValue], schema: Schema, at: Loc, told: list[str]) -> JsonValue:
    known = members(schema)
    return {
        name: _coerced(each, known[name], (*at, name), told) if name in known else each for name, each in value.items()
    }


def _chosen(value: JsonValue, choices: list[JsonValue], at: Loc, told: list[str]) -> JsonValue:
    if not isinstance(value, str) or value in choices:
        return value
    plain = value.strip().casefold()
    meant = [each for each in choices if _plain(each) == plain]
    if len(meant) != 1:
        return value
    told.append(f"{_place(at)}: spelling of the choice")
    return meant[0]


def _plain(choice: JsonValue) -> str | None:
    """How a choice reads when letters and type do not count; None for what has no such reading."""
    if isinstance(choice, str):
        return choice.strip().casefold()
    if isinstance(choice, bool):
        return str(choice).casefold()
    return str(choice) if isinstance(choice, int | float) else None


def _integer(value: JsonValue, _schema: Schema) -> JsonValue:
    number = _number_in(value) if isinstance(value, str) else value
    if isinstance(number, float) and number.is_integer() and abs(number) < 10**MAX_DIGITS:
        return int(number)
    return number if isinstance(number, int) else value


def _number(value: JsonValue, schema: Schema) -> JsonValue:
    number = _number_in(value) if isinstance(value, str) else None
    if number is None:
        return value
    return fraction(number) if is_fraction(schema) else number


def _boolean(value: JsonValue, _schema: Schema) -> JsonValue:
    word = value.strip().casefold() if isinstance(value, str) else None
    return {"true": True, "false": False}.get(word, value) if word is not None else value


def _array(value: JsonValue, _schema: Schema) -> JsonValue:
    return [] if value is None else value


_RULES: dict[str, Callable[[JsonValue, Schema], JsonValue]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
}


def _number_in(text: str) -> int | float | None:
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return None
    try:
        number = parse(text)
    except MalformedJsonError:
        return None
    return number if isinstance(number, int | float) else None


def _place(at: Loc) -> str:
    return dotted(at) or "the answer"


def _kind(value: JsonValue) -> str:
    return {str: "text", float: "a number with a point", type(None): "null"}.get(type(value), "something else")
