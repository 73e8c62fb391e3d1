"""What each operation takes, held like GitLab's own parameter declarations: refusals in the same words.

A name that ends in `!` is required. A type is `string`, `integer`, `boolean`, `hash`, `array`, `a|b|c` for an
enumeration, or a table of its own. What an operation does not declare, GitLab ignores in silence; the double keeps it
as a breach of the contract, for whoever sent it meant something by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.doubles.gitlab.model import Json
from tests.doubles.gitlab.wire import Call, RefusalError
from tests.doubles.server import Reply

Spec = Mapping[str, "str | Spec"]

PAGING: Spec = {"page": "integer", "per_page": "integer"}
_END: Spec = {"line_code": "string", "type": "string", "old_line": "string", "new_line": "string"}
POSITION: Spec = {
    "base_sha!": "string",
    "start_sha!": "string",
    "head_sha!": "string",
    "position_type!": "text|image|file",
    "new_path": "string",
    "new_line": "integer",
    "old_path": "string",
    "old_line": "integer",
    "line_range": {"start": _END, "end": _END},
}
"""Images have coordinates besides; nobody here comments on images."""


@dataclass(frozen=True)
class Operation:
    """An endpoint: its path, what it takes, whether a job token will do, and what answers."""

    method: str
    path: str
    spec: Spec
    answer: Callable[[Call], Reply]
    job: bool = False

    def match(self, method: str, parts: list[str]) -> dict[str, str] | None:
        """The arguments in the path, None if it is another operation's."""
        mine = self.path.strip("/").split("/")
        if method != self.method or len(mine) != len(parts):
            return None
        args = {}
        for name, part in zip(mine, parts, strict=True):
            if name.startswith("{"):
                args[name[1:-1]] = part
            elif name != part:
                return None
        return args


class Operations:
    """The table of one file's operations."""

    def __init__(self) -> None:
        self.all: list[Operation] = []

    def on(
        self, method: str, path: str, spec: Spec | None = None, *, job: bool = False
    ) -> Callable[[Callable[[Call], Reply]], Callable[[Call], Reply]]:
        """Register a handler."""

        def register(answer: Callable[[Call], Reply]) -> Callable[[Call], Reply]:
            self.all.append(Operation(method, path, spec or {}, answer, job))
            return answer

        return register


def check(spec: Spec, given: Json) -> list[str]:
    """Refuse what is missing or of a wrong type; what is given beyond the declaration comes back.

    Raises:
        RefusalError: 400, all errors in one text.
    """
    errors: list[str] = []
    unknown: list[str] = []
    _check(spec, given, "", errors, unknown)
    if errors:
        raise RefusalError(400, {"error": ", ".join(errors)})
    return unknown


def _check(spec: Spec, given: Json, prefix: str, errors: list[str], unknown: list[str]) -> None:
    def named(name: str) -> str:
        return f"{prefix}[{name}]" if prefix else name

    declared = {name.removesuffix("!"): kind for name, kind in spec.items()}
    unknown += [named(name) for name in given if name not in declared]
    for name, kind in spec.items():
        plain = name.removesuffix("!")
        if plain not in given:
            if name.endswith("!"):
                errors.append(f"{named(plain)} is missing")
            continue
        value = given[plain]
        if isinstance(kind, str):
            if error := _error(kind, value):
                errors.append(f"{named(plain)} {error}")
        elif isinstance(value, dict):
            _check(kind, value, named(plain), errors, unknown)
        elif value is not None:
            errors.append(f"{named(plain)} is invalid")


def _error(kind: str, value: Any) -> str | None:
    if value is None:
        return None
    if "|" in kind:
        return None if value in kind.split("|") else "does not have a valid value"
    good = {
        "string": isinstance(value, str | int) and not isinstance(value, bool),
        "integer": isinstance(value, int | str) and not isinstance(value, bool) and str(value).lstrip("-").isdecimal(),
        "boolean": isinstance(value, bool) or str(value).lower() in ("true", "false", "1", "0"),
        "hash": isinstance(value, dict),
        "array": isinstance(value, list),
    }[kind]
    return None if good else "is invalid"


def truth(value: Any) -> bool:
    """A boolean parameter, which may come as text in a query."""
    return str(value).lower() in ("true", "1")
