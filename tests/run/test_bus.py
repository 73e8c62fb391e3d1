"""The one way between supervisor and workers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from codedesigner.location.scripted import Script, ScriptedReviewer
from codedesigner.protocol.issue import Answer, Examination, Issue, Source
from codedesigner.protocol.wire import AnalyzeRequest, Envelope, ErrorPayload, RequestContext, ResponsePayload
from codedesigner.run.bus import Answered, Beat, Bus, Recorded, request_id
from codedesigner.run.wired import FileWorker, WiredReviewer

ISSUE = Issue(kind="undefined-name", rule="F821", line=2, end_line=2, message="`x` is not defined")
SOURCES = [Source("new0", "a.py", "python", "def f():\n    x\n"), Source("new1", "b\udcff.py", None, "\udcfe\n")]
SCRIPT: Script = {"a.py": [ISSUE], "b\udcff.py": Answer("timeout", detail="too slow")}


def request(code: str = "x", path: str = "a.py") -> AnalyzeRequest:
    return AnalyzeRequest(code=code, questions=("?",), context=RequestContext(file_path=path))


def wired(record: list[Envelope]) -> tuple[WiredReviewer, ScriptedReviewer]:
    inner = ScriptedReviewer("one", SCRIPT)
    ticks = iter(range(1, 1000))
    bus = Bus({"one": FileWorker(inner)}, now=lambda: 100.0 + next(ticks) / 8, record=record.append)
    return WiredReviewer(inner, bus), inner


def test_a_reviewer_says_the_same_over_the_bus() -> None:
    record: list[Envelope] = []
    reviewer, inner = wired(record)
    said = asyncio.run(reviewer.examine(SOURCES))
    assert said.answers == {"new0": Answer("answered", (ISSUE,)), "new1": Answer("timeout", detail="too slow")}
    assert [source.path for source in inner.asked] == ["a.py", "b\udcff.py"]
    assert len(said.latencies_ms) == 2


def test_every_message_is_recorded_and_every_answer_names_its_question() -> None:
    record: list[Envelope] = []
    reviewer, _ = wired(record)
    asyncio.run(reviewer.examine(SOURCES))
    assert [(each.sender, each.message_type) for each in record] == [
        ("supervisor", "analyze_request"),
        ("supervisor", "analyze_request"),
        ("worker", "response"),
        ("worker", "error"),
    ]
    asked = [each.message_id for each in record[:2]]
    assert [each.correlation_id for each in record[2:]] == asked
    assert len({each.message_id for each in record}) == 4
    assert {each.worker for each in record} == {"one"}


def test_a_recorded_worker_says_what_it_said_and_nothing_else() -> None:
    record: list[Envelope] = []
    reviewer, inner = wired(record)
    first = asyncio.run(reviewer.examine(SOURCES))
    answers = {
        each.correlation_id: each.payload
        for each in record
        if each.correlation_id and isinstance(each.payload, ResponsePayload | ErrorPayload)
    }
    again = WiredReviewer(inner, Bus({"one": Recorded("one", answers)}, now=lambda: 0.0))
    assert asyncio.run(again.examine(SOURCES)) == first
    other = asyncio.run(again.examine([Source("k", "c.py", "python", "new\n")])).answers["k"]
    assert other.status == "failed"
    assert "did not ask this (c.py)" in other.detail
    assert len(inner.asked) == 2


def test_the_same_question_has_the_same_id_and_another_one_another() -> None:
    ids = {
        request_id("one", request()),
        request_id("one", request()),
        request_id("two", request()),
        request_id("one", request(code="y")),
        request_id("one", request(path="b.py")),
    }
    assert len(ids) == 4


class Forgetful:
    id = "one"

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        beat(requests[0].message_id, 2.0)
        return ()


def test_a_worker_that_answers_too_little_is_a_bug_that_shows() -> None:
    record: list[Envelope] = []
    bus = Bus({"one": Forgetful()}, now=lambda: 1.0, record=record.append)
    with pytest.raises(ValueError, match="shorter"):
        asyncio.run(bus.ask("one", [request()]))
    assert record[1].message_type == "heartbeat"
    assert record[1].correlation_id == record[0].message_id


def test_a_reviewer_that_leaves_a_file_out_has_failed_on_it() -> None:
    class Half(ScriptedReviewer):
        async def examine(self, sources: Sequence[Source]) -> Examination:
            return Examination(self.id, {})

    bus = Bus({"half": FileWorker(Half("half"))}, now=lambda: 1.0)
    said = asyncio.run(WiredReviewer(Half("half"), bus).examine(SOURCES[:1]))
    assert said.answers["new0"] == Answer("failed", detail="it gave no answer about this file")
