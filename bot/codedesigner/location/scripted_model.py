"""A model whose answers are written down: for tests of whatever asks models, ours and other people's.

It is a location like any other, `provider: {type: scripted, model_id: answers.yaml}`, or with `package.module:function`
instead of the file. The file's rules are tried from the top:

    rules:
      - when: "def pay"            # a plain piece of the prompt; left out: any prompt
        times: 1                   # how often it applies; left out: always
        delay_ms: 50
        trouble: rate_limited      # or answer: (any value), text: (as it stands), refusal: (its words)
        retry_after_s: 2
      - answer: {issues: [], summary: nothing to say}

A prompt to which no rule applies is a `bad_request`, never an answer.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints, model_validator

from codedesigner.call.model import MODES, Attempt, Completion, Finish, Mode
from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.config.shape import Closed
from codedesigner.config.validate import validate
from codedesigner.config.yamlfile import read_file
from codedesigner.errors import ConfigError
from codedesigner.location.ask import asked
from codedesigner.location.capabilities import Capability
from codedesigner.location.dialect import used
from codedesigner.location.size import Sizes
from codedesigner.location.spec import LocationSpec, ParameterConfig
from codedesigner.plan.cost import tokens_of
from codedesigner.pool.clock import Clock, SystemClock
from codedesigner.pool.provider import Beat, no_beat

Said = JsonValue | Completion | Trouble
"""Text is said as it stands, any other value as JSON."""
Answers = Callable[[Attempt], Said]

_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*")
_OUTCOMES = ("answer", "text", "refusal", "trouble")


class Rule(Closed):
    """What is said to prompts that hold `when`. Of answer, text, refusal and trouble it has exactly one."""

    when: Annotated[str, StringConstraints(min_length=1)] | None = Field(
        default=None, description="A plain piece of the prompt; without it, the rule is for every prompt."
    )
    times: int | None = Field(default=None, ge=1, description="How often it applies; without it, always.")
    delay_ms: int = Field(default=0, ge=0, le=86_400_000, description="Milliseconds before it is said.")
    answer: JsonValue = Field(default=None, description="Any value, said as JSON.")
    text: str | None = Field(default=None, description="Said as it stands.")
    refusal: str | None = Field(default=None, description="The words in which it declines.")
    trouble: TroubleKind | None = Field(default=None, description="What goes wrong.")
    retry_after_s: float | None = Field(default=None, ge=0, description="Seconds the trouble asks to wait.")
    finish: Finish = Field(default="stop", description="Why an answer or text ends.")

    @model_validator(mode="after")
    def _one_outcome(self) -> Rule:
        given = [name for name in _OUTCOMES if name in self.model_fields_set]
        if len(given) != 1:
            raise ValueError(f"needs exactly one of {', '.join(_OUTCOMES)}")
        if self.retry_after_s is not None and given != ["trouble"]:
            raise ValueError("retry_after_s belongs to a trouble")
        return self

    def said(self) -> Said:
        """What it says."""
        if self.trouble is not None:
            return Trouble(self.trouble, "as its script says", retry_after_s=self.retry_after_s)
        if self.refusal is not None:
            return Completion("", "refusal", refusal=self.refusal)
        return Completion(self.text if self.text is not None else json.dumps(self.answer), self.finish)


class Script(Closed):
    """A whole file."""

    rules: Annotated[tuple[Rule, ...], Field(min_length=1, max_length=10_000)] = Field(
        description="Tried from the top; the first that applies is used."
    )


class ScriptedModel:
    """Implements `pool.provider.Provider`. `asked` keeps every attempt it was sent, in order.

    `answers` is a function of the attempt, or rules. An answer without usage gets an estimated one.
    """

    def __init__(
        self,
        location: str,
        answers: Answers | Sequence[Rule],
        *,
        modes: tuple[Mode, ...] = MODES,
        parameters: ParameterConfig | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.id = location
        self.endpoint = f"scripted:{location}"
        self.modes = modes
        self.asked: list[Attempt] = []
        self.closed = False
        self._say: Callable[[Attempt], tuple[Said, int]] = (
            (lambda attempt: (answers(attempt), 0)) if callable(answers) else _Rules(answers).say
        )
        self._parameters = parameters or ParameterConfig()
        self._clock: Clock = clock or SystemClock()
        self._sizes = Sizes()

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        """What the script says, after its delay; `timeout` where that is the longer time."""
        self.asked.append(attempt)
        started = self._clock.monotonic()
        said, delay_ms = self._say(attempt)
        # Others get their turn even where nothing is waited for, as with a real server.
        await (self._clock.sleep(min(delay_ms / 1000, timeout_s)) if delay_ms else asyncio.sleep(0))
        latency_ms = (self._clock.monotonic() - started) * 1000
        if delay_ms / 1000 > timeout_s:
            return Trouble("timeout", f"no whole answer within {timeout_s:g} s", latency_ms=latency_ms)
        if isinstance(said, Trouble):
            return said if said.latency_ms else replace(said, latency_ms=latency_ms)
        beat(1.0)
        return self._completion(said, attempt, latency_ms)

    async def check(self, *, timeout_s: float) -> Trouble | None:
        """It is always there."""
        return None

    def tokens(self, attempt: Attempt) -> int:
        """About how many tokens the attempt uses at most."""
        limit = asked(attempt, self._parameters, Capability(thinking="never")).max_tokens
        return self._sizes.prompt(attempt, self._parameters) + limit

    async def close(self) -> None:
        """Remembered in `closed`."""
        self.closed = True

    def _completion(self, said: JsonValue | Completion, attempt: Attempt, latency_ms: float) -> Completion:
        if not isinstance(said, Completion):
            said = Completion(said if isinstance(said, str) else json.dumps(said), "stop")
        usage = said.usage
        if not usage.tokens_in and not usage.tokens_out:
            usage = used(self._sizes.prompt(attempt, self._parameters), tokens_of(said.text))
        return replace(said, usage=usage, model=said.model or self.id, latency_ms=said.latency_ms or latency_ms)


class _Rules:
    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._left = [rule.times for rule in rules]

    def say(self, attempt: Attempt) -> tuple[Said, int]:
        prompt = attempt.call.prompt
        texts = (prompt.system, prompt.user, *(turn.text for turn in attempt.turns))
        for index, rule in enumerate(self._rules):
            left = self._left[index]
            if left == 0 or (rule.when is not None and not any(rule.when in text for text in texts)):
                continue
            self._left[index] = None if left is None else left - 1
            return rule.said(), rule.delay_ms
        return Trouble("bad_request", "no rule of the script applies to this prompt"), 0


def scripted_model(spec: LocationSpec, *, clock: Clock | None = None) -> ScriptedModel:
    """The model of a location of type `scripted`; its `model_id` is a file, or `package.module:function`.

    Raises:
        ConfigError: the file is wrong, at a line, or the function is not there.
    """
    named = spec.provider.model_id
    stated = spec.provider.capabilities.schema_mode
    modes = MODES[MODES.index(stated) :] if stated else MODES
    answers = _function(spec.id, named) if _DOTTED.fullmatch(named) else read_script(Path(named))
    return ScriptedModel(spec.id, answers, modes=modes, parameters=spec.parameters, clock=clock)


def read_script(path: Path) -> tuple[Rule, ...]:
    """The rules of a file: YAML, or JSON.

    Raises:
        ConfigError: one thing is wrong, or (`CollectedConfigError`) several, each at its line.
    """
    return validate(read_file(path), Script).rules


def _function(location: str, dotted: str) -> Answers:
    module, _, name = dotted.partition(":")
    try:
        found: object = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{dotted} of location {location} is not there: {error}", key="provider.model_id") from error
    if not callable(found):
        raise ConfigError(f"{dotted} of location {location} is no function", key="provider.model_id")
    return found
