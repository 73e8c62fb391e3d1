"""A review, stage by stage: what each stage leaves that was asked for. Whatever follows from it is made anew from this.

So a review can be left after any stage, and gone on with elsewhere: nobody is asked the same again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from math import fsum
from typing import Literal

from codedesigner.errors import CodedesignerError
from codedesigner.planning import Planned, Request
from codedesigner.pool.budget import Spent
from codedesigner.protocol.wire import Metrics
from codedesigner.run.embedder import Embedded
from codedesigner.run.examine import Looked
from codedesigner.run.models import Examined
from codedesigner.run.passes import Asked
from codedesigner.run.supervisor import Judged
from codedesigner.run.words import Worded

Stage = Literal["exploration", "critique", "synthesis", "review"]

STAGES: tuple[Stage, ...] = ("exploration", "critique", "synthesis", "review")
NOTHING_EMBEDDED = Embedded()


class StaleError(CodedesignerError):
    """What was said so far does not belong to this review."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found: by analysers, who looked at files, and by models, who were asked about items in passes."""

    looked: Looked
    asked: Asked


@dataclass(frozen=True, slots=True)
class Critiqued:
    """What was said about what others found; `embedded` tells which of that means the same."""

    embedded: Embedded = NOTHING_EMBEDDED
    examined: tuple[Examined, ...] = ()


@dataclass(frozen=True, slots=True)
class Synthesised:
    """What the supervisor made of what was left unclear, and the words that it chose."""

    judged: tuple[Judged, ...] = ()
    worded: tuple[Worded, ...] = ()


@dataclass(frozen=True, slots=True)
class SoFar:
    """A review up to the end of a stage. `seconds` is the time that it took, `about` the name of all that it asks.

    A stage is there only where all before it are.
    """

    explored: Explored | None = None
    critiqued: Critiqued | None = None
    synthesised: Synthesised | None = None
    seconds: float = 0.0
    about: str = ""

    @property
    def metrics(self) -> Iterator[Metrics]:
        """What every answer cost."""
        if self.explored is not None:
            yield from (one.metrics for each in self.explored.asked.answers.values() for one in each.values())
        if self.critiqued is not None:
            yield from self.critiqued.embedded.metrics
            yield from (one.metrics for one in self.critiqued.examined)
        if self.synthesised is not None:
            yield from (each for one in self.synthesised.judged for each in one.spent)
            yield from (one.metrics for one in self.synthesised.worded)

    @property
    def spent(self) -> Spent:
        """What of a budget is used up."""
        said = list(self.metrics)
        tokens = sum(each.tokens_in + each.tokens_out for each in said)
        return Spent(sum(each.calls for each in said), tokens, fsum(each.usd or 0.0 for each in said))

    def at(self, seconds: float, about: str) -> SoFar:
        """The same, after so much time."""
        return replace(self, seconds=seconds, about=about)


def name_of(request: Request, planned: Planned) -> str:
    """The name of all that a review asks, and of whom: what was said belongs to no review of another name."""
    models = request.models
    whom: tuple[object, ...] = ()
    if models is not None:
        helpers = (models.supervisor, models.embedder, models.lookups)
        whom = (_sorted(models.weights), _sorted(models.families), *helpers)
    specs = [(name, request.angle_specs[name].model_dump_json()) for name in sorted(request.angle_specs)]
    said = (
        request.change.base,
        request.change.head,
        replace(planned.plan, created_at=0.0),
        sorted(planned.questions.items()),
        request.settings.model_dump_json(),
        [(each.id, each.weight) for each in request.reviewers],
        whom,
        specs,
    )
    return sha256(repr(said).encode("utf-8", "surrogatepass")).hexdigest()


def _sorted(values: Mapping[str, object]) -> list[tuple[str, object]]:
    return sorted(values.items(), key=lambda pair: pair[0])
