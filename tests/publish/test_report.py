from __future__ import annotations

import json

import jsonschema
import pytest
from pydantic import ValidationError

from codedesigner.publish import FORMATS
from codedesigner.publish.report import Report, to_json

from .sample import CHANGE, finding, sample


def test_the_report_has_the_promised_shape() -> None:
    data = json.loads(to_json(sample().report))
    assert list(data) == [
        "schema_version", "change", "gate", "coverage", "findings", "locations", "usage", "mode", "calibration",
    ]  # fmt: skip
    assert data["schema_version"] == "1"
    assert {"repo", "base", "head", "functions", "files"} == set(data["change"])
    assert {"conclusion", "reason", "fail_on", "min_agreement"} <= set(data["gate"])
    assert {"items_planned", "items_answered", "ballots_asked", "ballots_answered", "not_reviewed"} <= set(
        data["coverage"]
    )
    promised = (
        "id fingerprint path function line end_line side angle kind severity title body evidence agreement"
        " probability confidence disposition reason ballots suggestion"
    )
    assert set(promised.split()) <= set(data["findings"][0])
    assert {"location", "vote", "how", "confidence"} <= set(data["findings"][0]["ballots"][0])
    assert data["mode"] == {"enabled": True, "source": "cli", "activated_at": 0}


def test_the_report_fits_its_own_schema_and_reads_back() -> None:
    report = sample().report
    text = to_json(report)
    jsonschema.validate(json.loads(text), Report.model_json_schema())
    assert Report.model_validate_json(text) == report


def test_every_field_is_described() -> None:
    definitions = Report.model_json_schema()["$defs"]
    bare = [
        f"{name}.{field}"
        for name, model in definitions.items()
        for field, schema in model["properties"].items()
        if not schema.get("description")
    ]
    assert bare == []


def test_it_is_closed() -> None:
    data = json.loads(to_json(sample().report))
    data["gate"]["approved"] = True
    with pytest.raises(ValidationError, match="approved"):
        Report.model_validate(data)


def test_json_is_the_same_twice_and_ends_in_a_line_feed() -> None:
    first, second = (FORMATS["json"](sample()) for _ in range(2))
    assert first == second
    assert first.endswith("}\n")
    assert "日本語" in first


@pytest.mark.parametrize("broken", ["caf\udce9", "half a pair \ud800"])
def test_text_that_is_not_utf8_is_shown_and_never_fatal(broken: str) -> None:
    given = sample((finding(title=broken, body=broken, evidence=broken, path=f"{broken}.py"),))
    for render in FORMATS.values():
        render(given).encode("utf-8")
    assert given.report.findings[0].title in (r"caf\xe9", r"half a pair \ud800")


def test_functions_of_a_file_are_named_under_it() -> None:
    change = sample().report.change
    assert change.functions == 4
    assert {file.path: file.functions for file in change.files} == {
        "src/cart.py": ("Cart.__init__", "Cart.total", "Cart.find"),
        "run.sh": ("<module>",),
        "docs/README.md": (),
        "logo.png": (),
    }
    assert [file.path for file in change.files] == [file.path for file in CHANGE.files]


def test_latencies_are_told_as_mean_and_99th_percentile() -> None:
    ruff, _, hadolint = sample().report.locations
    assert (ruff.average_latency_ms, ruff.p99_latency_ms) == (54.1, 80.2)
    assert (hadolint.average_latency_ms, hadolint.p99_latency_ms) == (0.0, 0.0)


def test_a_finding_of_megabytes_is_cut_everywhere_but_in_the_json() -> None:
    huge = "x = y + " * 100_000
    given = sample((finding(title=huge, body=huge, evidence=huge),))
    sizes = {name: len(render(given)) for name, render in FORMATS.items()}
    assert sizes.pop("json") > 2_000_000
    assert max(sizes.values()) < 30_000
