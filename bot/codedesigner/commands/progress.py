"""Progress for a person: one line on standard error that is gone when the review is over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from codedesigner.run.examine import Progress, silent


@contextmanager
def shown() -> Iterator[Progress]:
    """A progress that counts locations on a terminal, and says nothing anywhere else."""
    if not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console

    with Console(stderr=True).status("reading the change") as status:

        def tell(what: str, done: int, total: int) -> None:
            status.update(f"{done}/{total} locations answered, last {what}")

        yield tell
