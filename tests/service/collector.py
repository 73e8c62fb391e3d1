"""A collector of traces, as OpenTelemetry's protocol over HTTP has it: what is sent is decoded from its bytes."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True, slots=True)
class Received:
    """One span. Ids are hexadecimal; `parent` is empty at a trace's root."""

    name: str
    trace: str
    id: str
    parent: str
    facts: Mapping[str, Any]
    failed: bool
    seconds: float
    service: str


@dataclass
class Collector:
    """Where traces go. `raw` are the bytes of all requests."""

    address: str = ""
    spans: list[Received] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    paths: set[str] = field(default_factory=set)

    def named(self, name: str) -> list[Received]:
        """The spans of that name."""
        return [one for one in self.spans if one.name == name]

    def take(self, path: str, body: bytes) -> None:
        """One request."""
        self.paths.add(path)
        self.raw += body
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = {each.key: each.value.string_value for each in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                self.spans.extend(_received(one, service) for one in scope.spans)


def _received(span: Any, service: str) -> Received:
    facts = {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}
    seconds = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
    ids = span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()
    return Received(span.name, *ids, facts, span.status.code == 2, seconds, service)


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector at an address of this machine."""
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.take(self.path, gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_told: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
