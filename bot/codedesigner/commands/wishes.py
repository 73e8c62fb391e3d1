"""What the command line says about taking over fixes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import click

_ID = re.compile(r"F[1-9]\d*")


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """`--apply`, `--apply-all` and `--yes`."""

    names: tuple[str, ...]
    every: bool
    yes: bool

    @property
    def wanted(self) -> bool:
        """Whether anything is to be taken over."""
        return self.every or bool(self.names)

    def check(self) -> None:
        """Complain early: a review may take long.

        Raises:
            click.UsageError: the options make no sense.
        """
        wrong = [name for name in self.names if not _ID.fullmatch(name)]
        if wrong:
            raise click.UsageError(f"--apply wants the id of a finding, such as F3, and not {wrong[0]!r}.")
        if self.yes and not self.wanted:
            raise click.UsageError("--yes goes with --apply or --apply-all.")
