"""Settings from environment variables: CODEDESIGNER_ and the key in capitals, `__` between its parts."""

from __future__ import annotations

from collections.abc import Mapping

from codedesigner.config.mode import VARIABLE
from codedesigner.config.problems import Loc, did_you_mean, dotted, raise_all
from codedesigner.config.shape import is_list, item_of
from codedesigner.config.yamlfile import Value, read_scalar
from codedesigner.errors import ConfigError

PREFIX = "CODEDESIGNER_"
OPERATOR_FILE = "CODEDESIGNER_OPERATOR_FILE"
LOCATIONS_FILE = "CODEDESIGNER_LOCATIONS_FILE"
STATE_DIR = "CODEDESIGNER_STATE_DIR"
STATE_KEY = "CODEDESIGNER_STATE_KEY"
GITLAB_TOKEN = "CODEDESIGNER_GITLAB_TOKEN"  # noqa: S105  the variable's name
PRIVATE_NETWORKS = "CODEDESIGNER_PRIVATE_NETWORKS"
SERVICE_FILE = "CODEDESIGNER_SERVICE_FILE"
DATABASE_URL = "CODEDESIGNER_DATABASE_URL"
# Variables that share the prefix and are read elsewhere.
RESERVED: frozenset[str] = frozenset(
    {
        OPERATOR_FILE,
        LOCATIONS_FILE,
        STATE_DIR,
        STATE_KEY,
        GITLAB_TOKEN,
        PRIVATE_NETWORKS,
        SERVICE_FILE,
        DATABASE_URL,
    }
)


def variable_of(loc: Loc) -> str:
    """`("gate", "fail_on")` as `CODEDESIGNER_GATE__FAIL_ON`."""
    return PREFIX + "__".join(str(part) for part in loc).upper()


def from_environment(environ: Mapping[str, str], leaves: Mapping[Loc, object]) -> dict[Loc, tuple[str, Value]]:
    """For each key that a variable sets: the variable's name and the value.

    A list is written with commas; lists of mappings can only be set in a file. An empty variable counts as unset.

    Raises:
        ConfigError: a variable with the prefix is unknown, or sets what no variable can.
    """
    settable = {variable_of(loc): loc for loc in leaves if loc != ("enabled",)}
    found: dict[Loc, tuple[str, Value]] = {}
    errors: list[ConfigError] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in RESERVED or not environ[name].strip():
            continue
        loc = settable.get(name)
        if loc is None:
            errors.append(_unknown(name, settable))
        elif is_list(leaves[loc]) and item_of(leaves[loc]) is not str:
            hint = f"set {dotted(loc)} in a file; a list of mappings does not fit in a variable"
            errors.append(ConfigError("cannot be set by a variable", path=name, hint=hint))
        else:
            found[loc] = (name, _value(environ[name].strip(), leaves[loc]))
    raise_all(errors)
    return found


def _unknown(name: str, settable: Mapping[str, Loc]) -> ConfigError:
    if name == variable_of(("enabled",)):
        return ConfigError("is not read", path=name, hint=f"the switch is {VARIABLE}=1 or {VARIABLE}=0")
    return ConfigError("unknown variable", path=name, hint=did_you_mean(name, [*settable, *RESERVED]))


def _value(text: str, annotation: object) -> Value:
    if is_list(annotation):
        return [part.strip() for part in text.split(",") if part.strip()]
    return read_scalar(text)
