"""A function's text as lines of the loop, and a new text as changes of them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from codedesigner.change.model import Span
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.state import Line, Modification

_MOST_COMPARISONS = 4_000_000  # above it, what lies between the first and the last difference is one block

Opcode = tuple[str, int, int, int, int]


def opcodes(before: Sequence[str], after: Sequence[str]) -> list[Opcode]:
    """What turns one list of lines into the other, as difflib says it, in bounded time whatever they hold."""
    shortest = min(len(before), len(after))
    head = next((n for n in range(shortest) if before[n] != after[n]), shortest)
    left = shortest - head
    tail = next((n for n in range(left) if before[-1 - n] != after[-1 - n]), left)
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    found: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    if old and new and len(old) * len(new) > _MOST_COMPARISONS:
        found.append(("replace", head, len(before) - tail, head, len(after) - tail))
    else:
        inner = SequenceMatcher(None, old, new, False).get_opcodes()
        found += [(tag, a + head, b + head, c + head, d + head) for tag, a, b, c, d in inner]
    if tail:
        found.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return found


def lines_of(text: str, first: int, statements: Sequence[Span] = ()) -> tuple[Line, ...]:
    """The text, whose first line has the number `first`, cut where statements start; without any, line by line.

    What stands before the first statement belongs to it, what stands behind one belongs to that.
    """
    physical = lines_with_ends(text)
    numbers = range(first, first + len(physical))
    starts = sorted({span.start for span in statements if span.start in numbers}) if statements else list(numbers)
    starts = [first, *starts[1:]] if starts else [first]
    ends = [*starts[1:], first + len(physical)]
    pieces = [(start, "".join(physical[start - first : end - first])) for start, end in zip(starts, ends, strict=True)]
    return tuple(Line(start, piece, piece) for start, piece in pieces if piece)


def changes_to(lines: Sequence[Line], text: str, reason: str, angle: str) -> Mapping[int, Modification]:
    """What has to change in which line (by index) for all of them to be `text`.

    New text stands in the line whose text it replaces, one for one as far as there are enough, or in the one before it.
    """
    owners = [index for index, line in enumerate(lines) for _ in lines_with_ends(line.current_content)]
    before = [piece for line in lines for piece in lines_with_ends(line.current_content)]
    after = lines_with_ends(text)
    found: dict[int, list[str]] = defaultdict(list)
    for tag, old_start, old_end, new_start, new_end in opcodes(before, after):
        if tag == "equal":
            for offset in range(old_end - old_start):
                found[owners[old_start + offset]].append(after[new_start + offset])
            continue
        last = max(old_start, old_end - 1) if tag == "replace" else max(0, old_start - 1)
        for offset, piece in enumerate(after[new_start:new_end]):
            found[owners[min(old_start + offset, last)] if owners else 0].append(piece)
    contents = {index: "".join(found.get(index, ())) for index in range(len(lines))}
    return {
        index: Modification(lines[index].current_content, content, reason, angle)
        for index, content in contents.items()
        if content != lines[index].current_content
    }
