"""Whether a finding at one commit is the one that was told at another: over shifts, renames and reformatting.

Two are compared in stages, the surest first, and nothing is matched twice:

1. the same file, function, kind and evidence, white space folded;
2. the same function, kind and evidence in a file that was renamed, or that is new where the other is gone;
3. the same file (or a renamed one), the same kind and the same tokens, nearby: layout does not count, names do;
4. the same kind, nearby, where all tokens of the evidence still stand together around what is now a part of them: a
   statement that was broken into lines, which formatters put into parentheses to do so;
5. where one is asked to follow: the same kind and the same tokens in a function of the same name elsewhere, and nowhere
   any more where they were. Where that may be said of two, it is neither.

Evidence that was edited is another finding.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from codedesigner.publish.forge.remembered import MOST_ALSO, MOST_WORDS, Identity
from codedesigner.publish.plain import folded, shown

NEARBY = 60
"""Lines between two places in different functions for them to be near each other."""
_ABOVE, _BELOW = 8, 16  # lines around a finding in which a broken statement is looked for
_FEWEST_WORDS = 4  # fewer tokens stand together by chance
_MOST_ALIGNED = 150  # equal findings beyond this number are matched in their order alone
_WORD = 4  # hex digits that stand for one token

_NAMED = re.compile(r"[^\W\d][\w.:]*")  # what is called `<module>` or `lines 3-9` has no name

_TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[^\W\d]\w*|\d[\w.]*|<<=|>>=|\*\*=|//=|[-+*/%&|^=!<>:]=|->|=>|::|&&|\|\||\S"
)


class Subject(Protocol):
    """What a finding is about: `Finding` and `FindingReport` both say it."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def function(self) -> str | None:
        """The function."""

    @property
    def kind(self) -> str:
        """The kind of defect."""

    @property
    def evidence(self) -> str:
        """The source lines."""

    @property
    def line(self) -> int:
        """The first line."""

    @property
    def fingerprint(self) -> str:
        """The name across reports."""


def identity_of(subject: Subject, also: Iterable[Subject] = ()) -> Identity:
    """What is kept of a finding to know it again; `also` are those for which it stands."""
    evidence = shown(subject.evidence)
    said = tokens(evidence)
    return Identity(
        fingerprint=subject.fingerprint,
        path=shown(subject.path)[:4_096],
        function=None if subject.function is None else shown(subject.function)[:1_000],
        kind=shown(subject.kind)[:200],
        line=subject.line,
        subject=_digest(folded(evidence)),
        tokens=_digest(json.dumps(said)),
        words="".join(map(_word, said)) if len(said) <= MOST_WORDS else "",
        also=tuple(identity_of(one) for one in also)[:MOST_ALSO],
    )


def same_but_for_lines(one: Identity, other: Identity) -> bool:
    """Whether two are equal, wherever in the file they stand."""
    return [_nowhere(each) for each in one.all] == [_nowhere(each) for each in other.all]


def _nowhere(identity: Identity) -> Identity:
    return identity.model_copy(update={"line": 0, "also": ()})


def tokens(text: str) -> list[str]:
    """The tokens of code in any language, without what formatters put in and take out.

    That is white space, the kind of quotation marks, a comma before a closing bracket or at the end, and a
    semicolon at the end of a line.
    """
    found: list[str] = []
    for match in _TOKEN.finditer(re.sub(r";[ \t]*$", "", text, flags=re.MULTILINE)):
        word = match.group()
        if len(word) > 1 and word[0] == word[-1] == "'" and '"' not in word:
            word = f'"{word[1:-1]}"'
        if word in ")]}" and found and found[-1] == ",":
            found.pop()
        found.append(word)
    return found[:-1] if found and found[-1] == "," else found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]


