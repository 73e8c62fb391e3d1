"""What a server's error says, in whatever shape: OpenAI's, Anthropic's, Ollama's, FastAPI's, plain text or a page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape

MOST_PARSED = 2**20
"""Bytes of a body that are read as JSON; of a longer one, or one that is no JSON, the beginning is read as text."""
MOST_MATCHED = 2_000
"""Characters of a message in which words are looked for. It may repeat the question, which is not to be believed."""

_CODE_FIELDS = ("code", "type", "status", "kind")
_TEXT_FIELDS = ("message", "msg", "detail", "error", "title")
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_TAG = re.compile(r"<(?:script|style)\b.{0,20000}?</(?:script|style)>|<[^<>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_DEEPEST = 5
_AROUND = frozenset({"body", "query", "header"})


@dataclass(frozen=True, slots=True)
class Said:
    """An error in one shape. `codes` are in lower case; `numbers` are those of them that could be a status of HTTP.

    `parameter` is the one that the server names in a field of its own. `filtered`: a content filter's verdict is there.
    """

    message: str = ""
    codes: frozenset[str] = frozenset()
    numbers: tuple[int, ...] = ()
    parameter: str | None = None
    filtered: bool = False
    headers: Mapping[str, str] | None = None

    @property
    def matched(self) -> str:
        """The part of the message that is looked at, in lower case."""
        return self.message[:MOST_MATCHED].lower()


def said_in(body: bytes) -> Said:
    """What the body of an error says."""
    if len(body) <= MOST_PARSED:
        with suppress(ValueError, RecursionError):
            return said_by(json.loads(body))
    return Said(message=_plain(body[:MOST_PARSED].decode("utf-8", "replace")))


def said_by(parsed: object) -> Said:
    """What a parsed error says."""
    return _merged(list(_pieces(parsed, _DEEPEST)))


def error_of(parsed: object) -> object:
    """The error inside an answer that claims to be none; None where there is none."""
    if isinstance(parsed, list):
        return error_of(parsed[0]) if len(parsed) == 1 and isinstance(parsed[0], dict) else None
    if not isinstance(parsed, dict):
        return None
    if parsed.get("error"):
        return parsed
    if parsed.get("object") == "error" or parsed.get("type") == "error":
        return parsed
    choices = parsed.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict) and choices[0].get("error"):
        return {"error": choices[0]["error"]}
    return None


def _merged(pieces: list[Said]) -> Said:
    messages = list(dict.fromkeys(piece.message.strip() for piece in pieces if piece.message.strip()))
    return Said(
        message="; ".join(messages),
        codes=frozenset().union(*(piece.codes for piece in pieces)),
        numbers=tuple(number for piece in pieces for number in piece.numbers),
        parameter=next((piece.parameter for piece in pieces if piece.parameter), None),
        filtered=any(piece.filtered for piece in pieces),
        headers=next((piece.headers for piece in pieces if piece.headers), None),
    )


def _pieces(value: object, deepest: int) -> Iterator[Said]:
    """From the outside in. `input`, in which some servers repeat the question, is never looked at."""
    if deepest == 0:
        return
    if isinstance(value, str):
        yield Said(message=_plain(value))
    elif isinstance(value, list):
        for each in value[:10]:
            yield from _pieces(each, deepest - 1)
    elif isinstance(value, dict):
        yield from _object(value, deepest)


def _object(value: dict[str, object], deepest: int) -> Iterator[Said]:
    codes = [value[name] for name in _CODE_FIELDS if isinstance(value.get(name), str | int)]
    yield Said(
        codes=frozenset(str(code).lower()[:100] for code in codes),
        numbers=tuple(number for code in codes if (number := _status(code)) is not None),
        parameter=_parameter(value),
        filtered="content_filter_result" in value or "content_filter_results" in value,
    )
    place = _place(value)
    if place and isinstance(value.get("msg"), str):
        yield Said(message=f"{place}: {value['msg']}")
        return
    for name in _TEXT_FIELDS:
        yield from _pieces(value.get(name), deepest - 1)
    for name in ("innererror", "inner_error", "errors"):
        if isinstance(value.get(name), dict | list):
            yield from _pieces(value[name], deepest - 1)
    if isinstance(metadata := value.get("metadata"), dict):
        yield from _metadata(metadata, deepest - 1)


def _metadata(metadata: dict[str, object], deepest: int) -> Iterator[Said]:
    """What OpenRouter passes on: the words of the one who serves the model, as text that may be JSON."""
    raw = metadata.get("raw")
    if isinstance(raw, str):
        with suppress(ValueError, RecursionError):
            raw = json.loads(raw[:MOST_PARSED])
    yield from _pieces(raw, deepest)
    headers = metadata.get("headers")
    if isinstance(headers, dict):
        yield Said(headers={str(name).lower(): str(text) for name, text in headers.items()})
    yield Said(filtered=bool(metadata.get("flagged_input")))


def _parameter(value: dict[str, object]) -> str | None:
    parameter = value.get("param")
    return parameter[:100] if isinstance(parameter, str) and parameter else _place(value)


def _place(value: dict[str, object]) -> str | None:
    """Where FastAPI finds something wrong, such as `response_format.type`."""
    place = value.get("loc")
    if not isinstance(place, list):
        return None
    return ".".join(name for name in place if isinstance(name, str) and name not in _AROUND)[:100] or None


def _status(code: object) -> int | None:
    text = str(code)
    number = int(text) if len(text) == 3 and text.isdecimal() else 0
    return number if 400 <= number <= 599 else None


def _plain(text: str) -> str:
    head = text.lstrip()[:1]
    if head != "<":
        return text
    title = _TITLE.search(text[:MOST_PARSED])
    found = title.group(1) if title else _TAG.sub(" ", text[: 10 * MOST_MATCHED])
    return unescape(" ".join(found.split()))
