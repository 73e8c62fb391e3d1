"""The names of questions: the same content asked in the same way has the same key, in any run and on any machine."""

from __future__ import annotations

from hashlib import sha256

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


def file_key(path: str, text: str, location: str) -> str:
    """The key of the answer of a location that looks at a whole file once, whatever is asked about the file."""
    return digest(_VERSION, "file", path, text, location)


def unit_interval(*parts: str) -> float:
    """A number in [0, 1) that depends on the parts alone: chance that needs no generator and no order."""
    return int(digest(*parts)[:13], 16) / 16**13
