"""Taking the reviewer's own secrets out of a report, in whatever form they got into it.

A reviewer that was tricked may repeat a key that it was given. Where that happened, the run is red, and says so.
"""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, quote_plus

from codedesigner.publish.report import Report
from codedesigner.publish.secrets import REDACTED

SHORTEST = 6
"""Characters of a value that is looked for; a shorter one stands in too much that is none."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


@dataclass(frozen=True)
class KnownSecrets:
    """Values that must never be published: keys of models, tokens of forges."""

    values: tuple[str, ...] = field(default=(), repr=False)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        forms = {form for value in self.values for part in _parts(value) for form in _forms(part)}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        return re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def redact(self, text: str) -> str:
        """`text` without the values, as they are, in base64, in hexadecimal, and encoded for addresses and HTML."""
        return text if self._pattern is None else self._pattern.sub(REDACTED, text)

    def are_in(self, text: str) -> bool:
        """Whether `text` holds one of the values in any of these forms."""
        return self._pattern is not None and self._pattern.search(text) is not None


def scrubbed(report: Report, secrets: KnownSecrets) -> tuple[Report, bool]:
    """The report without the values, and whether it held one. A suggestion that holds one is dropped."""
    findings = tuple(
        one.model_copy(update={"suggestion": None})
        if one.suggestion is not None and secrets.are_in(one.suggestion.replacement)
        else one
        for one in report.findings
    )
    if not any(map(secrets.are_in, _texts(report.model_dump(mode="json")))):
        return report, False
    clean = _redacted(report.model_copy(update={"findings": findings}).model_dump(mode="json"), secrets)
    return Report.model_validate_json(json.dumps(clean)), True


def _texts(data: Json) -> list[str]:
    if isinstance(data, str):
        return [data]
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for each in inside for text in _texts(each)]


def _redacted(data: Json, secrets: KnownSecrets) -> Json:
    if isinstance(data, str):
        return secrets.redact(data)
    if isinstance(data, list):
        return [_redacted(each, secrets) for each in data]
    if isinstance(data, dict):
        return {key: _redacted(each, secrets) for key, each in data.items()}
    return data


def _parts(value: str) -> list[str]:
    """The value as a whole, and each of its lines: a key in several lines may be repeated in part."""
    lines = [line.strip() for line in value.strip().split("\n")]
    return [part for part in dict.fromkeys([value.strip(), *lines]) if len(part) >= SHORTEST]


def _forms(value: str) -> set[str]:
    data = value.encode("utf-8", "surrogateescape")
    forms = {
        value,
        quote(data, safe=""),
        quote(data),
        quote_plus(data),
        html.escape(value),
        data.hex(),
        data.hex().upper(),
    }
    forms |= {json.dumps(value)[1:-1]}
    for offset in range(3):
        middle = _base64_middle(data, offset)
        forms |= {middle, middle.replace("+", "-").replace("/", "_")}
    return forms


def _base64_middle(data: bytes, offset: int) -> str:
    """What base64 makes of `data` after `offset` other bytes and before others: the digits that are its own alone."""
    digits = base64.b64encode(bytes(offset) + data).decode("ascii").rstrip("=")
    start = (0, 2, 3)[offset]
    return digits[start : len(digits) - 1] if (offset + len(data)) % 3 else digits[start:]
