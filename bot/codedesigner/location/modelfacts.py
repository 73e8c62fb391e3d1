"""What is known of models and hosts before any is asked: `models.yaml`, which changes with the month."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue

from codedesigner.call.model import Mode
from codedesigner.config.shape import Closed
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import read_file
from codedesigner.location.spec import Dialect, Effort

MaxTokensField = Literal["max_tokens", "max_completion_tokens"]
Sampling = Literal["always", "without_thinking", "never"]
Thinking = Literal[
    "always",
    "on",  # unless it is told not to
    "off",  # unless it is told to
    "never",
]
ThinkField = Literal[
    "effort",  # openai's reasoning_effort
    "switch",  # ollama's think: true or false
    "levels",  # ollama's think: low, medium or high
    "adaptive",  # anthropic's thinking, which takes an effort
    "budget",  # anthropic's thinking, which takes a number of tokens
]


class Facts(Closed):
    """What is known; what is left out is not."""

    schema_mode: Mode | None = Field(default=None, description="The strictest way in which it honours a schema.")
    max_tokens_field: MaxTokensField | None = Field(default=None, description="The limit's name (openai).")
    sampling: Sampling | None = Field(default=None, description="When it takes temperature and top_p.")
    one_sampling: bool | None = Field(default=None, description="Whether it takes only one of the two.")
    max_temperature: float | None = Field(default=None, description="The highest temperature it takes.")
    thinking: Thinking | None = Field(default=None, description="Whether it thinks before it answers.")
    think_field: ThinkField | None = Field(default=None, description="How it is told to think.")
    efforts: tuple[Effort, ...] | None = Field(default=None, description="The efforts it can be told, in order.")
    effort: Effort | None = Field(default=None, description="The effort it is told where none is configured.")
    system: bool | None = Field(default=None, description="Whether it takes a system message.")
    cache_key: bool | None = Field(default=None, description="Whether calls are routed by prompt_cache_key.")
    bounds: bool | None = Field(default=None, description="Whether its schemas may have bounds (openai).")
    stream: bool | None = Field(default=None, description="Whether answers are taken in parts unless configured.")
    refuses: tuple[str, ...] | None = Field(default=None, description="Parameters it does not take.")
    extra: dict[str, JsonValue] | None = Field(default=None, description="Put into every request.")


class Entry(Closed):
    """Facts, and whom they are about: any of the models at any of the hosts; none named is all of them."""

    dialect: Dialect
    models: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    hosts: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    facts: Facts


class FactsFile(Closed):
    """A whole `models.yaml`; `dated` is the day its facts were checked."""

    dated: str
    entries: tuple[Entry, ...]


def facts_about(dialect: Dialect, model: str, host: str) -> Facts:
    """All that is known of a model at a host, later entries over earlier ones."""
    name, where = model.rpartition("/")[2].casefold(), host.casefold()
    known: dict[str, object] = {}
    for entry in shipped_facts().entries:
        if entry.dialect == dialect and _matches(entry.models, name) and _matches(entry.hosts, where):
            known |= {field: getattr(entry.facts, field) for field in entry.facts.model_fields_set}
    return Facts.model_construct(**known)  # type: ignore[arg-type]


@cache
def shipped_facts() -> FactsFile:
    """The file that is shipped beside this one."""
    return validate(read_file(Path(__file__).with_name("models.yaml"), name="models.yaml"), FactsFile)


def _matches(globs: tuple[str, ...], name: str) -> bool:
    return not globs or any(fnmatchcase(name, pattern) for pattern in globs)
