"""One configuration from five places: command line > environment > operator's file > repository's file > defaults.

A mapping is merged key by key; a list from a stronger place replaces the whole list. Every value remembers where it
came from.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codedesigner.config.environment import OPERATOR_FILE
from codedesigner.config.layers import (
    LEAVES,
    Layer,
    command_line_layer,
    environment_layer,
    file_layer,
    frugal_layer,
    merge,
    related,
)
from codedesigner.config.problems import Loc, flat, raise_all
from codedesigner.config.settings import Settings
from codedesigner.config.validate import validate_value
from codedesigner.config.yamlfile import MAX_BYTES, Document, Value, read_file, read_yaml
from codedesigner.errors import ConfigError

REPO_FILE = ".codedesigner.yml"
WRONG_NAMES = (
    ".codedesigner.yaml",
    "codedesigner.yml",
    "codedesigner.yaml",
    ".code-designer.yml",
    ".codedesigner.json",
)
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class RepoFile:
    """The repository's `.codedesigner.yml` as bytes, from whichever commit the caller trusts."""

    data: bytes
    name: str = REPO_FILE


@dataclass(frozen=True)
class Loaded:
    """The effective configuration, and where each of its values came from."""

    settings: Settings
    _layers: tuple[Layer, ...] = field(repr=False)  # strongest first

    def origin(self, key: str) -> str:
        """`command line`, `CODEDESIGNER_GATE__FAIL_ON`, `ops.yml:4`, `.codedesigner.yml:7` or `default`.

        `key` is dotted as in a file (`gate.fail_on`, `path_rules[1].angles`); for a mapping, the strongest place that
        set one of its keys.

        Raises:
            KeyError: there is no such key.
        """
        loc = parse_key(key)
        layer = self._layer_of(loc)
        if layer is None:
            return DEFAULT
        if layer.document is not None:
            return f"{layer.document.name}:{layer.document.line_of_key(loc)}"
        return next(origin for leaf, origin in layer.origins.items() if related(leaf, loc))

    def document_of(self, key: str) -> Document | None:
        """The file that `key` came from, for messages about what it says; None where it came from no file."""
        layer = self._layer_of(parse_key(key))
        return None if layer is None else layer.document

    def error(self, key: str, message: str, *, hint: str | None = None) -> ConfigError:
        """An error about the value of `key`, placed where that value was set."""
        document = self.document_of(key)
        if document is not None:
            return document.error(message, parse_key(key), hint=hint)
        origin = self.origin(key)
        return ConfigError(f"{message} (from {origin})" if origin != DEFAULT else message, key=key, hint=hint)

    @property
    def enabled_by_file(self) -> bool | None:
        """What a file says about `enabled`; None where none says anything."""
        return None if self._layer_of(("enabled",)) is None else self.settings.enabled

    def _layer_of(self, loc: Loc) -> Layer | None:
        return next((layer for layer in self._layers if any(related(leaf, loc) for leaf in layer.origins)), None)


def load(
    repo_file: RepoFile | None,
    operator_file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
) -> Loaded:
    """The effective configuration.

    `overrides` are the command line's values under dotted keys (`gate.fail_on`); None is no value. Without
    `operator_file`, the environment variable CODEDESIGNER_OPERATOR_FILE may name one.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several, over all places.
    """
    named = environ.get(OPERATOR_FILE)
    operator = operator_file or (Path(named) if named else None)
    readers: list[Callable[[], Layer]] = [lambda: command_line_layer(overrides), lambda: environment_layer(environ)]
    if operator is not None:
        readers.append(lambda: file_layer(read_file(operator)))
    if repo_file is not None:
        readers.append(lambda: file_layer(read_yaml(repo_file.data, repo_file.name)))
    errors: list[ConfigError] = []
    layers: list[Layer] = []
    for reader in readers:
        try:
            layers.append(reader())
        except ConfigError as error:
            errors += flat([error])
    raise_all(errors)
    merged: dict[str, Value] = {}
    for layer in reversed(layers):
        merged = merge(merged, layer.values)
    if merged.get("frugal") is True:
        layers.append(frugal_layer())
        merged = merge(layers[-1].values, merged)
    # Each place was valid by itself, and no key's validity depends on another's.
    settings = validate_value(merged, Settings, name=None, line=lambda _loc, _key: None)
    return Loaded(settings, tuple(layers))


def find_repo_file(root: Path) -> RepoFile | None:
    """The `.codedesigner.yml` of a work tree; None where there is none.

    Raises:
        ConfigError: it has another name, or is no ordinary file.
    """
    path = root / REPO_FILE
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        wrong = next((name for name in WRONG_NAMES if (root / name).is_file()), None)
        if wrong is not None:
            raise ConfigError("is not read under this name", path=wrong, hint=f"rename it to {REPO_FILE}") from None
        return None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error
    if not stat.S_ISREG(mode):
        raise ConfigError("has to be an ordinary file, not a link or a folder", path=REPO_FILE)
    try:
        with path.open("rb") as file:
            return RepoFile(file.read(MAX_BYTES + 1))
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error


def parse_key(key: str) -> Loc:
    """`path_rules[1].paths` as `("path_rules", 1, "paths")`.

    Raises:
        KeyError: it is not the name of anything in the configuration.
    """
    parts: list[str | int] = []
    for word in key.replace("[", ".[").split("."):
        index = word.removeprefix("[").removesuffix("]")
        parts.append(int(index) if word.startswith("[") and index.isdecimal() else word)
    loc = tuple(parts)
    if not any(related(leaf, loc) for leaf in LEAVES):
        raise KeyError(key)
    return loc
