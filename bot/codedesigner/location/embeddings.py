"""Which location turns texts into vectors: the one with the tag `embeddings`, at most one. It reviews nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from codedesigner.errors import ConfigError
from codedesigner.location.spec import LocationSpec
from codedesigner.location.supervisor import SUPERVISOR

EMBEDDINGS = "embeddings"
"""The tag."""
_ONE = "take the tag from one of them, or write enabled: false"
_SERVERS = "use type openai, ollama, or custom with the dialect of one of them"


def is_embedder(spec: LocationSpec) -> bool:
    """Whether it is asked for vectors, and for nothing else."""
    return EMBEDDINGS in spec.tags


def embedder_of(specs: Iterable[LocationSpec]) -> LocationSpec | None:
    """The one among the locations that take part; None where there is none.

    Raises:
        ConfigError: there are two, or it cannot make vectors.
    """
    tagged = [spec for spec in specs if is_embedder(spec)]
    for error in embedder_problems(tagged, lambda _spec, message, hint: ConfigError(message, hint=hint)):
        raise error
    return tagged[0] if tagged else None


def embedder_problems(
    specs: Sequence[LocationSpec], error: Callable[[LocationSpec, str, str], ConfigError]
) -> list[ConfigError]:
    """What is wrong with those that have the tag; `error` puts a message and a hint at a location."""
    tagged = [spec for spec in specs if is_embedder(spec)]
    found = [error(spec, message, hint) for spec in tagged for message, hint in _wrong(spec)]
    found += [
        error(spec, f"{tagged[0].id} and {spec.id} both have the tag {EMBEDDINGS}; texts have one kind of vector", _ONE)
        for spec in tagged[1:]
    ]
    return found


def _wrong(spec: LocationSpec) -> list[tuple[str, str]]:
    provider = spec.provider
    if provider.type == "local":
        return [(f"{spec.id} is an analyser and makes no vectors", f"give the tag {EMBEDDINGS} to a model")]
    found = []
    if provider.type in ("anthropic", "scripted") or provider.dialect == "anthropic" or provider.python_class:
        found.append((f"{spec.id} is reached by a way that has no embeddings", _SERVERS))
    if SUPERVISOR in spec.tags:
        found.append(
            (f"{spec.id} cannot be the supervisor and make vectors", f"take one of the two tags from {spec.id}")
        )
    return found
