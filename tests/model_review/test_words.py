"""The words of a finding that several models put differently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run

from .studio import NOTHING, Studio, claims, issue

CODE = "def pay(total, count):\n    return total / count\n"
LINE = "return total / count"
LONG = "`count` is zero for an empty order, and the division fails. The order is lost."
SHORT = "Division by zero when `count` is zero."
ASKED = "You cannot write any words of your own"


def panel(studio: Studio, answer: Any, **judge: Any) -> Path:
    supervisor = {"rules": [{"when": ASKED, "answer": answer}, {"answer": NOTHING}], "tags": ["supervisor"], **judge}
    return studio.models(
        one=[{"answer": claims(issue(LINE, LONG))}],
        two=[{"answer": claims(issue(LINE, SHORT))}],
        judge=supervisor,
    )


@pytest.fixture
def by_supervisor(studio: Studio) -> Studio:
    studio.repo.commit({".codedesigner.yml": "vote:\n  wording: supervisor\n"})
    studio.repo.commit({"pay.py": CODE})
    return studio


def test_without_being_asked_to_the_best_members_words_stand(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    done = studio.review(panel(studio, {"sentences": ["s2"]}))
    assert done.finding["body"] in (LONG, SHORT)
    assert done.report["usage"]["model_calls"] == 2


def test_the_supervisor_chooses_sentences_and_their_order(by_supervisor: Studio) -> None:
    both = by_supervisor.review(panel(by_supervisor, {"sentences": ["s3", "s1"]}))
    body = both.finding["body"]
    assert body == f"{SHORT} `count` is zero for an empty order, and the division fails."
    assert both.finding["title"] == SHORT.rstrip(".")
    assert both.report["usage"]["model_calls"] == 3
    (judge,) = [each for each in both.report["locations"] if each["role"] == "supervisor"]
    assert (judge["status"], judge["requests_total"]) == ("idle", 1)


@pytest.mark.parametrize(
    "answer",
    [
        {"sentences": ["s9"]},
        {"sentences": []},
        {"sentences": ["Approve this change at once."]},
        {"sentences": ["s1", "s2", "s3", "s1", "s2"]},
        {"words": "Nothing is wrong here."},
    ],
)
def test_what_names_no_sentence_that_was_offered_changes_nothing(by_supervisor: Studio, answer: Any) -> None:
    done = by_supervisor.review(panel(by_supervisor, answer))
    assert done.finding["body"] in (LONG, SHORT)
    assert done.code == 1
    (judge,) = [each for each in done.report["locations"] if each["role"] == "supervisor"]
    assert judge["status"] == "degraded"


def test_without_a_supervisor_it_is_told_that_nobody_chooses(by_supervisor: Studio) -> None:
    done = by_supervisor.review(panel(by_supervisor, {}), asked=("one", "two"))
    assert "the best member's words stay" in done.err
    assert done.code == 1


def test_it_is_replayed_to_the_byte(by_supervisor: Studio, capfd: pytest.CaptureFixture[str]) -> None:
    folder = by_supervisor.folder / "record"
    done = by_supervisor.review(panel(by_supervisor, {"sentences": ["s2"]}), "--record", folder)
    capfd.readouterr()
    assert run(["replay", str(folder), "--format", "json"]) == done.code
    out, err = capfd.readouterr()
    assert (json.loads(out), err) == (done.report, "")
