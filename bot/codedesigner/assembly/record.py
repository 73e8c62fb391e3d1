"""Recording a review: `transcript.jsonl` as it happens, then `run.json` and `report.json`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import click

from codedesigner.assembly.plain import to_plain
from codedesigner.assembly.request import Prepared
from codedesigner.assembly.watched import WatchedRequest
from codedesigner.change.model import Change, FileChange, encode
from codedesigner.errors import UsageError
from codedesigner.location.spec import LocationSpec
from codedesigner.planning import Request
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.strictjson import written
from codedesigner.protocol.transcript import Scrubber, TranscriptWriter
from codedesigner.protocol.wire import Envelope
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report

TRANSCRIPT, RUN, REPORT = "transcript.jsonl", "run.json", "report.json"
_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN")


class Recording:
    """One review's record in a folder that holds none yet.

    `secrets` maps names of environment variables to what must not be written down.

    Raises:
        UsageError: the folder cannot be used, or the change itself holds one of the secrets.
    """

    def __init__(self, folder: Path, change: Change, secrets: Mapping[str, str]) -> None:
        _free_of(secrets, change)
        self._folder = folder
        self._scrubber = Scrubber(secrets.values())
        for name in (RUN, REPORT):
            if (folder / name).exists():
                raise UsageError(f"{folder} holds a record already", hint="nothing is overwritten: name another folder")
        self._writer = TranscriptWriter(folder / TRANSCRIPT, self._scrubber)
        self._watched: WatchedRequest | None = None
        self._trouble: str | None = None
        self._messages = 0

    def record(self, envelope: Envelope) -> None:
        """Write a message down. What goes wrong here ends the record, never the review."""
        if self._trouble is not None:
            return
        try:
            self._writer(envelope)
            self._messages += 1
        except (Refusal, OSError) as error:
            self._trouble = str(error)

    def watched(self, request: Request) -> Request:
        """The same request; what the review asks of it is noted."""
        self._watched = WatchedRequest(request)
        return self._watched.request

    def finish(self, report: Report) -> None:
        """Write down what belongs beside the messages; on trouble, say so on standard error instead."""
        self._writer.close()
        assert self._watched is not None  # noqa: S101 -- there is no report without a request
        if self._trouble is None:
            try:
                facts = to_plain(self._watched.facts(messages=self._messages))
                self._write(REPORT, FORMATS["json"](RenderInput(report)))
                self._write(RUN, written(self._scrubber.value(facts)) + "\n")
            except (Refusal, OSError, TypeError) as error:
                self._trouble = str(error)
        if self._trouble is not None:
            click.echo(f"warning: the record in {self._folder} cannot be replayed: {self._trouble}", err=True)

    def close(self) -> None:
        """Leave the record as it is."""
        self._writer.close()

    def _write(self, name: str, text: str) -> None:
        opened = os.open(self._folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as file:
            file.write(self._scrubber.line(text.encode()).decode() if name == REPORT else text)


@contextmanager
def recording(folder: Path | None, prepared: Prepared, environ: Mapping[str, str]) -> Iterator[Recording | None]:
    """The record of a prepared review in `folder`; None where it is not wanted.

    Raises:
        UsageError: see `Recording`.
    """
    if folder is None:
        yield None
        return
    secrets = secrets_of(prepared.registry.locations.values(), environ)
    with closing(Recording(folder, prepared.request.change, secrets)) as kept:
        yield kept


def secrets_of(specs: Iterable[LocationSpec], environ: Mapping[str, str]) -> dict[str, str]:
    """The keys and tokens that this process knows, by the name of their variable."""
    named = (spec.provider.api_key_env for spec in specs)
    values = {name: environ.get(name, "").strip() for name in (*named, *_TOKENS) if name is not None}
    return {name: value for name, value in values.items() if value}


def _free_of(secrets: Mapping[str, str], change: Change) -> None:
    for name, value in secrets.items():
        one = Scrubber([value])
        for file in change.files:
            if any(one.found_in(data) for data in _contents(file)):
                raise UsageError(
                    f"the change holds the value of ${name}, in {file.path}: a record would write it down",
                    hint="a key that is in a repository is no secret any more: take it out, and get a new one",
                )


def _contents(file: FileChange) -> Iterable[bytes]:
    yield file.old or b""
    yield file.new or b""
    yield encode("\n".join(line.text for hunk in file.hunks for line in hunk.lines))
