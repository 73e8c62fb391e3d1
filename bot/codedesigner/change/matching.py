"""Which definition of the new file a definition of the old file has become. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from codedesigner.change.enclosing import SpanIndex, nested
from codedesigner.change.linemap import LineMap
from codedesigner.change.model import Span
from codedesigner.change.parsing import NamedSpan

_MOST_NAMESAKES = 64  # that a definition torn out of its class is compared with
_MOST_PAIRS = 20_000  # of definitions that share a name; beyond, they are paired in order


class Successors:
    """The definition on the new side that goes on where one of the old side stood.

    The same qualified name; the nearest where several share it, each taken once. Failing that, a definition with a
    new name that holds at least half of the old one's lines: it was renamed. Otherwise the old one was deleted.
    """

    def __init__(self, old: SpanIndex, new: SpanIndex, lines: LineMap) -> None:
        self._old, self._new, self._lines = old, new, lines
        self._known: dict[int, int | None] = {}
        self._paired: set[str] = set()

    def of(self, index: int) -> int | None:
        """The successor of the old side's definition `index`; None for a deleted one."""
        name = self._old.spans[index].name
        if name not in self._paired:
            self._paired.add(name)
            self._known |= self._by_name(self._old_names[name], self._new_names.get(name, []))
        if index not in self._known:
            self._known[index] = self._renamed(index)
        return self._known[index]

    @cached_property
    def _old_names(self) -> Mapping[str, list[int]]:
        return _positions(self._old.spans)

    @cached_property
    def _new_names(self) -> Mapping[str, list[int]]:
        return _positions(self._new.spans)

    def _by_name(self, old: Sequence[int], new: Sequence[int]) -> dict[int, int]:
        if len(old) == len(new) == 1 or len(old) * len(new) > _MOST_PAIRS:
            return dict(zip(old, new, strict=False))
        pairs = sorted((self._difference(one, other), one, other) for one in old for other in new)
        taken: set[int] = set()
        found: dict[int, int] = {}
        for _, one, other in pairs:
            if one not in found and other not in taken:
                found[one] = other
                taken.add(other)
        return found

    def _difference(self, old: int, new: int) -> tuple[int, int]:
        """First and last lines that did not stay first and last, then how far apart the two begin."""
        before, after = self._old.spans[old].span, self._new.spans[new].span
        moved = (self._lines.kept(before.start) != after.start) + (self._lines.kept(before.end) != after.end)
        return moved, abs(self._lines.place(before.start) - after.start)

    def _renamed(self, index: int) -> int | None:
        old = self._old.spans[index]
        votes: Counter[int] = Counter()
        for line in range(old.span.start, old.span.end + 1):
            kept = self._lines.kept(line)
            heir = None if kept is None else self._alike(kept, is_class=old.kind == "class")
            if heir is not None:
                votes[heir] += 1
        for heir, count in votes.most_common(1):
            if 2 * count >= old.span.end - old.span.start + 1:
                return heir
        return None

    def _alike(self, line: int, *, is_class: bool) -> int | None:
        """The innermost definition of the same sort around a new line, if the old side has none of that name."""
        at = self._new.innermost(line)
        while at is not None and (self._new.spans[at].kind == "class") != is_class:
            at = self._new.parents[at]
        return None if at is None or self._new.spans[at].name in self._old_names else at


def _positions(spans: Sequence[NamedSpan]) -> dict[str, list[int]]:
    by_name: defaultdict[str, list[int]] = defaultdict(list)
    for index, named in enumerate(spans):
        by_name[named.name].append(index)
    return by_name


def recovered(found: Sequence[NamedSpan], old: Sequence[NamedSpan], lines: LineMap) -> tuple[NamedSpan, ...]:
    """The definitions of a new side with syntax errors: what was found, and what the old side says was there.

    A definition that the errors tore out of its class gets its qualified name back.
    """
    spare = Counter(named.name for named in found)
    missing: list[NamedSpan] = []
    for named in old:
        if spare[named.name]:
            spare[named.name] -= 1
            continue
        start, end = lines.place(named.span.start), lines.place(named.span.end + 1) - 1
        if start <= end:
            missing.append(replace(named, span=Span(start, end)))
    known = {named.name for named in old}
    by_leaf: defaultdict[str, list[NamedSpan]] = defaultdict(list)
    for named in missing:
        by_leaf[_leaf(named.name)].append(named)
    kept = [
        named if named.name in known else _requalified(named, by_leaf[_leaf(named.name)][:_MOST_NAMESAKES])
        for named in found
    ]
    given = {(named.name, named.span.start) for named in kept}
    return nested([named for named in missing if not _covered(named, given)] + kept)


def _leaf(name: str) -> str:
    return name.rpartition(".")[2]


def _requalified(named: NamedSpan, missing: Iterable[NamedSpan]) -> NamedSpan:
    for candidate in missing:
        if candidate.span.overlaps(named.span) and candidate.name.endswith("." + named.name):
            return replace(named, name=candidate.name, kind=candidate.kind)
    return named


def _covered(named: NamedSpan, given: set[tuple[str, int]]) -> bool:
    return (named.name, named.span.start) in given
