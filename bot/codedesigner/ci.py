"""`codedesigner ci`: what a CI event asks for, reported where that CI shows it."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click

from codedesigner.assembly.options import ReviewOptions
from codedesigner.commands.output import write
from codedesigner.errors import UsageError
from codedesigner.event.environment import read_event
from codedesigner.event.model import Ignored, QueueEntered, Refused, ReviewRequested

MAX_EVENT_BYTES = 26_000_000  # GitHub caps a webhook payload at 25 MB
MAX_SUMMARY_BYTES = 1_000_000  # GitHub drops a step's summary above 1 MiB
# input of action.yml -> (option, what it becomes)
_FILES = {"INPUT_SARIF_FILE": "sarif", "INPUT_JSON_FILE": "json", "CODEQUALITY_FILE": "codequality"}


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The checkout (default: here).")
@click.pass_context
def ci(ctx: click.Context, /, repo: Path) -> None:
    """Review the pull or merge request that this CI job runs for.

    The report goes to the log and to the job's summary; the exit code is the gate's. Configuration is read from the
    commit that the change starts from.
    """
    environ = os.environ
    event = read_event(environ, _payload(environ))
    if isinstance(event, Refused):
        raise UsageError(event.reason, hint=event.hint)
    if isinstance(event, Ignored):
        click.echo(f"note: {event.reason}", err=True)
        ctx.exit(0)
    if not isinstance(event, ReviewRequested | QueueEntered) or event.base is None or event.head is None:
        raise UsageError("this event needs the forge, and there is no token to ask it with")
    ctx.exit(_run(_options(repo, event.base, event.head, environ), environ))


def _run(options: ReviewOptions, environ: Mapping[str, str]) -> int:
    from codedesigner.assembly.connect import reviewed
    from codedesigner.assembly.request import notices, prepare
    from codedesigner.publish import FORMATS
    from codedesigner.publish.gate import EXIT_CODES
    from codedesigner.publish.inputs import RenderInput

    prepared = prepare(options, environ)
    request = prepared.request
    for notice in notices(request):
        click.echo(notice, err=True)
    report = asyncio.run(reviewed(prepared, environ))
    wanted = frozenset(finding.path for finding in report.findings)
    sources = {file.path: file.new_lines for file in request.change.files if file.path in wanted}
    rendered = RenderInput(report, sources)
    _log(FORMATS["text"](rendered), environ)
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _append(Path(summary), FORMATS["markdown"](rendered), limit=MAX_SUMMARY_BYTES)
    files = [(name, environ[variable]) for variable, name in _FILES.items() if environ.get(variable)]
    write(files, lambda name, _screen: FORMATS[name](rendered))
    outputs = environ.get("GITHUB_OUTPUT")
    if outputs:
        posted = sum(finding.disposition == "posted" for finding in report.findings)
        _append(Path(outputs), f"conclusion={report.gate.conclusion}\nfindings={posted}\n", limit=1000)
    if report.gate.conclusion == "inconclusive" and request.settings.gate.on_inconclusive == "pass":
        click.echo("note: inconclusive, and green because gate.on_inconclusive says pass", err=True)
        return 0
    return EXIT_CODES[report.gate.conclusion]


def _options(repo: Path, base: str, head: str, environ: Mapping[str, str]) -> ReviewOptions:
    agreement = environ.get("INPUT_MIN_AGREEMENT")
    try:
        min_agreement = float(agreement) if agreement else None
    except ValueError:
        raise UsageError(f"the input min_agreement is {agreement!r}, which is no number from 0 to 1") from None
    return ReviewOptions(
        repo=repo,
        base=base,
        head=head,
        fail_on=environ.get("INPUT_FAIL_ON") or None,
        min_agreement=min_agreement,
    )


def _payload(environ: Mapping[str, str]) -> str | None:
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_EVENT_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot read the event at {path}: {error.strerror}") from error


def _log(text: str, environ: Mapping[str, str]) -> None:
    """To the job's log. GitHub obeys `::commands::` in whatever a step prints, and the report quotes the change."""
    if environ.get("GITHUB_ACTIONS") == "true":
        word = secrets.token_hex(16)
        text = f"::stop-commands::{word}\n{text}\n::{word}::\n"
    write([("text", None)], lambda _name, _screen: text)


def _append(path: Path, text: str, *, limit: int) -> None:
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > limit:
        note = "\n\n(cut: the whole report is in the job's log)\n"
        data = data[: limit - len(note)].decode("utf-8", "ignore").encode() + note.encode()
    with path.open("ab") as file:
        file.write(data)
