"""The model server without a model: what is measured with it is worth what it counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from bench.model_server.counts import Window
from bench.model_server.failures import drawn, failures
from bench.model_server.instance import instance
from bench.model_server.process import Server, serving
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA, output_errors
from codedesigner.location.http import HttpError, HttpRequest, HttpResponse, HttpTransport

SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["lines", "verdict"],
    "properties": {
        "lines": {"type": "array", "minItems": 2, "items": {"type": "integer", "minimum": 7, "maximum": 9}},
        "verdict": {"enum": ["yes", "no"]},
        "why": {"type": "string", "minLength": 20, "maxLength": 30},
    },
}


def openai(text: str, **more: object) -> tuple[str, dict[str, object]]:
    return "/v1/chat/completions", {"model": "double", "messages": [{"role": "user", "content": text}], **more}


def ask(server: Server, *questions: tuple[str, dict[str, object]], timeout_s: float = 10.0) -> list[HttpResponse | str]:
    """All questions at once; an answer or the kind of trouble for each."""

    async def one(transport: HttpTransport, path: str, body: dict[str, object]) -> HttpResponse | str:
        headers = {"content-type": "application/json"}
        request = HttpRequest("POST", server.address + path, headers, json.dumps(body).encode())
        try:
            return await transport.send(request, timeout_s=timeout_s)
        except HttpError as error:
            return error.kind

    async def everything() -> list[HttpResponse | str]:
        transport = HttpTransport()
        try:
            return await asyncio.gather(*(one(transport, *question) for question in questions))
        finally:
            await transport.close()

    return asyncio.run(everything())


def status(answer: HttpResponse | str) -> int | str:
    return answer if isinstance(answer, str) else answer.status


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(latency=0.0) as (only,):
        yield only


def said(answer: HttpResponse | str) -> dict[str, Any]:
    assert isinstance(answer, HttpResponse)
    value: dict[str, Any] = json.loads(answer.body)
    return value


def test_every_dialect_is_answered_with_an_instance_of_the_schema(server: Server) -> None:
    message = [{"role": "user", "content": "well?"}]
    described = {"type": "json_schema", "schema": SCHEMA}
    answers = ask(
        server,
        openai("well?", response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}),
        ("/v1/messages", {"model": "m", "max_tokens": 99, "messages": message, "output_config": {"format": described}}),
        ("/api/chat", {"model": "m", "messages": message, "stream": False, "format": SCHEMA}),
    )
    texts = [
        said(answers[0])["choices"][0]["message"]["content"],
        said(answers[1])["content"][0]["text"],
        said(answers[2])["message"]["content"],
    ]
    assert [output_errors(SCHEMA, json.loads(text)) for text in texts] == [(), (), ()]
    assert server.stats()["distinct"] == 1


def test_the_usual_schema_of_an_angle_has_an_instance() -> None:
    assert output_errors(ANGLE_OUTPUT_SCHEMA, instance(ANGLE_OUTPUT_SCHEMA)) == ()


def test_it_counts_questions_that_are_asked_again_after_an_answer(server: Server) -> None:
    ask(server, openai("one"), openai("two"))
    ask(server, openai("two"), openai("three"))
    stats = server.stats()
    assert (stats["calls"], stats["distinct"], stats["again"], stats["asked_again"]) == (4, 3, 1, ["two"])


def test_a_question_that_failed_may_be_asked_again(server: Server) -> None:
    server.set(inject="500x1")
    answers = [ask(server, openai("one"))[0] for _ in range(3)]
    assert [status(each) for each in answers] == [500, 200, 200]
    assert server.stats()["again"] == 1


def test_it_counts_what_is_in_flight(server: Server) -> None:
    server.set(inject="hang")
    ask(server, *(openai(str(number)) for number in range(5)), timeout_s=0.5)
    stats = server.stats()
    assert (stats["most_in_flight"], stats["failures"], stats["answered"]) == (5, {"hang": 5}, 0)


def test_of_more_calls_than_slots_the_rest_waits(server: Server) -> None:
    server.set(slots=1)
    assert [status(each) for each in ask(server, *(openai(str(number)) for number in range(20)))] == [200] * 20


def test_limits_are_counted_whether_they_are_enforced_or_not(server: Server) -> None:
    answers = ask(server, *(openai(str(number)) for number in range(3)))
    assert [status(each) for each in answers] == [200, 200, 200]
    server.set(rpm=3)
    refused = ask(server, openai("more"))[0]
    assert isinstance(refused, HttpResponse)
    assert refused.status == 429
    assert 0 < float(refused.headers["retry-after"]) <= 60
    stats = server.stats()
    assert (stats["most_calls_in_window"], stats["over_limit"]) == (4, 1)


@pytest.mark.parametrize(
    ("kind", "came"),
    [
        ("503", 503),
        ("overflow", 400),
        ("drop", "disconnected"),
        ("drop_mid", "disconnected"),
        ("hang", "timeout"),
        ("slow", "timeout"),
        ("garbled", 200),
        ("refusal", 200),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_failures_come_as_they_are_called(server: Server, kind: str, came: int | str, stream: bool) -> None:
    server.set(inject=kind)
    timeout_s = 0.2 if came == "timeout" else 10.0
    assert status(ask(server, openai("well?", stream=stream), timeout_s=timeout_s)[0]) == came


def test_one_question_meets_the_same_fate_in_any_order() -> None:
    rules = failures("429%10, hang%10, malformed:0%20x1")
    fates = {number: drawn(rules, 1, bytes([number]), 1) for number in range(200)}
    assert fates == {number: drawn(rules, 1, bytes([number]), 1) for number in reversed(range(200))}
    failed = [fate.kind for fate in fates.values() if fate is not None]
    assert 60 < len(failed) < 100
    assert set(failed) == {"429", "hang", "malformed"}
    assert all(drawn(rules, 1, bytes([number]), 2) != rules[2] for number in range(200))


@pytest.mark.parametrize("text", ["explode", "500%60,hang%50", "429:soon"])
def test_a_failure_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fail"):
        failures(text)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=40))
def test_a_window_holds_the_most_that_ever_was_in_it(steps: list[tuple[float, int]]) -> None:
    window = Window(60.0)
    calls: list[tuple[float, int]] = []
    now = 0.0
    for pause, tokens in steps:
        now += pause
        calls.append((now, tokens))
        window.add(now, tokens)
    within = [[each for at, each in calls if end - 60.0 < at <= end] for end, _ in calls]
    # A call at the same moment as a later one is in the window of both.
    assert window.most_calls == max(map(len, within), default=0)
    assert window.most_tokens == max(map(sum, within), default=0)
