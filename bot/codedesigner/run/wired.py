"""Reviewers of whole files as workers: to the supervisor they are workers like any other."""

from __future__ import annotations

import time
from collections.abc import Sequence

from codedesigner.protocol.convert import to_answer, to_payload
from codedesigner.protocol.issue import Answer, Examination, Source
from codedesigner.protocol.wire import AnalyzeRequest, Envelope, ErrorPayload, RequestContext
from codedesigner.run.around import AroundReviewer
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.reviewer import Reviewer

QUESTION = "Which defects does this file have?"


class FileWorker:
    """Implements `run.bus.Worker` around a reviewer. The files of one batch are examined together."""

    def __init__(self, reviewer: Reviewer) -> None:
        self.id = reviewer.id
        self._reviewer = reviewer

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """One answer a file. The time that the batch took is shared out evenly among them."""
        sources = [_source(number, request) for number, request in enumerate(requests)]
        known = [source for source in sources if source is not None]
        started = time.monotonic()
        said = await self._reviewer.examine(known) if known else Examination(self.id, {})
        each_ms = round((time.monotonic() - started) * 1000 / max(1, len(known)), 1)
        return tuple(_answered(source, said, each_ms) for source in sources)


def _source(number: int, request: Envelope) -> Source | None:
    payload = request.payload
    if not isinstance(payload, AnalyzeRequest):
        return None
    return Source(str(number), payload.context.file_path, payload.context.language, payload.code)


def _answered(source: Source | None, said: Examination, each_ms: float) -> Answered:
    if source is None:
        return ErrorPayload(code="INVALID_REQUEST", message="this worker examines whole files", recoverable=False)
    answer = said.answers.get(source.key, Answer("failed", detail="it gave no answer about this file"))
    return to_payload(answer, duration_ms=each_ms)


class WiredReviewer(AroundReviewer):
    """Implements `run.reviewer.Reviewer`; every question goes over the bus, and every answer comes back over it."""

    def __init__(self, inner: Reviewer, bus: Bus) -> None:
        super().__init__(inner)
        self._bus = bus

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """What the worker says about every source."""
        requests = [
            AnalyzeRequest(
                code=source.text,
                questions=(QUESTION,),
                context=RequestContext(file_path=source.path, language=source.language),
            )
            for source in sources
        ]
        payloads = await self._bus.ask(self.id, requests)
        answers = {source.key: to_answer(payload) for source, payload in zip(sources, payloads, strict=True)}
        return Examination(self.id, answers, tuple(payload.metrics.duration_ms for payload in payloads))
