from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import NotReviewed
from codedesigner.publish.gate import Threshold, coverage_ratio, decide
from codedesigner.publish.inputs import Coverage, FailOn, Skipped
from codedesigner.severity import SEVERITIES
from codedesigner.vote.finding import Disposition, Finding

from .sample import Gate, finding

FULL = Coverage(10, 10, 30, 30)

findings_ = st.builds(
    lambda severity, agreement, disposition, path: finding(
        severity=severity, agreement=agreement, disposition=disposition, path=path
    ),
    st.sampled_from(SEVERITIES),
    st.floats(0, 1),
    st.sampled_from(get_args(Disposition)),
    st.sampled_from(["a.py", "b.py"]),
)
some = st.lists(findings_, max_size=6)
gates = st.builds(
    Gate,
    fail_on=st.sampled_from(get_args(FailOn)),
    min_agreement=st.floats(0, 1),
    coverage=st.floats(0, 1),
    on_inconclusive=st.sampled_from(["fail", "pass"]),
)
skips = st.lists(st.builds(Skipped, st.just("a"), st.none(), st.sampled_from(get_args(NotReviewed))), max_size=5)
coverages = st.builds(
    lambda planned, answered, skipped: Coverage(planned, min(planned, answered), 0, 0, tuple(skipped)),
    st.integers(0, 20),
    st.integers(0, 20),
    skips,
)


def test_nothing_found_and_all_covered_passes() -> None:
    decision = decide((), FULL, Gate())
    assert (decision.conclusion, decision.exit_code, decision.green) == ("pass", 0, True)
    assert decision.title == "No findings"


def test_a_blocking_finding_fails_and_is_named() -> None:
    decision = decide((finding(id="F7"),), FULL, Gate())
    assert (decision.conclusion, decision.exit_code, decision.green) == ("fail", 1, False)
    assert decision.blocking == ("F7",)
    assert "1 high" in decision.reason


@pytest.mark.parametrize("on_inconclusive", ["fail", "pass"])
def test_short_coverage_is_inconclusive_and_blames_the_reviewer(on_inconclusive: str) -> None:
    short = Coverage(1000, 999, 0, 0, (Skipped("a.py", "f", "location_failed"),))
    decision = decide((), short, Gate(on_inconclusive="pass" if on_inconclusive == "pass" else "fail"))
    assert (decision.conclusion, decision.exit_code) == ("inconclusive", 3)
    assert decision.green is (on_inconclusive == "pass")
    assert decision.title == "The reviewer could not finish; this is no verdict on the change"
    assert "999 of 1,000 items answered, coverage 99.9 %" in decision.reason
    assert "1 × location_failed" in decision.reason


def test_fail_wins_over_inconclusive_and_says_both() -> None:
    decision = decide((finding(),), Coverage(10, 5, 0, 0), Gate())
    assert decision.conclusion == "fail"
    assert "1 high" in decision.reason
    assert "5 of 10 items" in decision.reason


@pytest.mark.parametrize(("agreement", "conclusion"), [(0.5, "fail"), (0.3 / 0.6, "fail"), (0.4999, "pass")])
def test_the_least_agreement_is_inclusive(agreement: float, conclusion: str) -> None:
    assert decide((finding(agreement=agreement),), FULL, Gate(min_agreement=0.5)).conclusion == conclusion


def test_float_sums_do_not_decide() -> None:
    weights = sum([0.1] * 3) / sum([0.1] * 6)
    assert weights != 0.5
    assert decide((finding(agreement=weights),), FULL, Gate(min_agreement=0.5)).conclusion == "fail"


def test_an_agreement_that_is_no_number_blocks() -> None:
    assert decide((finding(agreement=float("nan")),), FULL, Gate()).conclusion == "fail"


def test_a_path_may_have_its_own_threshold() -> None:
    posted = (finding(path="a.py", severity="low"), finding(path="tests/a.py", severity="critical"))
    rules = {"a.py": Threshold("low", 0.5), "tests/a.py": Threshold("never", 0.5)}
    decision = decide(posted, FULL, Gate(), rules)
    assert decision.conclusion == "fail"
    assert "1 low" in decision.reason
    assert decide(posted[1:], FULL, Gate(), rules).conclusion == "pass"


@pytest.mark.parametrize(
    ("reason", "ratio"),
    [(reason, 1.0 if reason not in ("too_large", "content_unavailable", "budget", "location_failed") else 10 / 11)
     for reason in get_args(NotReviewed)],
)  # fmt: skip
def test_what_counts_against_coverage(reason: NotReviewed, ratio: float) -> None:
    skipped = (Skipped("a.py", None, reason),)
    assert coverage_ratio(Coverage(10, 10, 0, 0, skipped)) == pytest.approx(ratio)


