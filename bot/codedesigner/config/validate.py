"""From a file's values to a model, with every mistake told at its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from codedesigner.config.problems import Loc, did_you_mean, dotted, nearest, raise_all
from codedesigner.config.shape import field_at, keys_of, leaves, model_at
from codedesigner.config.wording import describe, remedy
from codedesigner.config.yamlfile import Document, Value, walk
from codedesigner.errors import ConfigError

M = TypeVar("M", bound=BaseModel)
MAX_ERRORS = 50  # of one file; each costs a search for what was meant
Lines = Callable[[Loc, bool], int | None]

# Neither these keys' values nor what was put by mistake where a key's name belongs is ever repeated in a message.
_SECRETS = ("api_key", "apikey", "key", "token", "secret", "password")
_NOT_REPEATED = frozenset({*_SECRETS, "api_key_env", "endpoint", "auth_header", "headers", "extra"})
_ADVICE = "keys never stand in a file: put it in an environment variable and name that in api_key_env"


def validate(document: Document, model: type[M], at: Loc = ()) -> M:
    """What the file says at `at`, as a `model`.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several.
    """

    def line(loc: Loc, key: bool) -> int | None:
        place = (*at, *loc)
        return document.line_of_key(place) if key else document.line_of_value(place)

    return validate_value(document.value_at(at), model, name=document.name, line=line, at=at)


def validate_value(value: Value, model: type[M], *, name: str | None, line: Lines, at: Loc = ()) -> M:
    """`value` as a `model`; `line(loc, key)` knows where the value (or the key) at `loc` stands.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several.
    """
    try:
        # By way of JSON: strict there means "a list becomes a tuple and a text a date, and nothing else changes".
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        root = value
        details = _without_echoes(error.errors(include_url=False, include_input=False))
    errors = [_translate(detail, root, model, name, line, at) for detail in details[:MAX_ERRORS]]
    if len(details) > MAX_ERRORS:
        errors.append(ConfigError(f"and {len(details) - MAX_ERRORS} more mistakes", path=name))
    raise_all(errors)
    raise AssertionError("a validation error without details")


def unknown_keys(document: Document, model: type[BaseModel], at: Loc) -> tuple[ConfigError, ...]:
    """The keys at `at` that no `model` has, whatever else may be missing or wrong there."""
    try:
        model.model_validate_json(json.dumps(document.value_at(at)))
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
    else:
        return ()
    return tuple(
        document.error("unknown key", (*at, *detail["loc"]), hint=unknown_key_hint(detail["loc"], model), at_key=True)
        for detail in details
        if detail["type"] == "extra_forbidden"
    )


def _without_echoes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """A list whose items are wrong is also called too short, because the wrong ones were not counted."""
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(other is not detail and other["loc"][: len(detail["loc"])] == detail["loc"] for other in details)
    ]


def _translate(
    detail: ErrorDetails, root: Value, model: type[BaseModel], name: str | None, line: Lines, at: Loc
) -> ConfigError:
    loc: Loc = detail["loc"]
    of_key = bool(loc) and loc[-1] == "[key]"
    loc = loc[:-1] if of_key else loc
    key = dotted((*at, *loc)) or None
    if detail["type"] == "extra_forbidden":
        return ConfigError("unknown key", path=name, line=line(loc, True), key=key, hint=unknown_key_hint(loc, model))
    if detail["type"] == "missing":
        hint = remedy(detail, field_at(model, loc))
        return ConfigError("is required", path=name, line=line(loc[:-1], True), key=key, hint=hint)
    secret = of_key or any(str(part).casefold() in _NOT_REPEATED for part in loc)
    message, hint_or_none = describe(detail, None if secret else walk(root, loc))
    hint = _ADVICE if loc and loc[-1] == "api_key_env" else hint_or_none or remedy(detail, field_at(model, loc))
    return ConfigError(message, path=name, line=line(loc, of_key), key=key, hint=hint)


def unknown_key_hint(loc: Loc, model: type[BaseModel]) -> str:
    """What was probably meant by the unknown key at the end of `loc`."""
    word = str(loc[-1])
    owner = model_at(model, loc[:-1])
    known = keys_of(owner) if owner is not None else ()
    if word.casefold() in _SECRETS and "api_key_env" in known:
        return _ADVICE
    if nearest(word, known) is None:
        for leaf, _ in leaves(model):
            if leaf[-1] == word:
                return f"did you mean {dotted(leaf)}?"
    return did_you_mean(word, known)
