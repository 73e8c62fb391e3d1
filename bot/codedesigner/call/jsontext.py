"""Strict JSON: what Python's own reader lets pass and an answer must not have is refused."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Literal, NoReturn

from pydantic import JsonValue

MAX_DEPTH = 128
MAX_DIGITS = 18  # a whole number with more does not fit into 64 bits, and nothing that is asked for is as large

Flaw = Literal["syntax", "control_character", "duplicate_keys", "number", "half_character", "too_deep"]


class MalformedJsonError(ValueError):
    """The text is not JSON, or JSON that means different things to different readers."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw: Flaw = flaw


def parse(text: str, *, control_characters: bool = False) -> JsonValue:
    """The value of `text`, white space around it allowed.

    `control_characters`: a string may hold line breaks and tabs as they are, which JSON forbids and models do.

    Raises:
        MalformedJsonError: bad syntax, a key twice in one object, a number that is no number (NaN, 1e999) or has
            more than 18 digits, half of a surrogate pair, more than 128 levels.
    """
    try:
        value: JsonValue = (_LENIENT if control_characters else _STRICT).decode(text)
    except MalformedJsonError:
        raise
    except RecursionError:
        raise MalformedJsonError("too_deep") from None
    except json.JSONDecodeError as error:
        control = error.msg.startswith("Invalid control character")
        raise MalformedJsonError("control_character" if control else "syntax") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise MalformedJsonError("too_deep")
    if "\\u" in text and not _encodable(value):
        raise MalformedJsonError("half_character")
    return value


def dump(value: object) -> str:
    """Compact JSON, the same bytes for the same value; keys stay in their order."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _deeper(value: JsonValue, most: int) -> bool:
    level: list[JsonValue] = [value]
    for _ in range(most + 1):
        containers = [each for each in level if isinstance(each, dict | list)]
        if not containers:
            return False
        level = [child for each in containers for child in (each.values() if isinstance(each, dict) else each)]
    return True


def _encodable(value: JsonValue) -> bool:
    try:
        dump(value).encode()
    except UnicodeEncodeError:
        return False
    return True


def _object(pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedJsonError("duplicate_keys")
        members[name] = value
    return members


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise MalformedJsonError("number")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise MalformedJsonError("number")
    return value


def _constant(_name: str) -> NoReturn:
    raise MalformedJsonError("number")


def _decoder(*, strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=strict
    )


_STRICT = _decoder(strict=True)
_LENIENT = _decoder(strict=False)
