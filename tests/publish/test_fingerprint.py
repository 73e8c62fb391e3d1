from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.fingerprint import fingerprinted, number_findings
from codedesigner.vote.finding import Finding

from .sample import FINDINGS, finding


def prints(*findings: Finding) -> list[str]:
    return [one.fingerprint for one in fingerprinted(findings)]


def shifted(one: Finding, by: int) -> Finding:
    return replace(one, line=one.line + by, end_line=one.end_line + by)


def test_the_same_text_on_two_lines_gives_two_fingerprints_that_survive_a_shift() -> None:
    pair = (finding(line=9, end_line=9), finding(line=15, end_line=15))
    before = prints(*pair)
    assert len(set(before)) == 2
    assert prints(*(shifted(one, 20) for one in pair)) == before


def test_wording_angle_severity_and_votes_are_not_part_of_it() -> None:
    reworded = finding(title="Unknown name", body="?", angle="style", severity="low", ballots=(), agreement=0.2)
    assert prints(reworded) == prints(finding())


def test_white_space_is_not_part_of_it_but_the_rest_of_the_line_is() -> None:
    assert prints(finding(evidence="if  x:\n\ty()")) == prints(finding(evidence="if x:\n        y() "))
    assert prints(finding(evidence="if x: y()")) != prints(finding(evidence="if x: z()"))


def test_path_function_and_kind_are_part_of_it() -> None:
    others = [finding(path="b.py"), finding(function=None), finding(kind="unused-import"), finding()]
    assert len({prints(one)[0] for one in others}) == 4


def test_a_duplicate_does_not_rename_the_others() -> None:
    twins = (finding(line=9), finding(line=20))
    alone = prints(*twins)
    assert prints(twins[0], finding(line=9, disposition="duplicate"), twins[1])[::2] == alone


@given(st.permutations(FINDINGS * 2), st.integers(1, 500))
def test_fingerprints_are_unique_and_shift_as_one(findings: list[Finding], by: int) -> None:
    named = prints(*findings)
    assert len(set(named)) == len(findings)
    assert prints(*(shifted(one, by) for one in findings)) == named


@given(st.permutations(FINDINGS))
def test_numbers_do_not_depend_on_the_order_given(findings: list[Finding]) -> None:
    def ids(given_findings: tuple[Finding, ...]) -> dict[str, str]:
        return {one.fingerprint: one.id for one in number_findings(fingerprinted(given_findings))}

    assert ids(tuple(findings)) == ids(FINDINGS)


def test_posted_findings_are_numbered_first_and_the_worst_of_them_first() -> None:
    numbered = number_findings(
        (
            finding(severity="critical", disposition="rejected"),
            finding(severity="low", path="a.py"),
            finding(severity="high", path="b.py", line=9),
            finding(severity="high", path="b.py", line=2),
        )
    )
    assert [(one.id, one.severity, one.line) for one in numbered] == [
        ("F1", "high", 2),
        ("F2", "high", 9),
        ("F3", "low", 9),
        ("F4", "critical", 9),
    ]
