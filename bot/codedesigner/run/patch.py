"""A difference between two texts as a patch that `git apply` takes, byte for byte. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from codedesigner.change.model import encode
from codedesigner.run.fix import lines_with_ends

_CONTEXT = 3
_MOST_COMPARISONS = 4_000_000  # above it, what lies between the first and the last difference is one block
_NAMED = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}

_Opcode = tuple[str, int, int, int, int]


def to_patch(path: str, old_text: str, new_text: str) -> str:
    """The unified diff of one file that stays where it is; the empty string where nothing changes.

    Line ends, also CR LF, a missing LF at the end and bytes that are not UTF-8 are kept; encode it with
    `change.model.encode`. Names are quoted as git quotes them.
    """
    if old_text == new_text:
        return ""
    old, new = lines_with_ends(old_text), lines_with_ends(new_text)
    header = f"diff --git {_name('a/', path)} {_name('b/', path)}\n"
    body = "".join(line for group in _groups(old, new) for line in _hunk(group, old, new))
    return f"{header}--- {_ended(_name('a/', path))}\n+++ {_ended(_name('b/', path))}\n{body}"


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[Sequence[_Opcode]]:
    """Opcodes as difflib gives them, three lines of context around each group."""
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    left = shortest - head
    tail = next((n for n in range(left) if old[-1 - n] != new[-1 - n]), left)
    first = max(0, head - _CONTEXT)
    kept = min(tail, _CONTEXT)
    before, after = old[first : len(old) - tail + kept], new[first : len(new) - tail + kept]
    if len(before) * len(after) > _MOST_COMPARISONS:
        start, end, end_new = head - first, len(before) - kept, len(after) - kept
        same = ("equal", 0, start, 0, start)
        rest = ("equal", end, len(before), end_new, len(after))
        groups: list[list[_Opcode]] = [[same, ("replace", start, end, start, end_new), rest]]
    else:
        groups = list(SequenceMatcher(None, before, after, autojunk=False).get_grouped_opcodes(_CONTEXT))
    for group in groups:
        placed = [(tag, a + first, b + first, c + first, d + first) for tag, a, b, c, d in group]
        yield _with_context(placed, len(old))


def _with_context(group: list[_Opcode], lines: int) -> list[_Opcode]:
    """The group with as much context as there is: git takes a hunk that ends early for one at the end of the file.

    Among equal lines difflib may place a change right at the edge of what it was given. Outside of that, the two
    texts are the same.
    """
    tag, a, b, c, d = group[0]
    more = min(_CONTEXT - (b - a if tag == "equal" else 0), a, c)
    if more > 0:
        group = [("equal", a - more, a, c - more, c), *group]
    tag, a, b, c, d = group[-1]
    more = min(_CONTEXT - (b - a if tag == "equal" else 0), lines - b)
    return [*group, ("equal", b, b + more, d, d + more)] if more > 0 else group


def _hunk(group: Sequence[_Opcode], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    yield f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@\n"
    for tag, a, b, c, d in group:
        if tag == "equal":
            yield from (_line(" ", line) for line in old[a:b])
        else:
            yield from (_line("-", line) for line in old[a:b])
            yield from (_line("+", line) for line in new[c:d])


def _range(start: int, end: int) -> str:
    # A side without lines names the line before them.
    return f"{start + 1},{end - start}" if end > start else f"{start},0"


def _line(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"


def _name(prefix: str, path: str) -> str:
    """A name as git writes it: in quotes, C style, as soon as one byte of it is not plain."""
    data = encode(path)
    if all(32 <= byte < 127 and byte not in (34, 92) for byte in data):
        return f"{prefix}{path}"
    quoted = "".join(_NAMED.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}") for byte in data)
    return f'"{prefix}{quoted}"'


def _ended(name: str) -> str:
    # Without the tab, git would take what follows a blank for a date.
    return f"{name}\t" if " " in name and not name.startswith('"') else name
