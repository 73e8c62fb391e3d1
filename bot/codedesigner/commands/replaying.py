"""A recorded review once more: the same request, and workers that say what they said.

Time is simulated: where nobody has anything left to say, the clock is put forward to whatever is waited for next. A
worker that did not answer before the review's time was over does not answer now, and its time is over at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import TypeVar, TypeVarTuple, Unpack

from codedesigner import __version__
from codedesigner.assembly.plain import from_plain, made_fields
from codedesigner.assembly.record import REPORT, RUN, TRANSCRIPT
from codedesigner.assembly.runfile import (
    FORMAT,
    LocationFacts,
    ReviewerFacts,
    RunFile,
    code_digest,
    ungrouped,
)
from codedesigner.errors import UsageError
from codedesigner.plan.inputs import PlannedLocation
from codedesigner.planning import Request
from codedesigner.protocol.issue import Examination, Source
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.strictjson import parse
from codedesigner.protocol.transcript import Transcript, read_transcript
from codedesigner.protocol.wire import REQUESTS, Envelope, ErrorPayload, ResponsePayload
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report
from codedesigner.review import review
from codedesigner.run.bus import Answered, Beat, Bus, Recorded
from codedesigner.run.models import Models
from codedesigner.run.wired import WiredReviewer

T = TypeVar("T")
Given = TypeVarTuple("Given")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it was read, and the request that it holds."""

    run: RunFile
    transcript: Transcript
    request: Request
    said: Said


@dataclass(slots=True)
class Replayed:
    """What came of a replay. `unknown` counts questions that the recorded run did not ask."""

    report: Report
    unknown: int = 0


def read_record(folder: Path) -> Record:
    """The record in a folder.

    Raises:
        UsageError: it is missing, unfinished, damaged, or of another version; the message names the file and line.
    """
    transcript = read_transcript(folder / TRANSCRIPT)
    path = folder / RUN
    try:
        text = path.read_bytes().decode()
        found = parse(text)
        version = found.get("format") if isinstance(found, dict) else None
        if version != FORMAT:
            raise UsageError(f"{path}: is of format {version!r}, not {FORMAT}", hint="replay it with what recorded it")
        run, said = from_plain(RunFile, found), Said(transcript.envelopes)
        if run.messages != len(transcript.envelopes):
            there = f"holds {len(transcript.envelopes)} messages of {run.messages}"
            raise UsageError(f"{folder / TRANSCRIPT}: {there}", hint="the record is damaged")
        return Record(run, transcript, _request(run, said), said)
    except FileNotFoundError as error:
        count = len(transcript.envelopes)
        told = f"the review did not end; {count} messages of it are in {TRANSCRIPT}"
        raise UsageError(f"{path} is not there: {told}") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (Refusal, ValueError, TypeError, IndexError) as error:
        raise UsageError(f"{path}:1: {error}", hint="the record is damaged") from error


def replayed(record: Record) -> Replayed:
    """The same review, from what was said. Once for each record that was read.

    Raises:
        UsageError: an answer is missing, and the recorded run waited for it.
    """
    with asyncio.Runner(loop_factory=TimelessLoop) as runner:
        report = runner.run(review(record.request))
    return Replayed(report, record.said.unknown)


def notes(record: Record, done: Replayed, folder: Path) -> list[str]:
    """Why the report may be another one than the recorded run's, a line each."""
    run, said = record.run, []
    code = code_digest()
    if (run.version, run.code) != (__version__, code):
        here = f"codedesigner {__version__} ({code})"
        said.append(f"note: recorded by codedesigner {run.version} ({run.code}), replayed by {here}")
    if record.transcript.cut:
        said.append(f"note: the last line of {TRANSCRIPT} is cut off; its {record.transcript.cut} bytes are left out")
    if done.unknown:
        said.append(f"warning: {done.unknown} questions are not in the record; they count as failed")
    try:
        same = (folder / REPORT).read_bytes() == FORMATS["json"](RenderInput(done.report)).encode()
    except OSError:
        return said
    return said if same else [*said, f"warning: the report is not the one in {folder / REPORT}"]


