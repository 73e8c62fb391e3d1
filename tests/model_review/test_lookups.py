"""What the supervisor has looked up before it judges, from the command line to the report."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from codedesigner.cli import run
from codedesigner.protocol.transcript import read_transcript
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    ResponsePayload,
    ToolRequest,
    VerifyRequest,
)

from .studio import NOTHING, Said, Studio, claims, issue, verdict

BEFORE = {
    "src/ratio.py": "from src.clean import clean\n\n\ndef ratio(x):\n    return clean(x)\n",
    "src/clean.py": "import os\n\n\ndef clean(x):\n    return max(1, x)\n",
    "notes.txt": "nothing\n",
}
AFTER = {"src/ratio.py": "from src.clean import clean\n\n\ndef ratio(x):\n    return 1 / clean(x)\n"}
WISH = "Before you decide"


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"why": "to know", "tool": tool, "arguments": arguments}


def wants(*calls: dict[str, Any]) -> dict[str, Any]:
    return {"when": WISH, "answer": {"lookups": list(calls)}}


def decides(choice: str, because: str, when: str = "Then name the view") -> dict[str, Any]:
    answer = {"analysis": because, "choice": choice, "severity": "high", "confidence": 0.9}
    return {"when": when, "answer": answer}


UNSURE = decides("unsure", "the code shown does not say what clean does")


def models(studio: Studio, *judge: dict[str, Any], **more: Any) -> Path:
    """Two models of which one claims a defect that the other refutes, and a third that judges."""
    return studio.models(
        claims=[
            {"when": "Look for:", "answer": claims(issue("return 1 / clean(x)", "ratio(0) divides by zero"))},
            {"answer": NOTHING},
        ],
        denies=[
            {"when": "Another reviewer claims", "answer": verdict("no", "clean takes care of it")},
            {"answer": NOTHING},
        ],
        judge={"rules": list(judge), "tags": ["supervisor"], **more},
    )


@pytest.fixture
def studio(studio: Studio) -> Studio:
    """A change of a function that calls one in another file."""
    studio.repo.commit(BEFORE)
    studio.repo.commit(AFTER)
    return studio


def reviewed(
    studio: Studio, locations: Path, *more: str | Path, asked: Sequence[str] = ()
) -> tuple[Said, list[Envelope]]:
    """The review, and what was said to and by supervisor and tools, in order."""
    record = studio.folder / "record"
    said = studio.review(locations, "--record", record, *more, asked=asked)
    said_there = read_transcript(record / "transcript.jsonl").envelopes
    return said, [each for each in said_there if each.worker in ("judge", "tools")]


def judging(envelopes: list[Envelope]) -> VerifyRequest:
    (found,) = [each.payload for each in envelopes if isinstance(each.payload, VerifyRequest)]
    return found


def test_a_definition_in_another_file_refutes_a_claim(studio: Studio) -> None:
    sees = decides("no_defect", "clean never returns 0", when="return max(1, x)")
    said, spoken = reviewed(studio, models(studio, wants(call("find_definition", name="clean")), sees, UNSURE))
    assert (said.code, said.report["gate"]["conclusion"]) == (0, "pass")
    assert (said.finding["disposition"], said.finding["decided"]) == ("rejected", "supervisor")
    told = "the supervisor decided: no defect: clean never returns 0 (after 1 lookup); the vote: 1 of 2"
    assert said.finding["reason"].startswith(told)
    judge = said.report["locations"][-1]
    assert (judge["role"], judge["status"], judge["requests_total"], judge["requests_failed"]) == (
        "supervisor",
        "idle",
        2,
        0,
    )

    assert [(each.worker, each.message_type) for each in spoken] == [
        ("judge", "analyze_request"),
        ("judge", "response"),
        ("tools", "tool_request"),
        ("tools", "response"),
        ("judge", "verify_request"),
        ("judge", "response"),
    ]
    asked, looked = spoken[2].payload, spoken[3].payload
    assert isinstance(asked, ToolRequest)
    assert isinstance(looked, ResponsePayload)
    assert (asked.tool_name, asked.arguments) == ("find_definition", {"name": "clean"})
    assert len(asked.documentation_hint.split("\n")) <= 10
    assert asked.documentation_hint.startswith("# Tool: find_definition")
    assert "src/clean.py:4-5: function clean" in judging(spoken).looked_up


def test_the_list_is_asked_for_in_the_words_of_the_judgement_so_far(studio: Studio) -> None:
    _, spoken = reviewed(studio, models(studio, wants(), UNSURE))
    wish, asked = spoken[0].payload, judging(spoken)
    assert isinstance(wish, AnalyzeRequest)
    assert (wish.code, wish.context) == (asked.code, asked.context)
    (question,) = wish.questions
    shared = question.partition(WISH)[0]
    assert 'View "no_defect"' in shared
    assert "- find_definition(name, path?, at?): Finds where a function" in question
    assert "up to 6 things" in question
    assert asked.looked_up == ""


def test_who_wants_nothing_is_asked_to_judge_at_once(studio: Studio) -> None:
    said, spoken = reviewed(studio, models(studio, wants(), decides("no_defect", "it is fine")))
    assert {each.worker for each in spoken} == {"judge"}
    assert "fine; the vote" in said.finding["reason"]


def test_a_path_outside_the_repository_is_refused_as_data(studio: Studio) -> None:
    outside = wants(call("read_file", path="../../etc/passwd"), call("read_file", path="/etc/passwd"))
    said, spoken = reviewed(studio, models(studio, outside, decides("no_defect", "it is fine")))
    assert {each.worker for each in spoken} == {"judge"}
    assert judging(spoken).looked_up.count("was refused: read_file: path must be the path of a file") == 2
    assert said.finding["disposition"] == "rejected"
    assert "(lookup 1 was refused: read_file: path" in said.finding["reason"]
    assert said.report["locations"][-1]["status"] == "idle"


def test_of_many_the_first_are_made_and_the_rest_is_told(studio: Studio) -> None:
    many = wants(*(call("git_log", count=number) for number in range(1, 21)))
    said, spoken = reviewed(studio, models(studio, many, decides("no_defect", "it is fine")))
    asked = [each.payload for each in spoken if isinstance(each.payload, ToolRequest)]
    assert [each.arguments.get("count") for each in asked] == [1, 2, 3, 4, 5, 6]
    assert judging(spoken).looked_up.endswith("14 lookups after the first 6 were not made")
    assert "(after 6 lookups; 14 lookups after the first 6 were not made)" in said.finding["reason"]


def test_results_share_the_room_there_is(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEDESIGNER_LOOKUPS__CHARACTERS", "1000")
    monkeypatch.setenv("CODEDESIGNER_LOOKUPS__CALLS", "2")
    monkeypatch.setenv("CODEDESIGNER_LOOKUPS__SECONDS", "7")
    many = wants(call("list_files", recursive=True), call("git_log"), call("list_files"))
    _, spoken = reviewed(studio, models(studio, many, UNSURE))
    asked = [each.payload for each in spoken if isinstance(each.payload, ToolRequest)]
    assert [(each.constraints.max_output_size, each.constraints.timeout_ms) for each in asked] == [(500, 7000)] * 2
    assert judging(spoken).looked_up.endswith("1 lookup after the first 2 were not made")


def test_a_tool_that_fails_is_told_and_the_others_count(studio: Studio) -> None:
    some = wants(call("check_syntax", path="notes.txt"), call("read_file", path="src/clean.py"))
    said, spoken = reviewed(studio, models(studio, some, decides("no_defect", "it is fine")))
    answers = [each.payload for each in spoken if each.worker == "tools"][2:]
    assert [type(each) for each in answers] == [ErrorPayload, ResponsePayload]
    told = judging(spoken).looked_up
    assert "no result: notes.txt at head was not checked: there is no grammar" in told
    assert "return max(1, x)" in told
    assert "(after 2 lookups; 1 without a result)" in said.finding["reason"]


def test_an_analyser_is_asked_about_a_file_that_the_change_does_not_touch(studio: Studio) -> None:
    file = models(studio, wants(call("run_analyser", path="src/clean.py", analyser="ruff")), UNSURE)
    _, spoken = reviewed(studio, file, asked=("claims", "denies", "judge", "ruff"))
    assert "1 issue in src/clean.py at head, by ruff" in judging(spoken).looked_up


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ({"text": "Let me look at clean first."}, "unparseable"),
        ({"refusal": "I would rather not."}, "refused"),
        ({"trouble": "timeout"}, "timeout"),
        ({"answer": {"lookups": "all"}}, "unparseable"),
    ],
)
def test_without_a_list_it_judges_all_the_same(studio: Studio, rule: dict[str, Any], why: str) -> None:
    file = models(studio, {"when": WISH, **rule}, decides("no_defect", "it is fine"))
    said, spoken = reviewed(studio, file)
    assert {each.worker for each in spoken} == {"judge"}
    assert said.finding["disposition"] == "rejected"
    assert f"no defect: it is fine (judged without lookups: {why}" in said.finding["reason"]
    judge = said.report["locations"][-1]
    assert (judge["status"], judge["requests_total"], judge["requests_failed"]) == ("degraded", 2, 1)
    assert why in judge["detail"]


@pytest.mark.parametrize("more", ["off", "work tree"])
def test_where_nothing_can_be_looked_up_it_is_not_asked_what(
    studio: Studio, more: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: tuple[str, ...] = ()
    if more == "off":
        monkeypatch.setenv("CODEDESIGNER_LOOKUPS__CALLS", "0")
    else:
        place = ("--base", "HEAD~1")
    file = models(studio, wants(call("list_files")), decides("no_defect", "it is fine"))
    said, spoken = reviewed(studio, file, *place)
    assert [each.message_type for each in spoken] == ["verify_request", "response"]
    assert said.finding["disposition"] == "rejected"


def test_it_is_replayed_to_the_byte_without_the_repository(studio: Studio) -> None:
    some = wants(call("find_definition", name="clean"), call("read_file", path="none.py"), call("read_file", path=".."))
    sees = decides("no_defect", "clean never returns 0", when="return max(1, x)")
    live, _ = reviewed(studio, models(studio, some, sees, UNSURE))
    shutil.rmtree(studio.repo.path)
    studio.capfd.readouterr()
    assert run(["replay", str(studio.folder / "record"), "--format", "json"]) == live.code
    out, err = studio.capfd.readouterr()
    assert (out, err) == (live.out, "")


def test_the_call_for_the_list_counts_for_the_budget(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    file = models(studio, wants(call("list_files")), decides("no_defect", "it is fine"))
    for calls, status in ((5, "rejected"), (4, "undecided")):
        monkeypatch.setenv("CODEDESIGNER_BUDGET__CALLS", str(calls))
        monkeypatch.setenv("CODEDESIGNER_STATE_DIR", str(studio.folder / f"state{calls}"))
        said = studio.review(file)
        assert (said.finding["disposition"], said.report["usage"]["model_calls"]) == (status, calls)
        assert said.report["locations"][-1]["requests_failed"] == 0


def test_a_judgement_is_kept_while_what_it_rests_on_stays(studio: Studio) -> None:
    file = models(studio, wants(call("find_definition", name="clean")), decides("no_defect", "it is fine"))
    first = studio.review(file)
    assert first.report["usage"]["model_calls"] == 5
    studio.repo.commit({"package-lock.json": "{}\n"})
    again = studio.review(file, "--base", "HEAD~2", "--head", "HEAD")
    assert again.report["usage"]["model_calls"] == 0
    assert again.finding["reason"] == first.finding["reason"]
    studio.repo.commit({"src/clean.py": "import os\n\n\ndef clean(x):\n    return min(1, x)\n"})
    other = studio.review(file, "--base", "HEAD~3", "--head", "HEAD")
    assert other.report["locations"][-1]["requests_total"] == 2
    assert other.report["usage"]["model_calls"] > 0


def test_a_location_by_the_name_of_the_tools_is_refused(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    file = studio.models(tools=[{"answer": NOTHING}], judge={"rules": [wants(), UNSURE], "tags": ["supervisor"]})
    said = studio.review(file)
    assert (said.code, "a location is called tools" in said.err) == (2, True)
    monkeypatch.setenv("CODEDESIGNER_LOOKUPS__CALLS", "0")
    assert studio.review(file).code == 0


def test_a_plan_says_that_it_does_not_count_the_supervisor(studio: Studio) -> None:
    file = models(studio, wants(), UNSURE)
    given = ["--repo", str(studio.repo.path), "--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(file)]
    told = "the calls of judge, the supervisor, are not counted: how much stays unclear, nobody knows before"
    assert run(["plan", *given]) == 0
    assert f"note: {told}" in " ".join(studio.capfd.readouterr().out.split())
    assert run(["plan", *given, "--location", "claims", "--format", "json"]) == 0
    assert json.loads(studio.capfd.readouterr().out)["notes"] == []


def test_the_supervisor_is_none_of_those_that_answered(studio: Studio) -> None:
    said = studio.review(models(studio, wants(), UNSURE), "--format", "text")
    assert "answered by 2 locations" in " ".join(said.out.split())
