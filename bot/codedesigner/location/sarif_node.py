"""A place in a JSON document that somebody else wrote: every look says where it looked when it finds something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from codedesigner.errors import ConfigError

_NAMES = {
    dict: "an object",
    list: "an array",
    str: "a string",
    int: "a whole number",
    float: "a number",
    bool: "a boolean",
}


@dataclass(frozen=True, slots=True)
class Node:
    """`value` at the JSON pointer `pointer` (RFC 6901) of the file `file`. Every method may raise ConfigError."""

    value: object
    file: str
    pointer: str = ""

    def fail(self, message: str) -> NoReturn:
        """Complain about this place."""
        raise ConfigError(message, path=self.file, key=self.pointer or "/", hint="give a log as SARIF 2.1.0 has it")

    def get(self, key: str) -> Node | None:
        """The member `key` of this object; None where there is none or it is null."""
        if not isinstance(self.value, dict):
            self._wrong(dict)
        found = self.value.get(key)
        if found is None:
            return None
        return Node(found, self.file, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}")

    def path(self, *keys: str) -> Node | None:
        """The member of the member … of this object."""
        node: Node | None = self
        for key in keys:
            node = None if node is None else node.get(key)
        return node

    def require(self, key: str) -> Node:
        """The member `key`, which must be there."""
        found = self.get(key)
        if found is None:
            self.fail(f"`{key}` is missing")
        return found

    def each(self, key: str) -> Iterator[Node]:
        """The elements of the array `key`; none where there is no such member."""
        array = self.get(key)
        if array is None:
            return
        if not isinstance(array.value, list):
            array._wrong(list)
        for number, value in enumerate(array.value):
            yield Node(value, self.file, f"{array.pointer}/{number}")

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of this object."""
        if not isinstance(self.value, dict):
            self._wrong(dict)
        for key in self.value:
            member = self.get(key)
            if member is not None:
                yield key, member

    def text(self, key: str) -> str | None:
        """The string `key`, or None."""
        node = self.get(key)
        if node is None:
            return None
        if not isinstance(node.value, str):
            node._wrong(str)
        return node.value

    def whole(self, key: str, *, least: int) -> int | None:
        """The whole number `key`, or None; one below `least` is an error, save the -1 that stands for "none"."""
        node = self.get(key)
        if node is None:
            return None
        if not isinstance(node.value, int) or isinstance(node.value, bool):
            node._wrong(int)
        if node.value == -1 and least == 0:
            return None
        if node.value < least:
            node.fail(f"must be at least {least}, is {node.value}")
        return node.value

    def _wrong(self, expected: type) -> NoReturn:
        given = "null" if self.value is None else _NAMES.get(type(self.value), type(self.value).__name__)
        self.fail(f"must be {_NAMES[expected]}, is {given}")
