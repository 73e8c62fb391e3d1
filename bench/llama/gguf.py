"""GGUF, the file format of models: as much of it as a small model needs. All numbers are little-endian."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"GGUF"
_VERSION = 3
_ALIGNMENT = 32
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_F32 = 0

Value = bool | int | float | str | Sequence[str] | Sequence[int]


@dataclass(frozen=True, slots=True)
class Tensor:
    """Weights as 32-bit floats, row after row. `shape` has the number of rows first."""

    shape: tuple[int, ...]
    weights: array[float]


def write(path: Path, settings: Mapping[str, Value], tensors: Mapping[str, Tensor]) -> None:
    """Write a model."""
    head = [_MAGIC, struct.pack("<IQQ", _VERSION, len(tensors), len(settings))]
    head += [_text(key) + _typed(value) for key, value in settings.items()]
    data: list[bytes] = []
    offset = 0
    for name, tensor in tensors.items():
        shape = tuple(reversed(tensor.shape))
        head.append(_text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, _F32, offset))
        data.append(_padded(_bytes(tensor.weights)))
        offset += len(data[-1])
    path.write_bytes(_padded(b"".join(head)) + b"".join(data))


def _bytes(weights: array[float]) -> bytes:
    if sys.byteorder == "big":
        weights = weights[:]
        weights.byteswap()
    return weights.tobytes()


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNMENT)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _typed(value: Value) -> bytes:
    match value:
        case bool():
            return struct.pack("<I?", _BOOL, value)
        case int():
            return struct.pack("<II", _UINT32, value)
        case float():
            return struct.pack("<If", _FLOAT32, value)
        case str():
            return struct.pack("<I", _STRING) + _text(value)
    if isinstance(value[0], str):
        kind, parts = _STRING, [_text(str(each)) for each in value]
    else:
        kind, parts = _INT32, [struct.pack("<i", each) for each in value]
    return struct.pack("<IIQ", _ARRAY, kind, len(value)) + b"".join(parts)
