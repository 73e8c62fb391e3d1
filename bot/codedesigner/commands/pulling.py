"""`codedesigner review --pr`: a pull request reviewed from anywhere, and posted on only where that is asked for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import click

from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.request import Prepared
from codedesigner.commands.jobforge import JobForge, forge_at, secrets_of, state_key
from codedesigner.commands.pulladdress import pull_address
from codedesigner.event.model import ReviewRequested
from codedesigner.publish.report import Report
from codedesigner.publish.scrub import KnownSecrets, scrubbed
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import Desk, Order
from codedesigner.pullrequest.handling import handle
from codedesigner.pullrequest.standing import standing_of


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pull request's review. `exit_code` is what was decided on the forge; None where nothing was posted."""

    report: Report
    prepared: Prepared
    exit_code: int | None = None


async def review_pull_request(
    url: str, options: ReviewOptions, environ: Mapping[str, str], *, post: bool
) -> Pulled | None:
    """The review of a pull request; None where there was nothing to review.

    Raises:
        CodedesignerError: it cannot be read, reviewed or posted on.
    """
    address = pull_address(url)
    with forge_at(address, environ) as job:
        desk = _desk(job, options, environ)
        if post:
            ended = await handle(ReviewRequested(None, None, address.number), desk)
            for note in ended.notes:
                _say(note)
            return (
                None
                if ended.report is None or ended.prepared is None
                else Pulled(ended.report, ended.prepared, ended.exit_code)
            )
        pull = await job.forge.pull(address.number)
        # What people decided holds here, too; what this run spends is nobody else's.
        stand = await standing_of(desk, pull)
        prepared = await desk.reviewing.prepare(Order(pull, pull.base, pull.head, stand.standing))
        report, _ = scrubbed(await desk.reviewing.review(prepared), desk.secrets)
        return Pulled(report, prepared)


def _desk(job: JobForge, options: ReviewOptions, environ: Mapping[str, str]) -> Desk:
    return Desk(
        forge=job.forge,
        reviewing=Checkout(job.forge, options, environ, job.fetch, _say),
        clock=time.time,
        run=job.run,
        key=state_key(environ),
        say=_say,
        secrets=KnownSecrets(secrets_of(environ)),
    )


def _say(line: str) -> None:
    click.echo(f"note: {line}", err=True)
