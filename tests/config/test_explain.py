from __future__ import annotations

import json
from pathlib import Path

from codedesigner.config.explain import explain
from codedesigner.config.loader import RepoFile, load
from codedesigner.config.mode import ModeConfig

GOLDEN = Path(__file__).parent / "golden" / "explain.txt"
ON = ModeConfig(True, "cli", 1.0)
REPO = RepoFile(
    b"""paths:
  exclude:
    - docs/
    - legacy/
angles: [correctness, security]
gate:
  fail_on: medium
path_rules:
  - paths: [src/]
    instructions: All money is in cents.
    fail_on: low
  - paths: [src/old/]
    exclude: true
"""
)


def test_what_people_read() -> None:
    loaded = load(REPO, None, {"CODEDESIGNER_SEED": "7"}, {"max_passes": 2})

    assert explain(loaded, "src/a.py", ON).as_text() == GOLDEN.read_text()


def test_why_a_file_is_not_reviewed() -> None:
    loaded = load(REPO, None, {}, {})

    reasons = {path: explain(loaded, path, ON).reason for path in ("legacy/a.py", "src/old/a.py", "a.min.js")}

    assert reasons == {
        "legacy/a.py": "filtered, legacy/ matches (paths.exclude[1]), .codedesigner.yml:4",
        "src/old/a.py": "filtered, src/old/ matches (path_rules[1].paths), .codedesigner.yml:12",
        "a.min.js": "filtered, *.min.js matches (paths.default_exclude[24]), default",
    }


def test_with_the_mode_off_nothing_is_reviewed() -> None:
    explanation = explain(load(None, None, {}, {}), "a.py", ModeConfig(False, "env", None))

    assert not explanation.reviewed
    assert explanation.reason == "reviewing is switched off by env"


def test_the_same_as_json() -> None:
    data = json.loads(explain(load(REPO, None, {}, {}), "src/a.py", ON).as_json())

    assert data["reviewed"] is True
    assert data["mode"] == {"enabled": True, "source": "cli"}
    by_key = {each["key"]: each for each in data["settings"]}
    assert by_key["gate.fail_on"]["value"] == "low"
    assert by_key["gate.fail_on"]["origins"] == ["path_rules[0].fail_on (.codedesigner.yml:11)"]
    assert by_key["instructions"]["value"] == ["All money is in cents."]
    assert by_key["budget.usd"] == {"key": "budget.usd", "value": None, "origins": ["default"]}
