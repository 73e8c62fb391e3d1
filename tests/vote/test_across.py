"""Which findings of models are one defect, seen from several angles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.sample import finding

from codedesigner.protocol.issue import Issue
from codedesigner.vote.across import same_defects
from codedesigner.vote.cluster import Proposal
from codedesigner.vote.finding import Finding

NULL = "`user` may be None here, and its name is read without a check"
NULL_TOO = "Missing check: the name of `user` is read although `user` may be None"
LEAK = "The name is written to the log in clear, which leaks personal data"
SQL = "The query is built from `name` by string formatting, so SQL can be injected"
SQL_TOO = "SQL injection: `name` is put into the query by string formatting"
CLOSED = "The connection is never closed when execute() raises"


def seen(
    angle: str,
    text: str,
    line: int = 7,
    *,
    end_line: int | None = None,
    said: tuple[str, ...] | None = None,
    **more: object,
) -> Finding:
    """A finding of a model; `said` is what each model said of it."""
    kind, end = f"model/{angle}", line if end_line is None else end_line
    issues = [Issue(kind, "", line, end, each, angle=angle) for each in said or (text,)]
    proposals = tuple(Proposal(f"m{at}", issue) for at, issue in enumerate(issues))
    given: dict[str, object] = {"function": "show", "title": text, "body": text, "proposals": proposals} | more
    return finding(angle=angle, kind=kind, line=line, end_line=end, **given)


def groups(*findings: Finding) -> list[list[int]]:
    return [list(group) for group in same_defects(findings)]


def test_the_same_words_from_four_angles_are_one_defect() -> None:
    angles = ("correctness", "security", "performance", "design")
    assert groups(*(seen(angle, NULL) for angle in angles)) == [[0, 1, 2, 3]]


@pytest.mark.parametrize(("one", "other"), [(NULL, NULL_TOO), (SQL, SQL_TOO)])
def test_other_words_for_it_are_one_defect_too(one: str, other: str) -> None:
    assert groups(seen("correctness", one), seen("security", other)) == [[0, 1]]


ROWS = yaml.safe_load((Path(__file__).parent / "said.yml").read_text(encoding="utf-8"))
DISTINCT = [
    (NULL, LEAK),
    (SQL, CLOSED),
    ("Division by zero when `count` is 0", "`count` is a string from the request and never converted to int"),
    ("Division by zero when `total` is 0 in `average`", "The result of `average` is rounded, `total` loses precision"),
    ("The cache is never invalidated, so prices are stale", "The cache grows without bound and uses up all memory"),
    ("The lock is not released when write() raises", "The lock is taken twice in this function, which deadlocks"),
    ("`timeout` is in seconds but the API expects milliseconds", "`timeout` is ignored for the second request"),
    ("The file is never closed", "The path of the file comes from the request, so any file can be read"),
    ("`userName` is never defined", "`orderId` is never defined"),
    ("`items` is changed while the loop goes over it", "The loop over `items` asks the database once for each of them"),
    ("The token is compared with ==, which leaks it by timing", "The token is never refreshed after it expires"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DISTINCT)
def test_two_defects_of_one_line_stay_apart(one: str, other: str) -> None:
    assert groups(seen("correctness", one), seen("security", other)) == []
    # Also where each is seen from several angles, and by several models in the same words.
    many = [seen(angle, one, said=(one,) * 3) for angle in ("correctness", "design")]
    many += [seen(angle, other, said=(other,) * 3) for angle in ("security", "performance")]
    assert groups(*many) == [[0, 1], [2, 3]]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["kind"])
def test_what_else_may_be_said_of_a_line_stays_apart(row: dict[str, Any]) -> None:
    for one in row["same"]:
        for other in row.get("other", ()):
            assert groups(seen("correctness", one), seen("security", other)) == []


def test_what_stands_on_other_lines_or_in_another_function_is_another_defect() -> None:
    assert groups(seen("correctness", NULL, 7), seen("security", NULL, 8)) == []
    assert groups(seen("correctness", NULL, 7, end_line=9), seen("security", NULL, 8)) == [[0, 1]]
    assert groups(seen("correctness", NULL), seen("security", NULL, function="other")) == []
    assert groups(seen("correctness", NULL), seen("security", NULL, path="b.py")) == []
    assert groups(seen("correctness", NULL, function=None), seen("security", NULL, function=None)) == [[0, 1]]


def test_what_a_vote_has_told_apart_within_an_angle_does_not_meet_over_another() -> None:
    found = groups(seen("correctness", NULL), seen("correctness", NULL_TOO), seen("security", NULL))
    assert found == [[0, 2]]


def test_what_analysers_found_has_a_name_and_takes_no_part() -> None:
    assert groups(seen("correctness", NULL), finding(line=7, end_line=7, function="show", body=NULL)) == []


some = st.lists(
    st.builds(
        lambda angle, text, line, length, function: seen(angle, text, line, end_line=line + length, function=function),
        st.sampled_from(("correctness", "security", "design")),
        st.sampled_from((NULL, NULL_TOO, LEAK, SQL, SQL_TOO, CLOSED)),
        st.integers(1, 5),
        st.integers(0, 2),
        st.sampled_from(("show", "hide")),
    ),
    max_size=9,
    unique_by=lambda one: (one.kind, one.line, one.end_line, one.body, one.function),
)


@given(some.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))))
def test_groups_are_of_different_angles_on_common_lines_in_whatever_order(
    given: tuple[list[Finding], list[Finding]],
) -> None:
    found, shuffled = given
    parts = same_defects(found)
    for part in parts:
        members = [found[index] for index in part]
        assert len({one.kind for one in members}) == len(members) > 1
        assert len({one.function for one in members}) == 1
        assert max(one.line for one in members) <= min(one.end_line for one in members)
    assert len({index for part in parts for index in part}) == sum(map(len, parts))

    def named(findings: list[Finding]) -> set[frozenset[tuple[object, ...]]]:
        groups = same_defects(findings)
        return {
            frozenset((findings[index].kind, findings[index].line, findings[index].body) for index in group)
            for group in groups
        }

    assert named(found) == named(shuffled)
