"""Coverage counts what was answered, and names what was not."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.change.model import FileChange
from codedesigner.config.settings import Settings
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef, ItemStatus, SkipReason
from codedesigner.protocol.issue import Answer, Issue
from codedesigner.publish.coverage import by_file, count, stats
from codedesigner.publish.gate import decide
from codedesigner.publish.inputs import Coverage, Skipped
from codedesigner.run.examine import Looked

OK = Answer("answered")
DEAD = Answer("failed", detail="exit code 2")


def item(
    name: str,
    angle: str = "style",
    *,
    locations: tuple[str, ...] = ("a", "b"),
    status: ItemStatus = "pending",
    skip: SkipReason | None = None,
    known: tuple[str, ...] = (),
    unasked: tuple[str, ...] = (),
) -> ExecutionItem:
    ref = FunctionRef("m.py", name, 1, 9)
    return ExecutionItem(
        f"{name}-{angle}",
        ref,
        None,
        angle,
        1,
        status=status,
        skip_reason=skip,
        locations=locations if not skip else (),
        known=known,
        unasked=unasked,
    )


def counted(
    items: list[ExecutionItem],
    answers: Mapping[str, Answer],
    *,
    quorum: int = 1,
    files: tuple[FileChange, ...] = (),
    filtered: tuple[str, ...] = (),
) -> Coverage:
    looked = Looked({location: {"k": answer} for location, answer in answers.items()}, {})
    plan = ExecutionPlan("p", 0.0, tuple(items), "exhaustive", len(items))
    return count(plan, files, filtered, by_file(looked, {"m.py": "k"}), quorum=quorum, preexisting=3)


def test_an_item_is_answered_when_enough_locations_looked() -> None:
    answers = {"a": OK, "b": DEAD}

    one, both = counted([item("f")], answers), counted([item("f")], answers, quorum=2)

    assert (one.items_planned, one.items_answered, one.ballots_asked, one.ballots_answered) == (1, 1, 2, 1)
    assert one.not_reviewed == ()
    assert (both.items_answered, both.not_reviewed) == (0, (Skipped("m.py", "f", "location_failed"),))


def test_a_quorum_larger_than_the_house_is_the_house() -> None:
    assert counted([item("f", locations=("a",))], {"a": OK}, quorum=5).items_answered == 1


def test_whoever_reported_a_syntax_error_looked_and_whoever_only_stumbled_did_not() -> None:
    reported = Answer("unparsed", (Issue("syntax-error", "E999", 1, 1, "x"),), "syntax error")

    assert counted([item("f", locations=("a",))], {"a": reported}).items_answered == 1
    assert counted([item("f", locations=("a",))], {"a": Answer("unparsed", detail="x")}).items_answered == 0


def test_a_location_that_never_came_back_answered_nothing() -> None:
    assert counted([item("f")], {}).ballots_answered == 0


def test_what_the_budget_left_out_was_wanted() -> None:
    coverage = counted([item("f"), item("g", status="skipped", skip="budget")], {"a": OK, "b": OK})

    assert (coverage.items_planned, coverage.items_answered) == (2, 1)
    assert coverage.not_reviewed == (Skipped("m.py", "g", "budget"),)


def test_whoever_a_budget_left_out_was_wanted_too() -> None:
    cut = counted([item("f", locations=("a",), unasked=("b",)), item("g")], {"a": OK, "b": OK})
    whole = counted([item("f"), item("g", status="skipped", skip="budget", unasked=("a", "b"))], {"a": OK, "b": OK})

    assert (cut.items_planned, cut.items_answered, cut.ballots_asked, cut.ballots_answered) == (2, 2, 4, 3)
    assert (whole.items_planned, whole.items_answered, whole.ballots_asked, whole.ballots_answered) == (2, 1, 4, 2)
    assert cut.not_reviewed == (Skipped("m.py", "f", "budget"),)
    assert whole.not_reviewed == (Skipped("m.py", "g", "budget"),)
    for coverage in (cut, whole):
        assert decide((), coverage, Settings().gate).conclusion == "inconclusive"


def test_a_budget_does_not_lower_the_quorum() -> None:
    cut = counted([item("f", locations=("a",), unasked=("b",))], {"a": OK}, quorum=2)

    assert (cut.items_answered, cut.not_reviewed) == (0, (Skipped("m.py", "f", "budget"),))


def test_a_failure_shows_beside_a_budget() -> None:
    cut = counted([item("f", locations=("a",), unasked=("b",))], {"a": DEAD})

    assert cut.not_reviewed == (Skipped("m.py", "f", "location_failed"), Skipped("m.py", "f", "budget"))


def test_a_known_answer_is_an_answer() -> None:
    before = item("f", status="skipped", skip="answered_before", known=("a", "b"))
    mixed = item("g", locations=("b",), known=("a",))

    asked = counted([item("f"), item("g")], {"a": OK, "b": OK})

    assert counted([before, mixed], {"a": OK, "b": OK}) == asked
    assert counted([before], {}).not_reviewed == (Skipped("m.py", "f", "location_failed"),)


def test_an_angle_nobody_judges_is_a_gap_and_a_function_nobody_judges_is_not_reviewed() -> None:
    gap = counted([item("f"), item("f", "efficiency", status="skipped", skip="no_reviewer")], {"a": OK, "b": OK})
    nobody = counted([item("f", status="skipped", skip="no_reviewer")], {})

    assert gap.not_reviewed == ()
    assert nobody.not_reviewed == (Skipped("m.py", "f", "no_reviewer"),)
    assert nobody.items_planned == 0


def test_files_are_named_with_their_reason() -> None:
    big = FileChange("big.py", None, "modified", binary=False, added=1, removed=0, hunks=(), unread="too_large")
    lock = FileChange("x.lock", None, "modified", binary=False, added=1, removed=0, hunks=())
    fine = FileChange("m.py", None, "modified", binary=False, added=1, removed=0, hunks=())

    coverage = counted([], {}, files=(big, lock, fine), filtered=("x.lock",))

    assert coverage.not_reviewed == (Skipped("big.py", None, "too_large"), Skipped("x.lock", None, "filtered"))
    assert coverage.preexisting == 3


def test_a_location_is_idle_degraded_or_offline_and_says_why() -> None:
    reviewers = [ScriptedReviewer("a"), ScriptedReviewer("b"), ScriptedReviewer("c", unavailable="not installed")]
    rounds = [
        Looked({"a": {"k": OK}, "b": {"k": OK, "l": DEAD}, "c": {"k": Answer("offline")}}, {"a": (5.0,)}),
        Looked({"a": {"fix0": OK}}, {"a": (7.0,)}),
    ]

    idle, degraded, offline = stats(reviewers, rounds)

    assert (idle.status, idle.requests_total, idle.requests_failed, idle.latencies_ms) == ("idle", 2, 0, (5.0, 7.0))
    assert (degraded.status, degraded.requests_failed, degraded.detail) == ("degraded", 1, "exit code 2")
    assert (offline.status, offline.detail) == ("offline", "not installed")