def _word(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8")).hexdigest()[:_WORD]


_PARENTHESES = frozenset({_word("("), _word(")")})


@dataclass(frozen=True, slots=True)
class Moves:
    """What became of files between the two commits.

    `renamed` maps old names to new ones. `present` are the files of the change that are there now, `fresh` those of
    them that were not there before. `lines` are the lines of the new sides, `added` those of them that the change adds.
    `gone` are the files that it deletes. `rebased`: the change starts from another commit than it did then, so that a
    file that is no part of it may hold anything.
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()
    lines: Mapping[str, Sequence[str]] = field(default_factory=dict)
    added: Mapping[str, Sequence[str]] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    rebased: bool = True

    def current(self, path: str) -> str:
        """The name that a file has now."""
        return path if path in self.present else self.renamed.get(path, path)

    def stands(self, identity: Identity) -> bool:
        """Whether the evidence still stands somewhere in the file, whatever its layout."""
        lines = self.lines.get(self.current(identity.path), ())
        return _enough(identity) and _within(identity.words, _words(lines))

    def went(self, was: Identity, now: Identity) -> bool:
        """Whether what `was` quoted is known to stand nowhere in its file, but where `now` does."""
        path = self.current(was.path)
        if path in self.gone:
            return True
        if path in self.lines:
            return bool(was.words) and _times(was.words, _words(self.lines[path])) == (path == now.path)
        return not self.rebased

    def left(self, identity: Identity) -> bool:
        """Whether the evidence stands, and the change is not what brings it: another base has it already."""
        added = self.added.get(self.current(identity.path), ())
        return self.stands(identity) and not _within(identity.words, _words(added))


def match(old: Sequence[Identity], new: Sequence[Identity], moves: Moves, *, follow: bool = False) -> dict[int, int]:
    """Which of `new` is which of `old`, by their indexes: one to one, in whatever order they are given.

    `follow`: also into functions of the same name elsewhere; then `old` has to hold everything that stands.
    """
    matching = _Matching(old, new, moves)
    matching.equal(lambda path: path, lambda path: path)
    matching.equal(moves.current, lambda path: path)
    # What left a file that is gone may be in one that is new; every other file keeps its name.
    matching.equal(
        lambda path: path if path in moves.present else None, lambda path: None if path in moves.fresh else path
    )
    matching.near(lambda was, now: was.tokens == now.tokens)
    matching.near(lambda was, now: _broken(was, now, moves))
    if follow:
        matching.moved()
    return matching.found


class _Matching:
    """Old and new identities, and which were found to be the same so far."""

    def __init__(self, old: Sequence[Identity], new: Sequence[Identity], moves: Moves) -> None:
        self.found: dict[int, int] = {}
        self._old, self._new, self._moves = old, new, moves
        self._left_old = sorted(range(len(old)), key=lambda index: _order(old[index]))
        self._left_new = sorted(range(len(new)), key=lambda index: _order(new[index]))

    def equal(self, before: Callable[[str], Hashable], after: Callable[[str], Hashable]) -> None:
        """Match those with equal evidence, in line order, whose files `before` and `after` call the same."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for index in self._left_old:
            groups[before(self._old[index].path), *_claim(self._old[index])][0].append(index)
        for index in self._left_new:
            groups[after(self._new[index].path), *_claim(self._new[index])][1].append(index)
        for olds, news in groups.values():
            was = {self._old[one].fingerprint: one for one in olds}
            now = {self._new[one].fingerprint: one for one in news}
            if was.keys() == now.keys() and len(was) == len(olds):
                # None came and none went: each is what it was, wherever its comment got to.
                self._take([(was[name], now[name]) for name in was])
                continue
            pairs = aligned([self._old[one].line for one in olds], [self._new[one].line for one in news])
            self._take((olds[first], news[second]) for first, second in pairs)

    def near(self, same: Callable[[Identity, Identity], bool]) -> None:
        """Match those of one kind and one file that are near each other and the same, the nearest first."""
        there: dict[tuple[str, str], list[int]] = defaultdict(list)
        for second in self._left_new:
            there[self._new[second].kind, self._new[second].path].append(second)
        pairs = []
        for first in self._left_old:
            was = self._old[first]
            for second in there.get((was.kind, self._moves.current(was.path)), ()):
                now = self._new[second]
                distance = abs(was.line - now.line)
                if (was.function == now.function or distance <= NEARBY) and same(was, now):
                    pairs.append((was.function != now.function, distance, _order(was), _order(now), first, second))
        taken: set[tuple[bool, int]] = set()
        chosen = []
        for *_, first, second in sorted(pairs):
            if not {(False, first), (True, second)} & taken:
                taken |= {(False, first), (True, second)}
                chosen.append((first, second))
        self._take(chosen)

    def moved(self) -> None:
        """Match what left its place with what came to another, where it can be nothing else."""
        came: dict[Hashable, list[int]] = defaultdict(list)
        for second in self._left_new:
            came[_moving(self._new[second])].append(second)
        went: dict[Hashable, list[int]] = defaultdict(list)
        for first in self._left_old:
            went[_moving(self._old[first])].append(first)
        pairs = ((olds[0], came[what][0]) for what, olds in went.items() if what and len(olds) == len(came[what]) == 1)
        self._take([pair for pair in pairs if self._moves.went(self._old[pair[0]], self._new[pair[1]])])

    def _take(self, pairs: Iterable[tuple[int, int]]) -> None:
        for was, now in pairs:
            self.found[now] = was
            self._left_old.remove(was)
            self._left_new.remove(now)


def _moving(identity: Identity) -> tuple[str, str, str] | None:
    """What stays of a finding when its function moves; None where that would be said of too much.

    A function may come into a class or out of one, but all classes have the methods that the language names.
    """
    function = identity.function
    if function is None or not _NAMED.fullmatch(function):
        return None
    name = function.rsplit(".", 1)[-1]
    return identity.kind, identity.tokens, function if name.startswith("__") else name


def _claim(identity: Identity) -> tuple[str | None, str, str]:
    return identity.function, identity.kind, identity.subject


def _order(identity: Identity) -> tuple[str, int, str]:
    return identity.path, identity.line, identity.fingerprint


def aligned(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of indexes of two rising lists of lines, as many as can be, in order, that are nearest to each other."""
    if len(old) == len(new) or max(len(old), len(new)) > _MOST_ALIGNED:
        return list(zip(range(len(old)), range(len(new)), strict=False))
    if len(old) > len(new):
        return [(first, second) for second, first in aligned(new, old)]
    # Every old line finds a new one; `costs[m]` is the least distance of those so far to the first m new ones.
    endless = float("inf")
    costs: list[float] = [0.0] * (len(new) + 1)
    choices: list[list[bool]] = []
    for was in old:
        row: list[float] = [endless]
        chose = [False]
        for place, now in enumerate(new, 1):
            taken = costs[place - 1] + abs(was - now)
            chose.append(taken < row[-1])
            row.append(min(taken, row[-1]))
        costs = row
        choices.append(chose)
    pairs: list[tuple[int, int]] = []
    place = len(new)
    for first in reversed(range(len(old))):
        while not choices[first][place]:
            place -= 1
        pairs.append((first, place - 1))
        place -= 1
    return pairs[::-1]


def _enough(identity: Identity) -> bool:
    return len(identity.words) >= _WORD * _FEWEST_WORDS


def _broken(was: Identity, now: Identity, moves: Moves) -> bool:
    """Whether all that `was` quoted stands unchanged around `now`, which quotes a part of it."""
    said, left = _bare(was.words), _bare(now.words)
    if not _enough(was) or not left or not _within(left, said):
        return False
    lines = moves.lines.get(now.path, ())
    return _within(said, _bare(_words(lines[max(0, now.line - 1 - _ABOVE) : now.line + _BELOW])))


def _bare(words: str) -> str:
    """The words without parentheses."""
    each = (words[at : at + _WORD] for at in range(0, len(words), _WORD))
    return "".join(word for word in each if word not in _PARENTHESES)


def _words(lines: Sequence[str]) -> str:
    return "".join(map(_word, tokens("\n".join(map(shown, lines)))))


def _times(part: str, whole: str) -> int:
    """How often the words of `part` stand in `whole` one after the other."""
    return sum(whole.startswith(part, at) for at in range(0, len(whole), _WORD))


def _within(part: str, whole: str) -> bool:
    """Whether the words of `part` stand in `whole` one after the other."""
    at = whole.find(part)
    while at >= 0 and at % _WORD:
        at = whole.find(part, at + 1)
    return at >= 0
