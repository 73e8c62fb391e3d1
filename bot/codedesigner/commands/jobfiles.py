"""Where a CI job's results go: its log, its summary, its outputs, its files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from codedesigner.commands.output import write
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report

MAX_SUMMARY_BYTES = 1_000_000  # GitHub drops a step's summary above 1 MiB, and stays green
# input of action.yml or variable -> format
_FILES = {"INPUT_SARIF_FILE": "sarif", "INPUT_JSON_FILE": "json", "CODEQUALITY_FILE": "codequality"}


def deliver(report: Report, sources: Mapping[str, tuple[str, ...]], environ: Mapping[str, str]) -> None:
    """Write the report to every place that the environment names."""
    rendered = RenderInput(report, sources)
    log(FORMATS["text"](rendered), environ)
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        _append(Path(summary), FORMATS["markdown"](rendered), limit=MAX_SUMMARY_BYTES)
    files = [(name, environ[variable]) for variable, name in _FILES.items() if environ.get(variable)]
    write(files, lambda name, _screen: FORMATS[name](rendered))
    posted = sum(finding.disposition == "posted" for finding in report.findings)
    outputs = {
        "conclusion": report.gate.conclusion,
        "findings": str(posted),
        "blocking": str(len(report.gate.blocking)),
        "head": report.change.head,
    }
    set_outputs(outputs, environ)


def log(text: str, environ: Mapping[str, str]) -> None:
    """To the job's log. GitHub obeys `::commands::` in whatever a step prints, and the report quotes the change."""
    if environ.get("GITHUB_ACTIONS") == "true":
        word = secrets.token_hex(16)
        text = f"::stop-commands::{word}\n{text}\n::{word}::\n"
    write([("text", None)], lambda _name, _screen: text)


def set_outputs(
    values: Mapping[str, str], environ: Mapping[str, str], *, token: Callable[[], str] = lambda: secrets.token_hex(16)
) -> None:
    """Set the outputs of the step. Each value stands between two delimiters that nobody could have foreseen.

    https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
    """
    path = environ.get("GITHUB_OUTPUT")
    if not path:
        return
    parts: list[str] = []
    for name, value in values.items():
        end = f"codedesigner_{token()}"
        while end in value:
            end = f"codedesigner_{token()}"
        parts.append(f"{name}<<{end}\n{value}\n{end}\n")
    with Path(path).open("ab") as file:
        file.write("".join(parts).encode("utf-8", "backslashreplace"))


def _append(path: Path, text: str, *, limit: int) -> None:
    data = text.encode("utf-8", "backslashreplace")
    if len(data) > limit:
        note = "\n\n(cut: the whole report is in the job's log)\n"
        data = data[: limit - len(note)].decode("utf-8", "ignore").encode() + note.encode()
    with path.open("ab") as file:
        file.write(data)
