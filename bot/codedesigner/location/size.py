"""How large an attempt is, by rule of thumb."""

from __future__ import annotations

import json

from codedesigner.call.model import Attempt, Schema
from codedesigner.location.spec import ParameterConfig
from codedesigner.plan.cost import tokens_of

_MOST_KEPT = 32


class Sizes:
    """Estimates of prompts. A schema, which many calls share, is measured once."""

    def __init__(self) -> None:
        # The schema is kept beside its size: its id is its own only as long as it lives.
        self._schemas: dict[int, tuple[Schema, int]] = {}

    def prompt(self, attempt: Attempt, parameters: ParameterConfig) -> int:
        """About how many tokens the prompt of an attempt has, schema and further turns included."""
        prompt = attempt.call.prompt
        texts = (parameters.system_prompt_prefix or "", prompt.system, prompt.shared, prompt.question)
        said = sum(tokens_of(text) for text in texts) + sum(tokens_of(turn.text) for turn in attempt.turns)
        return said + (0 if attempt.call.schema is None else self._schema(attempt.call.schema))

    def _schema(self, schema: Schema) -> int:
        known = self._schemas.get(id(schema))
        if known is None:
            if len(self._schemas) >= _MOST_KEPT:
                self._schemas.clear()
            known = self._schemas[id(schema)] = (schema, tokens_of(json.dumps(schema)))
        return known[1]
