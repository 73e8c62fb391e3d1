"""The text that an analyser gets instead of the original.

It has the same number of code points and bytes on every line, so that positions stay true, but every program counts
its lines as we do (by LF alone), and nothing in it can tell an analyser to look away: a directive such as `noqa` is
blanked, and its place is told to the caller, who decides what it is worth.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codedesigner.change.directives import MAY_DIRECT, directives_in


@dataclass(frozen=True, slots=True)
class Prepared:
    """Harmless text. `altered` are the 1-based lines that differ from the original.

    `lone_cr`: some CR that Python or a shell would take as the end of a line was replaced, so a complaint about the
    syntax may be our own doing.
    """

    text: str
    altered: frozenset[int]
    lone_cr: bool


_WORD = re.compile(r"[^\s]")
_LONE_CR = re.compile(r"\r(?!\n|\Z)")
# Same length in UTF-8; the replacements mean nothing in any language, so none can hide code.
_LINE_BREAKERS = str.maketrans(
    {"\v": " ", "\x1c": " ", "\x1d": " ", "\x1e": " ", "\x85": "\xb6", "\u2028": "\u2026", "\u2029": "\u2026"}
)
# Python allows a form feed before an indentation, where a space would change its depth.
_INNER_FORM_FEED = re.compile(r"(?<=[^\n\f])\f")
_BREAKERS = re.compile("[\v\f\x1c-\x1e\x85\u2028\u2029]")


def prepare(text: str) -> Prepared:
    """`text` as analysers may see it."""
    lone_cr = _LONE_CR.search(text) is not None
    plain = _LONE_CR.sub(" ", text) if lone_cr else text
    if _BREAKERS.search(plain):
        plain = _INNER_FORM_FEED.sub(" ", plain).translate(_LINE_BREAKERS)
    if not MAY_DIRECT.search(plain) and plain is text:
        return Prepared(text, frozenset(), lone_cr=False)
    before = text.split("\n")
    after = [_blank(line) for line in plain.split("\n")]
    altered = frozenset(number for number, pair in enumerate(zip(before, after, strict=True), 1) if pair[0] != pair[1])
    return Prepared("\n".join(after), altered, lone_cr)


def _blank(line: str) -> str:
    for _, match in directives_in(line):
        start, end = match.span(1)
        line = line[:start] + _WORD.sub("_", line[start:end]) + line[end:]
    return line
