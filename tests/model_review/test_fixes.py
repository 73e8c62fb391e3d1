"""Repairs by models, from the command line to the report, and replayed from the record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run
from codedesigner.protocol.transcript import read_transcript
from codedesigner.protocol.wire import RefineRequest, VerifyRequest

from .studio import NOTHING, Studio, claims, issue, verdict

CODE = "def average(items):\n    total = sum(items)\n    return total / len(items)\n"
FAULTY = "return total / len(items)"
GOOD = "def average(items):\n    total = sum(items)\n    return total / len(items) if items else 0.0\n"
WIDE = CODE.replace("    total = ", '    if not items:\n        raise ValueError("no items")\n    total = ')
HOLDS = {"analysis": "It is checked.", "repaired": "yes", "preserved": "yes", "confidence": 0.9}
REFINE, RECHECK = "Repair the following", "was changed, to repair"


def refine(text: str) -> dict[str, Any]:
    return {"when": REFINE, "answer": {"analysis": "An empty list has no mean.", "code": text}}


def recheck(**said: str) -> dict[str, Any]:
    return {"when": RECHECK, "answer": {**HOLDS, **said}}


def finds(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    """A model that claims the defect as long as the line stands there."""
    return [
        *rules,
        {"when": "if items else", "answer": NOTHING},
        {"when": "if not items", "answer": NOTHING},
        {"when": f"| {'    '}{FAULTY}", "answer": claims(issue(FAULTY, "An empty list divides by zero."))},
    ]


def agrees(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        *rules,
        {"when": "Another reviewer claims", "answer": verdict("yes", "Nothing checks for it.")},
        {"answer": NOTHING},
    ]


@pytest.fixture
def studio(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Studio:
    monkeypatch.delenv("CODEDESIGNER_FIX__CALLS")
    studio.repo.commit({"m.py": CODE})
    return studio


def test_a_repair_that_holds_is_a_suggestion_and_replays_to_the_byte(studio: Studio) -> None:
    record = studio.folder / "record"
    locations = studio.models(one=finds(refine(GOOD), recheck()), two=agrees(refine(WIDE), recheck()))
    said = studio.review(locations, "--record", record, "--no-cache")
    made = said.finding["suggestion"]
    assert (made["start_line"], made["end_line"]) == (3, 3)
    assert made["replacement"] == "    return total / len(items) if items else 0.0\n"
    assert (made["source"], made["verified"]) == ("one", ["applies", "parses", "reviewed"])
    assert [(look["location"], look["verdict"]) for look in made["looked"]] == [
        ("one", "satisfied"),
        ("two", "satisfied"),
    ]
    assert said.finding["unfixed"] == ""
    spoken = read_transcript(record / "transcript.jsonl").envelopes
    refined = [each for each in spoken if isinstance(each.payload, RefineRequest)]
    assert [each.worker for each in refined] == ["one", "two"]
    looks = [each.payload for each in spoken if isinstance(each.payload, VerifyRequest)]
    assert sum(each.before is not None for each in looks) == 4
    assert said.report["usage"]["model_calls"] == sum(each.message_type.endswith("_request") for each in spoken)
    report = (record / "report.json").read_text()
    studio.capfd.readouterr()
    run(["replay", str(record), "--format", "json"])
    assert studio.capfd.readouterr().out == report


def test_a_repair_that_does_not_hold_is_told_with_its_reason(studio: Studio) -> None:
    lazy = CODE.replace("    return", "    try:\n        return") + "    except Exception:\n        return 0\n"
    locations = studio.models(one=finds(refine(lazy), recheck()), two=agrees(refine(GOOD), recheck(preserved="no")))
    finding = studio.review(locations, "--no-cache").finding
    assert (finding["disposition"], finding["suggestion"]) == ("posted", None)
    assert finding["unfixed"] == (
        "the fix of one is not offered: it drops an error instead of its cause; "
        "the fix of two is not offered: two sees that the code does something else now"
    )


@pytest.mark.parametrize(
    ("name", "value", "why", "calls"),
    [
        ("FIX__ENABLED", "false", "fixes are switched off (fix.enabled)", 3),
        ("FIX__CALLS", "0", "nobody proposes a fix that is safe", 3),
        ("FIX__CALLS", "1", "the questions that may be asked about fixes (fix.calls) are used up", 4),
        ("BUDGET__CALLS", "3", "the budget of the review is used up", 3),
    ],
)
def test_repairs_are_bounded(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str, calls: int
) -> None:
    monkeypatch.setenv(f"CODEDESIGNER_{name}", value)
    locations = studio.models(one=finds(refine(GOOD), recheck()), two=agrees(refine(GOOD), recheck()))
    said = studio.review(locations, "--no-cache")
    assert said.finding["suggestion"] is None
    assert why in said.finding["unfixed"]
    assert said.report["usage"]["model_calls"] == calls


@pytest.mark.parametrize(
    ("path", "code", "why"),
    [
        ("m.txt", "total / len(items)\n", "nobody here can tell whether a repair of such a file parses"),
        (".github/scripts/m.py", CODE, "no model is asked to repair it: the file steers builds"),
        ("big.py", CODE + "    #\n" * 1000 + "    print()\n", "its function has 1004 lines"),
    ],
)
def test_where_no_repair_could_be_offered_nobody_is_asked(studio: Studio, path: str, code: str, why: str) -> None:
    studio.repo.commit({path: code})
    line = next(each.strip() for each in code.splitlines() if "total / len" in each)
    claim = {"when": f"{line}", "answer": claims(issue(line, "An empty list divides by zero."))}
    locations = studio.models(one=[claim], two=agrees())
    said = studio.review(locations, "--no-cache")
    assert [why in each["unfixed"] for each in said.findings("posted")] == [True]
    assert said.report["usage"]["model_calls"] == 3


def test_statement_by_statement(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESIGNER_GRANULARITY", "statement")
    change = {"line": 3, "before": f"    {FAULTY}", "after": f"    {FAULTY} if items else 0.0"}
    answer = {"when": REFINE, "answer": {"analysis": "An empty list has no mean.", "changes": [change]}}
    locations = studio.models(one=finds(answer, recheck()), two=agrees(answer, recheck()))
    said = studio.review(locations, "--no-cache")
    made = [each["suggestion"] for each in said.findings("posted") if each["line"] == 3]
    assert [each["replacement"] for each in made] == ["    return total / len(items) if items else 0.0\n"]


def test_a_repair_can_be_applied(studio: Studio, tmp_path: Path) -> None:
    locations = studio.models(one=finds(refine(GOOD), recheck()), two=agrees(refine(GOOD), recheck()))
    studio.review(locations, "--no-cache", "--apply-all", "--yes", "--format", "text")
    assert (Path(studio.repo.path) / "m.py").read_text() == GOOD


TWO = (
    "def average(items):\n    total = sum(items)\n    count = len(items)\n    share = total / count\n    return share\n"
)
SUM, SHARE = "total = sum(items)", "share = total / count"
FLOATS = "Prices are floats here, so cents get lost."


def of_line(number: int, text: str) -> dict[str, Any]:
    when = f"{REFINE} with the smallest change that does so.\n\nIn line {number} there"
    return {"when": when, "answer": {"analysis": "It is wrong.", "code": text}}


def two_claims(*rules: dict[str, Any]) -> list[dict[str, Any]]:
    """A model that claims two defects of one function as long as a line of both is as it was."""
    zero = issue(SHARE, "An empty list divides by zero.")
    return [
        *rules,
        recheck(),
        {"when": "(items: list", "answer": NOTHING},
        {"when": "if count else", "answer": NOTHING},
        {"when": f"|     {SUM}", "answer": claims(issue(SUM, FLOATS), zero)},
        {"answer": NOTHING},
    ]


def test_suggestions_that_overlap_become_one_that_was_proved_as_a_whole(studio: Studio) -> None:
    studio.repo.commit({"n.py": TWO})
    # The one changes the first line and the last, and the other one between them.
    summed = TWO.replace("(items):", "(items: list):").replace("return share", "return round(share, 2)")
    shared = TWO.replace(SHARE, f"{SHARE} if count else 0.0")
    rules = (of_line(2, summed), of_line(4, shared))
    locations = studio.models(one=two_claims(*rules), two=agrees(recheck()))
    first, second = studio.review(locations, "--no-cache").findings("posted")
    assert first["suggestion"]["replacement"] == (summed.replace(SHARE, f"{SHARE} if count else 0.0"))
    assert first["suggestion"]["verified"] == ["applies", "parses", "reviewed"]
    assert (second["suggestion"], second["repaired_with"]) == (None, first["id"])
    assert second["unfixed"] == f"the fix for `{first['title']}` on line {first['line']} repairs it, too"


def test_what_does_both_is_not_offered_unless_whoever_checked_each_is_content(studio: Studio) -> None:
    studio.repo.commit({"n.py": TWO})
    summed = TWO.replace("(items):", "(items: list):").replace("return share", "return round(share, 2)")
    shared = TWO.replace(SHARE, f"{SHARE} if count else 0.0")
    locations = studio.models(
        one=two_claims(of_line(2, summed), of_line(4, shared)),
        # Each alone is good, and both together are not.
        two=agrees({**recheck(), "times": 2}, recheck(preserved="no")),
    )
    first, second = studio.review(locations, "--no-cache").findings("posted")
    made = first["suggestion"]
    assert (made["start_line"], made["end_line"]) == (1, 5)
    assert made["replacement"] == summed
    assert (second["suggestion"], second["repaired_with"]) == (None, None)


def test_of_two_repairs_that_exclude_each_other_the_first_is_offered(studio: Studio) -> None:
    studio.repo.commit({"n.py": TWO})
    summed = TWO.replace("(items):", "(items: list):")
    shared = TWO.replace("(items):", "(items: list, no=0):").replace(SHARE, f"{SHARE} if count else no")
    locations = studio.models(
        one=two_claims(of_line(2, summed), of_line(4, shared)),
        two=agrees(recheck()),
    )
    first, second = studio.review(locations, "--no-cache").findings("posted")
    assert first["suggestion"]["replacement"] == "def average(items: list):\n"
    assert (second["suggestion"], second["repaired_with"]) == (None, None)
    assert second["unfixed"].startswith(f"its fix changes lines that the one for `{first['title']}` on line 2 changes")
