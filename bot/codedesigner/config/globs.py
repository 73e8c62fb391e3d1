"""Path patterns: the lines of a `.gitignore`, matched in time that no path can blow up.

Translating such patterns to regular expressions makes matching exponential in the number of stars (five stars
against 120 letters take seconds), and the paths come from whoever wrote the change. This matcher never backtracks
further than its last star.

    *.min.js       a name, anywhere              src/*.py      from the root, `*` stays inside a folder
    vendor/        a folder, anywhere            /setup.py     only at the root
    docs/**        everything below              a/**/b.py     any number of folders between
    ?  [abc]  [a-z]  [!a-z]                      one character
    !keep.min.js   takes back what an earlier pattern of the same list matched

A pattern that matches a folder matches everything below it. Of several patterns the last that matches decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

MAX_LENGTH = 300

_T = TypeVar("_T")
_U = TypeVar("_U")
_ANY = "**"  # any number of folders


def check_glob(pattern: str) -> str:
    """`pattern` itself.

    Raises:
        ValueError: it would silently match nothing, or not what its writer means.
    """
    Glob.parse(pattern)
    return pattern


@dataclass(frozen=True, slots=True)
class _Class:
    """A bracket expression: inclusive ranges of characters, or all but these."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool

    def matches(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) != self.negated


_Piece = str | _Class  # a literal character, `_STAR`, `_ONE`, or a class
_STAR, _ONE = "\0*", "\0?"


@dataclass(frozen=True, slots=True)
class _Segment:
    """One name of a pattern. With `pieces` None it is `prefix` alone, or `prefix`, one star and `suffix`."""

    prefix: str
    suffix: str | None
    pieces: tuple[_Piece, ...] | None

    @classmethod
    def of(cls, pieces: tuple[_Piece, ...]) -> _Segment:
        stars = pieces.count(_STAR)
        plain = all(isinstance(piece, str) and len(piece) == 1 for piece in pieces if piece != _STAR)
        if not plain or stars > 1:
            return cls("", None, pieces)
        before, star, after = "".join(map(str, pieces)).partition(_STAR)
        return cls(before, after if star else None, None)

    def matches(self, name: str) -> bool:
        if self.pieces is not None:
            return _wild(self.pieces, name, _STAR, _piece_matches)
        if self.suffix is None:
            return name == self.prefix
        enough = len(name) >= len(self.prefix) + len(self.suffix)
        return enough and name.startswith(self.prefix) and name.endswith(self.suffix)


_EVERY = _Segment.of((_STAR,))


@dataclass(frozen=True, slots=True)
class Glob:
    """One pattern, ready to match. `negated`: it takes back."""

    text: str
    negated: bool
    segments: tuple[str | _Segment, ...]
    anywhere: _Segment | None  # for a pattern of one name, that name; `inside` says whether it has to be a folder
    inside: bool

    @classmethod
    def parse(cls, text: str) -> Glob:
        """The pattern written as `text`; ValueError as for `check_glob`."""
        _refuse_traps(text)
        negated = text.startswith("!")
        body = text.removeprefix("!")
        parts = body.strip("/").split("/")
        if "" in parts or "." in parts or ".." in parts:
            raise ValueError(f"{text!r} has an empty part, `.` or `..` in it; paths are written from the root")
        anchored = "/" in body.rstrip("/")
        inside = body.endswith("/") or parts[-1] == _ANY
        if parts[-1] == _ANY and not body.endswith("/"):
            parts.pop()
        elif parts[-1] == _ANY:
            parts[-1] = "*"
        wanted = [_ANY if part == _ANY else _Segment.of(_pieces(part, text)) for part in parts]
        if not anchored and wanted:
            wanted.insert(0, _ANY)
        # Whatever lies below a match is matched too; what has to be a folder needs something below it.
        wanted += [_EVERY, _ANY] if inside else [_ANY]
        only = wanted[1] if not anchored and len(parts) == 1 else None
        return cls(text, negated, tuple(wanted), only if isinstance(only, _Segment) else None, inside)

    def matches(self, path: str) -> bool:
        """Whether `path` (with `/`, from the root, no leading slash) or a folder above it matches."""
        return self.matches_parts(path.split("/"))

    def matches_parts(self, parts: Sequence[str]) -> bool:
        """`matches` for a path that is split already."""
        name = self.anywhere
        if name is not None:
            return any(name.matches(part) for part in (parts[:-1] if self.inside else parts))
        return _wild(self.segments, parts, _ANY, _segment_matches)


