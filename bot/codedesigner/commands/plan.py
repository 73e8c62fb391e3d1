"""`codedesigner plan`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import click

from codedesigner.commands.options import review_options, taken
from codedesigner.commands.output import paired, write

_UNKNOWN = "how much stays unclear, nobody knows before"


@click.command()
@review_options
@click.option("--format", "formats", multiple=True, type=click.Choice(("text", "json")), help="How to show it.")
@click.option("--output", "outputs", multiple=True, metavar="FILE", help="Where to: one per --format.")
def plan(formats: tuple[str, ...], outputs: tuple[str, ...], **given: Any) -> None:
    """Show what a review would ask, of whom, and what it would cost.

    Takes the arguments of `review`; asks nobody.
    """
    options = taken(given)
    pairs = paired(formats, outputs, "text")

    from codedesigner.assembly.request import prepare
    from codedesigner.plan.export import to_json
    from codedesigner.plan.render import to_text
    from codedesigner.planning import plan_change

    prepared = prepare(options, os.environ)
    shown = plan_change(prepared.request).plan
    for spec in prepared.helpers:
        role = "the supervisor" if spec is prepared.supervisor else "which makes vectors"
        uncounted = f"the calls of {spec.id}, {role}, are not counted: {_UNKNOWN}"
        shown = replace(shown, notes=(*shown.notes, uncounted))
    write(pairs, lambda name, _screen: (to_json if name == "json" else to_text)(shown))
