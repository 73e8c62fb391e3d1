"""The names of questions: the same content asked in the same way has the same key, in any run and on any machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256

from pydantic import JsonValue

_VERSION = "1"


def digest(*parts: str) -> str:
    """SHA-256 of the parts, in hex; where one ends and the next begins is part of it."""
    hashed = sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        hashed.update(b"%d:" % len(data))
        hashed.update(data)
    return hashed.hexdigest()


def content_digest(text: str, context: str = "") -> str:
    """What is shown to a reviewer, the code and its brief, as one name; `content_key` takes it."""
    return digest(text, context)


def content_key(
    content: str, *, angle: str, angle_version: str, term: str | None, location: str, pass_number: int
) -> str:
    """The key under which one location's answer to one item is kept.

    A pure function of what is asked: neither the path, nor the line numbers, nor the time are part of it.
    """
    has_term = "" if term is None else "term"
    return digest(_VERSION, content, angle, angle_version, has_term, term or "", location, str(pass_number))


def location_key(
    *, provider_type: str, endpoint: str | None, model: str, parameters: Mapping[str, JsonValue] | None = None
) -> str:
    """The name of a model as it is asked: who serves it, where, and with which parameters, in whatever order.

    Neither the location's id is part of it, nor its weight, its limits or its API key, as no answer depends on them.
    """
    ordered = json.dumps(dict(parameters or {}), sort_keys=True, separators=(",", ":"))
    has_endpoint = "" if endpoint is None else "endpoint"
    return digest(_VERSION, "location", provider_type, has_endpoint, endpoint or "", model, ordered)


def reply_key(
    *,
    text: str,
    context: str = "",
    template: str,
    angle: str,
    angle_version: str,
    term: str | None,
    location: str,
    pass_number: int,
    schema: Mapping[str, JsonValue] | None,
) -> str:
    """The key under which a model's reply to one question is kept: all that the reply depends on.

    `text` is the function, `context` what is shown around it, `template` the digest of the prompt's template,
    `location` a `location_key`. The order of the schema's properties counts: a model answers in that order.
    """
    asked = content_key(
        content_digest(text, context),
        angle=angle,
        angle_version=angle_version,
        term=term,
        location=location,
        pass_number=pass_number,
    )
    shape = "" if schema is None else json.dumps(dict(schema), separators=(",", ":"))
    return digest(_VERSION, "reply", asked, template, shape)


def file_key(path: str, text: str, location: str) -> str:
    """The key of the answer of a location that looks at a whole file once, whatever is asked about the file."""
    return digest(_VERSION, "file", path, text, location)


def unit_interval(*parts: str) -> float:
    """A number in [0, 1) that depends on the parts alone: chance that needs no generator and no order."""
    return int(digest(*parts)[:13], 16) / 16**13
