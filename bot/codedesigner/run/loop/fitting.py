"""What a model wrote, made to fit the file: lines that it need not have touched are the file's own again. Pure.

A model is shown lines with invisible characters by name and without line ends, and it copies what it is shown. It may
also put a fence around its answer, or move all of it to the left.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from codedesigner.change.visible import line_shown
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.lines import opcodes

_FENCES = ("```", "~~~")
_PAIR = 2
_BLANK = " \t"
_SURROGATE = re.compile("[\ud800-\udfff]")
_BREAKING = re.compile("[\r\v\f\x1c-\x1e\x85\u2028\u2029]")


def fitted(said: str, old: str) -> str | None:
    """`said`, to stand where `old` stands; None where it holds what is no text."""
    before = lines_with_ends(old)
    written = _unfenced([line.removesuffix("\n").removesuffix("\r") for line in lines_with_ends(said)])
    while written and not written[0].strip() and before and before[0].strip():
        written.pop(0)
    while written and not written[-1].strip() and before and before[-1].strip():
        written.pop()
    lines = _moved(written, before)
    shown = [line_shown(line.removesuffix("\n")).rstrip() for line in before]
    compared = [line.rstrip() for line in lines]
    kept: list[str] = []
    end = "\r\n" if sum(line.endswith("\r\n") for line in before) * 2 > len(before) else "\n"
    for tag, old_start, old_end, new_start, new_end in opcodes(shown, compared):
        if tag == "equal":
            kept += before[old_start:old_end]
            continue
        for line in lines[new_start:new_end]:
            if _SURROGATE.search(line) or _BREAKING.search(line):
                return None
            kept.append(f"{line}{end}")
    return _ended(kept, before, end)


def tidied(new: str, old: str, needless: str = "") -> str:
    """`new` without blanks at the ends of lines, and with the line ends of `old`, as far as both were not there before.

    Who takes the second of two statements out of a line leaves what stood between them: `needless` are characters that
    end no line then, either.
    """
    before, after = lines_with_ends(old), lines_with_ends(new)
    ends = {_end(line) for line in before} - {""}
    end = ends.pop() if len(ends) == 1 else ""
    kept: list[str] = []
    for tag, old_start, old_end, new_start, new_end in opcodes(before, after):
        for at, line in enumerate(after[new_start:new_end], old_start):
            was = _body(before[at]) if at < old_end else ""
            kept.append(line if tag == "equal" else _tidied(line, was, end, needless))
    return "".join(kept)


def _tidied(line: str, was: str, end: str, needless: str) -> str:
    body, own = _body(line), _end(line)
    if was == was.rstrip(_BLANK):
        body = body.rstrip(_BLANK)
    if needless and was.startswith(body) and not was.endswith(tuple(needless)):
        body = body.rstrip(_BLANK + needless)
    return body + (end or own if own else "")


def _end(line: str) -> str:
    return "\r\n" if line.endswith("\r\n") else "\n" if line.endswith("\n") else ""


def _body(line: str) -> str:
    return line[: len(line) - len(_end(line))]


def _unfenced(lines: list[str]) -> list[str]:
    """The lines within the fence that all of them stand in; without one, all of them."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if len(filled) < _PAIR:
        return lines
    first, last = lines[filled[0]].strip(), lines[filled[-1]].strip()
    marked = first.startswith(_FENCES) and last.startswith(_FENCES) and set(last) == {first[0]}
    return lines[filled[0] + 1 : filled[-1]] if marked else lines


def _ended(kept: Sequence[str], before: Sequence[str], end: str) -> str:
    """With an end of the last line where the original has one, and without where it has none."""
    lines = [line if line.endswith("\n") else f"{line}{end}" for line in kept]
    if lines and before and not before[-1].endswith("\n"):
        lines[-1] = lines[-1].removesuffix(end)
    return "".join(lines)


def _moved(written: Sequence[str], before: Sequence[str]) -> list[str]:
    """The lines with the indentation of the original, where all of them were moved by the same amount."""
    old = _indent(next((line for line in before if line.strip()), ""))
    new = _indent(next((line for line in written if line.strip()), ""))
    if old == new:
        return list(written)
    if not new:
        return [f"{old}{line}" if line.strip() else line for line in written]
    if new.startswith(old):
        extra = new[len(old) :]
        if all(not line.strip() or line.startswith(extra) for line in written):
            return [line[len(extra) :] if line.strip() else line for line in written]
    return list(written)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
