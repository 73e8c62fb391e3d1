"""A location: a model or an analyser, where it is reached, and how it is asked."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, JsonValue, StringConstraints, field_validator, model_validator

from codedesigner.config.shape import Closed

ProviderType = Literal["ollama", "openai", "anthropic", "local", "custom", "scripted"]
Dialect = Literal["openai", "ollama", "anthropic"]
Effort = Literal["none", "minimal", "low", "medium", "high"]
VariableType = Literal["string", "number", "boolean"]

ID_PATTERN = r"^[a-z][a-z0-9-]*$"
# Where a provider is reached that is not told otherwise. `custom` has to be told; the others are not reached at all.
ENDPOINTS: dict[ProviderType, str] = {
    "ollama": "http://localhost:11434",
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
}
WITHOUT_ENDPOINT: frozenset[ProviderType] = frozenset({"local", "scripted"})


_DOTTED = r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$"
_OWN_HEADERS = frozenset({"cookie", "host", "content-length", "content-type", "connection", "transfer-encoding"})
_KEY_WORDS = frozenset({"key", "apikey", "token", "secret", "password", "auth", "authorization", "credential"})
# How the keys of well-known services begin, and how a header that holds one does.
_KEY_LIKE = re.compile(
    r"(?:bearer |basic [a-z0-9+/=]{12}|sk-|gsk_|xai-|hf_|ghp_|github_pat_|glpat-|AIza|AKIA)", re.IGNORECASE
)
# What a request consists of is ours to say: another value here would answer another question.
_OWN_FIELDS = frozenset({"model", "messages", "system", "stream", "prompt", "tools", "tool_choice", "response_format"})
_NO_KEY = "a key never stands in a file: put it in an environment variable and name that in api_key_env"


def _header_name(name: str) -> str:
    if name.lower() in _OWN_HEADERS:
        raise ValueError("is a header that every request has already; remove it")
    if _KEY_WORDS & set(name.lower().split("-")):
        raise ValueError(f"is a header for a key; {_NO_KEY}, and the header in auth_header")
    return name


def _header_value(value: str) -> str:
    if not (value.isascii() and value.isprintable()):
        raise ValueError("has to be one line of ordinary letters; remove line breaks, and write others as ASCII")
    if _KEY_LIKE.match(value):
        raise ValueError(f"looks like a key; {_NO_KEY}")
    return value


def _auth_header(name: str) -> str:
    if _KEY_LIKE.match(name):
        raise ValueError(f"looks like a key, not like a header's name; {_NO_KEY}")
    return name


def _extra(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in fields:
        if name.lower() in _OWN_FIELDS:
            raise ValueError(f"must not hold {name}; remove it, that part of a request is not configurable")
        if _KEY_WORDS & set(name.lower().replace("-", "_").split("_")):
            raise ValueError(f"must not hold a key; {_NO_KEY}")
    return fields


HeaderName = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=60), AfterValidator(_header_name)
]
HeaderValue = Annotated[str, StringConstraints(max_length=500), AfterValidator(_header_value)]


_ADDRESS = "is not an address; write one such as http://localhost:11434 or https://models.example.org/v1"


def _endpoint(url: str) -> str:
    # The address is never repeated: it may hold a password.
    try:
        parts = urlsplit(url)
        port_is_fine = parts.port is None or parts.port > 0
    except ValueError:
        raise ValueError(_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or not port_is_fine or not url.isascii():
        raise ValueError(_ADDRESS)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password; name the key's variable in api_key_env")
    if parts.query or parts.fragment or any(character.isspace() for character in url):
        raise ValueError("must not have a query, a fragment or a space; end it with the path")
    return url.rstrip("/")


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("names something twice; remove one of the two")
    return values


_AuthHeader = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]*$", max_length=60), AfterValidator(_auth_header)
]
LocationId = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=60)]
Tag = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=40)]


class RetryConfig(Closed):
    """What happens after a failed call."""

    max_retries: int = Field(default=2, ge=0, le=20, description="Further tries after the first.")
    backoff_base_ms: int = Field(
        default=1000, ge=0, le=600_000, description="Milliseconds before the second try, then doubled."
    )


class Capabilities(Closed):
    """What a server can do, where it is known better than by asking it. What is left out is found out."""

    schema_mode: Literal["schema", "tool", "json", "text"] | None = Field(
        default=None, description="The strictest way in which it honours a JSON Schema."
    )
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] | None = Field(
        default=None, description="What it calls the limit on an answer's tokens (dialect openai)."
    )
    sampling: bool | None = Field(default=None, description="Whether it takes temperature and top_p.")
    logprobs: bool | None = Field(default=None, description="Whether it tells the probabilities of its words.")
    thinking: bool | None = Field(default=None, description="Whether the model thinks before it answers.")


class ProviderConfig(Closed):
    """Who answers, and where."""

    type: ProviderType = Field(description="Which kind of service; `local` is a static analyser on this machine.")
    model_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        description="The model's name there; for `local`, the analyser."
    )
    endpoint: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        default=None, description="Base address; without it, the provider's own. Not for local and scripted."
    )
    api_key_env: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=100)] | None = Field(
        default=None, description="Name of the environment variable that holds the key. Never the key itself."
    )
    timeout_ms: int = Field(default=30_000, ge=1, le=86_400_000, description="Milliseconds one call may take.")
    retry_config: RetryConfig = Field(default=RetryConfig(), description="What happens after a failed call.")
    dialect: Dialect | None = Field(default=None, description="How the server of a `custom` provider speaks.")
    python_class: Annotated[str, StringConstraints(pattern=_DOTTED, max_length=300)] | None = Field(
        default=None,
        alias="class",
        description="`package.module:Class` of your own that reaches the server, for `custom`; instead of dialect.",
        examples=["acme.models:Gateway"],
    )
    auth_header: _AuthHeader | None = Field(
        default=None,
        description="Header for the key, such as `api-key` at Azure; without it, the dialect's own.",
        examples=["api-key"],
    )
    api_version: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]+$", max_length=40)] | None = Field(
        default=None,
        description="`api-version` of Azure's old addresses, or Anthropic's version header.",
        examples=["2024-10-21"],
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={},
        max_length=20,
        description="Further headers, such as OpenAI-Organization. Never a key.",
        examples=[{"OpenAI-Organization": "org-1"}],
    )
    extra: Annotated[dict[str, JsonValue], AfterValidator(_extra)] = Field(
        default={}, max_length=50, description="Put into every request as it stands, such as OpenRouter's `provider`."
    )
    stream: bool | None = Field(
        default=None,
        description="Take answers in parts: a slow server shows that it is alive, and stops once nobody waits. Without "
        "it, only from servers of one's own (Ollama, and addresses of this machine and network).",
    )
    context_size: int | None = Field(
        default=None,
        ge=256,
        le=100_000_000,
        description="Tokens of prompt and answer together. Ollama allocates as many; others are held to it.",
    )
    capabilities: Capabilities = Field(
        default=Capabilities(), description="What the server can do, where that is known better than by asking it."
    )

    @model_validator(mode="after")
    def _endpoint_fits(self) -> ProviderConfig:
        if self.type in WITHOUT_ENDPOINT and (self.endpoint is not None or self.api_key_env is not None):
            raise ValueError(f"type {self.type} is not reached over the network; remove endpoint and api_key_env")
        if self.type == "custom" and self.python_class is None and (self.endpoint is None or self.dialect is None):
            raise ValueError("type custom needs more; give it an endpoint and a dialect, or a class")
        if self.type != "custom" and (self.dialect is not None or self.python_class is not None):
            raise ValueError(
                f"dialect and class are for type custom, not for {self.type}; remove them, or write type: custom"
            )
        if self.dialect is not None and self.python_class is not None:
            raise ValueError("dialect and class exclude each other; keep one of them")
        return self

    @property
    def url(self) -> str | None:
        """The address that is called; None for what is not called over the network."""
        return self.endpoint or ENDPOINTS.get(self.type)


class ParameterConfig(Closed):
    """How a model is asked. Analysers take no notice."""

    temperature: float = Field(default=0.7, ge=0, le=2, description="How freely it chooses words.")
    top_p: float = Field(default=1.0, ge=0, le=1, description="Share of probability it chooses from.")
    max_tokens: int = Field(default=2048, ge=1, le=10_000_000, description="Tokens of an answer, at most.")
    system_prompt_prefix: Annotated[str, StringConstraints(max_length=20_000)] | None = Field(
        default=None, description="Put before every system prompt."
    )
    reasoning_effort: Effort | None = Field(
        default=None, description="How long a thinking model thinks; without it, the model's own default."
    )
    deep_reasoning_effort: Effort = Field(default="high", description="The same for the few questions asked deeply.")
    deep_max_tokens: int | None = Field(
        default=None, ge=1, le=10_000_000, description="max_tokens for those; without it, four times max_tokens."
    )
    stop_sequences: Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], Field(max_length=16)] = (
        Field(default=(), description="Where an answer ends.", examples=[["</answer>"]])
    )


class LimitsConfig(Closed):
    """What a location may be asked for at most. What is left out has no limit, until the server refuses."""

    concurrent: int | None = Field(default=None, ge=1, le=10_000, description="Calls at the same time.")
    requests_per_minute: int | None = Field(default=None, ge=1, le=10**9, description="Calls in any minute.")
    tokens_per_minute: int | None = Field(default=None, ge=1, le=10**12, description="Tokens in any minute.")
    hourly: int | None = Field(
        default=None, ge=1, le=10**9, description="Calls in any hour; a tenth of them is held back."
    )
    deep_daily: int | None = Field(
        default=None, ge=0, le=10**9, description="Calls in any day that ask for deep thinking."
    )


class PriceConfig(Closed):
    """What a model costs, in US dollars for a million tokens."""

    tokens_in: float = Field(ge=0, le=1e6, description="US dollars for a million tokens of the prompt.")
    tokens_out: float = Field(
        ge=0, le=1e6, description="US dollars for a million tokens of the answer, thoughts included."
    )
    cached: float | None = Field(
        default=None, ge=0, le=1e6, description="US dollars for a million tokens read from its cache."
    )
    written: float | None = Field(
        default=None, ge=0, le=1e6, description="US dollars for a million tokens written to its cache."
    )


class LocationSpec(Closed):
    """One location, complete."""

    id: LocationId = Field(description="Unique identifier.", examples=["ollama-cold"])
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)] = Field(description="Shown to people.")
    description: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        default=None, description="What it is good for."
    )
    provider: ProviderConfig = Field(description="Who answers, and where.")
    parameters: ParameterConfig = Field(default=ParameterConfig(), description="How a model is asked.")
    limits: LimitsConfig = Field(default=LimitsConfig(), description="What it may be asked for at most.")
    price: PriceConfig | None = Field(
        default=None, description="What it costs; without it, as the price table says of its model."
    )
    tags: Annotated[tuple[Tag, ...], Field(max_length=50), AfterValidator(_distinct)] = Field(
        default=(), description="Words to choose locations by.", examples=[["model", "precise"]]
    )
    enabled: bool = Field(default=True, description="Whether it takes part.")
    weight: float = Field(default=1.0, gt=0, le=1000, description="Weight of its votes, and of its being chosen.")


class TemplateVariable(Closed):
    """A field that locations made from a template fill in."""

    type: VariableType = Field(description="What its values are.")
    default: JsonValue = Field(default=None, description="Used where nothing is given.")
    required: bool = Field(default=False, description="Whether a location has to give it.")
    validation: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        default=None,
        description="`0..2` (also `0..` and `..2`) for a number's range or a text's length; `a|b|c` for a choice.",
    )


class LocationTemplate(Closed):
    """What several locations have in common."""

    id: LocationId = Field(description="Unique identifier among templates.", examples=["ollama-base"])
    base: dict[str, JsonValue] = Field(description="Any part of a location; texts may hold ${variable}.")
    variables: dict[str, TemplateVariable] = Field(
        default={}, description="By name: a field's name, or what ${name} in the base stands for."
    )

    @field_validator("base")
    @classmethod
    def _without_id(cls, base: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if "id" in base:
            raise ValueError("must not have an id; give it to the location")
        return base
