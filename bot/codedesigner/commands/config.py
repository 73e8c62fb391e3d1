"""`codedesigner angles | locations | schema | explain`: what the configuration says, and whether it may say so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

    from codedesigner.angle.registry import AngleRegistry
    from codedesigner.config.loader import Loaded
    from codedesigner.config.schema import Schema

_FILE = click.Path(path_type=Path)
_FORMAT = click.option(
    "--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True
)
_REPO = click.option(
    "--repo", type=click.Path(path_type=Path, file_okay=False, exists=True), default=".", help="The work tree to read."
)
_ANGLES_FILE = click.option("--angles-file", type=_FILE, help="Instead of the shipped angles.")
_LOCATIONS_FILE = click.option("--locations-file", type=_FILE, help="Extends the shipped locations.")


@click.group()
def angles() -> None:
    """The angles that changes are looked at from."""


@angles.command("list")
@_REPO
@_ANGLES_FILE
def list_angles(repo: Path, angles_file: Path | None) -> None:
    """All angles, shipped and the repository's own; * marks those that are switched on."""
    loaded = _loaded(repo)
    on = loaded.settings.angles
    rows = [
        ("*" if spec.id in on else "", spec.id, spec.version, f"{spec.weight:g}", spec.name)
        for spec in _angles(loaded, angles_file).angles.values()
    ]
    _table(("", "id", "version", "weight", "name"), rows)


@angles.command("show")
@click.argument("angle_id", metavar="ID")
@_REPO
@_ANGLES_FILE
@_FORMAT
def show_angle(angle_id: str, repo: Path, angles_file: Path | None, output_format: str) -> None:
    """Everything about one angle."""
    _show(_angles(_loaded(repo), angles_file).require(angle_id), output_format)


@angles.command("validate")
@click.argument("file", type=_FILE, required=False)
@_REPO
def validate_angles(file: Path | None, repo: Path) -> None:
    """Check an angles file; without FILE, the shipped angles with the repository's own."""
    from codedesigner.angle.registry import load_angles
    from codedesigner.config.yamlfile import read_file

    if file is None:
        registry, name = _angles(_loaded(repo), None), "angles"
    else:
        registry, name = load_angles(read_file(file)), str(file)
    click.echo(f"{name}: {_count(len(registry.angles), 'angle')}, valid")


@click.group()
def locations() -> None:
    """The models and analysers that are asked."""


@locations.command("list")
@_LOCATIONS_FILE
@click.option("--tag", help="Only those with this tag.")
@click.option("--enabled/--disabled", default=None, help="Only those that take part, or only those that do not.")
def list_locations(locations_file: Path | None, tag: str | None, enabled: bool | None) -> None:
    """All locations."""
    from codedesigner.location.registry import locations_for

    rows = [
        (
            spec.id,
            "on" if spec.enabled else "off",
            spec.provider.type,
            spec.provider.model_id,
            f"{spec.weight:g}",
            ", ".join(spec.tags),
        )
        for spec in locations_for(locations_file, _environ()).list(tag=tag, enabled=enabled)
    ]
    _table(("id", "", "provider", "model", "weight", "tags"), rows)


@locations.command("show")
@click.argument("location_id", metavar="ID", required=False)
@_LOCATIONS_FILE
@_FORMAT
def show_location(location_id: str | None, locations_file: Path | None, output_format: str) -> None:
    """Everything about one location; without ID, what holds for all of them: `pool` and `prices`.

    Where a location does not say what it costs, the price is shown that is known of its model.
    """
    from codedesigner.location.prices import priced
    from codedesigner.location.registry import LocationsFile, locations_for

    registry = locations_for(locations_file, _environ())
    if location_id is None:
        together = LocationsFile(pool=registry.pool, prices=dict(registry.prices))
        _show(together, output_format, frozenset({"pool", "prices"}))
    else:
        _show(priced(registry.require(location_id), registry.prices), output_format)


@locations.command("validate")
@click.argument("file", type=_FILE, required=False)
def validate_locations(file: Path | None) -> None:
    """Check a locations file; without FILE, the one that a review would use."""
    from codedesigner.location.registry import locations_for

    registry = locations_for(file, _environ())
    on = len(registry.list(enabled=True))
    click.echo(f"{file or 'locations'}: {_count(len(registry.locations), 'location')}, {on} enabled, valid")


