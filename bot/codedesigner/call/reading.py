"""From what a server sent to one JSON value, or to the reason why there is none. No schema is looked at here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from codedesigner.call.jsontext import Flaw, MalformedJsonError, parse
from codedesigner.call.model import Completion, Schema
from codedesigner.call.scan import Miss, Missed, Span, find, tidied

MAX_CHARACTERS = 1 << 20

Reason = Literal["empty", "too_big", "unfinished_thoughts"] | Miss | Flaw

REASONS: dict[Reason, str] = {
    "empty": "the answer is empty",
    "too_big": f"the answer has more than {MAX_CHARACTERS} characters",
    "unfinished_thoughts": "the answer ends before its thoughts do",
    "no_json": "the answer holds no JSON object",
    "broken": "the JSON in the answer has bad syntax",
    "inside_broken": "the brackets around the JSON in the answer do not match",
    "unfinished": "the JSON in the answer ends in the middle",
    "tangled": "the brackets in the answer are too tangled to be told apart",
    "syntax": "the JSON in the answer has bad syntax",
    "control_character": "a string in the answer holds a control character",
    "duplicate_keys": "an object in the answer has the same key twice",
    "number": "a number in the answer is not finite or has too many digits",
    "half_character": "a text in the answer holds half of a surrogate pair",
    "too_deep": "the answer is nested too deeply",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A JSON value. `how` says what had to be done to read it; empty: the text is exactly that value.

    `text` is what it was read from, without the thoughts. `thought`: there is no answer, the value is the last one in
    the thoughts, where some servers put it.
    """

    value: JsonValue
    how: tuple[str, ...]
    text: str
    thought: bool = False
    work: int = 0


@dataclass(frozen=True, slots=True)
class Unread:
    """No value can be read; `work` is how many characters the search looked at."""

    reason: Reason
    text: str = ""
    work: int = 0


def read(completion: Completion) -> Found | Unread:
    """The last whole JSON value of an answer. Never raises, and its work is linear in the length of the text.

    Spelling other than JSON's (single quotes, names without quotes, a comma too many, True) is put right only where
    the server says that the answer is whole, so that nothing that was cut off is ever made to look complete.
    """
    said = spoken(completion)
    if said.unfinished:
        return Unread("unfinished_thoughts")
    whole = completion.finish == "stop"
    if said.text:
        how = ("thoughts taken off",) if said.thoughts else ()
        return _after_lone_tag(completion, said.text) or _read(said.text, how, loose=whole)
    thoughts = said.thoughts or encodable(completion.reasoning).strip()
    if not thoughts or completion.finish not in ("stop", "unknown"):
        return Unread("empty")
    found = _read(thoughts, ("taken from the thoughts",), loose=False)
    if isinstance(found, Unread):
        return Unread("empty", work=found.work)
    return Found(found.value, found.how, found.text, thought=True, work=found.work)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An answer's text without the thoughts that a server left in it. `unfinished`: the thoughts have no end."""

    text: str
    thoughts: str = ""
    unfinished: bool = False


_TAGS = (("<think>", "</think>"), ("<thinking>", "</thinking>"))


def spoken(completion: Completion, *, lone_tag: bool = False) -> Spoken:
    """What was said, white space around it and one leading block of thoughts taken off.

    `lone_tag`: a closing tag alone ends thoughts, too. Many chat templates put the opening one into the prompt, so that
    it does not come back.
    """
    text = encodable(completion.text).strip()
    for opening, closing in _TAGS:
        if text.startswith(opening):
            thoughts, tag, rest = text[len(opening) :].partition(closing)
            return Spoken(rest.strip(), thoughts.strip(), unfinished=not tag)
        if lone_tag and closing in text:
            thoughts, _, rest = text.partition(closing)
            return Spoken(rest.strip(), thoughts.strip())
    return Spoken(text)


def encodable(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no file and no request can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def echo(value: JsonValue, schema: Schema) -> str | None:
    """Why `value` is the schema, or something of another shape altogether, and no attempt at an answer; or None."""
    properties = schema.get("properties")
    if not isinstance(value, dict) or not value or not isinstance(properties, dict) or not properties:
        return None
    if ({"properties", "$schema"} & set(value)) - set(properties):
        return "the answer is a JSON Schema, not a value that fits it"
    if value.get("type") == "object" and "type" not in properties:
        return "the answer is a JSON Schema, not a value that fits it"
    if not set(properties) & set(value):
        return "the answer has none of the keys that were asked for"
    return None


def _after_lone_tag(completion: Completion, text: str) -> Found | None:
    """What follows thoughts in `text` that only a closing tag ends, if it is a JSON value and nothing else.

    The tag may as well stand in a string of the answer, where whoever wrote the code has put it; then what follows it
    does not end with a value.
    """
    rest = spoken(completion, lone_tag=True).text
    if rest == text or len(rest) > MAX_CHARACTERS or text.startswith(("{", "[", "```")):
        return None
    json = _fenced(rest) or rest
    try:
        return Found(parse(json), ("thoughts taken off",), rest)
    except MalformedJsonError:
        return None


def _read(text: str, how: tuple[str, ...], *, loose: bool) -> Found | Unread:
    if len(text) > MAX_CHARACTERS:
        return Unread("too_big", text)
    try:
        return Found(parse(text), how, text)
    except MalformedJsonError as error:
        if error.flaw == "too_deep":
            return Unread("too_deep", text)
    spot = find(text)
    work = spot.work
    if isinstance(spot, Span):
        return _parsed(text[spot.start : spot.end], (*how, *_around(text, spot)), text, work)
    scalar = _fenced(text)
    if spot.why == "no_json" and scalar is not None:
        return _parsed(scalar, (*how, "a fence taken off"), text, work)
    if not loose or spot.why == "tangled":
        return Unread(spot.why, text, work)
    return _loosely(text, how, spot)


def _loosely(text: str, how: tuple[str, ...], strict: Missed) -> Found | Unread:
    spot = find(text, loose=True)
    work = strict.work + spot.work
    if isinstance(spot, Missed):
        return Unread(strict.why, text, work)
    how = (*how, *_around(text, spot), "spelling put right")
    return _parsed(tidied(text, spot), how, text, work)


def _parsed(json: str, how: tuple[str, ...], text: str, work: int) -> Found | Unread:
    try:
        return Found(parse(json), how, text, work=work)
    except MalformedJsonError as error:
        if error.flaw != "control_character":
            return Unread(error.flaw, text, work)
    try:
        value = parse(json, control_characters=True)
    except MalformedJsonError as error:
        return Unread(error.flaw, text, work)
    return Found(value, (*how, "control characters let pass"), text, work=work)


def _around(text: str, span: Span) -> tuple[str, ...]:
    before, after = text[: span.start].strip(), text[span.end :].strip()
    if not before and not after:
        return ()
    if before.startswith("```") and "\n" not in before and after == "```":
        return ("a fence taken off",)
    return ("text around it taken off",)


def _fenced(text: str) -> str | None:
    """What stands between the only two fences, where nothing stands around them."""
    lines = text.split("\n")
    if len(lines) < 3 or not lines[0].startswith("```") or lines[-1].strip() != "```":
        return None
    return "\n".join(lines[1:-1])
