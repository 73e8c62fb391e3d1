"""Outcomes of findings, told on the command line, decide what the votes of a later review weigh."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run

from .studio import NOTHING, Said, Studio, claims, issue, verdict

WEIGHED = "vote:\n  weight_source: historical_accuracy\n"


def models(studio: Studio) -> Path:
    """One that finds what is there, and three that deny it and claim what is not."""
    division, sleep = "return total / count", "return sorted(names)"
    strong = [
        {"when": f"> {sleep}", "answer": verdict("no", "it is sorted once")},
        {"when": "def pay", "answer": claims(issue(division, "Division by zero for an empty order."))},
        {"answer": NOTHING},
    ]
    weak: list[dict[str, Any]] = [
        {"when": f"> {division}", "answer": verdict("no", "count is never zero")},
        {"when": f"> {sleep}", "answer": verdict("yes", "so it is")},
        {"when": "def names_of", "answer": claims(issue(sleep, "Sorting is quadratic here."))},
        {"answer": NOTHING},
    ]
    return studio.models(strong=strong, weak=weak, weaker=weak, weakest=weak)


def change(studio: Studio, number: int) -> None:
    studio.repo.commit(
        {
            f"pay{number}.py": f"def pay{number}(total, count):\n    return total / count\n",
            f"names{number}.py": f"def names_of{number}(names):\n    return sorted(names)\n",
        }
    )


def outcome(studio: Studio, said: Said, *more: str) -> int:
    path = studio.folder / "report.json"
    path.write_text(json.dumps(said.report), encoding="utf-8")
    return run(["outcome", str(path), *more])


def dispositions(said: Said) -> dict[str, str]:
    return {each["path"].partition(".")[0].rstrip("0123456789"): each["disposition"] for each in said.findings()}


def test_a_strong_model_among_weak_ones_is_outvoted_until_history_knows_it(studio: Studio) -> None:
    studio.repo.commit({".codedesigner.yml": WEIGHED})
    told: list[dict[str, str]] = []
    for number in range(4):
        change(studio, number)
        said = studio.review(models(studio))
        told.append(dispositions(said))
        for each in said.findings():
            what = "fixed" if each["path"].startswith("pay") else "dismissed"
            assert outcome(studio, said, f"{each['id']}={what}", "--reason", "looked into") == 0
    assert told[0] == {"pay": "below_agreement", "names": "posted"}
    assert told[-1] == {"pay": "posted", "names": "below_agreement"}


def test_telling_it_again_counts_nothing_twice_and_none_takes_it_back(
    studio: Studio, capfd: pytest.CaptureFixture[str]
) -> None:
    change(studio, 1)
    said = studio.review(models(studio), "--fail-on", "never")
    (found,) = said.findings("posted")

    def known() -> list[tuple[Any, ...]]:
        capfd.readouterr()
        assert run(["eval", "--history", "--format", "json"]) == 0
        history = json.loads(capfd.readouterr().out)["history"]
        return [(each["location"], each["right"], each["wrong"]) for each in history]

    for _ in range(3):
        assert outcome(studio, said, f"{found['fingerprint']}=dismissed", "--reason", "by design") == 0
    assert known() == [("strong", 1, 0), ("weak", 0, 1), ("weaker", 0, 1), ("weakest", 0, 1)]
    assert outcome(studio, said, f"{found['id']}=thumbs_up", "--source", "ada") == 0
    assert [round(each, 3) for each in known()[0][1:]] == [0.667, 0.333]
    assert outcome(studio, said, f"{found['id']}=none") == 0
    assert outcome(studio, said, f"{found['id']}=none", "--source", "ada") == 0
    assert known() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["F9=fixed"], "no finding is called F9"),
        (["F1"], "'F1' says nothing about a finding"),
        (["F1=solved"], "write FINDING=fixed|dismissed|"),
        (["F1=dismissed"], "a reason is needed"),
    ],
)
def test_what_makes_no_sense_is_told(
    studio: Studio, capfd: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    change(studio, 1)
    said = studio.review(models(studio))
    assert outcome(studio, said, *words) == 2
    assert told in capfd.readouterr().err


def test_what_is_no_report_is_told(studio: Studio, capfd: pytest.CaptureFixture[str]) -> None:
    path = studio.folder / "r.json"
    path.write_text("{}", encoding="utf-8")
    assert run(["outcome", str(path), "F1=fixed"]) == 2
    assert "is no report: schema_version" in capfd.readouterr().err
