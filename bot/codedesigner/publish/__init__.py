"""Saying it: the report, its formats, the gate.

`FORMATS` maps the name of a format to what renders it. Each is imported when it is asked for, so that a report for a
terminal pays for no other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codedesigner.publish.inputs import RenderInput


def _text(given: RenderInput) -> str:
    from codedesigner.publish.terminal import render

    return render(given)


def _json(given: RenderInput) -> str:
    from codedesigner.publish.report import to_json

    return to_json(given.report)


def _markdown(given: RenderInput) -> str:
    from codedesigner.publish.markdown import render

    return render(given)


def _sarif(given: RenderInput) -> str:
    from codedesigner.publish.sarif import render

    return render(given)


def _codequality(given: RenderInput) -> str:
    from codedesigner.publish.codequality import render

    return render(given)


def _html(given: RenderInput) -> str:
    from codedesigner.publish.page import render

    return render(given)


FORMATS: dict[str, Callable[[RenderInput], str]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "sarif": _sarif,
    "codequality": _codequality,
    "html": _html,
}
