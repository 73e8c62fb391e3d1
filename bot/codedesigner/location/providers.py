"""From a configured location to the provider that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codedesigner.errors import ConfigError
from codedesigner.location.anthropic import Anthropic
from codedesigner.location.capabilities import Remembered
from codedesigner.location.custom import custom_provider
from codedesigner.location.dialect import Speaker
from codedesigner.location.embedding import OllamaEmbeddings, OpenAiEmbeddings
from codedesigner.location.embeddings import is_embedder
from codedesigner.location.http import Transport, origin
from codedesigner.location.keyless import Keyless
from codedesigner.location.model import ModelProvider
from codedesigner.location.ollama import Ollama
from codedesigner.location.openai import OpenAi
from codedesigner.location.scripted_model import scripted_model
from codedesigner.location.secret import Secret
from codedesigner.location.spec import Dialect, LocationSpec, ProviderType
from codedesigner.pool.clock import Clock
from codedesigner.pool.provider import Provider

DIALECTS: Mapping[Dialect, Callable[[LocationSpec], Speaker]] = {
    "openai": OpenAi,
    "ollama": Ollama,
    "anthropic": Anthropic,
}
EMBEDDERS: Mapping[Dialect, Callable[[LocationSpec], Speaker]] = {
    "openai": OpenAiEmbeddings,
    "ollama": OllamaEmbeddings,
}
"""Dialects that have embeddings."""
PROVIDERS: Mapping[ProviderType, Dialect | None] = {
    "openai": "openai",
    "ollama": "ollama",
    "anthropic": "anthropic",
    "custom": None,  # as the location says
    "scripted": None,
}


def provider(
    spec: LocationSpec,
    *,
    environ: Mapping[str, str],
    transport: Transport,
    remembered: Remembered | None = None,
    clock: Clock | None = None,
) -> Provider:
    """The provider of a location. Its key is read from `environ`; without one, every attempt is `unauthorised`.

    Raises:
        ConfigError: the location is no model, or its class, its script or its function is wrong.
    """
    config = spec.provider
    if config.type not in PROVIDERS:
        raise ConfigError(f"location {spec.id} is of type {config.type}, which is no model", key="provider.type")
    dialect = PROVIDERS[config.type] or config.dialect or "openai"
    if is_embedder(spec) and (dialect not in EMBEDDERS or config.type == "scripted" or config.python_class is not None):
        raise ConfigError(f"location {spec.id} is reached by a way that has no embeddings", key="tags")
    if config.type == "scripted":
        return scripted_model(spec, clock=clock)
    key: Secret | None = None
    if config.api_key_env is not None:
        value = environ.get(config.api_key_env, "").strip()
        if not value:
            return Keyless(spec.id, config.api_key_env, origin(config.url or "") if config.url else spec.id)
        key = Secret(value)
    if config.python_class is not None:
        return custom_provider(spec, key, transport)
    speaker = (EMBEDDERS if is_embedder(spec) else DIALECTS)[dialect](spec)
    if is_embedder(spec):
        # Each text is a prompt of its own: all of them together may well be longer than one can be. Vectors
        # come whole.
        spec = spec.model_copy(update={"provider": config.model_copy(update={"context_size": None, "stream": False})})
    return ModelProvider(spec, speaker, transport, key=key, remembered=remembered, clock=clock)
