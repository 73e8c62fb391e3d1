"""The names of a file in a diff: quoting, prefixes, and the `diff --git` line that holds two names in one string."""

from __future__ import annotations

import re

from codedesigner.change.model import decode, encode

NO_FILE = "/dev/null"
LONGEST_HEADER = 40_000  # characters: two quoted names of 4096 bytes each fit; longer lines would be slow to split

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


def unquote(name: str) -> str:
    """The path that git or GNU diff wrote as `name`: C escapes undone when it stands in double quotes.

    Raises:
        ValueError: the quoting is not closed, or holds an escape that C does not know.
    """
    if not name.startswith('"'):
        return name
    quoted = _QUOTED.fullmatch(name)
    if quoted is None:
        raise ValueError("the quote is not closed")
    return decode(_ESCAPE.sub(_unescape, encode(quoted[1])))


def _unescape(escape: re.Match[bytes]) -> bytes:
    code = escape[1]
    if len(code) == 3:
        return bytes([int(code, 8) & 0xFF])
    if code not in _LETTERS:
        raise ValueError(f"unknown escape \\{code.decode('latin-1')}")
    return bytes([_LETTERS[code]])


def file_line_name(rest: str) -> tuple[str, str]:
    """The path and the time stamp of a `--- ` or `+++ ` line; `rest` is what follows the marker.

    Git ends a name that holds a space with a TAB, GNU diff puts a TAB and the time there. A TAB that belongs to the
    name is always quoted, so the first bare one ends it.

    Raises:
        ValueError: the name is badly quoted.
    """
    if rest.startswith('"'):
        quoted = _QUOTED.match(rest)
        end = quoted.end() if quoted else len(rest)
        return unquote(rest[:end]), rest[end:].strip()
    name, _, stamp = rest.partition("\t")
    return name, stamp


def same_file(old: str, new: str) -> str | None:
    """The path that two names share once their prefixes (`a/` and `b/`, or any first folder) are dropped, or None.

    Equal names carry no prefix: `--no-prefix` writes them alike, and prefixes exist to make the two differ.
    """
    if old == new:
        return new
    _, old_slash, old_rest = old.partition("/")
    _, new_slash, new_rest = new.partition("/")
    return new_rest if old_slash and new_slash and old_rest == new_rest and new_rest else None


def new_name(old: str, new: str) -> str:
    """The path of the new side when the two names differ by more than a prefix, as in `diff -u x.orig x`."""
    return new[2:] if old.startswith("a/") and new.startswith("b/") else new


def path_of_git_line(rest: str) -> str | None:
    """The one path that a `diff --git` line names twice; `rest` is what follows the marker.

    The line cannot be split at a space, for ` b/` may be part of a path. But both halves name the same file here
    (renames and copies say their names elsewhere), so with prefixes of equal length the middle is the border. None
    where no border makes the halves name one file.

    Raises:
        ValueError: a name is badly quoted.
    """
    if rest.startswith('"'):
        quoted = _QUOTED.match(rest)
        if quoted is None:
            raise ValueError("the quote is not closed")
        return same_file(unquote(quoted[0]), unquote(rest[quoted.end() + 1 :]))
    if len(rest) > LONGEST_HEADER:
        return None
    middle = len(rest) // 2
    borders = (at for at, char in enumerate(rest) if char == " ")
    for at in sorted(borders, key=lambda at: abs(at - middle)):
        path = same_file(rest[:at], rest[at + 1 :])
        if path is not None:
            return path
    return None
