"""`codedesigner replay`."""

from __future__ import annotations

from pathlib import Path

import click

from codedesigner.commands.output import paired
from codedesigner.commands.review import FORMAT_NAMES


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMAT_NAMES), help="How to report it.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Where to: one per --format.")
@click.pass_context
def replay(ctx: click.Context, folder: Path, formats: tuple[str, ...], outputs: tuple[str, ...]) -> None:
    """Report once more on a review that `codedesigner review --record FOLDER` wrote down.

    Nobody is asked: no model, no analyser, nothing from the network. Report and exit code are those of the review.
    """
    pairs = paired(formats, outputs, "text")

    from codedesigner.commands.replaying import notes, read_record, replayed
    from codedesigner.commands.told import told

    record = read_record(folder)
    done = replayed(record)
    for note in notes(record, done, folder):
        click.echo(note, err=True)
    ctx.exit(told(done.report, record.request.change, pairs))
