"""The changed functions with their text: what an item shows to a reviewer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.change.model import FileChange, Side, Span, Unit, split_lines


@dataclass(frozen=True, slots=True)
class Target:
    """A unit with its text.

    `identity` names it independently of its line numbers, so that it stays the same while code above it moves.
    `text` is the whole unit, `added` and `removed` what the change put there and took away, `file_text` the file it
    stands in, `context` the brief that goes with it.
    """

    unit: Unit
    identity: str
    text: str
    added: str
    removed: str
    file_text: str
    context: str = ""


class _FileLines:
    """The lines of one file, and where its removed lines were, ready for many lookups."""

    def __init__(self, file: FileChange) -> None:
        self._file = file
        self._sides: dict[Side, Mapping[int, str]] = {}
        removed = list(_removed_places(file))
        self._removed_at = [place for place, _ in removed]
        self._removed = [text for _, text in removed]

    def numbered(self, side: Side) -> Mapping[int, str]:
        """1-based number -> line; where the file itself is not known, only the lines that the diff shows."""
        if side not in self._sides:
            self._sides[side] = _numbered(self._file, side)
        return self._sides[side]

    def removed(self, span: Span) -> str:
        """The lines that were taken away from within these lines of the new side."""
        start, end = bisect_left(self._removed_at, span.start), bisect_right(self._removed_at, span.end)
        return "\n".join(self._removed[start:end])


def targets_of(
    units: Sequence[Unit], files: Sequence[FileChange], contexts: Mapping[str, str] | None = None
) -> tuple[Target, ...]:
    """Every unit with its text, in the order of `units`. `contexts` are briefs by `Target.identity`."""
    by_path = {file.path: file for file in files}
    lines: dict[str, _FileLines] = {}
    seen: Counter[str] = Counter()
    targets = []
    for unit in units:
        if unit.path not in lines:
            lines[unit.path] = _FileLines(by_path[unit.path])
        name = f"{unit.path}\0{unit.side}\0{unit.name}"
        seen[name] += 1
        identity = f"{name}\0{seen[name]}"
        target = _target(unit, identity, by_path[unit.path], lines[unit.path])
        targets.append(replace(target, context=contexts[identity]) if contexts and identity in contexts else target)
    return tuple(targets)


def statements_of(unit: Unit) -> tuple[Unit, ...]:
    """The unit cut into its changed statements, each a unit of its own; the unit itself where none is known."""
    parts = (
        replace(unit, span=span, changed=tuple(line for line in unit.changed if line in span), statements=(span,))
        for span in unit.statements
    )
    return tuple(part for part in parts if part.changed) or (unit,)


def _target(unit: Unit, identity: str, file: FileChange, lines: _FileLines) -> Target:
    numbered = lines.numbered(unit.side)
    text = "\n".join(numbered[n] for n in range(unit.span.start, unit.span.end + 1) if n in numbered)
    changed = "\n".join(numbered[n] for n in unit.changed if n in numbered)
    deleted = unit.side == "LEFT"
    return Target(
        unit=unit,
        identity=identity,
        text=text,
        added="" if deleted else changed,
        removed=changed if deleted else lines.removed(unit.span),
        file_text=(file.old_text if deleted else file.new_text) or "",
    )


def _numbered(file: FileChange, side: Side) -> Mapping[int, str]:
    whole = file.new_text if side == "RIGHT" else file.old_text
    if whole is not None:
        return dict(enumerate(split_lines(whole), start=1))
    shown = (line for hunk in file.hunks for line in hunk.lines)
    numbered = ((line.new if side == "RIGHT" else line.old, line.text) for line in shown)
    return {number: text for number, text in numbered if number is not None}


def _removed_places(file: FileChange) -> Iterator[tuple[int, str]]:
    """Each removed line with the number of the new line that now stands where it was."""
    for hunk in file.hunks:
        # git gives the line before the hunk where the new side has none in it
        place = hunk.new_start if hunk.new_count else hunk.new_start + 1
        for line in hunk.lines:
            if line.new is not None:
                place = line.new + 1
            else:
                yield place, line.text
