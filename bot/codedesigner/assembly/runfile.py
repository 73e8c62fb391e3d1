"""What a review depends on beside the answers that it gets, as `run.json` of a record keeps it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

import codedesigner
from codedesigner.angle.spec import AngleSpec, ComposedAngle
from codedesigner.plan.inputs import Term

FORMAT = 1
Where = tuple[str, str]
"""(path, language); no language is an empty one."""
K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Hashable)

ALIVE = frozenset({"reviewers", "locations", "terms", "known", "brief", "models", "monotonic", "angle_specs"})
"""Fields of a `planning.Request` that are written down in another form, or not at all."""
ALIVE_IN_MODELS = frozenset({"bus", "monotonic", "told", "else_plain"})
"""The same for `run.models.Models`."""

# What a report depends on. The others reach those who answer, and a replay asks nobody.
_ROOMS = ("angle", "change", "config", "plan", "protocol", "publish", "run", "vote")
_FILES = (
    "asking.py",
    "blessing.py",
    "docket.py",
    "fixing.py",
    "planning.py",
    "review.py",
    "severity.py",
    "stages.py",
    "text.py",
)


@dataclass(frozen=True, slots=True)
class ReviewerFacts:
    """A reviewer of whole files: what it reads, and the (kind, path, language) that it judges, as far as asked."""

    id: str
    weight: float
    deterministic: bool
    unavailable: str | None
    examines: frozenset[Where]
    judges: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class LocationFacts:
    """A `plan.inputs.PlannedLocation`; `angles` are grouped: the angles, and where it looks from them."""

    id: str
    deterministic: bool
    terms: bool | None
    whole_file: bool
    calls_per_item: int
    prompt_tokens: int
    max_tokens: int
    usd_in: float
    usd_out: float
    angles: tuple[tuple[tuple[str, ...], tuple[Where, ...]], ...]


@dataclass(frozen=True, slots=True)
class RunFile:
    """A review's request. `request` and `models` hold the fields of `Request` and `Models` that are mere values.

    `terms` and `briefs` are as used; `known` is None where no answers of an earlier review counted. `version` and
    `code` name the codedesigner that ran; `clock` is what the review read from its own
    (`Request.monotonic`) in order, `messages` how many its transcript holds.
    """

    format: int
    version: str
    code: str
    request: Mapping[str, JsonValue]
    angle_specs: tuple[AngleSpec | ComposedAngle, ...]
    terms: tuple[tuple[tuple[Term, ...], tuple[str, ...]], ...]
    reviewers: tuple[ReviewerFacts, ...]
    locations: tuple[LocationFacts, ...]
    models: Mapping[str, JsonValue] | None
    known: Mapping[str, frozenset[str]] | None
    briefs: Mapping[str, str]
    clock: tuple[float, ...]
    messages: int


def code_digest() -> str:
    """The name of the code that a report depends on."""
    package = Path(codedesigner.__file__).parent
    found = [path for room in _ROOMS for path in sorted((package / room).rglob("*.py"))]
    hashed = sha256()
    for path in [*found, *(package / name for name in _FILES)]:
        data = path.read_bytes()
        hashed.update(f"{path.relative_to(package).as_posix()}:{len(data)}:".encode())
        hashed.update(data)
    return hashed.hexdigest()[:16]


def grouped(values: Iterable[tuple[K, V]]) -> tuple[tuple[V, tuple[K, ...]], ...]:
    """Every value once, with all keys that have it."""
    found: dict[V, list[K]] = {}
    for key, value in values:
        found.setdefault(value, []).append(key)
    return tuple((value, tuple(keys)) for value, keys in found.items())


def ungrouped(groups: Sequence[tuple[V, Sequence[K]]]) -> dict[K, V]:
    """The inverse of `grouped`."""
    return {key: value for value, keys in groups for key in keys}
