"""The forms in which an evaluation is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codedesigner.evaluation import report_html, report_json, report_text
from codedesigner.evaluation.result import EvaluationResult

FORMATS: Mapping[str, Callable[[EvaluationResult], str]] = {
    "text": report_text.render,
    "json": report_json.render,
    "html": report_html.render,
}
