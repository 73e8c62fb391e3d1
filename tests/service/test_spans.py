"""Traces: asked for by OpenTelemetry's variables; a span for each thing, with nothing in it that must not be there."""

from __future__ import annotations

import asyncio
import sys

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from codedesigner.errors import ConfigError
from codedesigner.pool.events import PoolEvent
from codedesigner.service.spans import UNTRACED, spans_of
from codedesigner.service.task import Task, Work
from codedesigner.service.telemetry import Telemetry

ASKED = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}


def traced() -> tuple[Telemetry, InMemorySpanExporter]:
    kept = InMemorySpanExporter()
    return Telemetry(SimpleSpanProcessor(kept)), kept


def facts(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def task(trace: str = "") -> Task:
    context = {"trace": trace} if trace else {}
    return Task.create("exploration", Work("github", "octo/shop", 7, "h" * 40, "review"), context, name="t1", now=1.0)


@pytest.mark.parametrize(
    "environ", [{}, {**ASKED, "OTEL_SDK_DISABLED": "TRUE"}, {**ASKED, "OTEL_TRACES_EXPORTER": "none"}]
)
def test_nobody_traces_who_was_not_asked_to(environ: dict[str, str]) -> None:
    assert spans_of(environ) is UNTRACED


@pytest.mark.parametrize(
    ("name", "value"), [("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]
)
def test_another_way_than_otlp_over_http_is_an_error(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is '{value}'"):
        spans_of({**ASKED, name: value})


def test_where_the_extra_is_missing_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "codedesigner.service.telemetry")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigError, match="asks for traces") as wrong:
        spans_of(ASKED)
    assert "codedesigner[tracing]" in (wrong.value.hint or "")


def test_a_task_belongs_to_what_asked_for_it_and_calls_and_writes_to_the_task() -> None:
    spans, kept = traced()
    with spans.webhook("github") as tell:
        tell({"status": 202})
        origin = spans.current
    with spans.task(task(origin)):
        spans.pool(
            PoolEvent("llm.answered", "qwen", {"outcome": "timeout", "ms": 250.0, "tokens_in": 9, "tokens_out": 1})
        )
        with spans.write("POST /repos/octo/shop/issues/7/comments") as answered:
            answered(502)
    webhook, call, write, done = kept.get_finished_spans()
    assert [span.name for span in (webhook, call, write, done)] == [
        "webhook",
        "model call",
        "forge write",
        "task exploration",
    ]
    assert webhook.context is not None
    assert done.context is not None
    assert done.parent is not None
    assert (done.parent.span_id, done.context.trace_id) == (webhook.context.span_id, webhook.context.trace_id)
    assert {span.parent.span_id for span in (call, write) if span.parent} == {done.context.span_id}
    assert (call.end_time or 0) - (call.start_time or 0) == 250_000_000
    assert facts(call)["error.type"] == "timeout"
    assert facts(write)["http.response.status_code"] == 502
    assert not write.status.is_ok


def test_an_exception_is_its_name_alone_and_names_of_others_are_cleaned() -> None:
    spans, kept = traced()
    token = "ghp_" + "a" * 36

    def work() -> None:
        with spans.task(task()), spans.write(f"PUT /x\n{token}{'y' * 900}"):
            raise OSError("a secret")

    with pytest.raises(OSError, match="secret"):
        work()
    write, done = kept.get_finished_spans()
    assert (facts(write)["error.type"], facts(done)["error.type"]) == ("OSError", "OSError")
    assert not write.events
    assert not done.events
    path = str(facts(write)["url.path"])
    assert token not in path
    assert "\n" not in path
    assert len(path) <= 200


def test_a_trace_that_is_none_begins_one_and_tasks_beside_each_other_stay_apart() -> None:
    spans, kept = traced()

    async def work(name: str) -> None:
        with spans.task(task(name)):
            await asyncio.sleep(0)
            spans.pool(PoolEvent("llm.answered", name, {"outcome": "answered"}))

    async def both() -> None:
        await asyncio.gather(work("not a trace"), work("00-" + "1" * 32 + "-" + "2" * 16 + "-01"))

    asyncio.run(both())
    calls = [span for span in kept.get_finished_spans() if span.name == "model call"]
    traces = {span.context.trace_id for span in calls if span.context}
    assert len(traces) == 2
    assert int("1" * 32, 16) in traces
