"""`codedesigner ci`: what a CI event asks for, done on the forge, and reported where that CI shows it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import click

from codedesigner.errors import UsageError

MAX_EVENT_BYTES = 26_000_000  # GitHub caps a webhook payload at 25 MB


@click.command()
@click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The checkout, if any (default: here).")
@click.pass_context
def ci(ctx: click.Context, /, repo: Path) -> None:
    """Do what the event of this CI job asks for: review, obey a command, answer, complete a queue's check.

    The report goes to the forge, to the job's log and to its summary; the exit code is the gate's. Configuration is
    read from the commit that the change starts from. Without a token nothing is posted.
    """
    from codedesigner.commands.job import run_job
    from codedesigner.commands.privileges import give_up_root

    give_up_root(os.environ)
    ctx.exit(asyncio.run(run_job(repo, os.environ, payload_of(os.environ))))


def payload_of(environ: Mapping[str, str]) -> str | None:
    """The text of the event's file; None where the CI has none.

    Raises:
        UsageError: it cannot be read.
    """
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return None
    try:
        with Path(path).open("rb") as file:
            return file.read(MAX_EVENT_BYTES).decode("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"cannot read the event at {path}: {error.strerror}") from error
