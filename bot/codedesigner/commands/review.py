"""`codedesigner review`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from codedesigner.assembly.options import ReviewOptions
from codedesigner.commands.options import review_options, taken
from codedesigner.commands.output import paired
from codedesigner.commands.wishes import ApplyOptions

FORMAT_NAMES = ("text", "json", "markdown", "sarif", "codequality", "html")


@click.command()
@review_options
@click.option("--format", "formats", multiple=True, type=click.Choice(FORMAT_NAMES), help="How to report it.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Where to: one per --format.")
@click.option("--record", "folder", type=click.Path(path_type=Path), help="Keep all that is said, for `replay`.")
@click.option("--pr", "url", metavar="URL", help="Review the pull or merge request at this address.")
@click.option("--post/--no-post", default=False, help="With --pr: say on the forge what was found (default: no).")
@click.option("--apply", "names", multiple=True, metavar="ID", help="Write this finding's fix to the work tree.")
@click.option("--apply-all", is_flag=True, help="Write all verified fixes to the work tree.")
@click.option("--yes", is_flag=True, help="Write them without asking.")
@click.pass_context
def review(
    ctx: click.Context, /, formats: tuple[str, ...], outputs: tuple[str, ...], folder: Path | None, **given: Any
) -> None:
    """Review a change and say whether it may be merged.

    Without --base and --head, the work tree is reviewed against the branch that it will be merged into. Results go
    to standard output, progress to standard error. Fixes are shown as a patch before they are written.
    """
    wishes = ApplyOptions(given.pop("names"), given.pop("apply_all"), given.pop("yes"))
    wishes.check()
    url, post = given.pop("url"), given.pop("post")
    options = taken(given)
    pairs = paired(formats, outputs, "text")
    if url is not None or post:
        ctx.exit(_pulled(url, options, pairs, post=post, unfit=wishes.wanted or folder is not None))

    from codedesigner.assembly.connect import reviewed
    from codedesigner.assembly.record import recording
    from codedesigner.assembly.request import notices, prepare
    from codedesigner.commands.progress import shown
    from codedesigner.commands.told import told

    prepared = prepare(options, os.environ)
    for notice in notices(prepared.request):
        click.echo(notice, err=True)
    with recording(folder, prepared, os.environ) as kept, shown() as progress:
        report = asyncio.run(
            reviewed(prepared, os.environ, no_cache=options.no_cache, progress=progress, recording=kept)
        )
    change = prepared.request.change
    code = told(report, change, pairs)
    if wishes.wanted:
        from codedesigner.commands.applying import desk_for, take_over

        top = prepared.git.top if prepared.git is not None else Path(change.repo)
        take_over(report, change.files, wishes, desk_for(top, pairs, no_color=bool(os.environ.get("NO_COLOR"))))
    ctx.exit(code)


def _pulled(
    url: str | None, options: ReviewOptions, pairs: Sequence[tuple[str, str | None]], *, post: bool, unfit: bool
) -> int:
    """The exit code of a review of a pull request by its address."""
    if url is None:
        raise click.UsageError("--post says what was found on a pull request: name it with --pr.")
    if unfit or options.base or options.head or options.diff:
        raise click.UsageError("--pr brings its own range, and its files are not here: leave out the other options.")

    from codedesigner.commands.pulling import review_pull_request
    from codedesigner.commands.told import told

    pulled = asyncio.run(review_pull_request(url, options, os.environ, post=post))
    if pulled is None:
        return 0
    code = told(pulled.report, pulled.prepared.request.change, pairs)
    return code if pulled.exit_code is None else pulled.exit_code
