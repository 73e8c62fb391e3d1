"""A claim that one location alone could judge: it is told as what it is, and blocks nothing by itself."""

from __future__ import annotations

from typing import Any

import pytest

from .studio import NOTHING, Said, Studio, claims, issue, verdict

CODE = "def pay(total, count):\n    return total / count\n"
LINE = "return total / count"
FOUND: dict[str, Any] = {"answer": claims(issue(LINE, "Division by zero."))}
QUIET: list[dict[str, Any]] = [{"when": f"> {LINE}", "answer": verdict("yes", "so it is")}, {"answer": NOTHING}]
BROKEN: list[dict[str, Any]] = [{"refusal": "No."}]


def reviewed(studio: Studio, *more: str, **scripts: Any) -> Said:
    studio.repo.commit({"pay.py": CODE})
    return studio.review(studio.models(**scripts), *more)


def test_the_word_of_one_model_needs_a_person_and_is_no_pass_either(studio: Studio) -> None:
    done = reviewed(studio, one=[FOUND])
    assert (done.code, done.report["gate"]["conclusion"]) == (3, "inconclusive")
    assert (done.finding["disposition"], done.finding["decided"]) == ("undecided", "nobody")
    assert "1 of 1 that could judge it say yes, nobody else could" in done.finding["reason"]
    assert "1 finding needs a person" in done.report["gate"]["title"]


def test_what_does_not_block_is_posted_and_told_as_the_word_of_one(studio: Studio) -> None:
    done = reviewed(studio, "--fail-on", "critical", one=[FOUND])
    assert (done.code, done.finding["disposition"]) == (0, "posted")
    shown = studio.review(studio.models(one=[FOUND]), "--fail-on", "critical", "--format", "text")
    assert "agreement 1/1 (nobody else could judge it)" in shown.out
    assert "(1.00)" not in shown.out


def test_two_that_judged_it_block(studio: Studio) -> None:
    done = reviewed(studio, one=[FOUND], two=QUIET)
    assert (done.code, done.finding["agreement"]) == (1, 1.0)


def test_who_could_not_answer_has_not_judged(studio: Studio) -> None:
    done = reviewed(studio, one=[FOUND], two=BROKEN)
    assert (done.code, done.finding["disposition"]) == (3, "undecided")


@pytest.mark.parametrize(("least", "code"), [("1", 1), ("2", 1), ("3", 3)])
def test_how_many_have_to_judge_is_configured(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, least: str, code: int
) -> None:
    monkeypatch.setenv("CODEDESIGNER_GATE__MIN_VOTERS", least)
    assert reviewed(studio, one=[FOUND], two=QUIET).code == code


def test_an_analyser_alone_is_enough(studio: Studio) -> None:
    studio.repo.commit({"cart.py": "def total(items):\n    return sum(items)\n"})
    studio.repo.commit({"cart.py": "def total(items):\n    return sum(itemz)\n"})
    alone = studio.review(studio.models(one=BROKEN), "--location", "ruff")
    assert [(each["kind"], each["disposition"]) for each in alone.findings()] == [("undefined-name", "posted")]
    assert alone.code == 1


def test_a_budget_that_ends_before_others_are_asked_lets_nothing_severe_go(studio: Studio) -> None:
    done = reviewed(studio, "--budget-calls", "2", one=[FOUND], two=QUIET)
    (ballot,) = [each for each in done.finding["ballots"] if each["location"] == "two"]
    assert (ballot["vote"], ballot["how"]) == ("no", "silent")
    assert done.finding["disposition"] == "undecided"
    assert "1 that could not be asked would decide it" in done.finding["reason"]
    assert done.code == 3
