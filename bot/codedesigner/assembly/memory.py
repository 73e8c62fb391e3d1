"""Reviewers that remember, for a review under `--strategy incremental`."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import click

from codedesigner import __version__
from codedesigner.location import local
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.planning import Known
from codedesigner.protocol.issue import Source
from codedesigner.run.reviewer import Reviewer
from codedesigner.state.answers import AnswerStore
from codedesigner.state.folder import StoreError, state_folder
from codedesigner.state.history import OutcomeStore
from codedesigner.state.memory import Memory, trouble
from codedesigner.state.remembering import RememberingReviewer
from codedesigner.vote.history import NO_HISTORY, History, Outcome

UNKNOWN_VERSION = "unknown"  # a `LocalReviewer`'s, whose program is not part of this Python environment


def remembering(reviewers: Sequence[Reviewer], environ: Mapping[str, str]) -> tuple[tuple[Reviewer, ...], Known | None]:
    """The reviewers, remembering where they can, and what they know.

    Where there is no place to keep anything, that is told on standard error and the reviewers are as they were.
    """
    try:
        memory = Memory(AnswerStore(state_folder(environ)), _warn)
    except StoreError as error:
        _warn(trouble(error))
        return tuple(reviewers), None
    wrapped = {
        reviewer.id: RememberingReviewer(reviewer, memory, version)
        for reviewer in reviewers
        if (version := version_of(reviewer)) is not None
    }

    def known(location: str, sources: Sequence[Source]) -> frozenset[str]:
        return wrapped[location].known(sources) if location in wrapped else frozenset()

    return tuple(wrapped.get(reviewer.id, reviewer) for reviewer in reviewers), known


def known_history(environ: Mapping[str, str]) -> History:
    """How often locations were right so far; where that cannot be read, it is told, and nothing is known."""
    try:
        return OutcomeStore(state_folder(environ)).history()
    except StoreError as error:
        hint = f" ({error.hint})" if error.hint else ""
        _warn(f"going on as if no location had a history: {error}{hint}")
        return NO_HISTORY


class KeptOutcomes:
    """Implements `vote.history.Book` in the state folder; what cannot be kept there is told, and lost."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        """Keep these in the place of all that was known of the finding from there."""
        try:
            OutcomeStore(state_folder(self._environ)).replace(fingerprint, place, outcomes)
        except StoreError as error:
            _warn(f"what became of a finding is not kept: {error}")


def version_of(reviewer: Reviewer) -> str | None:
    """All that a reviewer's answer depends on beside the source; None where that is not known, so nothing is kept.

    For an embedded analyser: its program's version, Python's (several of them read code with the running Python's
    parser), and ours: the release and a digest of every rule and line of `location/local`. The versions of what a
    program itself depends on are not part of it. Whoever repeats results of another program, such as a SARIF file,
    says something new about the same source whenever that program has run again.
    """
    if not isinstance(reviewer, LocalReviewer) or reviewer.version == UNKNOWN_VERSION:
        return None
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{reviewer.analyser.id} {reviewer.version}; {python}; codedesigner {__version__} {_rules_digest()}"


@cache
def _rules_digest() -> str:
    folder = Path(local.__file__).parent
    hashed = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".yml", ".yaml", ".toml", ".ini")):
        data = path.read_bytes()
        hashed.update(f"{path.relative_to(folder).as_posix()}:{len(data)}:".encode())
        hashed.update(data)
    return hashed.hexdigest()


def _warn(text: str) -> None:
    click.echo(f"warning: {text}", err=True)
