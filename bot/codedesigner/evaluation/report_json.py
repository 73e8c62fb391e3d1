"""An evaluation as JSON."""

from __future__ import annotations

import json

from codedesigner.evaluation.result import EvaluationResult


def render(result: EvaluationResult) -> str:
    """Keys in the order of the schema, two spaces, non-ASCII as itself, a final line feed."""
    return json.dumps(result.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