def _config_schema() -> Schema:
    from codedesigner.angle.spec import AngleSpec
    from codedesigner.config.schema import config_schema, schema_of

    return config_schema(schema_of(AngleSpec, "angle", "angle"))


def _angles_schema() -> Schema:
    from codedesigner.angle.spec import AnglesFile
    from codedesigner.config.schema import schema_of

    return schema_of(AnglesFile, "angles", "codedesigner angles")


def _locations_schema() -> Schema:
    from codedesigner.location.schema import locations_schema

    return locations_schema()


def _report_schema() -> Schema:
    from codedesigner.config.schema import schema_of
    from codedesigner.publish.report import Report

    return schema_of(Report, "report", "codedesigner report")


def _message_schema() -> Schema:
    from codedesigner.config.schema import schema_of
    from codedesigner.protocol.wire import Envelope

    return schema_of(Envelope, "message", "codedesigner message")


def _service_schema() -> Schema:
    from codedesigner.config.schema import schema_of
    from codedesigner.service.settings import ServiceSettings

    return schema_of(ServiceSettings, "service", "codedesigner service")


_SCHEMAS: dict[str, Callable[[], Schema]] = {
    "config": _config_schema,
    "angles": _angles_schema,
    "locations": _locations_schema,
    "report": _report_schema,
    "message": _message_schema,
    "service": _service_schema,
}


@click.command()
@click.argument("what", type=click.Choice(list(_SCHEMAS)))
def schema(what: str) -> None:
    """The JSON Schema of a file, for editors and other programs."""
    import json

    click.echo(json.dumps(_SCHEMAS[what](), indent=2, ensure_ascii=False))


@click.command()
@click.argument("path")
@_REPO
@click.option("--operator-file", type=_FILE, help="The operator's configuration.")
@_FORMAT
def explain(path: str, repo: Path, operator_file: Path | None, output_format: str) -> None:
    """What applies to the file at PATH, who said so, and whether it would be reviewed."""
    import time

    from codedesigner.config.explain import explain as explain_file
    from codedesigner.config.mode import decide, from_environment

    loaded = _loaded(repo, operator_file)
    _angles(loaded, None)
    environ = _environ()
    mode = decide(
        runtime=None,
        cli=None,
        env=from_environment(environ),
        config_file=loaded.enabled_by_file,
        now=time.time(),
    )
    explanation = explain_file(loaded, _inside(repo, path), mode)
    click.echo(explanation.as_json() if output_format == "json" else explanation.as_text(), nl=False)


def _environ() -> dict[str, str]:
    import os

    return dict(os.environ)


def _loaded(repo: Path, operator_file: Path | None = None) -> Loaded:
    from codedesigner.config.loader import find_repo_file, load

    return load(find_repo_file(repo), operator_file, _environ(), {})


def _angles(loaded: Loaded, angles_file: Path | None) -> AngleRegistry:
    from codedesigner.angle.registry import angles_for

    return angles_for(loaded, angles_file)


def _inside(repo: Path, path: str) -> str:
    """`path`, absolute or from the root of the work tree, as a review names it."""
    import posixpath

    from codedesigner.errors import UsageError

    root = repo.resolve()
    given = Path(path)
    if given.is_absolute() and given.is_relative_to(root):
        given = given.relative_to(root)
    relative = posixpath.normpath(given.as_posix())
    if given.is_absolute() or relative == "." or relative.split("/")[0] == "..":
        raise UsageError(f"{path} is not a file below {root}", hint="name a file of the repository, or give --repo")
    return relative


def _show(model: BaseModel, output_format: str, only: frozenset[str] | None = None) -> None:
    import json

    import yaml

    data = json.loads(model.model_dump_json(by_alias=True, include=set(only) if only else None))
    if output_format == "json":
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        return

    class Dumper(yaml.SafeDumper):
        """Texts of several lines as blocks."""

    Dumper.add_representer(
        str,
        lambda dumper, text: dumper.represent_scalar(
            "tag:yaml.org,2002:str", text, style="|" if "\n" in text else None
        ),
    )
    click.echo(yaml.dump(data, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100), nl=False)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
