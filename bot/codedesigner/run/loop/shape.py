"""Whether a fixed file parses, and whether the fix kept to its function. Pure; who parses is passed in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codedesigner.change.model import Span, split_lines
from codedesigner.change.parsing import NamedSpan
from codedesigner.run.loop.problem import Attempt


@dataclass(frozen=True, slots=True)
class Shape:
    """Whether a text parses, None where nobody can say, and its definitions, None where they are not known."""

    parses: bool | None
    definitions: tuple[NamedSpan, ...] | None = None


Parse = Callable[[Sequence[tuple[str | None, str]]], Sequence[Shape]]
"""The shapes of texts, each in its language, in order."""


def misshapen(attempt: Attempt, before: Shape, after: Shape) -> str | None:
    """What the shape of a fixed file says against it."""
    if after.parses is False:
        return "the file would not parse"
    if attempt.fix is not None:
        return None
    if after.parses is None or before.definitions is None or after.definitions is None:
        return "nobody here can tell whether the result parses"
    return _strayed(attempt, before.definitions, after.definitions)


def _strayed(attempt: Attempt, before: Sequence[NamedSpan], after: Sequence[NamedSpan]) -> str | None:
    """Whether anything but the function itself is another than before."""
    unit = attempt.problem.unit
    name = "" if unit is None else unit.name
    gone = _names(before) - _names(after)
    if gone[name]:
        return "it takes the function out, or gives it another name"
    if _outside(before, name) != _outside(after, name):
        return "it brings in, or takes out, definitions outside of the function"
    if unit is None or unit.kind not in ("function", "method", "class"):
        return None
    old = _trimmed(attempt.region, split_lines(attempt.problem.source.text))
    new = _trimmed(attempt.span, split_lines(attempt.text))
    was = any(each.name == name and each.span == old for each in before)
    fits = any(each.name == name and each.span == new for each in after)
    return "it edits outside of the function" if was and not fits else None


def _names(spans: Sequence[NamedSpan]) -> Counter[str]:
    return Counter(each.name for each in spans)


def _outside(spans: Sequence[NamedSpan], name: str) -> Counter[str]:
    return Counter(each.name for each in spans if each.name != name and not each.name.startswith(f"{name}."))


def _trimmed(span: Span, lines: Sequence[str]) -> Span:
    """The span without blank lines at its ends."""
    filled = [number for number in range(span.start, min(span.end, len(lines)) + 1) if lines[number - 1].strip()]
    return Span(filled[0], filled[-1]) if filled else span
