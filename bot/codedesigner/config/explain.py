"""What applies to one file and who said so: for `codedesigner explain`."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import BaseModel

from codedesigner.config.layers import LEAVES
from codedesigner.config.loader import Loaded
from codedesigner.config.mode import ModeConfig
from codedesigner.config.paths import settings_for
from codedesigner.config.problems import Loc, dotted
from codedesigner.config.yamlfile import Value

# Shown as what they mean for this file, not as they stand in the configuration.
_PER_FILE = (("enabled",), ("angles",), ("gate", "fail_on"), ("gate", "min_agreement"), ("path_rules",))
_WIDTH = 60


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, its value as JSON has it, and the places that decided it."""

    key: str
    value: Value
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a file is reviewed, why not, and every setting that applies to it."""

    path: str
    reviewed: bool
    reason: str
    mode: ModeConfig
    settings: tuple[Setting, ...]

    def as_json(self) -> str:
        """One JSON object; no times in it, so that two runs print the same."""
        data = {
            "schema_version": "1",
            "path": self.path,
            "reviewed": self.reviewed,
            "reason": self.reason,
            "mode": {"enabled": self.mode.enabled, "source": self.mode.source},
            "settings": [
                {"key": setting.key, "value": setting.value, "origins": list(setting.origins)}
                for setting in self.settings
            ],
        }
        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"

    def as_text(self) -> str:
        """A sentence, and a table of key, value, origin."""
        verdict = "is reviewed" if self.reviewed else "is not reviewed"
        rows = [(setting.key, _short(setting.value), ", ".join(setting.origins)) for setting in self.settings]
        keys = max(len(key) for key, _, _ in rows)
        values = max(len(value) for _, value, _ in rows)
        table = [f"  {key:<{keys}}  {value:<{values}}  {origin}".rstrip() for key, value, origin in rows]
        return "\n".join((f"{self.path} {verdict}: {self.reason}", "", *table, ""))


def explain(loaded: Loaded, path: str, mode: ModeConfig) -> Explanation:
    """Everything the configuration says about the file at `path` (from the root, with `/`)."""
    effective = settings_for(loaded.settings, path)
    excluded = effective.excluded
    if not mode.enabled:
        reason = f"reviewing is switched off by {mode.source}"
    elif excluded is not None:
        reason = f"filtered, {excluded}, {loaded.origin(excluded.key)}"
    else:
        reason = "paths.include matches, and nothing excludes it"
    said_by = {key: tuple(_named(loaded, place) for place in places) for key, places in effective.said_by.items()}
    own = (
        Setting("angles", list(effective.angles), said_by["angles"]),
        Setting("gate.fail_on", effective.fail_on, said_by["fail_on"]),
        Setting("gate.min_agreement", effective.min_agreement, said_by["min_agreement"]),
        Setting("instructions", list(effective.instructions), said_by["instructions"]),
    )
    general = tuple(
        Setting(dotted(loc), _value(loaded.settings, loc), (loaded.origin(dotted(loc)),))
        for loc in LEAVES
        if loc not in _PER_FILE
    )
    return Explanation(path, mode.enabled and excluded is None, reason, mode, own + general)


def _named(loaded: Loaded, place: str) -> str:
    origin = loaded.origin(place)
    return f"{place} ({origin})" if place.startswith("path_rules") else origin


def _value(settings: BaseModel, loc: Loc) -> Value:
    value: Value = json.loads(settings.model_dump_json(include={str(loc[0])}))
    for part in loc:
        value = value[part] if isinstance(value, dict) and isinstance(part, str) else None
    return value


def _short(value: Value) -> str:
    if isinstance(value, list):
        plain = [item for item in value if isinstance(item, str)]
        text = ", ".join(plain) if len(plain) == len(value) else ""
        if value and (not text or len(text) > _WIDTH):
            return "1 entry" if len(value) == 1 else f"{len(value)} entries"
        return text or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return "none" if value is None else str(value)
