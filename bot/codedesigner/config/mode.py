"""Whether a review happens at all, and who said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from codedesigner.errors import ConfigError

ModeSource = Literal["cli", "env", "runtime", "config_file"]

VARIABLE = "CODE_DESIGNER"
_WORDS = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False}


@dataclass(frozen=True, slots=True)
class ModeConfig:
    """The switch. `activated_at` is the Unix time in seconds at which it was switched on; None while it is off."""

    enabled: bool = False
    source: ModeSource = "config_file"
    activated_at: float | None = None


def is_code_designer_mode(mode: ModeConfig) -> bool:
    """Whether changes are reviewed."""
    return mode.enabled


def enable_code_designer(mode: ModeConfig, source: ModeSource, *, now: float) -> ModeConfig:
    """The switch turned on by `source` at `now`; one that is on already keeps its time."""
    return ModeConfig(True, source, mode.activated_at if mode.enabled else now)


def disable_code_designer(source: ModeSource) -> ModeConfig:
    """The switch turned off by `source`."""
    return ModeConfig(False, source, None)


def from_environment(environ: Mapping[str, str]) -> bool | None:
    """What `CODE_DESIGNER` says; None where it is unset or empty.

    Raises:
        ConfigError: it says neither yes nor no.
    """
    word = environ.get(VARIABLE, "").strip().casefold()
    if not word:
        return None
    if word not in _WORDS:
        raise ConfigError("must be 1 or 0", key=VARIABLE, hint=f"{VARIABLE}=0 switches reviewing off")
    return _WORDS[word]


def decide(
    *, runtime: bool | None, cli: bool | None, env: bool | None, config_file: bool | None, now: float
) -> ModeConfig:
    """The strongest source that has an opinion; None is no opinion.

    Where nobody has one, the review was asked for by typing the command: that is the command line saying yes.
    """
    opinions: tuple[tuple[ModeSource, bool | None], ...] = (
        ("runtime", runtime),
        ("cli", cli),
        ("env", env),
        ("config_file", config_file),
    )
    source, enabled = next(((source, said) for source, said in opinions if said is not None), ("cli", True))
    return enable_code_designer(ModeConfig(), source, now=now) if enabled else disable_code_designer(source)
