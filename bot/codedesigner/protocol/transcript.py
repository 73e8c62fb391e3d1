"""All that was said in a run, as it is said: one message a line, appended, readable after a crash.

A line is written in one piece, so a killed process leaves whole lines and at most one that is cut off. Keys that the
process knows are taken out of whatever is written, by their exact value; code is never altered by what looks like a
key, because a run is replayed from these lines.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from codedesigner.errors import UsageError
from codedesigner.protocol.codec import MOST_BYTES, decode, encode
from codedesigner.protocol.conversation import Conversation
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.strictjson import parse, written
from codedesigner.protocol.wire import Envelope

HIDDEN = "***"
SHORTEST_SECRET = 8
"""Characters. What is shorter keeps nobody out, and taking it out everywhere would garble what was said."""


class Scrubber:
    """Takes the exact values of secrets out of JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._values = sorted({each for each in secrets if len(each) >= SHORTEST_SECRET}, key=len, reverse=True)
        forms = {form for value in self._values for form in _forms(value)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._signs = tuple({written(form)[1:-1].encode() for form in forms})

    def line(self, data: bytes) -> bytes:
        """One line of JSON without the secrets."""
        if not any(sign in data for sign in self._signs):
            return data
        return written(self.value(parse(data.decode()))).encode()

    def value(self, value: object) -> object:
        """A value of JSON without the secrets."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(part) for key, part in value.items()}
        return [self.value(part) for part in value] if isinstance(value, list | tuple) else value

    def text(self, text: str) -> str:
        """A text without the secrets."""
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        return text

    def found_in(self, data: bytes) -> bool:
        """Whether a secret stands in these bytes of a file."""
        return any(value.encode("utf-8", "surrogateescape") in data for value in self._values)


def _forms(value: str) -> set[str]:
    """The value as it is, and as JSON inside a text or an address would have it."""
    inside = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    slashed = {form.replace("/", r"\/") for form in inside}
    return {value, *inside, *slashed, quote(value.encode("utf-8", "surrogateescape"), safe="")}


class TranscriptWriter:
    """Appends messages to a new file that only its owner can read; called with each of them.

    Raises:
        UsageError: there is a file of that name, or it cannot be made.
    """

    def __init__(self, path: Path, scrubber: Scrubber | None = None) -> None:
        self.path = path
        self._scrubber = scrubber or Scrubber(())
        try:
            if not path.parent.is_dir():
                path.parent.mkdir(mode=0o700, parents=True)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except FileExistsError as error:
            raise UsageError(
                f"{error.filename} is there already", hint="nothing is overwritten: name another folder"
            ) from error
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error

    def __call__(self, envelope: Envelope) -> None:
        """One more line.

        Raises:
            Refusal: nobody could read it.
            OSError: it cannot be written.
        """
        line = self._scrubber.line(encode(envelope)) + b"\n"
        while line:
            line = line[os.write(self._file, line) :]

    def close(self) -> None:
        """Write nothing more."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The messages of a file in order. `cut` is how many bytes of an unfinished last line were left out."""

    envelopes: tuple[Envelope, ...]
    cut: int = 0


def read_transcript(path: Path, *, now: Callable[[], float] = time.time) -> Transcript:
    """All messages up to the last whole line.

    Raises:
        UsageError: it cannot be read, or a line is no message that fits; it names the line.
    """
    conversation = Conversation()
    envelopes: list[Envelope] = []
    try:
        with path.open("rb") as file:
            while line := file.readline(MOST_BYTES + 2):
                if not line.endswith(b"\n") and len(line) <= MOST_BYTES + 1:
                    return Transcript(tuple(envelopes), len(line))
                envelope = decode(line[:-1], now=now)
                conversation.take(envelope)
                envelopes.append(envelope)
    except Refusal as error:
        raise UsageError(f"{path}:{len(envelopes) + 1}: {error}", hint="the record is damaged") from error
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    return Transcript(tuple(envelopes))
