"""Every transition that was designed, and no other."""

from __future__ import annotations

import itertools
import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.run.loop.convergence import ConvergenceCriteria, PassCount, has_converged
from codedesigner.run.loop.machine import EVENTS, STATUSES, TRANSITIONS, Event, IllegalTransition, Status, step, table

ROOT = Path(__file__).parents[3]

# As designed; written down once more, so that nobody changes the tables of the code unnoticed.
DESIGNED_TRANSITIONS = {
    "initializing": {"processing", "error"},
    "processing": {"processing", "converged", "max_iterations", "error"},
    "converged": {"complete"},
    "max_iterations": {"complete"},
    "error": {"complete"},
    "complete": set(),
}
DESIGNED_EVENTS = {
    "line_loaded": "initializing -> processing",
    "angle_complete": "processing -> processing",
    "all_angles_complete": "processing -> processing | converged",
    "max_passes_reached": "processing -> max_iterations",
    "error_occurred": "* -> error",
    "cleanup_done": "converged | max_iterations | error -> complete",
}
DESIGNED_STEPS = {
    ("initializing", "line_loaded", "processing"),
    ("initializing", "error_occurred", "error"),
    ("processing", "angle_complete", "processing"),
    ("processing", "all_angles_complete", "processing"),
    ("processing", "all_angles_complete", "converged"),
    ("processing", "max_passes_reached", "max_iterations"),
    ("processing", "error_occurred", "error"),
    ("converged", "cleanup_done", "complete"),
    ("max_iterations", "cleanup_done", "complete"),
    ("error", "cleanup_done", "complete"),
}

statuses = st.sampled_from(STATUSES)
events = st.sampled_from(tuple(EVENTS))
choices = st.tuples(events, st.none() | statuses)


def test_the_states_are_followed_by_those_that_were_designed() -> None:
    assert {status: set(after) for status, after in TRANSITIONS.items()} == DESIGNED_TRANSITIONS


def test_the_events_lead_where_they_were_designed_to_lead() -> None:
    def side(names: tuple[str, ...]) -> str:
        return "*" if names == STATUSES else " | ".join(names)

    assert {name: f"{side(move.sources)} -> {side(move.targets)}" for name, move in EVENTS.items()} == DESIGNED_EVENTS


def test_every_step_is_one_of_those_that_were_designed() -> None:
    assert set(table()) == DESIGNED_STEPS


def test_of_all_that_can_be_asked_for_only_the_designed_steps_are_made() -> None:
    for status, event, target in itertools.product(STATUSES, EVENTS, STATUSES):
        if (status, event, target) in DESIGNED_STEPS:
            assert step(status, event, target) == target
        else:
            with pytest.raises(IllegalTransition) as refused:
                step(status, event, target)
            assert (refused.value.status, refused.value.event, refused.value.target) == (status, event, target)


@given(st.lists(choices, max_size=30))
def test_no_sequence_of_events_leaves_the_designed_steps(sequence: list[tuple[Event, Status | None]]) -> None:
    status: Status = "initializing"
    for event, target in sequence:
        legal = {after for before, on, after in DESIGNED_STEPS if (before, on) == (status, event)}
        possible = legal if target is None else legal & {target}
        if len(possible) == 1:
            after = step(status, event, target)
            assert after in possible
            assert after in DESIGNED_TRANSITIONS[status]
            status = after
        else:
            with pytest.raises(IllegalTransition):
                step(status, event, target)


def test_an_illegal_event_says_what_can_happen_instead() -> None:
    with pytest.raises(IllegalTransition, match="cleanup_done in state processing: only angle_complete, "):
        step("processing", "cleanup_done")
    with pytest.raises(IllegalTransition, match="only nothing can happen there"):
        step("complete", "error_occurred")
    with pytest.raises(IllegalTransition, match="processing or converged, and neither is named"):
        step("processing", "all_angles_complete")


def test_the_page_shows_the_tables_of_the_code() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "fix_page.py"))["page"]()
    text = (ROOT / "docs" / "fixes.md").read_text(encoding="utf-8")
    assert text == made, ".venv/bin/python docs/fix_page.py > docs/fixes.md writes it anew"
    for status, event, target in DESIGNED_STEPS:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{status}` | `{event}` |"))
        assert f"`{target}`" in row


USUAL = ConvergenceCriteria()


def test_the_usual_criteria_are_the_designed_ones() -> None:
    assert (USUAL.min_passes, USUAL.issue_stability, USUAL.content_stability) == (2, 2, 2)


@pytest.mark.parametrize(
    ("passes", "converged"),
    [
        ([], False),
        ([(0, False)], False),
        ([(0, False), (0, False)], True),
        ([(0, True), (0, False)], False),
        ([(0, True), (0, False), (0, False)], True),
        ([(1, False), (0, False)], False),
        ([(1, True), (1, False), (0, False), (0, False)], True),
        ([(3, False), (3, False)], True),
    ],
)
def test_convergence_takes_stable_issues_and_stable_content(passes: list[tuple[int, bool]], converged: bool) -> None:
    assert has_converged([PassCount(*each) for each in passes], USUAL) is converged


@given(
    st.lists(st.builds(PassCount, st.integers(0, 3), st.booleans()), max_size=8),
    st.builds(ConvergenceCriteria, st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)),
)
def test_convergence_is_what_its_three_parts_say(passes: list[PassCount], criteria: ConvergenceCriteria) -> None:
    def last(count: int) -> list[PassCount]:
        return passes[-count:] if len(passes) >= count else []

    enough = len(passes) >= criteria.min_passes
    issues = len({each.issues for each in last(criteria.issue_stability)}) == 1
    content = bool(last(criteria.content_stability)) and not any(
        each.modified for each in last(criteria.content_stability)
    )
    assert has_converged(passes, criteria) is (enough and issues and content)
