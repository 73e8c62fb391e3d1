"""Frozen dataclasses as plain JSON values and back, exactly. Bytes are base64, lone surrogates stay as they are."""

from __future__ import annotations

import base64
import binascii
import json
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, JsonValue, ValidationError

T = TypeVar("T")


def to_plain(value: object) -> JsonValue:
    """The value as JSON has it.

    Raises:
        TypeError: it holds something that `from_plain` could not make again.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, BaseModel):
        return cast("JsonValue", value.model_dump(mode="json", by_alias=True))
    if is_dataclass(value):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_written(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, frozenset):
        return [to_plain(part) for part in sorted(value)]
    if isinstance(value, tuple | list):
        return [to_plain(part) for part in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def from_plain(kind: type[T], value: JsonValue, where: str = "") -> T:
    """The value of this kind that `to_plain` was given.

    Raises:
        ValueError: it is none; the message names the place.
    """
    return cast("T", _made(kind, value, where))


def plain_fields(value: object, but: AbstractSet[str]) -> dict[str, JsonValue]:
    """The fields of a dataclass as JSON has them, without some.

    Raises:
        TypeError: `from_plain` could not make one of them again.
    """
    assert is_dataclass(value)  # noqa: S101 -- for the type checker
    return {field.name: to_plain(getattr(value, field.name)) for field in fields(value) if field.name not in but}


def made_fields(kind: type, held: Mapping[str, JsonValue], where: str) -> dict[str, Any]:
    """What `plain_fields` was given for a dataclass of this kind; what it has not been given keeps its default.

    Raises:
        ValueError: something else is in it; the message names the place.
    """
    hints = get_type_hints(kind)
    odd = sorted(set(held) - set(hints))
    if odd:
        raise ValueError(f"{where}.{odd[0]}: does not belong there")
    return {name: _made(hints[name], part, f"{where}.{name}") for name, part in held.items()}


def _made(kind: object, value: JsonValue, where: str) -> object:
    if kind is JsonValue:
        return value
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else _member(arguments, value, where)
    if origin is Literal:
        return _one_of(arguments, value, where)
    if origin in (tuple, frozenset, Sequence):
        return _sequence(origin, arguments, value, where)
    if origin is not None and issubclass(origin, Mapping):
        held = _of(dict, value, where)
        return {
            _read(arguments[0], key, where): _made(arguments[1], part, f"{where}.{key}") for key, part in held.items()
        }
    assert isinstance(kind, type)  # noqa: S101 -- whatever else a dataclass may hold, ours do not
    if issubclass(kind, BaseModel):
        return _model(kind, value, where)
    if is_dataclass(kind):
        return _dataclass(kind, value, where)
    return _scalar(kind, value, where)


def _written(key: object) -> str:
    """A key of a mapping; one of several parts is JSON, as there are only texts for keys."""
    return json.dumps(to_plain(key)) if isinstance(key, tuple) else str(key)


def _read(kind: object, key: str, where: str) -> object:
    if get_origin(kind) is not tuple:
        return key
    try:
        return _made(kind, json.loads(key), f"{where}.{key}")
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}.{key}: is no key of several parts") from error


def _member(kinds: tuple[object, ...], value: JsonValue, where: str) -> object:
    """The value as the first member of a union that it fits; what is wrong with it is told by the first."""
    first, *others = (kind for kind in kinds if kind is not types.NoneType)
    try:
        return _made(first, value, where)
    except ValueError:
        for kind in others:
            with suppress(ValueError):
                return _made(kind, value, where)
        raise


def _one_of(allowed: tuple[object, ...], value: JsonValue, where: str) -> object:
    if value not in allowed:
        raise ValueError(f"{where}: is none of {', '.join(map(str, allowed))}")
    return value


def _sequence(origin: type, arguments: tuple[object, ...], value: JsonValue, where: str) -> object:
    parts = _of(list, value, where)
    repeated = origin is not tuple or arguments[-1] is Ellipsis
    kinds = [arguments[0]] * len(parts) if repeated else list(arguments)
    if len(kinds) != len(parts):
        raise ValueError(f"{where}: has {len(parts)} entries instead of {len(kinds)}")
    made = (_made(kind, part, f"{where}.{index}") for index, (kind, part) in enumerate(zip(kinds, parts, strict=True)))
    return frozenset(made) if origin is frozenset else tuple(made)


def _dataclass(kind: type, value: JsonValue, where: str) -> object:
    held = _of(dict, value, where)
    hints, names = _hints(kind)
    if set(held) != names:
        odd = sorted(set(held) ^ names)
        raise ValueError(f"{where or 'it'}: {odd[0]} is missing, or does not belong there")
    made = {name: _made(hints[name], part, f"{where}.{name}" if where else name) for name, part in held.items()}
    try:
        return kind(**made)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


@cache
def _hints(kind: type) -> tuple[Mapping[str, object], frozenset[str]]:
    """The types of a dataclass's fields, and their names: there are thousands of values of a few kinds."""
    return get_type_hints(kind), frozenset(field.name for field in fields(kind))


def _model(kind: type[BaseModel], value: JsonValue, where: str) -> object:
    try:
        return kind.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ValueError(f"{'.'.join(map(str, (where, *first['loc'])))}: {first['msg']}") from error


def _scalar(kind: type, value: JsonValue, where: str) -> object:
    if kind is bytes:
        try:
            return base64.b64decode(_of(str, value, where), validate=True)
        except binascii.Error as error:
            raise ValueError(f"{where}: is no base64") from error
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _of(kind, value, where)


def _of(kind: type[T], value: JsonValue, where: str) -> T:
    if type(value) is not kind:
        raise ValueError(f"{where or 'it'}: is no {kind.__name__}")
    return value
