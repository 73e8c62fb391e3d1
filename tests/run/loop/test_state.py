"""The lines of a function through passes, and back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.protocol.issue import Issue
from codedesigner.run.loop.convergence import ConvergenceCriteria
from codedesigner.run.loop.machine import TRANSITIONS, IllegalTransition
from codedesigner.run.loop.state import (
    AngleResult,
    Line,
    Modification,
    ProcessingState,
    all_angles_complete,
    angle_complete,
    cleaned_up,
    failed,
    loaded,
    modified,
    rolled_back,
)

USUAL = ConvergenceCriteria()
TEXTS = ("def f(a):\n", "    b = a\n", "    return b\n")


def lines(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(number, text, text) for number, text in enumerate(texts or TEXTS, 1))


def change(state: ProcessingState, index: int, after: str, reason: str = "why") -> ProcessingState:
    before = state.lines[index].current_content
    return modified(state, {index: Modification(before, after, reason, "correctness")})


def said(count: int, angle: str = "correctness") -> AngleResult:
    return AngleResult(angle, tuple(Issue("k", "", 1, 1, str(n)) for n in range(count)))


def passed(state: ProcessingState, issues: int = 0, most: int = 8) -> ProcessingState:
    return all_angles_complete(angle_complete(state, said(issues)), USUAL, most)


def test_a_loop_goes_from_its_lines_to_its_end() -> None:
    state = change(loaded("a.py", lines()), 1, "    b = a + 1\n")
    state = passed(passed(state))
    assert (state.status, state.current_pass) == ("processing", 3)
    state = passed(state)
    assert state.status == "converged"
    assert state.text == "def f(a):\n    b = a + 1\n    return b\n"
    assert state.original == "".join(TEXTS)
    assert cleaned_up(state).status == "complete"


def test_every_line_keeps_its_own_history() -> None:
    state = passed(change(loaded("a.py", lines()), 1, "    b = 1\n", "first"), issues=2)
    state = passed(change(state, 1, "    b = 2\n", "second"))
    kept, changed = state.lines[0], state.lines[1]
    assert (kept.is_modified, changed.is_modified) == (False, True)
    assert [result.modifications for result in kept.pass_history] == [(), ()]
    assert [one.reason for result in changed.pass_history for one in result.modifications] == ["first", "second"]
    assert [len(result.angles_run[0].issues_found) for result in changed.pass_history] == [2, 0]
    assert [result.pass_number for result in changed.pass_history] == [1, 2]
    assert [result.converged for result in changed.pass_history] == [False, False]
    assert [changed.content_after(number) for number in (0, 1, 2)] == ["    b = a\n", "    b = 1\n", "    b = 2\n"]


def test_a_line_goes_back_alone_and_says_so() -> None:
    state = change(change(loaded("a.py", lines()), 1, "    b = 1\n"), 2, "    return 1\n")
    back = rolled_back(state, 2, "ruff sees a new defect")
    assert back.text == "def f(a):\n    b = 1\n    return b\n"
    assert back.pending[-1][1].reason == "rolled back: ruff sees a new defect"
    assert back.pending[-1][1].angle_id == "correctness"


def test_a_line_goes_back_to_any_pass() -> None:
    state = passed(change(loaded("a.py", lines()), 1, "    b = 1\n"))
    state = passed(change(state, 1, "    b = 2\n"))
    state = passed(change(state, 1, "    b = 3\n"))
    assert [rolled_back(state, 1, "x", to_pass=number).lines[1].current_content for number in (0, 1, 2)] == [
        "    b = a\n",
        "    b = 1\n",
        "    b = 2\n",
    ]


def test_a_pass_that_was_taken_back_has_modified_nothing() -> None:
    state = loaded("a.py", lines())
    for _ in range(2):
        state = passed(rolled_back(change(state, 1, "    b = 1\n"), 1, "no"), issues=1)
    assert state.status == "converged"
    assert state.text == state.original


def test_the_passes_have_an_end() -> None:
    state = loaded("a.py", lines())
    for number in range(3):
        state = passed(change(state, 1, f"    b = {number}\n"), issues=1, most=3)
    assert (state.status, state.current_pass) == ("max_iterations", 3)
    with pytest.raises(IllegalTransition):
        angle_complete(state, said(0))


def test_without_lines_there_is_an_error_and_its_end() -> None:
    state = loaded("a.py", ())
    assert (state.status, state.failure) == ("error", "there is no line to work on")
    assert cleaned_up(state).status == "complete"


def test_a_change_of_what_does_not_stand_there_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2 does not read"):
        modified(loaded("a.py", lines()), {1: Modification("something else", "x", "why", "style")})


def test_a_pass_counts_the_issues_of_its_own_angles_alone() -> None:
    state = passed(loaded("a.py", lines()), issues=3)
    state = angle_complete(angle_complete(state, said(1)), said(2, "security"))
    assert state.current_angle_idx == 2
    assert [each.pass_number for each in state.results] == [2, 2]
    assert all_angles_complete(state, USUAL, 8).status == "converged"


Act = Callable[[ProcessingState], ProcessingState]
ACTS: dict[str, Act] = {
    "change": lambda state: change(state, 0, state.lines[0].current_content + "x") if state.lines else state,
    "back": lambda state: rolled_back(state, 0, "x") if state.lines else state,
    "angle": lambda state: angle_complete(state, said(1)),
    "quiet": lambda state: angle_complete(state, said(0)),
    "all": lambda state: all_angles_complete(state, USUAL, 4),
    "error": lambda state: failed(state, "x"),
    "end": cleaned_up,
}


@given(st.booleans(), st.lists(st.sampled_from(sorted(ACTS)), max_size=40))
def test_whatever_happens_the_states_follow_each_other_as_designed(empty: bool, acts: list[str]) -> None:
    state = loaded("a.py", () if empty else lines())
    for act in acts:
        before = state
        try:
            state = ACTS[act](state)
        except IllegalTransition:
            assert state == before
            continue
        if act not in {"change", "back"}:
            allowed = TRANSITIONS[before.status]
            # At the last pass, two steps follow each other.
            assert state.status in allowed | {after for each in allowed for after in TRANSITIONS[each]}
        assert 1 <= state.current_pass <= 4
        assert state.original == ("" if empty else "".join(TEXTS))
        assert all(len(line.pass_history) == len(state.passes) for line in state.lines)
