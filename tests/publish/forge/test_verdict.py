from __future__ import annotations

from dataclasses import replace
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st
from tests.publish.forge_markdown import rendered
from tests.publish.sample import finding, sample

from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.remembered import DecisionMark
from codedesigner.publish.forge.verdict import (
    NAME,
    Circumstances,
    annotated,
    broken,
    description,
    draft,
    running,
    superseded,
    switched_off,
    verdict,
    waiting,
)
from codedesigner.publish.inputs import Coverage, Skipped
from codedesigner.publish.report import Report

LINKS = Links("github", "https://forge.example/shop/cart", "2" * 40, "1" * 40)
WHOLE = Coverage(4, 4, 12, 12)
SHORT = Coverage(4, 2, 12, 6, (Skipped("a.py", "f", "location_failed"),))
PLAIN = Circumstances()
OFF: Report = sample((), WHOLE).report.model_copy(
    update={"mode": sample().report.mode.model_copy(update={"enabled": False, "source": "config_file"})}
)


def override(sha: str = "2" * 40) -> DecisionMark:
    return DecisionMark(what="override", by="4", login="ada", reason="hot fix @team", at=1, comment="9", sha=sha)


def title(report: Report, given: Circumstances = PLAIN) -> tuple[str | None, str]:
    check = verdict(report, LINKS, given)
    return check.conclusion, check.title


def test_the_title_says_whose_fault_it_is() -> None:
    assert title(sample().report) == ("failure", "Change blocked: 2 blocking findings")
    assert title(sample((), WHOLE).report) == ("success", "No findings")
    assert title(sample((finding(severity="low"),), WHOLE).report) == ("success", "1 finding, none blocking")
    broke = "The reviewer could not finish; this is no verdict on the change"
    assert title(sample((), SHORT).report) == ("failure", broke)
    assert title(sample((), SHORT).report, replace(PLAIN, on_inconclusive="pass")) == (
        "success", f"Let through without a verdict: {broke}",
    )  # fmt: skip
    waits = sample((finding(disposition="undecided", decided="nobody"),), WHOLE).report
    assert title(waits) == ("action_required", "1 finding needs a person; this is no verdict yet")
    assert title(OFF) == ("neutral", "Not reviewed: switched off by the configuration")
    assert title(sample().report, replace(PLAIN, queue=True))[1].startswith("Merge queue: Change blocked")
    assert title(sample((), WHOLE).report, replace(PLAIN, leaked=True)) == ("failure", "Possible secret in output")


def test_an_override_holds_for_its_commit_and_says_who_why_and_which() -> None:
    check = verdict(sample().report, LINKS, replace(PLAIN, override=override()))
    assert (check.conclusion, check.title) == ("success", "Overridden by ada: hot fix @team")
    assert "Overridden by `ada` for `222222222222`: hot fix `@team`" in check.summary
    assert "Without that: 2 blocking findings." in check.summary
    assert title(sample().report, replace(PLAIN, override=override("3" * 40)))[0] == "failure"


def test_it_shows_coverage_counts_and_where() -> None:
    check = verdict(sample().report, LINKS, replace(PLAIN, run="r1"))
    assert check.name == NAME
    assert "The change is at fault, not the reviewer." in check.summary
    assert "Coverage 100 %: 56 of 56 items, 166 of 168 ballots." in check.summary
    assert "7 findings: 1 critical, 1 high, 2 medium, 3 low." in check.summary
    assert f"[`src/cart.py:12`](https://forge.example/shop/cart/blob/{'2' * 40}/src/cart.py#L12-L14)" in check.text
    assert check.run == "r1"


def test_t_gh_31_annotations_are_levelled_by_severity_and_on_lines_of_the_new_side() -> None:
    made = annotated(sample().report)
    assert [one.level for one in made] == ["failure", "failure", "warning", "notice", "notice", "notice"]
    assert (made[0].path, made[0].start_line, made[0].end_line) == ("src/cart.py", 12, 14)
    assert made[1].title == "F2 Name is not defined (3/4)"
    assert len(annotated(sample(tuple(finding(line=n) for n in range(1, 174))).report)) == 173
    whole = annotated(sample((finding(line=0, end_line=0, title="x" * 400, body="y" * 9_000),)).report)[0]
    assert (whole.start_line, whole.end_line) == (1, 1)
    assert len(whole.title) <= 255


def test_t_gh_32_summary_and_text_are_under_the_limit_and_still_markdown() -> None:
    many = tuple(finding(line=n, title="日本語 | `x" * 60, body="b") for n in range(1, 400))
    check = verdict(sample(many).report, LINKS, PLAIN)
    for text in (check.summary, check.text, broken("2" * 40, "x", detail="é" * 70_000).summary):
        assert len(text) <= 65_535
        assert len(text.encode()) <= 65_535
    assert rendered(check.text).count("<tr>") <= 201
    assert "more" in check.text


def test_t_gh_34_a_status_has_at_most_140_characters_on_one_line() -> None:
    said = description(broken("2" * 40, "x" * 200 + "\nmore"))
    assert len(said) == 140
    assert "\n" not in said
    assert description(running("2" * 40)) == "Reviewing"


def test_t_gh_35_where_there_is_no_report_the_check_is_red_and_says_that_the_reviewer_broke() -> None:
    check = broken("2" * 40, "the model's answers could not be read", detail="ghp_" + "a1" * 18)
    assert check.conclusion == "failure"
    assert check.title.startswith("The reviewer broke: the model's answers")
    assert "ghp_" not in check.summary


def test_every_other_path_completes_the_check_and_none_is_green() -> None:
    sha = "2" * 40
    checks = [superseded(sha, "3" * 40), draft(sha), waiting(sha, "t", "w"), broken(sha, "b")]
    assert [check.conclusion for check in checks] == ["cancelled", "action_required", "action_required", "failure"]
    assert switched_off(sha, "ada").conclusion == "neutral"
    assert running(sha).conclusion is None


severities = st.sampled_from(["low", "medium", "high", "critical"])
dispositions = st.sampled_from(["posted", "posted", "undecided", "rejected", "suppressed"])
found = st.lists(st.builds(lambda s, d: finding(severity=s, disposition=d), severities, dispositions), max_size=3)


@given(
    found.map(tuple),
    st.sampled_from([WHOLE, SHORT, Coverage(0, 0, 0, 0)]),
    st.booleans(),
    st.sampled_from(["fail", "pass"]),
    st.sampled_from([None, "2" * 40, "3" * 40]),
    st.booleans(),
    st.booleans(),
)
def test_neutral_means_off_and_green_means_pass_or_a_person_or_the_settings(
    findings: tuple[object, ...],
    coverage: Coverage,
    on: bool,
    lenient: Literal["fail", "pass"],
    overridden: str | None,
    leaked: bool,
    queue: bool,
) -> None:
    report = sample(findings, coverage).report  # type: ignore[arg-type]
    report = report.model_copy(update={"mode": report.mode.model_copy(update={"enabled": on})})
    decision = None if overridden is None else override(overridden)
    check = verdict(report, LINKS, Circumstances(lenient, 1.0, decision, leaked, queue))
    assert (check.conclusion == "neutral") == (not on)
    assert check.conclusion in ("success", "failure", "action_required", "neutral")
    if check.conclusion == "success":
        passed = report.gate.conclusion == "pass"
        let_through = report.gate.conclusion == "inconclusive" and lenient == "pass"
        assert not leaked
        assert passed or let_through or overridden == "2" * 40
    if on and leaked:
        assert check.conclusion == "failure"
