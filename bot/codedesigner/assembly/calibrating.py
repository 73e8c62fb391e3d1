"""The calibration that a configuration names."""

from __future__ import annotations

from pathlib import Path

from codedesigner.change.git import Git
from codedesigner.errors import ConfigError
from codedesigner.vote.calibration import LEAST_LABELS, Calibration, read_calibration

KEY = "vote.calibration"
MOST_BYTES = 10_000


def calibration_of(name: str | None, git: Git | None, commit: str | None, folder: Path) -> Calibration | None:
    """The calibration in a file; None where none is configured.

    A path from the root of the file system is the operator's. Any other is a file of the repository, read from
    `commit`, where the configuration comes from as well: a change does not choose what is made of the votes on it.
    `commit` None reads from `folder`.

    Raises:
        ConfigError: the file is not there, or holds no calibration.
    """
    if name is None:
        return None
    hint = "write one with `codedesigner eval DATASET --calibration FILE`"
    if git is not None and commit is not None and not Path(name).is_absolute():
        data, where = git.read_file_at(commit, name), f"{name} of {commit[:12]}"
        if data is None:
            raise ConfigError("there is no such file", path=where, key=KEY, hint=hint)
    else:
        data, where = _read(folder / name, hint), name
    if len(data) > MOST_BYTES:
        raise ConfigError("it is too long for a calibration", path=where, key=KEY, hint=hint)
    try:
        return read_calibration(data.decode())
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"it is no calibration: {_plainly(error)}", path=where, key=KEY, hint=hint) from error


def _read(path: Path, hint: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path), key=KEY, hint=hint) from error


def _plainly(error: Exception) -> str:
    """What is wrong, and nothing of what stands in the file."""
    return str(error) if str(error).startswith(("it ", "a number")) else "it is no JSON"


def notice(calibration: Calibration | None) -> list[str]:
    """What is said of a calibration that is not used."""
    if calibration is None or calibration.enough:
        return []
    few = f"it stands on {calibration.labels} labels, and {LEAST_LABELS} are needed"
    return [f"note: the calibration is not used: {few}; agreement is all that is known"]