def test_an_item_that_is_listed_and_missing_counts_once() -> None:
    assert coverage_ratio(Coverage(10, 9, 0, 0, (Skipped("a.py", "f", "budget"),))) == pytest.approx(0.9)


@given(some, coverages, gates, st.sampled_from(SEVERITIES), st.floats(0, 1))
def test_one_more_blocking_finding_never_turns_fail_into_pass(
    findings: list[Finding], coverage: Coverage, gate: Gate, severity: object, agreement: float
) -> None:
    before = decide(findings, coverage, gate).conclusion
    after = decide([*findings, finding(severity=severity, agreement=agreement)], coverage, gate).conclusion
    assert not (before == "fail" and after != "fail")
    assert not (before == "inconclusive" and after == "pass")


@given(some, coverages, gates, st.integers(1, 20))
def test_answering_less_never_gives_a_pass(findings: list[Finding], coverage: Coverage, gate: Gate, less: int) -> None:
    before = decide(findings, coverage, gate).conclusion
    lower = replace(coverage, items_answered=max(0, coverage.items_answered - less))
    assert decide(findings, lower, gate).conclusion != "pass" or before == "pass"


@given(some, coverages, gates, st.sampled_from(["budget", "location_failed", "too_large", "content_unavailable"]))
def test_losing_one_more_item_never_gives_a_pass(
    findings: list[Finding], coverage: Coverage, gate: Gate, reason: NotReviewed
) -> None:
    before = decide(findings, coverage, gate).conclusion
    lower = replace(coverage, not_reviewed=(*coverage.not_reviewed, Skipped("b", None, reason)))
    assert decide(findings, lower, gate).conclusion != "pass" or before == "pass"


@given(some, coverages)
def test_anything_missing_is_never_a_pass_where_all_is_demanded(findings: list[Finding], coverage: Coverage) -> None:
    conclusion = decide(findings, coverage, Gate(coverage=1.0)).conclusion
    assert conclusion != "pass" or coverage.items_answered == coverage.items_planned


@given(some, coverages, gates)
def test_only_what_is_posted_or_undecided_counts(findings: list[Finding], coverage: Coverage, gate: Gate) -> None:
    counting = [one for one in findings if one.disposition in ("posted", "undecided")]
    assert decide(findings, coverage, gate).conclusion == decide(counting, coverage, gate).conclusion


@given(some, coverages, gates)
def test_what_nobody_decided_never_blocks_and_never_passes_where_it_would(
    findings: list[Finding], coverage: Coverage, gate: Gate
) -> None:
    open_one = finding(id="F9", disposition="undecided", severity="critical", decided="nobody", agreement=1.0)
    without, decision = decide(findings, coverage, gate), decide([*findings, open_one], coverage, gate)
    assert decision.blocking == without.blocking
    assert (decision.conclusion == "fail") == (without.conclusion == "fail")
    assert decision.conclusion != "pass" or gate.fail_on == "never"


def test_a_finding_that_needs_a_person_is_named_as_the_reason() -> None:
    decision = decide([finding(disposition="undecided", decided="nobody")], FULL, Gate())
    assert (decision.conclusion, decision.green) == ("inconclusive", False)
    assert decision.title == "1 finding needs a person; this is no verdict yet"
    assert decision.reason == "a person has to decide on 1 high; nothing was found"


def test_a_lesser_finding_that_needs_a_person_is_no_reason() -> None:
    assert decide([finding(disposition="undecided", severity="medium")], FULL, Gate()).conclusion == "pass"


def test_what_the_supervisor_decided_blocks_whatever_the_vote_was() -> None:
    decision = decide([finding(id="F1", agreement=0.4, decided="supervisor")], FULL, Gate())
    assert (decision.conclusion, decision.blocking) == ("fail", ("F1",))
    assert decision.reason == "1 high with enough agreement or by the supervisor's decision"


@given(some, gates)
def test_never_never_fails(findings: list[Finding], gate: Gate) -> None:
    assert decide(findings, FULL, replace(gate, fail_on="never")).conclusion == "pass"


@given(some, coverages, gates)
def test_exit_code_colour_and_conclusion_agree(findings: list[Finding], coverage: Coverage, gate: Gate) -> None:
    decision = decide(findings, coverage, gate)
    assert decision.exit_code == {"pass": 0, "fail": 1, "inconclusive": 3}[decision.conclusion]
    assert (decision.conclusion == "fail") == bool(decision.blocking)
    assert decision.green is (
        decision.conclusion == "pass" or (decision.conclusion == "inconclusive" and gate.on_inconclusive == "pass")
    )
