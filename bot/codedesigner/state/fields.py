"""JSON objects read by name and type: what is not exactly as it was written is not read at all."""

from __future__ import annotations

from typing import TypeVar

from pydantic import JsonValue

T = TypeVar("T")

# What reading a text as something else than it is may raise.
UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


class Fields:
    """A JSON object. Every method raises TypeError for any other type, and KeyError where there is no such member."""

    __slots__ = ("_data",)

    def __init__(self, data: object) -> None:
        if not isinstance(data, dict):
            raise TypeError("not an object")
        self._data: dict[str, JsonValue] = data

    def get(self, name: str, kind: type[T]) -> T:
        """A member of one type; true and false are no numbers."""
        value = self._data[name]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise TypeError(name)
        return value

    def number(self, name: str) -> float:
        """Any number; what was written as 1 is read as 1.0."""
        value = self._data[name]
        return value if isinstance(value, float) else float(self.get(name, int))

    def value(self, name: str) -> JsonValue:
        """Anything."""
        return self._data[name]

    def absent(self, name: str) -> bool:
        """Whether the member is there and null."""
        return self._data[name] is None

    def optional(self, name: str) -> str | None:
        """A string or null."""
        return None if self.absent(name) else self.get(name, str)

    def part(self, name: str) -> Fields:
        """An object."""
        return Fields(self._data[name])

    def parts(self, name: str) -> list[Fields]:
        """A list of objects."""
        items: list[object] = self.get(name, list)
        return [Fields(item) for item in items]

    def one_of(self, name: str, known: tuple[T, ...]) -> T:
        """One of the known values. Raises ValueError for any other."""
        text = self.get(name, str)
        for each in known:
            if each == text:
                return each
        raise ValueError(text)
