"""Traces by OpenTelemetry's SDK. Imported only where they are asked for, because the SDK is an extra."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from codedesigner import __version__
from codedesigner.call.model import GOOD
from codedesigner.pool.events import PoolEvent
from codedesigner.publish.plain import visible
from codedesigner.publish.secrets import redact
from codedesigner.service.spans import CONTEXT, Fact, Tell
from codedesigner.service.task import Task

_CARRIER = "traceparent"
_FLUSH_MS = 5_000
_LONGEST = 200  # characters of a fact


def exporting(environ: Mapping[str, str]) -> Telemetry:
    """Sends spans by OTLP over HTTP; where to, with which headers and how many, OpenTelemetry's variables say."""
    return Telemetry(BatchSpanProcessor(OTLPSpanExporter()), named=environ.get("OTEL_SERVICE_NAME", ""))


class Telemetry:
    """Implements `Spans`; what ends goes to `processor`."""

    def __init__(self, processor: SpanProcessor, *, named: str = "") -> None:
        resource = Resource.create({SERVICE_NAME: named or "codedesigner", SERVICE_VERSION: __version__})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("codedesigner", __version__)
        self._carrying = TraceContextTextMapPropagator()

    @contextmanager
    def webhook(self, forge: str) -> Iterator[Tell]:
        """A delivery, from its arrival to its answer."""
        began = self._tracer.start_as_current_span(
            "webhook",
            trace.set_span_in_context(trace.INVALID_SPAN),
            SpanKind.SERVER,
            {"codedesigner.forge": forge},
            record_exception=False,
        )
        with began as span:
            yield _telling(span)

    @contextmanager
    def task(self, task: Task) -> Iterator[Tell]:
        """A task at work, in the trace of what asked for it. An exception is its name alone."""
        facts: dict[str, Fact] = {
            "codedesigner.task.id": task.id,
            "codedesigner.task.type": task.task_type,
            "codedesigner.module": task.module,
            "codedesigner.forge": task.work.forge,
            "codedesigner.repository": task.work.repo,
            "codedesigner.head": task.work.head,
            "codedesigner.attempt": task.attempt,
        }
        if task.work.number is not None:
            facts["codedesigner.number"] = task.work.number
        origin = task.context.get(CONTEXT)
        parent = self._carrying.extract({_CARRIER: origin} if isinstance(origin, str) else {})
        began = self._tracer.start_as_current_span(
            f"task {task.task_type}",
            parent,
            SpanKind.CONSUMER,
            _clean(facts),
            record_exception=False,
            set_status_on_exception=False,
        )
        with began as span:
            try:
                yield _telling(span)
            except BaseException as error:
                _broke(span, type(error).__name__)
                raise

    @contextmanager
    def write(self, what: str) -> Iterator[Callable[[int], None]]:
        """A write to a forge."""
        method, _, path = what.partition(" ")
        began = self._tracer.start_as_current_span(
            "forge write",
            kind=SpanKind.CLIENT,
            attributes=_clean({"http.request.method": method, "url.path": path}),
            record_exception=False,
            set_status_on_exception=False,
        )
        with began as span:

            def answered(status: int) -> None:
                span.set_attribute("http.response.status_code", status)
                if status >= 400:
                    _broke(span, str(status))

            try:
                yield answered
            except BaseException as error:
                _broke(span, type(error).__name__)
                raise

    def pool(self, event: PoolEvent) -> None:
        """A call that has ended is a span of as long as it took; limits are noted at the span that is open."""
        if event.name == "llm.answered":
            self._called(event)
        elif event.name in ("llm.rate_limited", "llm.retry"):
            trace.get_current_span().add_event(event.name, _clean({"codedesigner.location": event.location}))

    def _called(self, event: PoolEvent) -> None:
        said = event.fields
        ended, took = time.time_ns(), said.get("ms", 0)
        facts: dict[str, Fact] = {
            "codedesigner.location": event.location,
            "codedesigner.outcome": said.get("outcome", ""),
            "codedesigner.attempts": said.get("attempts", 0),
            "codedesigner.stored": bool(said.get("stored")),
            "gen_ai.operation.name": "chat",
            "gen_ai.usage.input_tokens": said.get("tokens_in", 0),
            "gen_ai.usage.output_tokens": said.get("tokens_out", 0),
        }
        began = ended - int(float(took) * 1e6)
        span = self._tracer.start_span("model call", kind=SpanKind.CLIENT, attributes=_clean(facts), start_time=began)
        if said.get("outcome") not in GOOD:
            _broke(span, str(said.get("outcome")))
        span.end(ended)

    @property
    def current(self) -> str:
        """The span that is open."""
        carrier: dict[str, str] = {}
        self._carrying.inject(carrier)
        return carrier.get(_CARRIER, "")

    def close(self) -> None:
        """Send what is still to be sent, if that does not take long."""
        self._provider.force_flush(_FLUSH_MS)
        self._provider.shutdown()


def _telling(span: Span) -> Tell:
    def tell(facts: Mapping[str, Fact]) -> None:
        span.set_attributes(_clean({f"codedesigner.{name}": value for name, value in facts.items()}))

    return tell


def _broke(span: Span, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR))


def _clean(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Texts as they may be shown: names are others' to choose."""
    return {
        name: visible(redact(value))[:_LONGEST] if isinstance(value, str) else value for name, value in facts.items()
    }
