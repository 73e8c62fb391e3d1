"""A CI job: its event, the forge it may write to, and where its results go."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import click

from codedesigner.assembly.connect import reviewed
from codedesigner.assembly.memory import KeptOutcomes
from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.request import Prepared, notices, prepare
from codedesigner.commands.jobfiles import deliver, log
from codedesigner.commands.jobforge import JobForge, forge_of, secrets_of, state_key
from codedesigner.config.environment import GITLAB_TOKEN
from codedesigner.errors import UsageError
from codedesigner.event.environment import read_event
from codedesigner.event.model import Event, Ignored, QueueEntered, Refused, ReviewRequested
from codedesigner.publish.gate import EXIT_CODES
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import KnownSecrets, scrubbed
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import Desk, Ended
from codedesigner.pullrequest.handling import handle

Forges = Callable[[Mapping[str, str]], AbstractContextManager[JobForge | None]]


async def run_job(repo: Path, environ: Mapping[str, str], payload: str | None, *, forges: Forges = forge_of) -> int:
    """Do what the event asks for; the exit code. `forges` gives the forge that the environment describes.

    Raises:
        CodedesignerError: it could not be done.
    """
    event = _named(read_event(environ, payload), environ)
    if isinstance(event, Refused):
        raise UsageError(event.reason, hint=event.hint)
    if isinstance(event, Ignored):
        _say(f"note: {event.reason}")
        return 0
    options = _options(repo, environ)
    with forges(environ) as forge:
        if forge is None:
            return await _without_forge(event, options, environ)
        ended = await handle(event, _desk(forge, options, environ))
    _told(ended, environ)
    return ended.exit_code


def _named(event: Event, environ: Mapping[str, str]) -> Event:
    """The event with the number that the job was given, where the event has none. It is checked against the head."""
    said = environ.get("INPUT_PULL_REQUEST", "").strip()
    if not said or not isinstance(event, ReviewRequested) or event.number is not None:
        return event
    if not (said.isascii() and said.isdigit() and len(said) <= 10 and int(said) > 0):
        raise UsageError(f"the input pull_request is {said[:40]!r}, which is no number of a pull request")
    return replace(event, number=int(said))


async def _without_forge(event: Event, options: ReviewOptions, environ: Mapping[str, str]) -> int:
    """Review out of the checkout alone, and report to the job."""
    if not isinstance(event, ReviewRequested | QueueEntered) or event.base is None or event.head is None:
        raise UsageError("this event takes a token, and there is none", hint=f"give {_token(environ)}")
    _say(f"note: there is no token, so nothing is posted: {_token(environ)} is what would be written with")
    prepared = prepare(replace(options, base=event.base, head=event.head), environ)
    report, leaked = scrubbed(await reviewed(prepared, environ), KnownSecrets(secrets_of(environ)))
    _deliver(prepared, report, environ)
    if leaked:
        _say("error: possible secret in output; it was taken out")
        return EXIT_CODES["fail"]
    if report.gate.conclusion == "inconclusive" and prepared.request.settings.gate.on_inconclusive == "pass":
        _say("note: inconclusive, and green because gate.on_inconclusive says pass")
        return 0
    return EXIT_CODES[report.gate.conclusion]


def _token(environ: Mapping[str, str]) -> str:
    """What the job lacks, where it has no token to write with."""
    if environ.get("GITLAB_CI") == "true":
        return f"{GITLAB_TOKEN}, a project access token with the scope `api` (CI_JOB_TOKEN can only read),"
    return "the input `token`"


def _desk(forge: JobForge, options: ReviewOptions, environ: Mapping[str, str]) -> Desk:
    return Desk(
        forge=forge.forge,
        reviewing=Checkout(forge.forge, options, environ, forge.fetch, _say),
        clock=time.time,
        run=forge.run,
        key=state_key(environ),
        say=_say,
        secrets=KnownSecrets(secrets_of(environ)),
        book=KeptOutcomes(environ),
    )


def _told(ended: Ended, environ: Mapping[str, str]) -> None:
    if ended.report is not None and ended.prepared is not None:
        _deliver(ended.prepared, ended.report, environ)
    elif ended.notes:
        log("\n".join(ended.notes) + "\n", environ)


def _deliver(prepared: Prepared, report: Report, environ: Mapping[str, str]) -> None:
    for notice in notices(prepared.request):
        _say(notice)
    wanted = frozenset(finding.path for finding in report.findings)
    deliver(
        report, {file.path: file.new_lines for file in prepared.request.change.files if file.path in wanted}, environ
    )


def _options(repo: Path, environ: Mapping[str, str]) -> ReviewOptions:
    agreement = environ.get("INPUT_MIN_AGREEMENT")
    try:
        min_agreement = float(agreement) if agreement else None
    except ValueError:
        raise UsageError(f"the input min_agreement is {agreement!r}, which is no number from 0 to 1") from None
    return ReviewOptions(
        repo=repo,
        locations_file=_locations(environ),
        fail_on=environ.get("INPUT_FAIL_ON") or None,
        min_agreement=min_agreement,
    )


def _locations(environ: Mapping[str, str]) -> Path | None:
    """The input `locations` as a file: the operator wrote it into the workflow, so it may name endpoints and keys."""
    text = environ.get("INPUT_LOCATIONS", "")
    if not text.strip():
        return None
    path = Path(mkdtemp(prefix="codedesigner-", dir=environ.get("RUNNER_TEMP") or None)) / "locations.yaml"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _say(line: str) -> None:
    """One line of ours to the log, whatever somebody else's words in it hold."""
    click.echo(" ".join(line.split()).replace("::", ": :"), err=True)
