"""`codedesigner review --apply`: verified suggestions into the work tree, after a person has seen them as a patch."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import click

from codedesigner.change.languages import language_of
from codedesigner.change.model import FileChange, encode
from codedesigner.change.units import parses
from codedesigner.change.worktree import read_disk, replace_disk
from codedesigner.commands.wishes import ApplyOptions
from codedesigner.errors import UsageError
from codedesigner.publish.applying import NewText, appliable, together
from codedesigner.publish.paint import Paint, Style
from codedesigner.publish.plain import visible
from codedesigner.publish.report import FindingReport, Report
from codedesigner.run.patch import to_patch

_STYLES: Mapping[str, Style] = {"+": "green", "-": "red", "@": "cyan", "d": "bold"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the work tree is, and where a person sits. `patch` is where the patch goes."""

    top: Path
    patch: TextIO
    color: bool
    can_ask: bool


def take_over(report: Report, files: Sequence[FileChange], options: ApplyOptions, desk: Desk) -> None:
    """Show the patch, ask, and write. What is left out is told by name.

    Raises:
        UsageError: something that was asked for was not written, for another reason than that a person said no.
    """
    chosen = _chosen(report, options)
    if not chosen:
        click.echo("nothing to apply: no finding has a verified fix", err=True)
        return
    made = together(chosen, files, _parses)
    for name, reason in made.left_out.items():
        click.echo(f"left out: {name}: {visible(reason)}", err=True)
    refused = [one for one in made.files if not _is_as_reviewed(desk.top, one.file)]
    ready = [one for one in made.files if one not in refused]
    for one in refused:
        _tell_refused(one, "is not the text that was reviewed, or not an ordinary file")
    if ready:
        _show(ready, desk)
        if not _agreed(ready, options, desk):
            return
        refused += [one for one in ready if not _written(desk.top, one)]
    if refused:
        names = ", ".join(name for one in refused for name in one.findings)
        raise UsageError(f"not applied: {names}", hint="review the files as they are now")


def _chosen(report: Report, options: ApplyOptions) -> list[FindingReport]:
    able = appliable(report)
    if options.every:
        return able
    known = {finding.id for finding in able}
    with_others = {one.id: one.repaired_with for one in report.findings if one.repaired_with in known}
    names = [with_others.get(name, name) for name in options.names]
    missing = [name for name in dict.fromkeys(names) if name not in known]
    if missing:
        there = f"those that have one: {', '.join(finding.id for finding in able)}" if able else "no finding has one"
        raise UsageError(f"nothing was written: no verified fix for {', '.join(missing)}", hint=there)
    return [finding for finding in able if finding.id in names]


def _parses(file: FileChange, text: str) -> bool | None:
    return parses(language_of(file.path, text.partition("\n")[0]), text)


def _is_as_reviewed(top: Path, file: FileChange) -> bool:
    assert file.new is not None  # noqa: S101 -- its new text was made from it
    found = read_disk(top, file.path, limit=len(file.new))
    return found is not None and found.mode != "120000" and found.content == file.new


def _tell_refused(one: NewText, why: str) -> None:
    click.echo(f"not applied: {', '.join(one.findings)}: {visible(one.file.path)} {why}", err=True)


def _show(ready: Sequence[NewText], desk: Desk) -> None:
    patch = "".join(to_patch(one.file.path, one.file.new_text or "", one.text) for one in ready)
    desk.patch.flush()
    if desk.color or desk.patch.isatty():
        desk.patch.write("".join(f"{line}\n" for line in _painted(patch, Paint(desk.color))))
    else:
        # For `git apply`: byte for byte, whatever the encoding of the stream.
        desk.patch.buffer.write(encode(patch))
    desk.patch.flush()


def _painted(patch: str, paint: Paint) -> Iterator[str]:
    for line in patch.removesuffix("\n").split("\n"):
        styles = [_STYLES[line[0]]] if line[:1] in _STYLES else []
        yield paint(visible(line, keep="\t"), *styles)


def _agreed(ready: Sequence[NewText], options: ApplyOptions, desk: Desk) -> bool:
    if options.yes:
        return True
    if not desk.can_ask:
        raise UsageError(
            "nothing was written: there is no terminal to ask at", hint="--yes applies the patch above without asking"
        )
    count = len(ready)
    if click.confirm(f"Write {count} {'file' if count == 1 else 'files'}?", default=False, err=True):
        return True
    click.echo("nothing was written", err=True)
    return False


def _written(top: Path, one: NewText) -> bool:
    assert one.file.new is not None  # noqa: S101 -- its new text was made from it
    try:
        done = replace_disk(top, one.file.path, one.file.new, encode(one.text))
    except OSError as error:
        _tell_refused(one, f"cannot be written: {error.strerror}")
        return False
    if done:
        click.echo(f"applied: {', '.join(one.findings)}: {visible(one.file.path)}", err=True)
    else:
        _tell_refused(one, "has changed while the patch was shown")
    return done


def desk_for(top: Path, pairs: Sequence[tuple[str, str | None]], *, no_color: bool) -> Desk:
    """The patch stands behind the text report; where other formats or nothing go to standard output, on the other."""
    beside_text = ("text", None) in pairs
    stream = sys.stdout if beside_text else sys.stderr
    seen = stream.isatty()
    return Desk(top, stream, color=seen and not no_color, can_ask=sys.stdin.isatty() and seen)
