"""Texts as vectors: how they are put to a model for embeddings, and what its numbers are kept as. Values only.

A vector is kept in whole numbers from -127 to 127, a byte each. That moves a cosine by less than .01, takes a tenth of
the room, and makes every sum of products exact: the same vectors give the same groups on every machine.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from math import isfinite

from pydantic import JsonValue

from codedesigner.call.model import Call, Prompt

Vector = tuple[int, ...]

MOST_DIMENSIONS = 16_384
_LARGEST = 127


def embedding_call(name: str, texts: Sequence[str], *, priority: float = 5.0) -> Call:
    """The call for the vectors of some texts. Its reply is not kept as one: each text has a place of its own."""
    return Call(name, Prompt("", json.dumps(list(texts))), max_tokens=1, temperature=0.0, priority=priority)


def texts_of(call: Call) -> tuple[str, ...]:
    """The texts that a call is about; the prompt itself where it is no list of texts."""
    said = call.prompt.user
    try:
        found = json.loads(said)
    except ValueError:
        return (said,)
    if isinstance(found, list) and found and all(isinstance(each, str) for each in found):
        return tuple(found)
    return (said,)


def vector_of(numbers: JsonValue) -> Vector | None:
    """A server's numbers as a vector; None where they are no list of finite numbers that point anywhere."""
    if not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_DIMENSIONS:
        return None
    values: list[float] = []
    for each in numbers:
        if isinstance(each, bool) or not isinstance(each, int | float):
            return None
        try:
            values.append(float(each))
        except OverflowError:
            return None
    most = max(map(abs, values))
    if not all(map(isfinite, values)) or most == 0:
        return None
    return tuple(round(each / most * _LARGEST) for each in values)


def written(vector: Vector) -> str:
    """The vector as text."""
    return base64.b64encode(bytes(each & 0xFF for each in vector)).decode()


def read(text: object) -> Vector | None:
    """The vector that `written` made of it; None where it is none."""
    if not isinstance(text, str) or not 0 < len(text) <= 2 * MOST_DIMENSIONS:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    found = tuple(each - 256 if each > _LARGEST else each for each in data)
    return found if found and any(found) and -128 not in found else None


def read_all(text: str) -> tuple[Vector, ...] | None:
    """The vectors of a reply, all of one dimension; None where one of them is none."""
    try:
        said = json.loads(text)
    except ValueError:
        return None
    found = [read(each) for each in said] if isinstance(said, list) else []
    vectors = tuple(each for each in found if each is not None)
    same = len({len(each) for each in vectors}) == 1
    return vectors if same and len(vectors) == len(found) else None


def written_all(vectors: Sequence[Vector]) -> str:
    """The text of a reply that holds these vectors."""
    return json.dumps([written(each) for each in vectors])
