"""JSON read without tolerance: no key twice, no NaN, no endless nesting. Lone surrogates pass, both ways.

The bytes of code that are not UTF-8 are lone surrogates in its text (`change.model.decode`); as `\\udcXX` they come
through JSON unchanged.
"""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Callable, Hashable
from functools import cache
from typing import Annotated, Union, cast, get_args, get_origin

from pydantic import BaseModel, JsonValue

from codedesigner.protocol.refused import Refusal, dotted, foreign

MOST_DEPTH = 100
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_TWO_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_Shaper = Callable[[object], object]


class _Twice(dict[str, JsonValue]):
    """An object in which a key stands more than once."""

    key: str = ""


def parse(text: str) -> JsonValue:
    """The value that `text` stands for.

    Raises:
        Refusal: it is no JSON, is ambiguous, holds NaN or an infinity, or is nested too deep.
    """
    twice: list[_Twice] = []

    def paired(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        seen: set[str] = set()
        marked = _Twice(made)
        marked.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        twice.append(marked)
        return marked

    try:
        value: JsonValue = json.loads(
            text, object_pairs_hook=paired, parse_constant=_no_number, parse_float=_finite, parse_int=_int
        )
    except json.JSONDecodeError as error:
        raise Refusal("INVALID_REQUEST", f"is no JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise _too_deep(()) from error
    bounded(value)
    if twice:
        where = _place_of(value, twice[0])
        raise Refusal("AMBIGUOUS_INPUT", "stands there more than once", dotted((*where, twice[0].key)))
    return value


def written(value: object) -> str:
    """`value` as one line of ASCII that `parse` reads as the same value.

    Raises:
        Refusal: there is no such line.
    """
    try:
        bounded(value)
        text = _ENCODER.encode(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise Refusal("INVALID_REQUEST", f"cannot be written as JSON: {foreign(str(error))}") from error
    # Two halves of a pair, written side by side, would be read as the one character that they stand for together.
    if "\\ud" in text and _halves(value):
        raise Refusal("INVALID_REQUEST", "holds two halves of a surrogate pair that belong to no character")
    return text


def bounded(value: object) -> None:
    """Nothing, where the value is not nested too deep.

    Raises:
        Refusal: it is.
    """
    level: list[object] = [value]
    for _ in range(MOST_DEPTH):
        level = [
            part
            for whole in level
            if isinstance(whole, dict | list | tuple)
            for part in (whole.values() if isinstance(whole, dict) else whole)
            if isinstance(part, dict | list | tuple)
        ]
        if not level:
            return
    raise _too_deep(_path_down(value))


def shaped(kind: Hashable, value: object) -> object:
    """`value` with tuples where a model of this kind has tuples and JSON has lists. Checks nothing."""
    shaper = _shaper(kind)
    return value if shaper is None else shaper(value)


def _no_number(text: str) -> JsonValue:
    raise Refusal("INVALID_REQUEST", f"is no JSON: {text} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Refusal("INVALID_REQUEST", f"the number {foreign(text)} is too large")
    return number


def _int(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise Refusal("INVALID_REQUEST", f"a number has {len(text)} digits") from error


def _too_deep(place: tuple[str | int, ...]) -> Refusal:
    return Refusal("INVALID_REQUEST", f"is nested more than {MOST_DEPTH} deep", dotted(place[:3]))


def _path_down(value: object) -> tuple[str | int, ...]:
    """The first keys on a way down that is too deep."""
    level: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    for _ in range(MOST_DEPTH):
        level = [
            ((*path, key) if len(path) < 3 else path, part)
            for path, whole in level
            for key, part in _parts(whole)
            if isinstance(part, dict | list | tuple)
        ]
    return level[0][0]


def _parts(whole: object) -> list[tuple[str | int, object]]:
    if isinstance(whole, dict):
        return list(whole.items())
    return list(enumerate(whole)) if isinstance(whole, list | tuple) else []


def _place_of(value: object, wanted: object) -> tuple[str | int, ...]:
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), value)]
    while waiting:
        path, whole = waiting.pop()
        if whole is wanted:
            return path
        waiting += [((*path, key), part) for key, part in _parts(whole) if isinstance(part, dict | list)]
    return ()


def _halves(value: object) -> bool:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            if _TWO_HALVES.search(each):
                return True
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif isinstance(each, list | tuple):
            waiting += each
    return False


@cache
def _shaper(kind: Hashable) -> _Shaper | None:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _shaper(arguments[0])
    if origin in (Union, types.UnionType):
        return _union([shaper for each in arguments if (shaper := _shaper(each)) is not None])
    if origin is tuple:
        return _tuple(arguments)
    if origin is dict and arguments[1] is not JsonValue:
        return _dict(_shaper(arguments[1]))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind)
    return None


def _union(shapers: list[_Shaper]) -> _Shaper | None:
    """One after the other: members of a union that share a name share its shape."""
    if not shapers:
        return None

    def shape(value: object) -> object:
        for shaper in shapers:
            value = shaper(value)
        return value

    return shape


def _tuple(arguments: tuple[object, ...]) -> _Shaper:
    inner = _shaper(arguments[0])
    if inner is None:
        return lambda value: tuple(value) if isinstance(value, list) else value
    return lambda value: tuple(map(inner, value)) if isinstance(value, list) else value


def _dict(inner: _Shaper | None) -> _Shaper | None:
    if inner is None:
        return None
    return lambda value: {key: inner(part) for key, part in value.items()} if isinstance(value, dict) else value


def _model(kind: type[BaseModel]) -> _Shaper | None:
    shapers = {
        field.alias or name: shaper
        for name, field in kind.model_fields.items()
        if (shaper := _shaper(cast("Hashable", field.annotation))) is not None
    }
    if not shapers:
        return None

    def shape(value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {key: shapers[key](part) if key in shapers else part for key, part in value.items()}

    return shape
