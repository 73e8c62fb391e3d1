"""YAML as configuration needs it: plain values, each with its line, and none of YAML's surprises.

Differences from PyYAML's `safe_load`, each because a configuration was once misread for it:

* no anchors, aliases, tags or second documents, so what is read is as large as what was written;
* a key may appear once, and keys are text;
* only `true` and `false` are booleans: `no`, `on` and `yes` stay text, and so do `012`, `1_000`, `0x1F`, `1e3`,
  `12:30:00` and `2026-01-01`; a schema that wants a number then says so instead of getting another number;
* bytes, nesting and the length of numbers are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from codedesigner.config.problems import Loc, dotted, raise_all
from codedesigner.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
_YAML = "check brackets, quotes and indentation here and on the line above; a text with `: ` or ` #` needs quotes"

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value] | None"

_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,40}", re.ASCII)
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values and the line of each.

    `key_lines` and `value_lines` map a location (keys and 0-based indices from the root) to a 1-based line; a list's
    item has both.
    """

    name: str
    data: dict[str, Value]
    key_lines: dict[Loc, int]
    value_lines: dict[Loc, int]

    def line_of_key(self, loc: Loc) -> int | None:
        """The line where the key at `loc` stands, or the nearest enclosing one's."""
        return _nearest_line(self.key_lines, loc)

    def line_of_value(self, loc: Loc) -> int | None:
        """The line where the value at `loc` begins, or the nearest enclosing one's."""
        return _nearest_line(self.value_lines, loc)

    def value_at(self, loc: Loc) -> Value:
        """The value at `loc`; None where there is none."""
        return walk(self.data, loc)

    def error(self, message: str, loc: Loc, *, hint: str | None = None, at_key: bool = False) -> ConfigError:
        """An error about the value (or the key) at `loc`."""
        line = self.line_of_key(loc) if at_key else self.line_of_value(loc)
        return ConfigError(message, path=self.name, line=line, key=dotted(loc) or None, hint=hint)


def walk(value: Value, loc: Loc) -> Value:
    """What stands at `loc` below `value`; None where there is nothing."""
    for part in loc:
        if isinstance(value, dict) and isinstance(part, str):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _nearest_line(lines: dict[Loc, int], loc: Loc) -> int | None:
    for end in range(len(loc), 0, -1):
        if loc[:end] in lines:
            return lines[loc[:end]]
    return lines.get(())


