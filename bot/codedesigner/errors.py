"""Everything that can go wrong on purpose.

    CodedesignerError            4   internal: a bug, with a report to paste into an issue
    ├── UsageError               2   the command line does not make sense
    │   ├── RepositoryError      2   not a repository, unknown revision, history too short
    │   └── DiffError            2   the diff given is not a diff
    ├── ConfigError              2   a configuration file is wrong, at a line and a key
    ├── ReviewerError            3   a location could not answer
    └── ForgeError               3   GitHub or GitLab did not do what was asked
        ├── ForbiddenError       3   the token may not do this
        ├── MissingError         3   there is no such thing, or the token may not see it
        ├── ConflictError        3   refused as things are
        ├── LimitedError         3   a limit that lasts longer than this run may wait
        └── UnreachableError     3   no usable answer, after the tries there are
            └── UnavailableError 3   none at all: it is down, or nothing leads there

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


class ForgeError(CodedesignerError):
    """GitHub or GitLab did not do what was asked. `status` is the HTTP status, 0 where there was no answer."""

    exit_code = 3

    def __init__(self, message: str, *, status: int = 0, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ForbiddenError(ForgeError):
    """The token may not do this; the hint names the permission that it lacks. Trying again does not help."""


class MissingError(ForgeError):
    """There is no such thing, or the token may not see it."""


class ConflictError(ForgeError):
    """The forge refuses as things are. `reasons` are its own words, one for each thing that it refuses."""

    def __init__(
        self, message: str, *, status: int = 0, reasons: tuple[str, ...] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, status=status, hint=hint)
        self.reasons = reasons


class LimitedError(ForgeError):
    """A limit that lasts longer than this run may wait; `retry_after_s` is how long the forge says."""

    def __init__(
        self, message: str, *, status: int = 0, retry_after_s: float | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, status=status, hint=hint)
        self.retry_after_s = retry_after_s


class UnreachableError(ForgeError):
    """No usable answer, after the tries there are."""


class UnavailableError(UnreachableError):
    """Nothing was wrong with what was asked: the forge is down, or nothing leads to it. Later it may be there again."""
