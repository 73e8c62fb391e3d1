"""What is traced: a webhook, the task that it asks for and those that follow, calls to models, writes to forges.

Without tracing nothing of this does anything. Spans say what was done, for which repository, how it ended and how long
it took. None holds code, a prompt, an answer, a secret, or what an exception says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from codedesigner.errors import ConfigError
from codedesigner.pool.events import PoolEvent
from codedesigner.service.task import Task

CONTEXT = "trace"
"""Under which name a task's context has the span that it came from, as W3C's `traceparent`."""

Fact = str | int | float | bool
Tell = Callable[[Mapping[str, Fact]], None]
"""Adds facts to the span that is open."""


class Spans(Protocol):
    """Somebody who traces."""

    def webhook(self, forge: str) -> AbstractContextManager[Tell]:
        """A delivery, from its arrival to its answer. Its trace begins here, whatever its headers say."""

    def task(self, task: Task) -> AbstractContextManager[Tell]:
        """A task at work; it belongs to the span that its context names."""

    def write(self, what: str) -> AbstractContextManager[Callable[[int], None]]:
        """A write to a forge; `what` is its method and path. Whoever wrote tells the status."""

    def pool(self, event: PoolEvent) -> None:
        """A call to a model has ended, or something else happened there."""

    @property
    def current(self) -> str:
        """The span that is open, to be kept with what it asks for; empty where none is."""

    def close(self) -> None:
        """Send what is still to be sent."""


class Untraced:
    """Implements `Spans`: nobody traces."""

    current = ""

    @contextmanager
    def webhook(self, forge: str) -> Iterator[Tell]:
        """Nothing."""
        yield _untold

    @contextmanager
    def task(self, task: Task) -> Iterator[Tell]:
        """Nothing."""
        yield _untold

    @contextmanager
    def write(self, what: str) -> Iterator[Callable[[int], None]]:
        """Nothing."""
        yield _unsaid

    def pool(self, event: PoolEvent) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def _untold(_facts: Mapping[str, Fact]) -> None:
    return None


def _unsaid(_status: int) -> None:
    return None


UNTRACED: Spans = Untraced()
ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def spans_of(environ: Mapping[str, str]) -> Spans:
    """Traces to where OpenTelemetry's variables say; nobody traces where they name no endpoint.

    Raises:
        ConfigError: what is asked for is not installed, or is another way than OTLP over HTTP.
    """
    name = next((each for each in ENDPOINTS if environ.get(each, "").strip()), "")
    exporter = environ.get("OTEL_TRACES_EXPORTER", "").strip() or "otlp"
    if not name or exporter == "none" or environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return UNTRACED
    if exporter != "otlp":
        raise ConfigError(
            f"OTEL_TRACES_EXPORTER is {exporter!r}, and traces go by otlp alone", hint="set it to otlp, or to none"
        )
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        if environ.get(variable, "").strip() not in ("", "http/protobuf"):
            raise ConfigError(
                f"{variable} is {environ[variable]!r}, and traces go by HTTP alone",
                hint="set it to http/protobuf, and the endpoint to that of HTTP (port 4318)",
            )
    try:
        from codedesigner.service.telemetry import exporting
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise ConfigError(
            f"{name} asks for traces, and OpenTelemetry is not installed",
            hint="pip install 'codedesigner[tracing]', or set OTEL_SDK_DISABLED=true",
        ) from None
    return exporting(environ)