def read_file(path: Path, *, name: str | None = None) -> Document:
    """The YAML file at `path`, called `name` in messages.

    Raises:
        ConfigError: it cannot be read, or is not such YAML as `read_yaml` takes.
    """
    shown = name or str(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "check the name, and that it is a file you may read"
        raise ConfigError(f"cannot be read: {error.strerror}", path=shown, hint=hint) from error
    return read_yaml(data, shown)


def read_yaml(text: bytes | str, name: str, *, pure: bool = False) -> Document:
    """The values of `text`, which has to hold one mapping (or nothing), called `name` in messages.

    `pure` keeps away from libyaml, as happens by itself where PyYAML was built without it.

    Raises:
        ConfigError: not UTF-8, too large, too deep, not YAML, or YAML with what is refused here.
    """
    decoded = _decoded(text, name)
    loader = yaml.SafeLoader if pure else getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(name)
    try:
        root = builder.document(yaml.parse(decoded, Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise ConfigError(
            f"not valid YAML: {error.problem or error.context}", path=name, line=line, hint=_YAML
        ) from error
    except yaml.reader.ReaderError as error:
        line = decoded.count("\n", 0, error.position) + 1
        hint = "remove the character, or write it as an escape in double quotes"
        raise ConfigError(f"not valid YAML: {error.reason}", path=name, line=line, hint=hint) from error
    raise_all(builder.problems)
    if root is None:
        root = {}
    if not isinstance(root, dict):
        raise ConfigError("has to be a mapping of keys to values", path=name, line=1, hint="write `key: value` lines")
    return Document(name, root, builder.key_lines, builder.value_lines)


def read_scalar(text: str) -> Value:
    """A plain word as a file would have it: `true`, `3`, `0.5`, `null`, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def _decoded(text: bytes | str, name: str) -> str:
    if isinstance(text, str):
        data, decoded = text.encode("utf-8", "surrogatepass"), text
    else:
        data = text
        try:
            decoded = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise ConfigError("not valid UTF-8", path=name, line=line, hint="save the file as UTF-8") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES:,} bytes", path=name, hint="split it, or leave some of it out")
    return decoded


class _Builder:
    """Values from parser events. What is refused but does not hinder reading on is collected in `problems`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.problems: list[ConfigError] = []
        self.key_lines: dict[Loc, int] = {}
        self.value_lines: dict[Loc, int] = {(): 1}

    def document(self, events: Iterator[Event]) -> Value:
        root: Value = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, (), "a second document is not read", "remove the --- line")
                    break
                if event.tags:
                    self._refuse(event, (), "a %TAG directive is not read", "remove it")
            elif isinstance(event, NodeEvent):
                root = self._value(event, events, ())
        return root

    def _value(self, event: Event, events: Iterator[Event], loc: Loc) -> Value:
        self.value_lines.setdefault(loc, _line(event))
        if isinstance(event, AliasEvent):
            self._refuse(event, loc, "an alias (*name) is not read", "write the value out")
            return None
        self._refuse_decoration(event, loc)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, loc)
        if len(loc) >= MAX_DEPTH:
            hint = "no key is that deep: check the brackets"
            raise ConfigError(f"nested deeper than {MAX_DEPTH} levels", path=self.name, line=_line(event), hint=hint)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, loc)
        return self._mapping(events, loc)

    def _scalar(self, event: ScalarEvent, loc: Loc) -> Value:
        text: str = event.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            self._refuse(event, loc, "half of a surrogate pair is not text", "write the character itself")
            return None
        return read_scalar(text) if event.implicit[0] else text

    def _sequence(self, events: Iterator[Event], loc: Loc) -> list[Value]:
        items: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            here = (*loc, len(items))
            self.key_lines[here] = _line(event)
            items.append(self._value(event, events, here))
        return items

    def _mapping(self, events: Iterator[Event], loc: Loc) -> dict[str, Value]:
        entries: dict[str, Value] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, events, loc)
            if key in entries:
                first = self.key_lines[(*loc, key)]
                self._refuse(event, (*loc, key), f"appears twice, first on line {first}", "keep one of them")
            here = (*loc, key)
            self.key_lines.setdefault(here, _line(event))
            entries[key] = self._value(next(events), events, here)
        return entries

    def _key(self, event: Event, events: Iterator[Event], loc: Loc) -> str:
        key = self._value(event, events, (*loc, "?"))
        self.value_lines.pop((*loc, "?"), None)
        if isinstance(key, str):
            return key
        if not isinstance(event, AliasEvent):
            self._refuse(event, loc, "a key has to be text", "put it in quotes")
        return f"?{_line(event)}"

    def _refuse_decoration(self, event: Event, loc: Loc) -> None:
        if isinstance(event, MappingStartEvent | SequenceStartEvent | ScalarEvent):
            if event.anchor is not None:
                self._refuse(event, loc, "an anchor (&name) is not read", "write the value out where it is needed")
            if event.tag is not None:
                self._refuse(event, loc, "a tag (!name) is not read", "remove it; use quotes to make a value text")

    def _refuse(self, event: Event, loc: Loc, message: str, hint: str) -> None:
        shown = dotted(tuple(part for part in loc if part != "?")) or None
        self.problems.append(ConfigError(message, path=self.name, line=_line(event), key=shown, hint=hint))


def _line(event: Event) -> int:
    mark = event.start_mark
    return 1 if mark is None else int(mark.line) + 1
