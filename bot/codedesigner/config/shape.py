"""The one base of everything that is read from a file, and the names that such a model knows."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from codedesigner.config.problems import Loc


class Closed(BaseModel):
    """A part of a configuration: unknown keys are errors, values keep their type, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, hide_input_in_errors=True)


def keys_of(model: type[BaseModel]) -> tuple[str, ...]:
    """The keys a file may use for `model`, in the order they are documented."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def model_at(model: type[BaseModel], loc: Loc) -> type[BaseModel] | None:
    """The model that describes what stands at `loc`; None where it is no mapping with fixed keys."""
    current: object = model
    for part in loc:
        current = _step(current, part)
    return _model(current)


def field_at(model: type[BaseModel], loc: Loc) -> FieldInfo | None:
    """The field that is set at `loc`, or the nearest one around it."""
    for end in range(len(loc), 0, -1):
        owner = model_at(model, loc[: end - 1])
        for name, field in owner.model_fields.items() if owner is not None else ():
            if loc[end - 1] == (field.alias or name):
                return field
    return None


def leaves(model: type[BaseModel], prefix: Loc = ()) -> Iterator[tuple[Loc, object]]:
    """Every key that holds a value rather than further keys, with its annotation."""
    for name, field in model.model_fields.items():
        here = (*prefix, field.alias or name)
        inner = _model(field.annotation)
        if inner is not None:
            yield from leaves(inner, here)
        else:
            yield here, field.annotation


def is_list(annotation: object) -> bool:
    """Whether a file has a list here."""
    return get_origin(_plain(annotation)) in (tuple, list)


def item_of(annotation: object) -> object:
    """What a list's item has to be."""
    return _plain(get_args(_plain(annotation))[0])


def _step(annotation: object, part: str | int) -> object:
    plain = _plain(annotation)
    if isinstance(plain, type) and issubclass(plain, BaseModel):
        for name, field in plain.model_fields.items():
            if part == (field.alias or name):
                return field.annotation
        return None
    arguments = get_args(plain)
    if get_origin(plain) in (tuple, list) and isinstance(part, int):
        return arguments[0]
    if get_origin(plain) is dict and isinstance(part, str):
        return arguments[1]
    return None


def _model(annotation: object) -> type[BaseModel] | None:
    plain = _plain(annotation)
    return plain if isinstance(plain, type) and issubclass(plain, BaseModel) else None


def _plain(annotation: object) -> object:
    """The annotation without `Annotated` and without `| None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, UnionType):
        rest = [argument for argument in get_args(annotation) if argument is not type(None)]
        return _plain(rest[0]) if len(rest) == 1 else annotation
    return annotation
