"""What a tool is: a read-only look at the repository under review, at one of the two commits of the change."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from codedesigner.change.git import Git
from codedesigner.config.shape import Closed
from codedesigner.errors import CodedesignerError
from codedesigner.run.reviewer import Reviewer

Side = Literal["head", "base"]
MOST_CHARACTERS = 8000
SECONDS = 20.0


class ToolError(CodedesignerError):
    """A tool could not do what it was asked for."""


class ArgumentError(ToolError):
    """What a tool was asked for makes no sense. `argument` is the first one that is wrong; empty: all together."""

    def __init__(self, message: str, argument: str = "") -> None:
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool may look at, and how long and how much.

    `base` and `head` are full ids of commits; `head` is None where the change is no commit yet. `reviewers` are those
    that may be asked about a file, by id. `seconds` is the time of one tool, which ends at `deadline` on the monotonic
    clock.
    """

    repository: Git
    base: str
    head: str | None
    reviewers: Mapping[str, Reviewer] = field(default_factory=dict)
    most_characters: int = MOST_CHARACTERS
    seconds: float = SECONDS
    deadline: float | None = None

    def commit(self, side: Side) -> str:
        """The id of the commit that is meant.

        Raises:
            ToolError: the change has no such commit.
        """
        commit = self.base if side == "base" else self.head
        if commit is None:
            raise ToolError("the change is not committed, so there is nothing at head; ask with at: base")
        return commit

    def seconds_left(self) -> float:
        """Raises `TimeoutError` where there are none."""
        left = self.seconds if self.deadline is None else self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def git(self, *, output_bytes: int | None = None) -> Git:
        """The repository, for as long as there is time."""
        return self.repository.limited(seconds=self.seconds_left(), output_bytes=output_bytes)


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool found. `truncated` names what was left out of `text`; empty: nothing."""

    text: str
    truncated: str = ""


Arguments = TypeVar("Arguments", bound=Closed)


@dataclass(frozen=True, slots=True)
class Tool(Generic[Arguments]):
    """A tool by its name: what it is asked with, and what it does.

    `run` raises `CodedesignerError` where it cannot answer, and `TimeoutError` where the time did not suffice.
    """

    name: str
    arguments: type[Arguments]
    run: Callable[[Arguments, ToolContext], Awaitable[ToolResult]]


AnyTool = Tool[Any]
