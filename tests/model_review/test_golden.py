"""Several models, each with its own opinion and its own failures: the report is exactly as expected."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from .studio import NOTHING, Studio, claims, issue, verdict

GOLDEN = Path(__file__).parent / "golden"

CODE = """\
def average(items):
    return sum(items) / len(items)


def last(items):
    return items[len(items)]


def greet(name):
    return "Hello " + name


def declined(a):
    return a + 1


def unsaid(a):
    return a + 2


def garbled(a):
    return a + 3


def cut_off(a):
    return a + 4


def slow(a):
    return a + 5


def kept(path):
    handle = open(path)
    return handle.read()
"""


def normal(report: dict[str, Any]) -> str:
    """The report without what differs from run to run: the place of the repository, and times."""
    report["change"]["repo"] = "repo"
    report["usage"]["duration_ms"] = 0
    report["mode"]["activated_at"] = 0
    for location in report["locations"]:
        location["average_latency_ms"] = location["p99_latency_ms"] = 0
        location["detail"] = _offline(location["detail"])
    for ballot in (ballot for finding in report["findings"] for ballot in finding["ballots"]):
        ballot["reason"] = _offline(ballot["reason"])
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _offline(text: str) -> str:
    """Who is found to be offline first says so in other words than those that come after."""
    return "offline" if text.startswith("offline: ") else text


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} differs; UPDATE_GOLDEN=1 writes it anew"


AVERAGE, LAST, KEPT = "return sum(items) / len(items)", "return items[len(items)]", "handle = open(path)"

ALPHA = [
    {"when": f"> {KEPT}", "answer": verdict("unsure", "It depends on the interpreter.")},
    {"when": "def average", "answer": claims(issue(AVERAGE, "An empty list divides by zero. It raises."))},
    {"when": "def last", "answer": claims(issue(LAST, "The index is one too large: it always raises."))},
    {"when": "def declined", "refusal": "I cannot help with that."},
    {"when": "def unsaid", "text": ""},
    {"when": "def garbled", "text": "There is nothing much to say about it."},
    {"when": "def cut_off", "text": '{"issues": [', "finish": "length"},
    {"when": "def slow", "answer": NOTHING, "delay_ms": 60_000},
    {"answer": NOTHING},
]
BETA = [
    {"when": f"> {LAST}", "answer": verdict("no", "It is never called.")},
    {"when": "def average", "answer": claims(issue(AVERAGE, "`len(items)` is 0 for an empty list.", "medium"))},
    {"when": "def greet", "answer": claims(issue("name.format(secret)", "A format string from outside."))},
    {"when": "def kept", "answer": claims(issue(KEPT, "The file is never closed!", "medium"))},
    {"when": "def declined", "refusal": "I would rather not."},
    {"when": "def unsaid", "text": ""},
    {"when": "def garbled", "text": "[]"},
    {"when": "def cut_off", "text": '{"issues": [', "finish": "length"},
    {"when": "def slow", "trouble": "timeout"},
    {"answer": NOTHING},
]
GAMMA = [
    {"when": f"> {AVERAGE}", "answer": verdict("yes", "Nothing checks for an empty list.")},
    {"when": f"> {LAST}", "answer": verdict("no", "The list has a sentinel.")},
    {"when": f"> {KEPT}", "answer": verdict("yes", "No close, no with.")},
    {"when": "def average", "answer": NOTHING},
    {"when": "def last", "answer": NOTHING},
    {"when": "def kept", "answer": NOTHING},
    {"when": "def greet", "answer": NOTHING},
    {"trouble": "server_error"},
]
DELTA = [{"trouble": "unreachable"}]


def test_the_report_is_exactly_as_expected(studio: Studio) -> None:
    studio.repo.commit({"shop.py": CODE})
    quick = {"provider": {"timeout_ms": 1000}}
    locations = studio.models(
        alpha={"rules": ALPHA, "weight": 2.0, **quick},
        beta={"rules": BETA, **quick},
        gamma=GAMMA,
        delta={"rules": DELTA, "limits": {"concurrent": 1}},
    )
    said = studio.review(locations, "--fail-on", "critical", "--no-cache")
    assert said.code == 3, said.err
    check_golden("opinions.json", normal(said.report))
