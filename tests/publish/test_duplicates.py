"""One defect that is seen from several angles is told once, and blocks as all of them would."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.vote.test_across import LEAK, NULL, NULL_TOO, SQL, seen

from codedesigner.publish.build import build_report
from codedesigner.publish.duplicates import one_each
from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.publish.gate import Threshold, decide
from codedesigner.publish.markdown import render as render_markdown
from codedesigner.publish.page import render as render_page
from codedesigner.publish.suppress import capped
from codedesigner.publish.terminal import render as render_text
from codedesigner.severity import SEVERITIES
from codedesigner.vote.finding import Finding

from .golden import check_golden
from .sample import CHANGE, COVERAGE, Gate, Mode, ballot, sample
from .test_gate import FULL, coverages, gates


def told(*findings: Finding) -> list[Finding]:
    return list(number_findings(one_each(fingerprinted(findings))))


HIGH = seen("security", NULL, severity="high", ballots=(ballot("m0"), ballot("m1", "no")), agreement=0.5)
LOW = seen("correctness", NULL_TOO, severity="low", ballots=(ballot("m0"), ballot("m1"), ballot("m2", "no")))


def test_the_worst_stands_for_all_and_nothing_of_the_others_is_lost() -> None:
    first, second = told(LOW, HIGH)
    assert (first.id, first.angle, first.severity, first.disposition) == ("F1", "security", "high", "posted")
    assert [(one.angle, one.severity, one.ballots) for one in first.also] == [("correctness", "low", LOW.ballots)]
    assert (second.id, second.disposition, second.duplicate_of) == ("F2", "duplicate", first.fingerprint)
    assert (second.ballots, second.severity) == (LOW.ballots, "low")


def test_a_report_names_what_a_duplicate_is_one_of() -> None:
    findings = told(LOW, HIGH)
    report = build_report(
        change=CHANGE, units=(), findings=findings, decision=decide(findings, FULL, Gate()), settings=Gate(),
        coverage=COVERAGE, locations=(), usage=sample().report.usage, mode=Mode(),  # type: ignore[arg-type]
    )  # fmt: skip
    first, second = report.findings
    assert [(one.id, one.angle, one.severity) for one in first.also] == [("F2", "correctness", "low")]
    assert second.duplicate_of == "F1"
    assert second.reason.startswith("the same defect as F1, seen from security; ")


def test_what_people_read_of_a_defect_that_is_seen_from_two_angles() -> None:
    given = sample((LOW, HIGH, seen("security", LEAK, severity="medium")))
    check_golden("also.txt", render_text(given))
    check_golden("also.md", render_markdown(given))
    assert "Also seen from: correctness (2/3, low · yes: m0, m1 · no: m2): Missing check" in render_page(given)


def test_what_is_accepted_hides_nothing_that_stands() -> None:
    accepted = replace(HIGH, disposition="suppressed", reason="accepted in the configuration: meant so")
    assert [one.disposition for one in told(LOW, accepted)] == ["posted", "suppressed"]
    both = [replace(one, disposition="suppressed", reason="dismissed by ada: meant so") for one in (LOW, HIGH)]
    assert [one.disposition for one in told(*both)] == ["suppressed", "duplicate"]


def test_what_waits_for_a_person_goes_on_waiting() -> None:
    waiting = replace(HIGH, disposition="undecided", reason="needs a person")
    findings = told(LOW, waiting)
    assert sorted(one.disposition for one in findings) == ["posted", "undecided"]
    assert decide(findings, FULL, Gate()).conclusion == "inconclusive"


def test_one_that_stands_for_a_blocking_one_blocks() -> None:
    # Each path has one threshold; that the one that stands for the others passes it is not what this rests on.
    (first,) = told(replace(HIGH, agreement=0.2))
    leading = replace(first, also=(replace(HIGH, agreement=0.9, angle="design"),))
    assert decide([first], FULL, Gate()).conclusion == "pass"
    assert decide([leading], FULL, Gate()).blocking == ("F1",)


some = st.lists(
    st.builds(
        lambda angle, text, line, severity, agreement, disposition, path: seen(
            angle, text, line, severity=severity, agreement=agreement, disposition=disposition, path=path
        ),
        st.sampled_from(("correctness", "security", "design")),
        st.sampled_from((NULL, NULL_TOO, LEAK, SQL)),
        st.integers(1, 2),
        st.sampled_from(SEVERITIES),
        st.floats(0, 1),
        st.sampled_from(("posted", "posted", "undecided", "suppressed", "below_agreement")),
        st.sampled_from(("a.py", "b.py")),
    ),
    max_size=8,
    unique_by=lambda one: (one.kind, one.line, one.body, one.path),
)


@given(some, gates, coverages)
def test_the_gate_comes_to_the_same_verdict(findings: list[Finding], gate: Gate, coverage: object) -> None:
    apart = number_findings(fingerprinted(findings))
    own = {"b.py": Threshold("low", 0.3)}
    before = decide(apart, coverage, gate, own)  # type: ignore[arg-type]
    after = decide(told(*findings), coverage, gate, own)  # type: ignore[arg-type]
    assert (after.conclusion, after.green) == (before.conclusion, before.green)


@given(some, gates, st.integers(0, 8))
def test_what_blocks_under_a_limit_blocks_when_it_is_told_once(findings: list[Finding], gate: Gate, most: int) -> None:
    before = decide(capped(number_findings(fingerprinted(findings)), most), FULL, gate)
    after = decide(capped(told(*findings), most), FULL, gate)
    assert before.conclusion != "fail" or after.conclusion == "fail"


@given(some.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_the_order_does_not_matter_and_twice_is_once(given: tuple[list[Finding], list[Finding]]) -> None:
    found, shuffled = given
    once = one_each(fingerprinted(found))
    assert one_each(once) == once

    def by_name(findings: tuple[Finding, ...]) -> dict[str, tuple[object, ...]]:
        return {
            one.fingerprint: (one.disposition, one.duplicate_of, sorted(each.fingerprint for each in one.also))
            for one in findings
        }

    named = {(one.path, one.kind, one.line, one.body): one for one in fingerprinted(found)}
    assert by_name(once) == by_name(
        one_each([named[one.path, one.kind, one.line, one.body] for one in shuffled])
    )  # fmt: skip
    for one in once:
        assert (one.disposition == "duplicate") == bool(one.duplicate_of)
        assert not (one.also and one.duplicate_of)
    assert sum(len(one.also) for one in once) == sum(one.disposition == "duplicate" for one in once)
