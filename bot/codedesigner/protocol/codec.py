"""Messages as bytes and back. What is not exactly a message is refused, with a code and the place.

Reading is the same for every message: JSON without tolerance, then the envelope, then its payload, all closed and
strict. Nothing else than `Refusal` is raised for whatever the bytes are.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from codedesigner.protocol.refused import Refusal, dotted, foreign
from codedesigner.protocol.strictjson import parse, shaped, written
from codedesigner.protocol.wire import PAYLOADS, PROTOCOL_VERSION, Envelope, Payload

MOST_BYTES = 16_000_000
"""Of a message, before compression."""
SKEW_S = 60.0
"""How far a sender's clock may be ahead."""

Model = TypeVar("Model", bound=BaseModel)
_REQUIRED = ("protocol_version", "message_id", "timestamp", "sender", "message_type", "payload")
_KINDS: Mapping[str, type[Payload]] = {str(name): kind for name, kind in PAYLOADS.items()}
_COMPRESSED = (b"\x1f\x8b", b"\x78")  # gzip, zlib; no JSON begins like that


def encode(envelope: Envelope, *, compress: bool = False) -> bytes:
    """The message as one line of ASCII, without line end; with `compress`, as zlib writes it.

    Raises:
        Refusal: nobody could read it: it is too large or too deep.
    """
    said = {name: getattr(envelope, name) for name in Envelope.model_fields}
    # By itself: the union that the envelope has would be tried member by member.
    said["payload"] = envelope.payload.model_dump()
    data = written(said).encode("ascii")
    _small(len(data))
    return zlib.compress(data) if compress else data


def decode(data: bytes | str, *, now: Callable[[], float] = time.time) -> Envelope:
    """The message that `data` holds, compressed or not. `now` gives Unix time in seconds.

    Raises:
        Refusal: it holds none.
    """
    return validate_envelope(parse(_text(data)), now=now)


def validate_envelope(message: object, *, now: Callable[[], float] = time.time) -> Envelope:
    """The message, checked from outside to inside.

    Raises:
        Refusal: the first thing that is wrong with it.
    """
    if not isinstance(message, dict):
        raise Refusal("INVALID_REQUEST", "is no object")
    for name in _REQUIRED:
        if name not in message:
            raise Refusal("INVALID_REQUEST", "is missing", name)
    version = message["protocol_version"]
    if version != PROTOCOL_VERSION:
        named = foreign(str(version)) if isinstance(version, str) else "this"
        raise Refusal("INVALID_REQUEST", f"{named} is not supported, only {PROTOCOL_VERSION}", "protocol_version")
    payload = validate_payload(message["message_type"], message["payload"])
    envelope = _read(Envelope, {**message, "payload": payload}, "")
    ahead = envelope.timestamp - now()
    if ahead > SKEW_S:
        raise Refusal("INVALID_REQUEST", f"lies {ahead:.0f} s in the future", "timestamp")
    return envelope


def validate_payload(message_type: object, payload: object) -> Payload:
    """The payload of a message of this type.

    Raises:
        Refusal: there is no such type, or the first thing that is wrong with the payload.
    """
    kind = _KINDS.get(message_type) if isinstance(message_type, str) else None
    if kind is None:
        raise Refusal("INVALID_REQUEST", f"is none of {', '.join(PAYLOADS)}", "message_type")
    return _read(kind, payload, "payload")


def _read(kind: type[Model], value: object, place: str) -> Model:
    try:
        return kind.model_validate(shaped(kind, value))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        told = first["msg"].removeprefix("Value error, ")
        where = dotted([*([place] if place else []), *_path(first["loc"], value)])
        raise Refusal("INVALID_REQUEST", foreign(told), where) from error
    except (ValueError, RecursionError) as error:
        raise Refusal("INVALID_REQUEST", foreign(str(error)), place) from error


def _path(loc: Sequence[str | int], value: object) -> list[str | int]:
    """The keys on the way to an error, without the names of the members of a union, which pydantic puts between."""
    path: list[str | int] = []
    for part in loc[:-1]:
        match value:
            case dict() if part in value:
                value = value[part]
            case list() if isinstance(part, int) and part < len(value):
                value = value[part]
            case _:
                continue
        path.append(part)
    return [*path, *loc[-1:]]


def _text(data: bytes | str) -> str:
    try:
        raw = data.encode() if isinstance(data, str) else data
        _small(len(raw))
        return (_inflated(raw) if raw.startswith(_COMPRESSED) else raw).decode()
    except UnicodeError as error:
        raise Refusal("INVALID_REQUEST", "is no UTF-8") from error


def _inflated(data: bytes) -> bytes:
    reader = zlib.decompressobj(wbits=47)  # zlib or gzip, whichever it is
    try:
        found = reader.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise Refusal("INVALID_REQUEST", "is compressed, and broken") from error
    _small(len(found))
    if not reader.eof:
        raise Refusal("INVALID_REQUEST", "is compressed, and cut off")
    if reader.unused_data:
        raise Refusal("INVALID_REQUEST", f"goes on for {len(reader.unused_data)} bytes after its end")
    return found


def _small(length: int) -> None:
    if length > MOST_BYTES:
        raise Refusal("INVALID_REQUEST", f"has more than {MOST_BYTES:,} bytes")
