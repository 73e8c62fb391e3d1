"""`codedesigner doctor` looks at a real server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import Engine


def doctor(engine: Engine, folder: Path, *, key: str = "correct", max_tokens: int = 1000) -> dict[str, Any]:
    """The report, with the command's `exit_code`, and the checks of the one location by name."""
    location = {
        "id": "llama",
        "name": "llama",
        "provider": {
            "type": "custom",
            "dialect": "openai",
            "model_id": "noise",
            "endpoint": f"{engine.llama.address}/v1",
            "api_key_env": "LLAMA_KEY",
        },
        "parameters": {"max_tokens": max_tokens},
    }
    file = folder / "locations.yaml"
    file.write_text(json.dumps({"locations": [location]}))
    chosen = ["--locations-file", str(file), "--location", "llama", "--repo", str(folder), "--format", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "codedesigner", "doctor", *chosen],
        env={**os.environ, "LLAMA_KEY": key, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    (seen,) = report["locations"]
    checks = {check["what"]: check for check in seen["checks"]}
    return {"exit_code": done.returncode, "usable": seen["usable"], "checks": checks}


def test_the_doctor_finds_everything_well(engine: Engine, tmp_path: Path) -> None:
    report = doctor(engine, tmp_path)
    states = {what: check["state"] for what, check in report["checks"].items()}
    assert states == dict.fromkeys(states, "ok")
    assert {"reachable", "key", "model", "schema", "context"} <= set(states)
    assert "mode schema" in report["checks"]["schema"]["found"]
    assert (report["exit_code"], report["usable"]) == (0, True)


def test_the_doctor_sees_a_wrong_key(engine: Engine, tmp_path: Path) -> None:
    report = doctor(engine, tmp_path, key="mistaken-key")
    key = report["checks"]["key"]
    assert (report["exit_code"], report["usable"], key["state"]) == (3, False, "fail")
    assert "LLAMA_KEY" in key["remedy"]
    assert "mistaken-key" not in json.dumps(report)


def test_the_doctor_sees_how_much_the_server_has_room_for(engine: Engine, tmp_path: Path) -> None:
    context = doctor(engine, tmp_path, max_tokens=4000)["checks"]["context"]
    assert context["state"] == "fail"
    assert f"{engine.llama.context} tokens" in context["found"]
