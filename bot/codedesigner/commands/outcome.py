"""`codedesigner outcome`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codedesigner.errors import UsageError

if TYPE_CHECKING:
    from codedesigner.publish.report import FindingReport, Report
    from codedesigner.vote.history import Told, What

WHATS = ("fixed", "dismissed", "thumbs_up", "thumbs_down", "override", "none")
NEED_A_REASON = ("dismissed", "override")


@click.command()
@click.argument("report", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("outcomes", nargs=-1, required=True, metavar="FINDING=WHAT...")
@click.option("--reason", default="", help="Why it was dismissed or overridden.")
@click.option("--source", default="command", show_default=True, help="Who says so; another one is another voice.")
def outcome(report: Path, outcomes: tuple[str, ...], reason: str, source: str) -> None:
    """Tell what became of findings of a review, so that votes can weigh by it.

    REPORT is the JSON report of the review, FINDING a finding's id or fingerprint in it, and WHAT one of fixed,
    dismissed, thumbs_up, thumbs_down, override, and none, which takes back what the same source said before.
    """
    from codedesigner.state.folder import state_folder
    from codedesigner.state.history import OutcomeStore
    from codedesigner.vote.history import note

    read = _read(report)
    wanted = [_wanted(each, read, report, reason) for each in outcomes]
    store = OutcomeStore(state_folder(os.environ))
    for finding, told in wanted:
        votes = note(store, finding, source, told)
        said = told[0].what if told else "nothing any more"
        click.echo(f"{finding.id}: {said}, about the votes of {votes} locations" if told else f"{finding.id}: {said}")


def _read(path: Path) -> Report:
    from pydantic import ValidationError

    from codedesigner.publish.report import Report

    try:
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        hint = "write one with `codedesigner review --format json --output FILE`"
        raise UsageError(f"{path}: is no report: {where}: {first['msg']}", hint=hint) from error


def _wanted(said: str, report: Report, path: Path, reason: str) -> tuple[FindingReport, Sequence[Told]]:
    from codedesigner.vote.history import Told

    name, _, what = said.rpartition("=")
    if not name or what not in WHATS:
        raise UsageError(f"{said!r} says nothing about a finding", hint=f"write FINDING={'|'.join(WHATS)}")
    found = [each for each in report.findings if name in (each.id, each.fingerprint)]
    if not found:
        raise UsageError(f"{path}: no finding is called {name}", hint=f"there are {_names(report)}")
    if what in NEED_A_REASON and not reason.strip():
        raise UsageError(f"{said}: a reason is needed", hint="say why with --reason")
    return found[0], [Told(each, reason.strip()) for each in _kinds() if each == what]


def _kinds() -> tuple[What, ...]:
    from typing import get_args

    from codedesigner.vote.history import What

    return tuple(get_args(What))


def _names(report: Report) -> str:
    names = [each.id for each in report.findings]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "") if names else "none"
