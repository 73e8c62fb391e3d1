"""`codedesigner review`."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from typing import Any

import click

from codedesigner.commands.options import review_options, taken
from codedesigner.commands.output import paired, write

FORMAT_NAMES = ("text", "json", "markdown", "sarif", "codequality")


@click.command()
@review_options
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMAT_NAMES), help="How to report it.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Where to: one per --format.")
@click.pass_context
def review(ctx: click.Context, /, formats: tuple[str, ...], outputs: tuple[str, ...], **given: Any) -> None:
    """Review a change and say whether it may be merged.

    Without --base and --head, the work tree is reviewed against the branch that it will be merged into. Results go
    to standard output, progress to standard error.
    """
    options = taken(given)
    pairs = paired(formats, outputs, "text")

    from codedesigner.commands.connect import reviewed
    from codedesigner.commands.progress import shown
    from codedesigner.commands.request import notices, prepare
    from codedesigner.publish import FORMATS
    from codedesigner.publish.gate import EXIT_CODES
    from codedesigner.publish.inputs import RenderInput

    prepared = prepare(options, os.environ)
    request = prepared.request
    for notice in notices(request):
        click.echo(notice, err=True)
    with shown() as progress:
        report = asyncio.run(reviewed(prepared, os.environ, no_cache=options.no_cache, progress=progress))
    wanted = frozenset(finding.path for finding in report.findings)
    sources = {file.path: file.new_lines for file in request.change.files if file.path in wanted}
    screen = sys.stdout.isatty()

    def render(name: str, to_screen: bool) -> str:
        color = to_screen and screen and not os.environ.get("NO_COLOR")
        width = shutil.get_terminal_size((100, 24)).columns if to_screen and screen else 100
        return FORMATS[name](RenderInput(report, sources, color=color, width=width))

    write(pairs, render)
    ctx.exit(EXIT_CODES[report.gate.conclusion])
