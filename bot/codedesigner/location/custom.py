"""A user's own provider, named by its class in a locations file."""

from __future__ import annotations

from importlib import import_module
from inspect import iscoroutinefunction

from codedesigner.call.model import MODES
from codedesigner.errors import ConfigError
from codedesigner.location.http import Transport
from codedesigner.location.secret import Secret, scrubbed
from codedesigner.location.spec import LocationSpec
from codedesigner.pool.provider import Provider

# What somebody else's module or constructor is likely to raise.
_FAILURES = (ArithmeticError, AttributeError, ImportError, LookupError, OSError, RuntimeError, SyntaxError, TypeError)
_ASYNC = ("send", "check", "close")


def custom_provider(spec: LocationSpec, key: Secret | None, transport: Transport) -> Provider:
    """The provider that the class `package.module:Class` makes of `(spec, key, transport)`.

    Raises:
        ConfigError: it cannot be imported or made, or is no `pool.provider.Provider`; location and class are named.
    """
    dotted = spec.provider.python_class or ""
    module, _, name = dotted.partition(":")
    try:
        made: object = getattr(import_module(module), name)(spec, key, transport)
    except (*_FAILURES, ValueError) as error:
        # Not the error itself: it may hold the key.
        said = scrubbed(f"{type(error).__name__}: {error}", () if key is None else (key,))
        raise _error(spec, f"cannot be made: {said}") from None
    lacks = _lacks(made, spec)
    if lacks is not None:
        raise _error(spec, lacks)
    return made  # type: ignore[return-value]


def _lacks(made: object, spec: LocationSpec) -> str | None:
    """In what it is no provider of the location."""
    for name in _ASYNC:
        if not iscoroutinefunction(getattr(made, name, None)):
            return f"has no `async def {name}`"
    if not callable(getattr(made, "tokens", None)):
        return "has no method tokens"
    if getattr(made, "id", None) != spec.id:
        return f"has another id than the location, {spec.id}"
    if not isinstance(getattr(made, "endpoint", None), str):
        return "has no text as its endpoint"
    modes = getattr(made, "modes", None)
    if not isinstance(modes, tuple) or "text" not in modes or not set(modes) <= set(MODES):
        return f"has no tuple of modes, of {', '.join(MODES)}, text among them"
    return None


def _error(spec: LocationSpec, message: str) -> ConfigError:
    return ConfigError(f"{spec.provider.python_class} of location {spec.id} {message}", key="provider.class")
