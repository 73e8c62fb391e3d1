"""The last whole JSON value in a text: where it stands, found with work that is linear in the text's length.

What a model says about code may quote JSON that somebody else wrote into the code. So a value counts only at the top
level of the text: one that stands inside something broken is a part of it, and never the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from codedesigner.call.jsontext import MAX_DEPTH

Miss = Literal[
    "no_json",
    "broken",  # the last thing that begins like JSON is none
    "inside_broken",  # the last value stands inside something that is none
    "unfinished",  # it begins like JSON and is not brought to an end
    "tangled",  # finding out would take too long
]

WORK = 16  # how often each character may be looked at, at most
_LITTLE = 1024
MOST_TRIES = 10_000  # brackets at which a value may begin

_SPACE = r"[ \t\r\n]*+"
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_NUMBER = r"-?\d[\d.eE+-]*+"
_MARK = r"(?P<mark>[{}\[\]:,])"
_STRICT = re.compile(
    rf"{_SPACE}(?:(?P<string>{_STRING})|(?P<scalar>{_NUMBER}|true|false|null|NaN|-?Infinity)|{_MARK})", re.DOTALL
)
# As Python and JavaScript write it: strings in single quotes, names without quotes, a comma too many.
_LOOSE = re.compile(
    rf"{_SPACE}(?:(?P<string>{_STRING}|(?P<single>'[^'\\\n]*+(?:\\.[^'\\\n]*+)*+'))"
    rf"|(?P<scalar>{_NUMBER}|(?:[tT]rue|[fF]alse|null|None|NaN|-?Infinity)(?![\w$]))"
    rf"|(?P<word>[A-Za-z_$][\w$]*+)|{_MARK})",
    re.DOTALL,
)
_GAP = re.compile(_SPACE)
_BRACKET = re.compile(r"[{}\[\]]")
_OPENER = re.compile(r"[{\[]")

_VALUE = {"string": "done", "scalar": "done", "{": "open", "[": "open"}
_FIRST_KEY = {"string": "colon", "}": "close"}
# state -> what may come next -> state. "done": a value is whole; "open" and "close": a container begins and ends.
_GRAMMAR: dict[str, dict[str, str]] = {
    "start": {"{": "open", "[": "open"},
    "first_key": _FIRST_KEY,
    "key": {"string": "colon"},
    "colon": {":": "value"},
    "value": _VALUE,
    "after_member": {",": "key", "}": "close"},
    "first_item": {**_VALUE, "]": "close"},
    "item": _VALUE,
    "after_item": {",": "item", "]": "close"},
}
_LOOSE_GRAMMAR: dict[str, dict[str, str]] = {
    **_GRAMMAR,
    "first_key": {**_FIRST_KEY, "word": "colon"},
    "key": {**_FIRST_KEY, "word": "colon"},
    "item": {**_VALUE, "]": "close"},
}


@dataclass(frozen=True, slots=True)
class Span:
    """Where a value stands, and how many characters were looked at to find it."""

    start: int
    end: int
    work: int = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """Why there is none, and how many characters were looked at."""

    why: Miss
    work: int = 0


@dataclass(frozen=True, slots=True)
class _Walk:
    """How far JSON goes from a bracket on. `begun`: at least a key with its colon, or a whole value inside."""

    end: int
    whole: bool
    begun: bool
    inner: int  # the innermost bracket that is still open


def find(text: str, *, loose: bool = False) -> Span | Missed:
    """The last whole object at the top level of `text`, or else the last whole array."""
    last: Span | None = None
    trouble: Miss | None = None
    at, work, tries = 0, 0, 0
    while at >= 0 and (opener := _OPENER.search(text, at)) is not None:
        start = opener.start()
        walk = _walk(text, start, loose=loose)
        work += walk.end - start
        if walk.whole:
            trouble, at = None, walk.end
            if last is None or text[start] == "{" or text[last.start] == "[":
                last = Span(start, walk.end)
        elif walk.begun:
            closed = _balanced(text, start)
            trouble = "broken" if closed >= 0 else "unfinished"
            work += (closed if closed >= 0 else len(text)) - start
            # What was read as a part of it is not looked at again, whatever the brackets in its strings say.
            at = max(closed, walk.end) if closed >= 0 else closed
        else:
            at = walk.inner + 1
        tries += 1
        if work > WORK * len(text) + _LITTLE or tries > MOST_TRIES:
            return Missed("tangled", work)
    if trouble is not None or last is None:
        return Missed(trouble or "no_json", work)
    work += len(text)
    if _inside(text, last):
        return Missed("inside_broken", work)
    return Span(last.start, last.end, work)


def tidied(text: str, span: Span) -> str:
    """What was found loosely, in JSON's own spelling."""
    pieces: list[str] = []
    at = span.start
    while at < span.end and (match := _LOOSE.match(text, at)) is not None:
        at = match.end()
        pieces.append(_piece(match))
        if pieces[-1] in ("}", "]") and len(pieces) > 1 and pieces[-2] == ",":
            del pieces[-2]
    return "".join(pieces)


