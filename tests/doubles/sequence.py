"""What was sent, as a text for a golden file, so that a review sees a change in what we send.

Made from the double's own log: it holds every client, also one in another process, and never a credential, and what a
recorder of HTTP (vcrpy) would add are the double's answers, which are no news. Ids, commits, ports and times get names
in the order in which they appear, so that the text is the same in every run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from tests.doubles.server import Double, Exchange, Request

_SHA = r"\b[0-9a-f]{40}\b"
_TIME = r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
_NODE = r"\b[A-Z]{1,4}_kwDO\d+\b"


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


class _Names:
    """One name for everything that is the same."""

    def __init__(self, double: Double, hidden: Mapping[str, str]) -> None:
        self._seen: dict[str, dict[str, str]] = {}
        self._address = double.address.partition("://")[2]
        self._hidden = hidden

    def text(self, text: str) -> str:
        """A text with names for what differs from run to run."""
        for pattern, name in self._hidden.items():
            text = re.sub(pattern, name, text)
        text = text.replace(self._address, "HOST")
        for kind, pattern in (("time", _TIME), ("commit", _SHA), ("node", _NODE)):
            text = re.sub(pattern, self._named(kind), text)
        return re.sub(r"(?<=/)\d{4,}(?=/|$)", self._named("id"), text)

    def _named(self, kind: str) -> Callable[[re.Match[str]], str]:
        seen = self._seen.setdefault(kind, {})
        return lambda match: seen.setdefault(match[0], f"<{kind} {len(seen) + 1}>")

    def value(self, value: Any) -> Any:
        """Data, likewise; a number of four digits or more is an id."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int) and not isinstance(value, bool) and value > 999:
            return re.sub(r"\d+", self._named("id"), str(value))
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return {key: self.value(each) for key, each in value.items()} if isinstance(value, dict) else value


def sequence(
    double: Double,
    *,
    keep: Callable[[Request], bool] = lambda _request: True,
    hidden: Mapping[str, str] | None = None,
) -> str:
    """The requests so far as YAML; `keep` chooses, `hidden` maps further patterns (a signature) to names."""
    names = _Names(double, hidden or {})
    told = [_told(each, names) for each in double.exchanges if keep(each.request)]
    return yaml.dump(told, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _told(exchange: Exchange, names: _Names) -> dict[str, Any]:
    request = exchange.request
    found: dict[str, Any] = {"ask": f"{request.method} {names.text(request.path)}"}
    if request.query:
        found["query"] = names.value(dict(request.query))
    if request.json is not None:
        found["send"] = names.value(request.json)
    elif request.body:
        found["send"] = names.text(request.body.decode("utf-8", "replace"))
    return found | {"status": exchange.status}


def check_sequence(path: Path, text: str) -> None:
    """Compare with a golden file; `UPDATE_GOLDEN=1` writes it anew.

    Raises:
        AssertionError: they differ.
    """
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    wanted = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert text == wanted, f"{path.name} differs; UPDATE_GOLDEN=1 writes it anew"
