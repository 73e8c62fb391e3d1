"""A review by models whose answers are written down, from the command line to the report."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from codedesigner.cli import run


class Repo(Protocol):
    """The fixture's repository (`conftest.Repo`)."""

    @property
    def path(self) -> Path: ...

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "x") -> str: ...


NOTHING: dict[str, Any] = {"issues": [], "summary": ""}


def issue(evidence: str, description: str, severity: str = "high", **more: Any) -> dict[str, Any]:
    """One claim of an answer."""
    return {
        "evidence": evidence,
        "location": {"line": 1},
        "description": description,
        "severity": severity,
        "confidence": 0.9,
        **more,
    }


def claims(*issues: dict[str, Any]) -> dict[str, Any]:
    """An answer."""
    return {"issues": list(issues), "summary": ""}


def verdict(said: str, analysis: str) -> dict[str, Any]:
    """An answer about somebody else's claim."""
    return {"analysis": analysis, "verdict": said, "confidence": 0.8}


@dataclass(frozen=True)
class Said:
    """What a review left behind; `report` is empty where it printed none."""

    code: int
    report: dict[str, Any]
    out: str
    err: str

    def findings(self, disposition: str | None = None) -> list[dict[str, Any]]:
        """The findings, or those with one disposition."""
        return [one for one in self.report["findings"] if disposition in (None, one["disposition"])]

    @property
    def finding(self) -> dict[str, Any]:
        """The only one."""
        (one,) = self.report["findings"]
        return dict(one)


@dataclass
class Studio:
    """A repository under review, and models by id with the rules of their scripts."""

    repo: Repo
    folder: Path
    capfd: pytest.CaptureFixture[str]

    def models(self, pool: Mapping[str, Any] | None = None, **scripts: Any) -> Path:
        """A locations file with these models. A script is its rules, or `{rules: …, and keys of the location}`."""
        entries: list[dict[str, Any]] = []
        for name, script in scripts.items():
            given = dict(script) if isinstance(script, Mapping) else {"rules": script}
            (self.folder / f"{name}.yaml").write_text(json.dumps({"rules": list(given.pop("rules"))}), encoding="utf-8")
            provider: dict[str, Any] = {
                "type": "scripted",
                "model_id": str(self.folder / f"{name}.yaml"),
                "retry_config": {"max_retries": 0},
            }
            given["provider"] = {**provider, **given.pop("provider", {})}
            entries.append({"id": name, "name": name, **given})
        file = self.folder / "locations.yml"
        text = yaml.safe_dump({"locations": entries, "pool": dict(pool or {})})
        file.write_text(text, encoding="utf-8")
        return file

    def review(self, locations: Path, *more: str | Path, asked: Sequence[str] = (), angles: bool = True) -> Said:
        """What `codedesigner review` says, by the models of the file alone, from one angle and in one pass."""
        names = asked or [each["id"] for each in yaml.safe_load(locations.read_text(encoding="utf-8"))["locations"]]
        usual = ["--angle", "correctness"] if angles and "--angle" not in more else []
        usual += ["--max-passes", "1"] if "--max-passes" not in more else []
        usual += ["--base", "HEAD~1", "--head", "HEAD"] if "--base" not in more else []
        usual += ["--format", "json"] if "--format" not in more else []
        chosen = [part for name in names for part in ("--location", name)]
        arguments = ["review", "--repo", self.repo.path, "--locations-file", locations, *chosen, *usual, *more]
        self.capfd.readouterr()
        code = run([str(each) for each in arguments])
        out, err = self.capfd.readouterr()
        return Said(code, json.loads(out) if out.startswith("{") else {}, out, err)
