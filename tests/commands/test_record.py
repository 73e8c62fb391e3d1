"""What a record keeps is all that a report depends on, in whatever order and however late the answers came."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from codedesigner.assembly.plain import from_plain, to_plain
from codedesigner.assembly.record import Recording
from codedesigner.assembly.request import build_request
from codedesigner.assembly.runfile import ALIVE, ALIVE_IN_MODELS, RunFile
from codedesigner.assembly.watched import WatchedRequest
from codedesigner.change.model import Change, FileChange
from codedesigner.commands.replaying import TimelessLoop, read_record, replayed
from codedesigner.location.build import planned
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.plan.inputs import PlannedLocation, Term
from codedesigner.planning import Request
from codedesigner.protocol.issue import Examination, Issue, Source
from codedesigner.protocol.wire import Envelope, ErrorPayload, Metrics, RefineRequest, ResponsePayload, VerifyRequest
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report
from codedesigner.review import review
from codedesigner.run.bus import Answered, Beat, Bus, Worker
from codedesigner.run.models import Models
from codedesigner.run.wired import FileWorker, WiredReviewer

ANGLES = frozenset({"correctness", "efficiency", "security", "style"})
Delay = Callable[[str], float]
"""(location) -> seconds before it answers"""


def at_once(_location: str) -> float:
    return 0.0


class Model:
    """Implements `run.bus.Worker`."""

    def __init__(self, name: str, delay: Delay) -> None:
        self.id = name
        self._delay = delay

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        return tuple(await asyncio.gather(*(self._one(each, beat) for each in requests)))

    async def _one(self, request: Envelope, beat: Beat) -> Answered:
        beat(request.message_id, 0.5)
        await asyncio.sleep(self._delay(self.id))
        metrics = Metrics(calls=1, tokens_in=10, usd=0.1, duration_ms=3)
        if isinstance(request.payload, RefineRequest):
            repaired: JsonValue = {"analysis": "", "code": request.payload.code.replace("eval(x)", "return int(x)")}
            return ResponsePayload(status="success", result=repaired, metrics=metrics)
        assert isinstance(request.payload, VerifyRequest)
        context = request.payload.context
        if request.payload.before is not None:
            holds: JsonValue = {"repaired": "yes", "preserved": "yes", "confidence": 0.9}
            return ResponsePayload(status="success", result=holds, metrics=metrics)
        if context.previous_issues:
            verdict = "yes" if self.id == "right" else "no"
            return ResponsePayload(status="success", result={"verdict": verdict, "confidence": 0.9}, metrics=metrics)
        if context.function_name == "g":
            return ErrorPayload(code="TIMEOUT", message="too slow", recoverable=True, metrics=metrics)
        found: JsonValue = [
            {"description": f"by {self.id}", "severity": "high", "evidence": "eval(x)", "confidence": 0.8}
        ]
        ours = self.id == "left" or context.pass_number > 1
        return ResponsePayload(status="success", result={"issues": found if ours else None}, metrics=metrics)


class Analyser(ScriptedReviewer):
    """A reviewer that takes its time."""

    async def examine(self, sources: Sequence[Source]) -> Examination:
        await asyncio.sleep(self.weight - 1)
        return await super().examine(sources)


@pytest.fixture
def asked(make_repo: Callable[..., Any]) -> Request:
    """What is asked about a change, of nobody so far."""
    from codedesigner.assembly.options import ReviewOptions

    repo = make_repo({"a.py": "def f(x):\n    return x\n"})
    repo.commit({"a.py": b"def f(x):\n    # caf\xe9\n    eval(x)\n\n\ndef g():\n    return 1\n", "b.py": "import os\n"})
    options = dict.fromkeys((field.name for field in fields(ReviewOptions) if field.name != "standing"), None)
    empty = {"location": ("ruff",), "angle": (), "sarif": ()}
    given: dict[str, Any] = {**options, **empty, "repo": repo.path, "base": "HEAD~1", "head": "HEAD", "no_cache": True}
    return replace(build_request(ReviewOptions(**given), {}), reviewers=(), locations=())


def heard(asked: Request, folder: Path, delay: Delay, *, slow_analyser: float = 0.0, total_s: float = 600.0) -> Report:
    """The report on a recorded review by two analysers and three models, in simulated time."""
    analysers = [
        Analyser("one", {"a.py": [Issue("undefined-name", "F1", 3, 3, "what is eval?")]}),
        Analyser("two", weight=1.0 + slow_analyser),
    ]
    recording = Recording(folder, asked.change, {})
    workers: dict[str, Worker] = {each.id: FileWorker(each) for each in analysers}
    names = ("left", "right", "third")
    ticks, clock = count(1), count(20)
    bus = Bus(
        workers | {name: Model(name, delay) for name in names},
        now=lambda: 1000.0 + next(ticks) / 16,
        record=recording.record,
    )
    ready = replace(
        asked,
        settings=asked.settings.model_copy(update={"total_timeout_ms": int(total_s * 1000)}),
        reviewers=tuple(WiredReviewer(each, bus) for each in analysers),
        locations=(*planned(analysers, ANGLES), *(PlannedLocation(name, lambda _p, _l: ANGLES) for name in names)),
        models=Models(
            weights=dict.fromkeys(names, 1.0),
            bus=bus,
            early_exit=asked.scheduler.early_exit,
            at_once=1,
            total_timeout_s=total_s,
            monotonic=lambda: 0.0,
        ),
        brief=lambda item: f"about {item.function_ref.name}\udcff" if item.function_ref.name == "f" else "",
        terms=lambda target: (Term("tenant \udcfe", None, "is it?"),) if "f" in target.identity else (),
        monotonic=lambda: next(clock) / 4,
    )
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        report = runner.run(review(recording.watched(ready)))
    recording.finish(report)
    return report


def rendered(report: Report) -> str:
    return FORMATS["json"](RenderInput(report))


def timeless(report: Report) -> object:
    """All of a report but how long analysers took."""
    data = json.loads(rendered(report))
    for location in data["locations"]:
        location["average_latency_ms"] = location["p99_latency_ms"] = 0
    return data


def test_what_was_heard_is_replayed_to_the_byte(asked: Request, tmp_path: Path) -> None:
    report = heard(asked, tmp_path / "r", at_once)
    done = replayed(read_record(tmp_path / "r"))
    assert done.unknown == 0
    assert rendered(done.report) == rendered(report) == (tmp_path / "r" / "report.json").read_text()
    assert report.usage.duration_ms > 0
    hows = {(ballot.how, ballot.vote) for finding in report.findings for ballot in finding.ballots}
    assert ("proposed", "yes") in hows
    assert len(hows) >= 3
    assert report.usage.early_exits > 0
    assert any(each.reason == "location_failed" for each in report.coverage.not_reviewed)


def test_the_order_of_answers_does_not_matter(asked: Request, tmp_path: Path) -> None:
    reports = []
    for seed in range(4):
        chance = random.Random(seed)  # noqa: S311 -- delays, not keys
        reports.append(heard(asked, tmp_path / str(seed), lambda _location: chance.random()))  # noqa: B023
        assert rendered(replayed(read_record(tmp_path / str(seed))).report) == rendered(reports[-1])
    assert all(timeless(report) == timeless(reports[0]) for report in reports)
    said = {(tmp_path / str(seed) / "transcript.jsonl").read_text() for seed in range(4)}
    assert len(said) == 4


def test_answers_may_stand_in_any_order(asked: Request, tmp_path: Path) -> None:
    report = heard(asked, tmp_path / "r", at_once)
    path = tmp_path / "r" / "transcript.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    of = {line: json.loads(line)["message_type"] for line in lines}
    answers = [line for line in lines if of[line] in ("response", "error")]
    before = [line for line in lines if line not in answers]
    random.Random(3).shuffle(answers)  # noqa: S311 -- an order, not a key
    assert len(answers) > 20
    path.write_text("".join([*before, *answers]))
    assert rendered(replayed(read_record(tmp_path / "r")).report) == rendered(report)


@pytest.mark.parametrize("late", ["left", "third"])
def test_who_was_too_late_is_too_late_again(asked: Request, tmp_path: Path, late: str) -> None:
    report = heard(asked, tmp_path / "r", lambda location: 1e9 if location == late else 1.0, total_s=30.0)
    assert any(each.id == late and each.status == "degraded" for each in report.locations)
    assert any("30 s were over" in each.detail for each in report.locations)
    assert rendered(replayed(read_record(tmp_path / "r")).report) == rendered(report)


def test_time_that_runs_out_midway_runs_out_there_again(asked: Request, tmp_path: Path) -> None:
    report = heard(asked, tmp_path / "r", lambda location: 7.0 if location == "left" else 1.0, total_s=30.0)
    assert report.coverage.items_answered > 0
    assert report.coverage.items_answered < report.coverage.items_planned
    assert rendered(replayed(read_record(tmp_path / "r")).report) == rendered(report)


def test_an_analyser_that_was_too_late_is_too_late_again(asked: Request, tmp_path: Path) -> None:
    report = heard(asked, tmp_path / "r", at_once, slow_analyser=1e9, total_s=30.0)
    assert (
        next(each for each in report.locations if each.id == "two").detail
        == "not done when the review's 30 s were over"
    )
    assert rendered(replayed(read_record(tmp_path / "r")).report) == rendered(report)


def test_a_question_that_nobody_asked_has_no_answer(asked: Request, tmp_path: Path) -> None:
    heard(asked, tmp_path / "r", at_once)
    path = tmp_path / "r" / "transcript.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    gone = json.loads(lines[0])["message_id"]
    left = [line for line in lines if gone not in line]
    path.write_text("".join(left))
    run = json.loads((tmp_path / "r" / "run.json").read_bytes())
    (tmp_path / "r" / "run.json").write_text(json.dumps(run | {"messages": len(left)}))
    assert replayed(read_record(tmp_path / "r")).unknown == 1


def test_what_cannot_be_written_ends_the_record_and_not_the_review(
    asked: Request, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = Recording(tmp_path / "r", asked.change, {})
    broken = ResponsePayload(status="success", result="\ud83d\ude00")
    id_ = "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11"
    recording.record(
        Envelope(
            message_id=id_,
            correlation_id=id_,
            timestamp=1,
            sender="worker",
            worker="x",
            message_type="response",
            payload=broken,
        )
    )
    report = asyncio.run(review(recording.watched(asked)))
    recording.finish(report)
    assert "cannot be replayed: holds two halves" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["transcript.jsonl"]


def test_keys_stand_in_no_file_of_a_record(asked: Request, tmp_path: Path) -> None:
    recording = Recording(tmp_path / "r", asked.change, {"THE_KEY": "sk-very-secret"})
    ready = replace(
        asked, brief=lambda _item: "sk-very-secret", reviewers=(ScriptedReviewer("one", unavailable="sk-very-secret"),)
    )
    ready = replace(ready, locations=planned(ready.reviewers, ANGLES))
    report = asyncio.run(review(recording.watched(ready)))
    recording.finish(report)
    assert "sk-very-secret" in rendered(report)
    for path in (tmp_path / "r").iterdir():
        assert b"very-secret" not in path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list((tmp_path / "r").iterdir())) == 3


def test_every_field_of_a_request_is_recorded(asked: Request) -> None:
    assert {field.name for field in fields(Request)} >= ALIVE
    assert {field.name for field in fields(Models)} >= ALIVE_IN_MODELS
    bus = Bus({}, now=lambda: 0.0)
    models = Models(
        weights={"a": 1.0},
        bus=bus,
        early_exit=asked.scheduler.early_exit,
        at_once=3,
        total_timeout_s=7.0,
        monotonic=float,
    )
    facts = WatchedRequest(replace(asked, models=models)).facts(messages=4)
    # Whatever is added to a request, or to its models, has a plain form, or somebody has to find one for it.
    again = from_plain(RunFile, json.loads(json.dumps(to_plain(facts))))
    assert again == facts
    assert set(again.request) | ALIVE == {field.name for field in fields(Request)}
    assert again.models is not None
    assert set(again.models) | ALIVE_IN_MODELS == {field.name for field in fields(Models)}


def test_a_change_is_the_same_again(asked: Request) -> None:
    assert from_plain(Change, json.loads(json.dumps(to_plain(asked.change)))) == asked.change


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({}, "is missing"),
        ([], "is no dict"),
        ({"path": 1}, "is missing"),
    ],
)
def test_what_is_no_file_is_not_made_one(value: Any, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        from_plain(FileChange, value)
