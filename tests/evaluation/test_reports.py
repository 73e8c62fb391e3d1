"""What people and programs read. `UPDATE_GOLDEN=1 pytest tests/evaluation` writes the golden files anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from codedesigner.evaluation.evaluate import Asked, evaluate
from codedesigner.evaluation.protocol import Resampling
from codedesigner.evaluation.reports import FORMATS
from codedesigner.evaluation.result import EvaluationResult
from codedesigner.evaluation.svg import Axis, Plot, Point, Series, axis, drawn

from .sample import grouped_sample

GOLDEN = Path(__file__).parent / "golden"
SUFFIXES = {"text": "txt", "json": "json", "html": "html"}


def result() -> EvaluationResult:
    """A result as it was measured once: how it is told must not depend on how anything is measured."""
    return EvaluationResult.model_validate_json((GOLDEN / "evaluation.json").read_bytes())


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_the_golden_one(name: str) -> None:
    text, path = FORMATS[name](result()), GOLDEN / f"evaluation.{SUFFIXES[name]}"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_bytes(text.encode())
    assert text.encode() == path.read_bytes(), f"{path.name} differs; UPDATE_GOLDEN=1 writes it anew"


def test_the_json_is_read_as_the_result() -> None:
    measured = evaluate("x", grouped_sample(), Asked(resampling=Resampling(20)))
    assert EvaluationResult.model_validate(json.loads(FORMATS["json"](measured))) == measured


def test_the_page_stands_alone_and_says_what_its_plots_are() -> None:
    page = FORMATS["html"](result())
    assert not re.search(r"<script|<link|src=|href=|@import|url\(", page)
    assert "<c>" not in page
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) == 4
    names = []
    for plot in plots:
        root = ET.fromstring(plot)  # noqa: S314 -- ours
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert root.get("role") == "img"
        assert title is not None
        assert title.text
        assert str(title.get("id")) in str(root.get("aria-labelledby"))
        names.append(title.get("id"))
    assert len(set(names)) == len(names)


def test_without_costs_there_is_no_plot_of_them() -> None:
    free = [one.model_copy(update={"usage": {}}) for one in grouped_sample()]
    page = FORMATS["html"](evaluate("x", free, Asked(resampling=Resampling(0))))
    assert "Cost and quality" not in page
    assert page.count("<svg") == 3


def test_an_evaluation_of_nothing_can_be_told() -> None:
    empty = EvaluationResult(
        dataset="", pull_requests=0, repositories=0, golden=0, comments=0, hold_out="none", bootstrap=0, seed=0
    )
    for render in FORMATS.values():
        assert render(empty)


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        ([], (0, 0.2, 0.4, 0.6, 0.8, 1)),
        ([7], (0, 2, 4, 6, 8)),
        ([0.36, 0.1], (0, 0.1, 0.2, 0.3, 0.4)),
        ([50], (0, 10, 20, 30, 40, 50)),
    ],
)
def test_marks_of_an_axis_are_round(values: list[float], marks: tuple[float, ...]) -> None:
    assert axis("x", values).marks == pytest.approx(marks)


def test_a_point_stands_where_its_value_is() -> None:
    side = Axis("x", 0, 10, (0, 10))
    plot = Plot("t <", "d", side, side, (Series("s", (Point(0, 0), Point(10, 10))),))
    circles = re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', drawn(plot, "p"))
    assert circles == [("52", "254"), ("446", "34")]
    assert "t &lt;" in drawn(plot, "p")
