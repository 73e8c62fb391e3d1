"""A review that remembers comes to the same verdict as one that asks about everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codedesigner.change.model import Change, FileChange, Hunk, Line, encode, split_lines
from codedesigner.planning import plan_change
from codedesigner.protocol.issue import Source
from codedesigner.state.remembering import RememberingReviewer

from .house import (
    MakeRepo,
    Repo,
    a_request,
    asked_of,
    exhaustive,
    incremental,
    known,
    report_on,
    skipped,
    the_house,
    verdict,
)

BEFORE = {"a.py": "def f():\n    return 1\n", "b.py": "def g():\n    return secret\n", "c.py": "def h(): pass\n"}
AFTER = {
    "a.py": "def f():\n    return missing\n\ndef f2():\n    return missing\n",
    "b.py": "def g():\n    x = missing\n    return secret\n",
    "c.py": "def h(): boom\n",
    "d.go": "package d\nfunc odd() { missing() }\n",
    "e.yml": "key: secret\n",
}


@pytest.fixture
def repo(make_repo: MakeRepo) -> Repo:
    made = make_repo(BEFORE)
    made.commit(AFTER)
    return made


def test_an_unchanged_change_costs_nothing_and_gets_the_same_verdict(repo: Repo, tmp_path: Path) -> None:
    request, folder = a_request(repo), tmp_path / "state"
    expected = report_on(exhaustive(request))
    assert {finding.disposition for finding in expected.findings} >= {"posted", "below_agreement"}
    assert any(finding.suggestion for finding in expected.findings)

    first_house, house = the_house(), the_house()
    first, second = incremental(request, folder, first_house), incremental(request, folder, house)
    before = plan_change(first).plan
    assert known(before) == 0
    assert verdict(report_on(first)) == verdict(expected)
    assert asked_of(first_house) > 20
    after = plan_change(second).plan
    # What failed is asked again, and whoever was not there.
    assert {(item.function_ref.file, item.locations) for item in after.items if item.locations} == {
        *((path, ("gone",)) for path in AFTER if path != "c.py"),
        ("c.py", ("four", "gone")),
    }
    assert verdict(report_on(second)) == verdict(expected)
    assert [(source.path, source.text) for reviewer in house for source in reviewer.asked] == [("c.py", AFTER["c.py"])]


def test_what_everybody_answered_before_is_skipped_and_counts(repo: Repo, tmp_path: Path) -> None:
    request, folder = a_request(repo), tmp_path / "state"
    report_on(incremental(request, folder, the_house()[:3]))

    house = the_house()[:3]
    again = incremental(request, folder, house)
    plan = plan_change(again).plan
    report = report_on(again)

    assert skipped(plan) == sum(item.wanted for item in plan.items) > 0
    assert plan.estimated_operations == 0
    assert asked_of(house) == 0
    assert report.coverage.items_answered == report.coverage.items_planned == skipped(plan)
    assert report.gate.conclusion == "fail"


def test_only_what_moved_is_asked_again(repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    report_on(incremental(a_request(repo), folder, the_house()))
    repo.commit({"a.py": AFTER["a.py"] + "\ndef f3():\n    return missing\n"})
    request, house = a_request(repo, base="HEAD~2"), the_house()

    report = report_on(incremental(request, folder, house))

    assert verdict(report) == verdict(report_on(exhaustive(request)))
    texts = {source.text for reviewer in house for source in reviewer.asked if source.path != "c.py"}
    assert all("f3" in text for text in texts)


def test_the_same_file_against_another_base_is_another_question(repo: Repo, tmp_path: Path) -> None:
    # The new side is known from before, the old one is not: it is asked about where it matters.
    folder = tmp_path / "state"
    report_on(incremental(a_request(repo), folder, the_house()))
    repo.commit({"a.py": "def f():\n    return secret\n", "b.py": BEFORE["b.py"]}, "another start")
    repo.commit({"a.py": AFTER["a.py"]}, "the same end")
    request = a_request(repo)

    change = incremental(request, folder, the_house())

    assert verdict(report_on(change)) == verdict(report_on(exhaustive(request)))


def test_a_lost_answer_is_asked_for_and_voted_on(repo: Repo, tmp_path: Path) -> None:
    # Between the plan and the question, another process may have made room.
    request, folder, house = a_request(repo), tmp_path / "state", the_house()
    report_on(incremental(request, folder, the_house()))
    change = incremental(request, folder, house)
    by_id = {reviewer.id: reviewer for reviewer in change.reviewers}

    def knew(location: str, sources: Sequence[Source]) -> frozenset[str]:
        reviewer = by_id[location]
        assert isinstance(reviewer, RememberingReviewer)
        found = reviewer.known(sources)
        if location == "gone":
            (folder / "answers.sqlite").unlink()
        return found

    report = report_on(replace(change, known=knew))

    assert asked_of(house) > 20
    assert verdict(report) == verdict(report_on(exhaustive(request)))


TEXT = st.lists(st.sampled_from(["def f():", "    missing", "    secret", "    odd", "", "x = boom"]), max_size=4)


def a_change(before: Sequence[str], after: Sequence[str]) -> Change:
    """A file with every line replaced."""
    old, new = ("".join(f"{line}\n" for line in lines) for lines in (before, after))
    removed = [Line("removed", n, None, text) for n, text in enumerate(split_lines(old) if old else [], 1)]
    added = [Line("added", None, n, text) for n, text in enumerate(split_lines(new) if new else [], 1)]
    hunk = Hunk(min(1, len(removed)), len(removed), min(1, len(added)), len(added), "", (*removed, *added))
    file = FileChange(
        "m.py", None, "modified", False, len(added), len(removed), (hunk,), old=encode(old), new=encode(new)
    )
    return Change("r", "b" * 40, "h" * 40, (file,))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=2))
def test_whatever_is_known_the_verdict_is_the_same(
    repo: Repo, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[list[str], list[str]]]
) -> None:
    request, folder = a_request(repo), tmp_path_factory.mktemp("state")
    for before, after in (*changes, changes[0]):
        one = replace(request, change=a_change(before, after))
        assert verdict(report_on(incremental(one, folder, the_house()))) == verdict(report_on(exhaustive(one)))