class Said:
    """Everything that was said, by worker and request."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self.unknown = 0
        self._answers: dict[str, list[Answered]] = {}
        self._names: set[str] = set()
        for envelope in envelopes:
            if envelope.message_type in REQUESTS:
                self._names.add(envelope.worker or "")
                self._answers.setdefault(envelope.message_id, [])
            elif isinstance(envelope.payload, ResponsePayload | ErrorPayload) and envelope.correlation_id is not None:
                self._answers[envelope.correlation_id].append(envelope.payload)
        # One that is put again is answered again; once more than that, with what was said last.
        self._turns = {name: chain(told, repeat(told[-1])) for name, told in self._answers.items() if told}

    def bus(self, also: AbstractSet[str]) -> Bus:
        """The bus that leads to all who were asked, and to those who `also` could have been."""
        return Bus({name: _Worker(name, self) for name in self._names | also}, now=lambda: 0.0)

    async def answer(self, worker: str, request: Envelope) -> Answered:
        """What the worker said; what it had not said in time is never said."""
        name = request.message_id
        if name in self._turns:
            return next(self._turns[name])
        if name in self._answers:
            await asyncio.get_running_loop().create_future()
        self.unknown += 1
        (refused,) = await Recorded(worker, {}).handle([request], _unheard)
        return refused


@dataclass(frozen=True, slots=True)
class _Worker:
    """Implements `run.bus.Worker`: says what it said in the recorded run."""

    id: str
    said: Said

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """The answers, in order."""
        return tuple([await self.said.answer(self.id, request) for request in requests])


def _unheard(_request: str, _progress: float) -> None:
    """Nothing: a replay shows no progress."""


@dataclass(frozen=True, slots=True)
class _Reviewer:
    """Implements `run.reviewer.Reviewer` from what is known about one."""

    facts: ReviewerFacts

    @property
    def id(self) -> str:
        """The location's id."""
        return self.facts.id

    @property
    def weight(self) -> float:
        """The weight of its ballots."""
        return self.facts.weight

    @property
    def deterministic(self) -> bool:
        """Whether a second pass would have said the same."""
        return self.facts.deterministic

    @property
    def unavailable(self) -> str | None:
        """Why it could not work."""
        return self.facts.unavailable

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether it read such a file."""
        return (path, language or "") in self.facts.examines

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether its silence meant "no"."""
        return (kind, path, language or "") in self.facts.judges

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """None: the plan was told by its `PlannedLocation`."""
        return frozenset()

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """Nothing: whoever wants to know asks over the bus."""
        return Examination(self.facts.id, {})


def _request(run: RunFile, said: Said) -> Request:
    held = made_fields(Request, run.request, "request")
    models = None if run.models is None else made_fields(Models, run.models, "models")
    names = {facts.id for facts in run.reviewers}
    if models is not None:
        names |= {*models["weights"], *filter(None, [models.get("supervisor"), models.get("embedder")])}
    bus = said.bus(names)
    terms, known = ungrouped(run.terms), run.known
    return Request(
        **held,
        terms=lambda target: terms.get(target.identity, ()),
        reviewers=tuple(WiredReviewer(_Reviewer(facts), bus) for facts in run.reviewers),
        locations=tuple(map(_location, run.locations)),
        monotonic=chain(run.clock, repeat(run.clock[-1])).__next__,
        known=None if known is None else lambda location, _sources: known.get(location, frozenset()),
        models=None if models is None else Models(**models, bus=bus, monotonic=lambda: 0.0),
        angle_specs={spec.id: spec for spec in run.angle_specs},
        brief=lambda item: run.briefs.get(item.id, ""),
    )


def _location(facts: LocationFacts) -> PlannedLocation:
    angles = ungrouped(facts.angles)
    return PlannedLocation(
        id=facts.id,
        angles=lambda path, language: frozenset(angles.get((path, language or ""), ())),
        deterministic=facts.deterministic,
        terms=facts.terms,
        whole_file=facts.whole_file,
        calls_per_item=facts.calls_per_item,
        prompt_tokens=facts.prompt_tokens,
        max_tokens=facts.max_tokens,
        usd_in=facts.usd_in,
        usd_out=facts.usd_out,
    )


class Forward(selectors.DefaultSelector):
    """Waits for nothing: where nothing is there, `now` is put forward to when something is due."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is there."""
        found = super().select(0)
        if not found and timeout is None:
            raise UsageError("an answer that the recorded run waited for is not in its transcript")
        if not found and timeout is not None:
            self.now += max(0.0, timeout)
        return found


class TimelessLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self) -> None:
        self._forward = Forward()
        super().__init__(self._forward)

    def time(self) -> float:
        """Simulated seconds."""
        return self._forward.now

    def run_in_executor(self, executor: object, func: Callable[[Unpack[Given]], T], *args: *Given) -> asyncio.Future[T]:
        """At once: while a thread was at work, nothing would be there, and the time of all others would be over."""
        done: asyncio.Future[T] = self.create_future()
        done.set_result(func(*args))
        return done
