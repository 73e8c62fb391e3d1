"""What the fix loop knows: the lines of a function, each with its history, and where the loop is. Frozen; pure.

A line is a statement with the lines up to the next one, so that the contents of all lines are the function's text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from codedesigner.protocol.issue import Issue
from codedesigner.run.loop.convergence import ConvergenceCriteria, PassCount, has_converged
from codedesigner.run.loop.machine import Status, step


@dataclass(frozen=True, slots=True)
class AngleResult:
    """What was said from one angle about the text of one pass. `confidence` is 0..1."""

    angle_id: str
    issues_found: tuple[Issue, ...] = ()
    suggestions: tuple[str, ...] = ()
    confidence: float = 1.0
    pass_number: int = 1


@dataclass(frozen=True, slots=True)
class Modification:
    """One line's content `before` and `after`, why, and the angle from which it had to change."""

    before: str
    after: str
    reason: str
    angle_id: str


@dataclass(frozen=True, slots=True)
class PassResult:
    """One pass: what every angle said, what was modified, and whether the loop had converged after it."""

    pass_number: int
    angles_run: tuple[AngleResult, ...]
    modifications: tuple[Modification, ...]
    converged: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A statement. `number` is the 1-based line of the file it starts on, in the original.

    `original_content` and `current_content` hold the lines with their line ends; an empty content is a line that is
    gone. A line's history has the passes that are over, with the modifications of this line alone.
    """

    number: int
    original_content: str
    current_content: str
    pass_history: tuple[PassResult, ...] = ()

    @property
    def is_modified(self) -> bool:
        """Whether it differs from the original."""
        return self.current_content != self.original_content

    def content_after(self, pass_number: int) -> str:
        """Its content when that pass was over; 0 is the original."""
        content = self.original_content
        for result in self.pass_history:
            if result.pass_number <= pass_number and result.modifications:
                content = result.modifications[-1].after
        return content


@dataclass(frozen=True, slots=True)
class ProcessingState:
    """The loop over one function. Passes are 1-based, indices are 0-based; lines that are loaded stand in `lines`.

    `accumulated_results` are those of all passes, `pending` the modifications of the pass that is going on, by the
    index of their line, `passes` what counts for convergence of those that are over. `failure` is why it is in error.
    """

    source_file: str
    lines: tuple[Line, ...] = ()
    current_line_idx: int = 0
    current_pass: int = 1
    current_angle_idx: int = 0
    accumulated_results: tuple[AngleResult, ...] = ()
    status: Status = "initializing"
    pending: tuple[tuple[int, Modification], ...] = ()
    passes: tuple[PassCount, ...] = ()
    failure: str = ""

    @property
    def text(self) -> str:
        """The function as it is now."""
        return "".join(line.current_content for line in self.lines)

    @property
    def original(self) -> str:
        """The function as it was."""
        return "".join(line.original_content for line in self.lines)

    @property
    def results(self) -> tuple[AngleResult, ...]:
        """What the angles have said in the pass that is going on."""
        return tuple(each for each in self.accumulated_results if each.pass_number == self.current_pass)


def loaded(source_file: str, lines: Sequence[Line]) -> ProcessingState:
    """A loop at its first pass, or in error where there is no line to work on."""
    state = ProcessingState(source_file)
    if not lines:
        return failed(state, "there is no line to work on")
    return replace(state, lines=tuple(lines), status=step(state.status, "line_loaded"))


def modified(state: ProcessingState, changes: Mapping[int, Modification]) -> ProcessingState:
    """The state with lines changed, by index. That is a part of a pass, and no event.

    Raises:
        ValueError: a change is not one of the line's content as it is.
    """
    for index, change in changes.items():
        if state.lines[index].current_content != change.before:
            raise ValueError(f"line {state.lines[index].number} does not read as the change says it did")
    real = {index: change for index, change in changes.items() if change.before != change.after}
    lines = tuple(
        replace(line, current_content=real[index].after) if index in real else line
        for index, line in enumerate(state.lines)
    )
    first = min(real, default=state.current_line_idx)
    return replace(state, lines=lines, pending=(*state.pending, *sorted(real.items())), current_line_idx=first)


def rolled_back(state: ProcessingState, index: int, reason: str, *, to_pass: int | None = None) -> ProcessingState:
    """The state with one line as it was after `to_pass`, without it after the last pass that is over.

    The history stays: going back is a modification of its own.
    """
    line = state.lines[index]
    wanted = line.content_after(state.current_pass - 1 if to_pass is None else to_pass)
    angle = next((change.angle_id for at, change in reversed(state.pending) if at == index), "")
    return modified(state, {index: Modification(line.current_content, wanted, f"rolled back: {reason}", angle)})


def angle_complete(state: ProcessingState, result: AngleResult) -> ProcessingState:
    """After one angle has looked.

    Raises:
        IllegalTransition: nobody looks in this state.
    """
    status = step(state.status, "angle_complete")
    placed = replace(result, pass_number=state.current_pass)
    return replace(
        state,
        status=status,
        accumulated_results=(*state.accumulated_results, placed),
        current_angle_idx=state.current_angle_idx + 1,
    )


def all_angles_complete(state: ProcessingState, criteria: ConvergenceCriteria, max_passes: int) -> ProcessingState:
    """After all angles have looked: converged, or the next pass, or the end of the passes.

    Raises:
        IllegalTransition: no pass is going on.
    """
    issues = sum(len(result.issues_found) for result in state.results)
    changed = any(line.content_after(state.current_pass - 1) != line.current_content for line in state.lines)
    passes = (*state.passes, PassCount(issues, changed))
    converged = has_converged(passes, criteria)
    status = step(state.status, "all_angles_complete", "converged" if converged else "processing")
    over = _over(replace(state, status=status, passes=passes), converged=converged)
    if converged:
        return over
    if state.current_pass >= max_passes:
        return replace(over, status=step(over.status, "max_passes_reached"))
    return replace(over, current_pass=over.current_pass + 1, current_angle_idx=0, current_line_idx=0)


def _over(state: ProcessingState, *, converged: bool) -> ProcessingState:
    """The pass written into the history of every line."""
    angles = state.results
    lines = tuple(
        replace(
            line,
            pass_history=(
                *line.pass_history,
                PassResult(
                    state.current_pass,
                    angles,
                    tuple(change for at, change in state.pending if at == index),
                    converged,
                ),
            ),
        )
        for index, line in enumerate(state.lines)
    )
    return replace(state, lines=lines, pending=())


def failed(state: ProcessingState, why: str) -> ProcessingState:
    """After an error.

    Raises:
        IllegalTransition: the loop has come to its end already.
    """
    return replace(state, status=step(state.status, "error_occurred"), failure=why)


def cleaned_up(state: ProcessingState) -> ProcessingState:
    """After the end: nothing can happen any more.

    Raises:
        IllegalTransition: the loop has not come to its end.
    """
    return replace(state, status=step(state.status, "cleanup_done"))