_SPELLINGS = {"True": "true", "False": "false", "None": "null"}
_QUOTES = re.compile(r"""\\(.)|\"""", re.DOTALL)


def _piece(match: re.Match[str]) -> str:
    if (single := match["single"]) is not None:
        return f'"{_QUOTES.sub(_requoted, single[1:-1])}"'
    if (word := match["word"]) is not None:
        return f'"{word}"'
    piece = match["string"] or match["scalar"] or match["mark"]
    return _SPELLINGS.get(piece, piece)


def _requoted(match: re.Match[str]) -> str:
    if match[1] is None:
        return '\\"'
    return "'" if match[1] == "'" else match[0]


def _walk(text: str, start: int, *, loose: bool) -> _Walk:
    token, grammar = (_LOOSE, _LOOSE_GRAMMAR) if loose else (_STRICT, _GRAMMAR)
    opened: list[int] = []
    state, at, begun = "start", start, False
    while (match := token.match(text, at)) is not None:
        kind = match["mark"] or ("string" if match["string"] else match.lastgroup or "")
        step = grammar[state].get(kind)
        if step is None or (step == "open" and len(opened) == MAX_DEPTH):
            break
        at = match.end()
        begun = begun or step in ("value", "done", "close")
        if step == "open":
            opened.append(at - 1)
            state = "first_key" if kind == "{" else "first_item"
            continue
        if step == "close":
            opened.pop()
            if not opened:
                return _Walk(at, whole=True, begun=True, inner=start)
        state = step
        if step in ("done", "close"):
            state = "after_member" if text[opened[-1]] == "{" else "after_item"
    if match is None:
        at = _looked_at(text, at)
    return _Walk(at, whole=False, begun=begun, inner=opened[-1] if opened else start)


def _looked_at(text: str, at: int) -> int:
    """How far it was read where there is no token: a string without an end was looked for to the end of the text."""
    match = _GAP.match(text, at)
    begin = match.end() if match is not None else at
    return len(text) if text.startswith('"', begin) else begin


def _balanced(text: str, start: int) -> int:
    """Where the bracket at `start` is closed, strings not told apart; -1 if it is not."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        depth += 1 if bracket[0] in "{[" else -1
        if depth == 0:
            return bracket.end()
    return -1


def _inside(text: str, span: Span) -> bool:
    """Whether brackets around it say that it is, or could be, a part of something larger.

    It is where one before it is not closed. Where there are any before it, none may come after it: who can write into
    the text that a model quotes can balance brackets, and cannot take away those that end the model's own answer.
    """
    depth, any_before = 0, False
    for bracket in _BRACKET.finditer(text, 0, span.start):
        opens = bracket[0] in "{["
        any_before = any_before or opens
        depth = depth + 1 if opens else max(0, depth - 1)
    return depth > 0 or (any_before and _BRACKET.search(text, span.end) is not None)
