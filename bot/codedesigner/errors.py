"""Everything that can go wrong on purpose.

    CodedesignerError            4   internal: a bug, with a report to paste into an issue
    ├── UsageError               2   the command line does not make sense
    │   ├── RepositoryError      2   not a repository, unknown revision, history too short
    │   └── DiffError            2   the diff given is not a diff
    ├── ConfigError              2   a configuration file is wrong, at a line and a key
    └── ReviewerError            3   a location could not answer

An unexpected exception is not in this tree: the entry point turns it into exit code 4 and a report.
"""

from __future__ import annotations

from typing import ClassVar


class CodedesignerError(Exception):
    """Something went wrong inside codedesigner.

    `hint` is what the reader can type or do next; it is printed on a line of its own after the message.
    """

    exit_code: ClassVar[int] = 4

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(CodedesignerError):
    """The command line does not make sense."""

    exit_code = 2


class RepositoryError(UsageError):
    """The repository cannot give the change that was asked for."""


class DiffError(UsageError):
    """The input is not a diff that git would accept."""


class ConfigError(CodedesignerError):
    """A configuration file is wrong.

    `path`, `line` (1-based) and `key` (dotted) name the place; each is None where there is none to name.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        path: str | None = None,
        line: int | None = None,
        key: str | None = None,
        hint: str | None = None,
    ) -> None:
        place = ":".join(str(part) for part in (path, line) if part is not None)
        named = f"{key}: {message}" if key else message
        super().__init__(f"{place}: {named}" if place else named, hint=hint)
        self.path = path
        self.line = line
        self.key = key


class ReviewerError(CodedesignerError):
    """A location could not answer; the run goes on without its ballot."""

    exit_code = 3
