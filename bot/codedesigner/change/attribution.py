"""Changed lines of one file -> units, once the outlines of its two sides are known. Pure.

The rules are the table in `units`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from codedesigner.change.linemap import LineMap
from codedesigner.change.matching import Successors, recovered
from codedesigner.change.model import FileChange, Side, Span, Unit, split_lines
from codedesigner.change.outlined import BARE, Block, OutlinedSide
from codedesigner.change.parsing import Outline

MODULE = "<module>"
BROKEN = "syntax errors"


@dataclass(frozen=True, slots=True)
class Traced:
    """A unit and the old side's lines (1-based, ascending) that were removed from it.

    For a unit on side LEFT these are its `changed`; on side RIGHT, `changed` are the added lines.
    """

    unit: Unit
    removed: tuple[int, ...]


@dataclass(slots=True)
class _Share:
    """The lines of the change that one definition is given."""

    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)


class _Attribution:
    """The lines of one file, each given to one owner."""

    def __init__(self, file: FileChange, new: Outline | None, old: Outline | None) -> None:
        self._lines = LineMap(file.hunks)
        spans = new.spans if new else ()
        if new and new.broken and old:
            spans = recovered(spans, old.spans, self._lines)
        self.new = OutlinedSide(new, spans) if new else None
        self.old = OutlinedSide(old, old.spans) if old else None
        self._heirs = Successors(self.old.index, self.new.index, self._lines) if self.old and self.new else None
        self.right: defaultdict[int, _Share] = defaultdict(_Share)  # by index of a definition of the new side
        self.left: defaultdict[int, _Share] = defaultdict(_Share)  # of the old side, without a successor
        self._loose_added: list[int] = []
        self._loose_removed: list[int] = []
        blank_added = [number for number, text in _added(file) if not self._give_added(number, text)]
        blank_removed = [number for number, text in _removed(file) if not self._give_removed(number, text)]
        self._give_blank_added(blank_added, file.new_lines)
        self._give_blank_removed(blank_removed, file)
        self.right_blocks = self.new.blocks(sorted(self._loose_added)) if self.new else []
        loose = [line for line in sorted(self._loose_removed) if not self._join(line)]
        self.left_blocks = (self.old or BARE).blocks(loose)

    def _give_added(self, line: int, text: str) -> bool:
        """Give a line away; False for a blank one outside every function, whose turn comes last."""
        if self.new is None:
            return True
        if not text.strip() and self.new.index.between_functions(line):
            return False
        self._to_new(self.new.index.innermost(line), line)
        return True

    def _give_removed(self, line: int, text: str) -> bool:
        if self.old is None:
            at = self.new.index.innermost(self._lines.place(line)) if self.new else None
            (self._loose_removed if at is None else self.right[at].removed).append(line)
            return True
        if not text.strip() and self.old.index.between_functions(line):
            return False
        self._to_old(self.old.index.innermost(line), line)
        return True

    def _to_new(self, at: int | None, line: int) -> None:
        (self._loose_added if at is None else self.right[at].added).append(line)

    def _to_old(self, at: int | None, line: int) -> None:
        (self._loose_removed if at is None else self._share(at).removed).append(line)

    def _share(self, at: int) -> _Share:
        """What the old side's definition `at` is given: its successor's share, or its own."""
        heir = self._heirs.of(at) if self._heirs else None
        return self.left[at] if heir is None else self.right[heir]

    def _give_blank_added(self, lines: Sequence[int], texts: Sequence[str]) -> None:
        """Blank lines go with a definition right beside them that the change touches anyway."""
        touched = frozenset(self.right)
        for line in lines:
            assert self.new is not None  # noqa: S101  the line was found blank there
            beside = (at for at in self.new.beside(line, texts) if at in touched)
            self._to_new(next(beside, self.new.index.innermost(line)), line)

    def _give_blank_removed(self, lines: Sequence[int], file: FileChange) -> None:
        texts = split_lines(file.old_text or "") if lines else []
        right, left = frozenset(self.right), frozenset(self.left)
        for line in lines:
            assert self.old is not None  # noqa: S101  the line was found blank there
            beside = (at for at in self.old.beside(line, texts) if self._is_touched(at, right, left))
            self._to_old(next(beside, self.old.index.innermost(line)), line)

    def _is_touched(self, at: int, right: frozenset[int], left: frozenset[int]) -> bool:
        heir = self._heirs.of(at) if self._heirs else None
        return at in left if heir is None else heir in right

    def _join(self, line: int) -> bool:
        """Give a removed line to a block of the new side near the place it was taken from."""
        if self.new is None:
            return False
        place = self._lines.place(line)
        at = bisect_left(self.right_blocks, place, key=lambda block: block.span.end)
        for block in self.right_blocks[max(at - 1, 0) : at + 1]:
            if block.near(place) and self.new.index.gap(block.changed[0]).start <= place <= self._after(block):
                block.removed.append(line)
                return True
        return False

    def _after(self, block: Block) -> int:
        assert self.new is not None  # noqa: S101  there is a block of it
        return self.new.index.gap(block.changed[0]).end + 1


def _added(file: FileChange) -> Iterator[tuple[int, str]]:
    return ((line.new, line.text) for line in file.changed_lines("RIGHT") if line.new is not None)


def _removed(file: FileChange) -> Iterator[tuple[int, str]]:
    return ((line.old, line.text) for line in file.changed_lines("LEFT") if line.old is not None)


def attribute(
    file: FileChange, language: str | None, new: Outline | None, old: Outline | None, reason: str | None
) -> list[Traced]:
    """The units of a file from its outlines, from top to bottom; `new` is None for a deleted file.

    `reason` says why there is no outline of the old side although there should be one.
    """
    given = _Attribution(file, new, old)
    new_broken, old_broken = bool(new and new.broken), bool(old and old.broken)
    right = (BROKEN if new_broken else None) or reason
    left = BROKEN if new_broken or old_broken else reason
    traced: list[Traced] = []
    if given.new is not None:
        make = _Maker(file, language, "RIGHT", given.new, right)
        traced += [make.definition(at, share.added, share.removed) for at, share in given.right.items()]
        traced += [make.block(block) for block in given.right_blocks]
    make = _Maker(file, language, "LEFT", given.old or BARE, left)
    traced += [make.definition(at, share.removed, share.removed) for at, share in given.left.items()]
    traced += [make.block(block) for block in given.left_blocks]
    return sorted(traced, key=_position)


def _position(traced: Traced) -> tuple[int, int, str]:
    unit = traced.unit
    return unit.span.start, -unit.span.end, unit.side


@dataclass(frozen=True, slots=True)
class _Maker:
    """Builds the units of one side of one file."""

    file: FileChange
    language: str | None
    side: Side
    lookup: OutlinedSide
    degraded: str | None

    def definition(self, at: int, changed: Sequence[int], removed: Sequence[int]) -> Traced:
        named = self.lookup.index.spans[at]
        lines = sorted(changed)
        span = named.span
        if lines:  # blank lines beside it may have come to it
            span = Span(min(span.start, lines[0]), max(span.end, lines[-1]))
        unit = Unit(
            path=self.file.path,
            name=named.name,
            kind=named.kind,
            side=self.side,
            span=span,
            changed=tuple(lines),
            language=self.language,
            statements=self.lookup.statements(named.span),
            degraded=self.degraded,
        )
        return Traced(unit, tuple(sorted(removed)))

    def block(self, block: Block) -> Traced:
        unit = Unit(
            path=self.file.path,
            name=MODULE,
            kind="block",
            side=self.side,
            span=block.span,
            changed=tuple(block.changed),
            language=self.language,
            statements=self.lookup.statements(block.span),
            degraded=self.degraded,
        )
        return Traced(unit, tuple(block.changed if self.side == "LEFT" else sorted(block.removed)))
