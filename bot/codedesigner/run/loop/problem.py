"""What the fix loop works on: a defect with its place, and one location's attempt to repair it. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from codedesigner.change.model import FileChange, Span, Unit, split_lines
from codedesigner.protocol.issue import Fix, Source
from codedesigner.protocol.suggestion import Look, Suggestion
from codedesigner.protocol.wire import WireIssue
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.lines import lines_of
from codedesigner.run.loop.machine import Status
from codedesigner.run.loop.state import ProcessingState, loaded

# There taking code out is the repair.
SUPERFLUOUS: frozenset[str] = frozenset(
    {
        *("unused-import", "unused-variable", "unused-argument", "unused-definition", "unused-assignment"),
        *("wildcard-import", "import-shadowed", "redefinition", "duplicate-key", "duplicate-case"),
        *("duplicate-argument", "duplicate-base", "self-assignment", "argument-overwritten", "no-effect"),
        *("unreachable-code", "debug-leftover", "focused-test", "jump-in-finally", "conflict-marker"),
        *("needless-else", "needless-pass", "needless-copy", "needless-comprehension", "needless-sort"),
        *("needless-iterator", "simplifiable", "empty-block", "multiple-statements", "trailing-whitespace"),
        *("legacy-construct", "hidden-unicode", "cache-leftover", "too-many-layers"),
    }
)

# These can stand in comments and in blank space, and are repaired there.
OUTSIDE_CODE: frozenset[str] = frozenset(
    {"misspelling", "trailing-whitespace", "indentation", "hidden-unicode", "missing-shebang"}
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A defect to be repaired.

    `finding` is its name; it stands in `source`, the file after the change. `claims` is what was said about it,
    `complained` who said it, `hints` what may help. `unit` is the function it stands in, None where none is known.
    `gone`: as many of its kind have to be gone, where it is repaired together with others.
    """

    finding: str
    file: FileChange
    source: Source
    kind: str
    angle: str
    complained: frozenset[str]
    claims: tuple[WireIssue, ...] = ()
    unit: Unit | None = None
    hints: tuple[str, ...] = ()
    gone: int = 1

    @property
    def superfluous(self) -> bool:
        """Whether taking code out can be the repair."""
        return self.kind in SUPERFLUOUS

    @property
    def outside_code(self) -> bool:
        """Whether changing no code can be the repair."""
        return self.kind in OUTSIDE_CODE


@dataclass(frozen=True, slots=True)
class Objection:
    """Why the text of a pass cannot be offered; `line` (in the new file) is where, as far as that is known."""

    reason: str
    angle: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One location's attempt at a problem. `region` are the lines of the file that it may change,
    `whole` says that they are its function, or the like.

    `fix` is what an analyser proposes; a model is asked. `checkers` are the models that look at the result. `said` are
    the objections to the text as it is, or to the one that was taken back last, `looks` who had none. `analysed` and
    `rechecked` are the texts to which there were no objections of that kind, `ended` is the state in which it ended.
    """

    problem: Problem
    maker: str
    region: Span
    state: ProcessingState
    whole: bool = False
    fix: Fix | None = None
    checkers: tuple[str, ...] = ()
    said: tuple[Objection, ...] = ()
    looks: tuple[Look, ...] = ()
    parsed: bool | None = None
    analysed: str | None = None
    rechecked: str | None = None
    ended: Status | None = None

    @property
    def text(self) -> str:
        """The whole file with the function as it is now."""
        lines = lines_with_ends(self.problem.source.text)
        return "".join((*lines[: self.region.start - 1], self.state.text, *lines[self.region.end :]))

    @property
    def count(self) -> int:
        """How many lines the function has now."""
        return len(lines_with_ends(self.state.text))

    @property
    def span(self) -> Span:
        """The lines of the file that the function takes now."""
        return Span(self.region.start, max(self.region.start, self.region.start + self.count - 1))

    @property
    def is_function(self) -> bool:
        """Whether the lines that it may change are those of a function."""
        unit = self.problem.unit
        return self.whole and unit is not None and unit.kind in ("function", "method")

    @property
    def changed(self) -> bool:
        """Whether the function differs from the original."""
        return any(line.is_modified for line in self.state.lines)


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of an attempt: a suggestion, or why there is none."""

    attempt: Attempt
    suggestion: Suggestion | None
    refused: str = ""


def place_of(unit: Unit, text: str) -> Span:
    """The lines of a function, without blank ones at its ends: a change may have touched those, no repair has to."""
    lines = split_lines(text)
    filled = [
        number for number in range(unit.span.start, min(unit.span.end, len(lines)) + 1) if lines[number - 1].strip()
    ]
    return Span(filled[0], filled[-1]) if filled else unit.span


def attempt_of(
    problem: Problem, maker: str, region: Span | None = None, *, fix: Fix | None = None, checkers: tuple[str, ...] = ()
) -> Attempt:
    """An attempt before its first pass, at `region` or at the whole function of the problem, statement by statement.

    Lines that are no function stand for themselves.

    Raises:
        ValueError: there is neither.
    """
    unit = problem.unit
    place = None if unit is None else place_of(unit, problem.source.text)
    region = region or place
    if region is None:
        raise ValueError("an attempt needs a place")
    text = "".join(lines_with_ends(problem.source.text)[region.start - 1 : region.end])
    whole = region == place
    statements = unit.statements if whole and unit is not None else ()
    state = loaded(problem.file.path, lines_of(text, region.start, statements))
    return Attempt(problem, maker, region, state, whole, fix, checkers)
