"""The places that a configuration is put together from, each checked by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codedesigner.config.environment import from_environment
from codedesigner.config.problems import Loc, dotted, flat, nearest, raise_all
from codedesigner.config.settings import Settings
from codedesigner.config.shape import leaves
from codedesigner.config.validate import validate, validate_value
from codedesigner.config.yamlfile import Document, Value, walk
from codedesigner.errors import ConfigError

COMMAND_LINE = "command line"

# What `frugal: true` sets, unless any place says something else.
FRUGAL: Mapping[str, Value] = {
    "max_passes": 1,
    "angles": ["correctness+security"],
    "batch_tokens": 8000,
    "brief": {"tokens": 0},
    "terms_from_change": {"names": 0, "points": 0},
    "fix": {"calls": 0},
}

LEAVES: dict[Loc, object] = dict(leaves(Settings))
# What people look for here, and must not find: whoever can change the repository could send code elsewhere.
_LOCATION_KEYS = ("locations", "location", "templates", "provider", "providers", "endpoint", "endpoints", "model")
_KEY_KEYS = ("api_key", "api_keys", "api_key_env", "key", "keys", "token", "secret")


@dataclass(frozen=True, slots=True)
class Layer:
    """One place: its values, and the file they came from (None for command line and environment)."""

    values: dict[str, Value]
    origins: Mapping[Loc, str]
    document: Document | None = None


def merge(weaker: Mapping[str, Value], stronger: Mapping[str, Value]) -> dict[str, Value]:
    """Mappings key by key, everything else replaced whole."""
    merged = dict(weaker)
    for key, value in stronger.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def related(leaf: Loc, loc: Loc) -> bool:
    """Whether one of the two stands at or below the other."""
    shared = min(len(leaf), len(loc))
    return leaf[:shared] == loc[:shared]


def file_layer(document: Document) -> Layer:
    """What a file says; ConfigError where it may not say so."""
    errors = _refused(document)
    data = {key: value for key, value in document.data.items() if key not in (*_LOCATION_KEYS, *_KEY_KEYS)}
    try:
        validate(Document(document.name, data, document.key_lines, document.value_lines), Settings)
    except ConfigError as error:
        errors += flat([error])
    raise_all(errors)
    present = [leaf for leaf in LEAVES if _has(document.data, leaf)]
    return Layer(document.data, dict.fromkeys(present, document.name), document)


def _refused(document: Document) -> list[ConfigError]:
    errors = []
    for key in document.data:
        if key in _KEY_KEYS:
            message, hint = (
                "keys never stand in a file",
                "set an environment variable and name it in the locations file",
            )
        elif key in _LOCATION_KEYS:
            message = "locations, endpoints and models are not set here; they come only from the operator"
            hint = "put them in a locations file and name it with --locations-file or CODEDESIGNER_LOCATIONS_FILE"
        else:
            continue
        errors.append(document.error(message, (key,), hint=hint, at_key=True))
    return errors


def _has(data: Mapping[str, Value], leaf: Loc) -> bool:
    owner = walk(dict(data), leaf[:-1])
    return isinstance(owner, dict) and leaf[-1] in owner


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """What the environment says; ConfigError where it may not say so."""
    found = from_environment(environ, LEAVES)
    return _checked({loc: value for loc, (_, value) in found.items()}, {loc: name for loc, (name, _) in found.items()})


def command_line_layer(overrides: Mapping[str, object]) -> Layer:
    """What the command line says, under dotted keys; ConfigError where it may not say so."""
    given: dict[Loc, Value] = {}
    for key, value in overrides.items():
        if value is None:
            continue
        loc: Loc = tuple(key.split("."))
        if loc not in LEAVES:
            near = nearest(key, [dotted(leaf) for leaf in LEAVES])
            raise ConfigError("unknown key", path=COMMAND_LINE, key=key, hint=f"did you mean {near}?" if near else None)
        given[loc] = _plain(value)
    return _checked(given, dict.fromkeys(given, COMMAND_LINE))


def frugal_layer() -> Layer:
    """What `frugal: true` stands for; weaker than every other place."""
    values = dict(FRUGAL)
    return Layer(values, {leaf: "frugal" for leaf in LEAVES if _has(values, leaf)})


def _plain(value: object) -> Value:
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    raise TypeError(f"a configuration value cannot be a {type(value).__name__}")


def _checked(given: Mapping[Loc, Value], origins: Mapping[Loc, str]) -> Layer:
    """The values as a tree, each checked by itself so that a message names the variable or option it came from."""
    errors: list[ConfigError] = []
    values: dict[str, Value] = {}
    for loc, value in given.items():
        tree: Value = value
        for part in reversed(loc):
            tree = {str(part): tree}
        if not isinstance(tree, dict):
            raise TypeError("a configuration key has at least one part")
        try:
            validate_value(tree, Settings, name=origins[loc], line=lambda _loc, _key: None)
        except ConfigError as error:
            errors += flat([error])
        values = merge(values, tree)
    raise_all(errors)
    return Layer(values, origins)
