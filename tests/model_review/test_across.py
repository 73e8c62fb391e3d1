"""A defect that models claim from several angles is posted once, and what they think of it stays to be read."""

from __future__ import annotations

import pytest

from .studio import NOTHING, Studio, claims, issue, verdict

BEFORE = "def show(user):\n    return user.id\n"
CODE = "def show(user):\n    return user.name.strip()\n"
LINE = "return user.name.strip()"
NULL = "`user` may be None here, and its name is read without a check"
LEAK = "The name is shown to everybody, which leaks personal data"
ANGLES = ("--angle", "correctness", "--angle", "security", "--angle", "efficiency")


@pytest.fixture
def change(studio: Studio) -> Studio:
    studio.repo.commit({"view.py": BEFORE, ".codedesigner.yml": "gate:\n  min_voters: 1\n"})
    studio.repo.commit({"view.py": CODE})
    return studio


def test_one_model_that_says_the_same_from_every_angle_makes_one_finding(change: Studio) -> None:
    locations = change.models(one=[{"answer": claims(issue(LINE, NULL, "medium"))}])
    done = change.review(locations, *ANGLES, "--fail-on", "medium")
    (posted,) = done.findings("posted")
    others = done.findings("duplicate")
    assert {posted["angle"], *(one["angle"] for one in others)} == {"correctness", "security", "efficiency"}
    assert [one["id"] for one in posted["also"]] == [one["id"] for one in others]
    assert all(one["duplicate_of"] == posted["id"] for one in others)
    assert all(one["reason"].startswith(f"the same defect as {posted['id']}, seen from") for one in others)
    assert (done.code, done.report["gate"]["blocking"]) == (1, [posted["id"]])


def test_another_defect_of_the_line_is_posted_beside_it(change: Studio) -> None:
    yes = {"when": f"> {LINE}", "answer": verdict("yes", "so it is")}
    locations = change.models(
        one=[yes, {"answer": claims(issue(LINE, NULL, "medium"))}],
        two=[yes, {"answer": claims(issue(LINE, LEAK, "low"))}],
    )
    done = change.review(locations, *ANGLES)
    assert [one["body"] for one in done.findings("posted")] == [NULL, LEAK]
    assert len(done.findings("duplicate")) == 4
    assert all(len(one["ballots"]) == 2 for one in done.findings())


def test_angles_lend_each_other_no_votes(change: Studio) -> None:
    no = {"when": f"> {LINE}", "answer": verdict("no", "callers check it")}
    locations = change.models(one=[{"answer": claims(issue(LINE, NULL, "high"))}], two=[no, {"answer": NOTHING}])
    done = change.review(locations, *ANGLES, "--min-agreement", "0.6")
    assert {one["disposition"] for one in done.findings()} == {"below_agreement"}
    assert done.code == 0
