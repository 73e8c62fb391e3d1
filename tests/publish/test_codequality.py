from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from codedesigner.publish import FORMATS
from codedesigner.severity import Severity

from .golden import check_golden
from .sample import finding, sample

SCHEMA = json.loads((Path(__file__).parent / "data" / "codequality.schema.json").read_text(encoding="utf-8"))


def test_the_report_as_it_is_written() -> None:
    text = FORMATS["codequality"](sample())
    jsonschema.validate(json.loads(text), SCHEMA)
    check_golden("codequality.json", text)


def test_the_schema_can_refuse() -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"description": "x"}], SCHEMA)


def test_nothing_found_is_an_empty_array_without_byte_order_mark() -> None:
    assert FORMATS["codequality"](sample(())) == "[]\n"


def test_only_posted_findings_are_in_it() -> None:
    entries = json.loads(FORMATS["codequality"](sample()))
    assert len(entries) == 7
    assert {entry["location"]["path"] for entry in entries} == {"src/cart.py", "run.sh", "docs/README.md", "src/old.py"}


@pytest.mark.parametrize(
    ("severity", "level"), [("low", "minor"), ("medium", "major"), ("high", "critical"), ("critical", "blocker")]
)
def test_severities_are_told_in_gitlab_s_words(severity: Severity, level: str) -> None:
    (entry,) = json.loads(FORMATS["codequality"](sample((finding(severity=severity),))))
    assert entry["severity"] == level


def test_fingerprints_are_unique_even_where_the_report_s_are_not() -> None:
    given = sample((finding(), finding(line=12, end_line=12), finding(line=13, end_line=13)))
    alike = tuple(one.model_copy(update={"fingerprint": "same"}) for one in given.report.findings)
    report = given.report.model_copy(update={"findings": alike})
    entries = json.loads(FORMATS["codequality"](replace(given, report=report)))
    assert len({entry["fingerprint"] for entry in entries}) == 3


def test_a_finding_about_a_whole_file_still_has_a_line() -> None:
    (entry,) = json.loads(FORMATS["codequality"](sample((finding(line=0, end_line=0),))))
    assert entry["location"]["lines"] == {"begin": 1, "end": 1}


def test_a_title_that_is_the_beginning_of_the_body_is_not_said_twice() -> None:
    one = finding(kind="model/correctness", title="It never…", body="It never ends, ever.")
    (entry,) = json.loads(FORMATS["codequality"](sample((one,))))
    assert entry["description"].startswith("It never ends, ever. (agreement")
