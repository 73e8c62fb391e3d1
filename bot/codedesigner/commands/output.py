"""Where reports go: pairs of --format and --output, written whole or not at all."""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import click

from codedesigner.errors import UsageError


def paired(formats: Sequence[str], outputs: Sequence[str], default: str) -> list[tuple[str, str | None]]:
    """(format, file) pairs; a file of None is standard output.

    Raises:
        click.UsageError: the two do not come in pairs.
    """
    wanted = tuple(formats) or (default,)
    if not outputs and len(wanted) == 1:
        return [(wanted[0], None)]
    if len(outputs) != len(wanted):
        raise click.UsageError(
            f"--format and --output come in pairs: {len(wanted)} of --format, {len(outputs)} of --output."
        )
    pairs: list[tuple[str, str | None]] = [
        (name, None if file == "-" else file) for name, file in zip(wanted, outputs, strict=True)
    ]
    if [file for _, file in pairs].count(None) > 1:
        raise click.UsageError("Only one format can go to standard output.")
    return pairs


def write(pairs: Sequence[tuple[str, str | None]], render: Callable[[str, bool], str]) -> None:
    """Render each format and put it where it goes. `render` gets the format and whether it goes to a screen.

    Raises:
        UsageError: a file cannot be written.
    """
    for name, file in pairs:
        if file is None:
            _screen().write(render(name, True))
        else:
            _replace(Path(file), render(name, False))


def _screen() -> TextIO:
    stream = sys.stdout
    if isinstance(stream, io.TextIOWrapper):
        # A terminal that is not UTF-8 must not turn a finished review into a crash.
        stream.reconfigure(errors="backslashreplace", newline="\n")
    return stream


def _replace(path: Path, text: str) -> None:
    try:
        # A reader never sees half a report, and a failed run leaves the last one as it was.
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
                stream.write(text)
            mask = os.umask(0)
            os.umask(mask)
            Path(draft).chmod(0o666 & ~mask)
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", hint="give --output a file in a folder that exists"
        ) from error