@dataclass(frozen=True)
class GlobList:
    """Patterns of which the last that matches decides."""

    patterns: tuple[str, ...]
    _globs: tuple[Glob, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_globs", tuple(Glob.parse(pattern) for pattern in self.patterns))

    def deciding(self, path: str) -> str | None:
        """The pattern that makes the list match `path`, or None where it does not match."""
        parts = path.split("/")
        for glob in reversed(self._globs):
            if glob.matches_parts(parts):
                return None if glob.negated else glob.text
        return None


def _refuse_traps(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a pattern may have {MAX_LENGTH} characters")
    if not text.strip("!/ ") or text != text.strip():
        raise ValueError(f"{text!r} is empty or has spaces around it")
    if "\\" in text:
        raise ValueError(f"{text!r} has a backslash; folders are separated by `/`, and `[*]` is a literal star")
    if "{" in text or "}" in text:
        raise ValueError(f"{text!r} has braces, which are not expanded; write one pattern for each")
    if "\0" in text:
        raise ValueError("a pattern cannot hold a NUL character")


def _pieces(part: str, text: str) -> tuple[_Piece, ...]:
    pieces: list[_Piece] = []
    position = 0
    while position < len(part):
        character = part[position]
        if character == "[":
            piece, position = _bracket(part, position + 1, text)
            pieces.append(piece)
            continue
        position += 1
        if character == "*":
            if not pieces or pieces[-1] != _STAR:
                pieces.append(_STAR)
        else:
            pieces.append(_ONE if character == "?" else character)
    return tuple(pieces)


def _bracket(part: str, start: int, text: str) -> tuple[_Class, int]:
    negated = part[start : start + 1] in ("!", "^")
    first = start + negated
    end = part.find("]", first + 1)  # a `]` that comes first is a member
    if end < 0:
        raise ValueError(f"{text!r} has a `[` without its `]`")
    ranges: list[tuple[str, str]] = []
    position = first
    while position < end:
        if position + 2 < end and part[position + 1] == "-":
            ranges.append((part[position], part[position + 2]))
            position += 3
        else:
            ranges.append((part[position], part[position]))
            position += 1
    return _Class(tuple(ranges), negated), end + 1


def _segment_matches(wanted: str | _Segment, name: str) -> bool:
    return isinstance(wanted, _Segment) and wanted.matches(name)


def _piece_matches(piece: _Piece, character: str) -> bool:
    if isinstance(piece, _Class):
        return piece.matches(character)
    return piece in (_ONE, character)


def _wild(wanted: Sequence[_T], given: Sequence[_U], star: str, same: Callable[[_T, _U], bool]) -> bool:
    """Wildcard matching where `star` stands for any number of elements.

    On a mismatch only the last star takes one more: an earlier one cannot help. At most len(wanted) * len(given)
    comparisons.
    """
    at = here = 0
    last_star = resume = -1
    while here < len(given):
        if at < len(wanted) and wanted[at] == star:
            last_star, resume = at, here
            at += 1
        elif at < len(wanted) and same(wanted[at], given[here]):
            at += 1
            here += 1
        elif last_star >= 0:
            resume += 1
            at, here = last_star + 1, resume
        else:
            return False
    return all(rest == star for rest in wanted[at:])
