"""The options that `review` and `plan` share, and the values they become."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import click

from codedesigner.assembly.options import STRATEGIES, THRESHOLDS, ReviewOptions

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_OPTIONS = (
    click.option("--repo", type=click.Path(path_type=Path), default=Path(), help="The repository (default: here)."),
    click.option("--base", metavar="REV", help="Review from the merge base of REV and the head (default: upstream)."),
    click.option("--head", metavar="REV", help="Review up to REV (default: the work tree)."),
    click.option("--diff", metavar="FILE", help="Review a diff from FILE, or from standard input with `-`."),
    click.option("--strategy", type=click.Choice(STRATEGIES), help="Which questions are asked."),
    click.option("--max-passes", type=click.IntRange(1, 100), help="Times a function is looked at, at most."),
    click.option("--granularity", type=click.Choice(("function", "statement")), help="What one question is about."),
    click.option("--angles-file", type=_FILE, help="Angles, instead of the shipped angles.yaml."),
    click.option("--locations-file", type=_FILE, help="Locations, instead of the shipped locations.yaml."),
    click.option("--location", multiple=True, metavar="ID", help="Ask only this location (repeat for several)."),
    click.option("--angle", multiple=True, metavar="ID", help="Look only from this angle (repeat for several)."),
    click.option("--budget-calls", type=click.IntRange(min=1), help="Model calls, at most."),
    click.option("--budget-tokens", type=click.IntRange(min=1), help="Tokens, at most."),
    click.option("--budget-usd", type=click.FloatRange(min=0, min_open=True), help="US dollars, at most."),
    click.option("--sarif", multiple=True, type=_FILE, help="Another analyser's results, as a location that votes."),
    click.option("--fail-on", type=click.Choice(THRESHOLDS), help="The severity from which a finding blocks."),
    click.option("--min-agreement", type=click.FloatRange(0, 1), help="The agreement from which a finding counts."),
    click.option("--code-designer/--no-code-designer", default=None, help="Switch reviewing on or off."),
    click.option("--no-cache", is_flag=True, help="Neither use nor keep answers (`--strategy incremental` does)."),
)


def review_options(command: F) -> F:
    """Adds the shared options to a command; `taken` turns what click passes into values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def taken(given: dict[str, Any]) -> ReviewOptions:
    """The shared options out of what click passes to a command; they are removed from `given`.

    Raises:
        click.UsageError: a diff and a range were asked for together.
    """
    # What no command line can say, such as what people decided before, stays at its default.
    options = ReviewOptions(
        **{field.name: given.pop(field.name) for field in fields(ReviewOptions) if field.name in given}
    )
    if options.diff is not None and (options.base is not None or options.head is not None):
        raise click.UsageError("--diff brings its own range: leave out --base and --head.")
    return options
