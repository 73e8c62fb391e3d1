"""Which location judges what the vote leaves unclear: the model with the tag `supervisor`, at most one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from codedesigner.errors import ConfigError
from codedesigner.location.spec import LocationSpec

SUPERVISOR = "supervisor"
"""The tag."""
_ONE = "take the tag from one of them, or write enabled: false"


def supervisor_of(specs: Iterable[LocationSpec]) -> LocationSpec | None:
    """The supervisor among the locations that take part; None where there is none.

    Raises:
        ConfigError: there are two, or it is no model.
    """
    tagged = [spec for spec in specs if SUPERVISOR in spec.tags]
    for error in supervisor_problems(tagged, lambda _spec, message, hint: ConfigError(message, hint=hint)):
        raise error
    return tagged[0] if tagged else None


def supervisor_problems(
    specs: Sequence[LocationSpec], error: Callable[[LocationSpec, str, str], ConfigError]
) -> list[ConfigError]:
    """What is wrong with the supervisors among the locations; `error` puts a message and a hint at a location."""
    tagged = [spec for spec in specs if SUPERVISOR in spec.tags]
    found = [
        error(spec, f"{spec.id} is an analyser and cannot be the supervisor", f"give the tag {SUPERVISOR} to a model")
        for spec in tagged
        if spec.provider.type == "local"
    ]
    found += [
        error(spec, f"{tagged[0].id} and {spec.id} both have the tag {SUPERVISOR}; there is one supervisor", _ONE)
        for spec in tagged[1:]
    ]
    return found
