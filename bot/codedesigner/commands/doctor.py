"""`codedesigner doctor`: is everything there that a review will ask, and what to do where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from codedesigner.commands.examined import Examined
    from codedesigner.location.diagnosis import Diagnosis

FILE = click.Path(path_type=Path)
REPO = click.Path(path_type=Path, file_okay=False, exists=True)
USABLE, WRONG_CONFIGURATION, UNUSABLE = 0, 2, 3
_TIMEOUT_S = 60.0


@click.command()
@click.option("--locations-file", type=FILE, help="Extends the shipped locations.")
@click.option("--location", "chosen", multiple=True, metavar="ID", help="Only this one, enabled or not; repeatable.")
@click.option("--pr", "url", metavar="URL", help="Also what the token may do on this pull or merge request.")
@click.option("--repo", type=REPO, default=".", show_default=True, help="The repository whose configuration is read.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to show it.",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1, max=3600),
    default=_TIMEOUT_S,
    show_default=True,
    help="Seconds that one question may take.",
)
@click.pass_context
def doctor(
    ctx: click.Context,
    locations_file: Path | None,
    chosen: tuple[str, ...],
    url: str | None,
    repo: Path,
    output_format: str,
    timeout_s: float,
) -> None:
    """Check the configuration, every enabled location and the forge, and say what to do about what is wrong.

    A forge is looked at in a job of GitHub Actions or GitLab CI, or with --pr; nothing is changed there.

    Exit codes: 0 all can be used, 2 the configuration is wrong, 3 some location cannot be used, or the forge cannot
    be read or written as the configuration asks.
    """
    import asyncio
    import os

    from codedesigner.commands.examined import examine

    examined = asyncio.run(examine(dict(os.environ), locations_file, chosen, repo, timeout_s, url=url))
    click.echo(as_json(examined) if output_format == "json" else as_text(examined), nl=False)
    ctx.exit(exit_code(examined))


def exit_code(examined: Examined) -> int:
    """A wrong configuration is told before anything else."""
    if any(check.state == "fail" for check in examined.configuration):
        return WRONG_CONFIGURATION
    forge = examined.forge is None or examined.forge.usable
    return USABLE if forge and all(each.usable for each in examined.locations) else UNUSABLE


def as_json(examined: Examined) -> str:
    """One object, as docs/models.md describes it."""
    import json
    from dataclasses import asdict

    value = {
        "usable": exit_code(examined) == USABLE,
        "locations": [
            {
                "id": each.location,
                "type": each.type,
                "model": each.model,
                "usable": each.usable,
                "checks": [asdict(check) for check in each.checks],
            }
            for each in examined.locations
        ],
        "configuration": [asdict(check) for check in examined.configuration],
        "forge": None
        if examined.forge is None
        else {
            "kind": examined.forge.kind,
            "usable": examined.forge.usable,
            "checks": [asdict(check) for check in examined.forge.checks],
        },
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_text(examined: Examined) -> str:
    """A table for a person: what, state, what was found, and below it what to do."""
    groups = [("configuration", examined.configuration)]
    groups += [(each.location, each.checks) for each in examined.locations]
    if examined.forge is not None:
        groups.append((examined.forge.kind, examined.forge.checks))
    wide = max(len(name) for name, _ in groups)
    lines = [f"{'':<{wide}}  {'what':<10}  {'state':<7}  found"]
    for name, checks in groups:
        for index, check in enumerate(checks):
            lines.append(f"{'' if index else name:<{wide}}  {check.what:<10}  {check.state:<7}  {check.found}")
            if check.remedy:
                lines.append(f"{'':<{wide}}  {'':<10}  {'':<7}  -> {check.remedy}")
    return "\n".join([*lines, "", *_sums(examined)]) + "\n"


def _sums(examined: Examined) -> list[str]:
    if examined.forge is None:
        return [_sum(examined.locations)]
    can = "can" if examined.forge.usable else "cannot"
    return [_sum(examined.locations), f"{examined.forge.kind} {can} be used as the configuration asks"]


def _sum(locations: Sequence[Diagnosis]) -> str:
    if not locations:
        return "no location was looked at"
    usable = sum(each.usable for each in locations)
    return f"{usable} of {len(locations)} locations can be used"
