"""Sources in, outlines out, through child processes that may be killed.

The parsers are native code and the sources are hostile: this process never loads them. A source that takes too long,
too much memory, or the child's life gets an `Unparsed` that says so; the others go on in a new child.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal, Self

from codedesigner.change.grammars import GRAMMARS
from codedesigner.change.model import Span

_LENGTH: Final = struct.Struct(">I")
_CHUNK: Final = 1 << 18
_LARGEST_ANSWER: Final = 1 << 28
_MOST_CHILDREN: Final = 4
_WORTH_A_CHILD: Final = 400_000  # bytes of source; a child takes about 60 ms to start
_PATIENCE: Final = 3  # after so many sources ran out of time, the rest get a tenth of it
_OUT_OF_MEMORY: Final = 7  # the child's exit code
_TIMED_OUT: Final = "parser timed out"
_LOADER_VARIABLE: Final = "LD_LIBRARY_PATH"  # some builds of Python cannot start without it

DefinitionKind = Literal["function", "method", "class"]


@dataclass(frozen=True, slots=True)
class NamedSpan:
    """One named definition and its lines, with the decorators and comments directly above it."""

    name: str
    kind: DefinitionKind
    span: Span


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one file in a language that has a grammar."""

    language: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Outline:
    """What was found in one source.

    `spans` are in document order and properly nested. `starts` and `ends` are the logical lines: ordered, disjoint,
    together every line of code. `outermost` are the statements that no other statement holds. All lines are 1-based.
    """

    spans: tuple[NamedSpan, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    outermost: tuple[Span, ...]
    broken: bool  # the source has syntax errors


@dataclass(frozen=True, slots=True)
class Unparsed:
    """Why there is no outline: `parser timed out`, `parser ran out of memory`, `parser crashed (signal 11)`."""

    reason: str


Parsed = Outline | Unparsed


def outlines(sources: Sequence[Source], *, timeout_s: float = 10.0) -> tuple[Parsed, ...]:
    """The outline of each source, in order; `timeout_s` is the time each may take.

    A source in a language without a grammar is `Unparsed("no grammar")`. After three sources have run out of time the
    others get a tenth of it each, so that a change full of traps cannot hold a review for hours.
    """
    results: list[Parsed] = [Unparsed("no grammar")] * len(sources)
    wanted = [index for index, source in enumerate(sources) if source.language in GRAMMARS]
    if not wanted:
        return tuple(results)
    batch = _Batch(sources, results, wanted, timeout_s)
    size = sum(len(sources[index].text) for index in wanted)
    children = min(_MOST_CHILDREN, os.cpu_count() or 1, len(wanted), 1 + size // _WORTH_A_CHILD)
    if children == 1:
        batch.work()
    else:
        with ThreadPoolExecutor(children) as pool:
            for done in [pool.submit(batch.work) for _ in range(children)]:
                done.result()
    return tuple(results)


class _Batch:
    """The sources still to do, shared by the threads that each feed one child."""

    def __init__(
        self, sources: Sequence[Source], results: list[Parsed], wanted: Sequence[int], timeout_s: float
    ) -> None:
        self._sources = sources
        self._results = results
        self._timeout_s = timeout_s
        # The largest first, so that no child is left with it at the end.
        self._left: Iterator[int] = iter(sorted(wanted, key=lambda index: -len(sources[index].text)))
        self._lock = threading.Lock()
        self._timeouts = 0

    def work(self) -> None:
        """Take sources until none is left."""
        child: _Child | None = None
        try:
            while (taken := self._take()) is not None:
                index, seconds = taken
                child = child or _Child.start()
                self._results[index] = answer = child.ask(self._sources[index], seconds)
                if isinstance(answer, Unparsed):
                    child.end()
                    child = None
                    self._note(answer)
        finally:
            if child is not None:
                child.end()

    def _take(self) -> tuple[int, float] | None:
        with self._lock:
            index = next(self._left, None)
            seconds = self._timeout_s if self._timeouts < _PATIENCE else self._timeout_s / 10
        return None if index is None else (index, seconds)

    def _note(self, answer: Unparsed) -> None:
        with self._lock:
            self._timeouts += answer.reason == _TIMED_OUT


class _Gone(Exception):  # noqa: N818  not an error: a fact about the child
    """The child closed its pipes."""


class _Child:
    """One parser process. `ask` it until it gives `Unparsed`; then `end` it and start another."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        self._process = process
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)

    @classmethod
    def start(cls) -> Self:
        program = Path(__file__).with_name("parser_child.py")
        command = [sys.executable, "-I", "-S", str(program), *_import_folders()]
        variables = {_LOADER_VARIABLE: os.environ[_LOADER_VARIABLE]} if _LOADER_VARIABLE in os.environ else {}
        return cls(
            subprocess.Popen(  # the caller ends it
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env=variables,
                start_new_session=True,
            )
        )

    def ask(self, source: Source, seconds: float) -> Parsed:
        """The outline, or why there is none; after the latter the child is of no use."""
        header = json.dumps({"language": source.language, "size": len(source.text), "seconds": seconds}).encode()
        deadline = time.monotonic() + seconds
        try:
            self._send(_LENGTH.pack(len(header)) + header + source.text, deadline)
            size = _LENGTH.unpack(self._receive(_LENGTH.size, deadline))[0]
            if size > _LARGEST_ANSWER:
                return Unparsed("parser answered too much")
            return _outline(json.loads(self._receive(size, deadline)))
        except TimeoutError:
            return Unparsed(_TIMED_OUT)
        except _Gone:
            return Unparsed(self._last_words())

    def end(self) -> None:
        """Kill it; it holds nothing worth keeping."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            _wait(self._to, select.POLLOUT, deadline)
            try:
                view = view[os.write(self._to, view[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise _Gone from None

    def _receive(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size:
            _wait(self._from, select.POLLIN, deadline)
            part = os.read(self._from, min(size, _CHUNK))
            if not part:
                raise _Gone
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _last_words(self) -> str:
        """tree-sitter aborts when memory runs out; the limit on processor time sends SIGXCPU."""
        status = self._process.wait()
        if status in {-signal.SIGABRT, _OUT_OF_MEMORY}:
            return "parser ran out of memory"
        if status == -signal.SIGXCPU:
            return _TIMED_OUT
        return f"parser crashed (signal {-status})" if status < 0 else f"parser crashed (exit {status})"


def _wait(descriptor: int, event: int, deadline: float) -> None:
    poller = select.poll()
    poller.register(descriptor, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poller.poll(left * 1000):
        raise TimeoutError


@cache
def _import_folders() -> tuple[str, ...]:
    """Where the child finds this package and the grammars; never the working directory."""
    folders = [str(Path(__file__).parents[2])]
    for module in ("tree_sitter", *sorted({grammar.module for grammar in GRAMMARS.values()})):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin is not None:
            folders.append(str(Path(spec.origin).parents[1]))
    return tuple(dict.fromkeys(folders))


def _outline(answer: Mapping[str, list[list[int]]]) -> Outline:
    return Outline(
        spans=tuple(_named_span(row) for row in answer["definitions"]),
        starts=tuple(answer["starts"]),  # type: ignore[arg-type]
        ends=tuple(answer["ends"]),  # type: ignore[arg-type]
        outermost=tuple(Span(start, end) for start, end in answer["outermost"]),
        broken=bool(answer["broken"]),
    )


def _named_span(row: Sequence[object]) -> NamedSpan:
    start, end, kind, name = row
    return NamedSpan(str(name), kind, Span(start, end))  # type: ignore[arg-type]
