"""A review's request, watched: what it asks of whatever is configured here is noted, to be answered alike in a replay.

A replay has neither analysers nor models nor a configuration. Which files they read, what they judge, which terms and
briefs there were: all that is a function of the request, and only what was asked of it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from codedesigner import __version__
from codedesigner.assembly.plain import plain_fields
from codedesigner.assembly.runfile import (
    ALIVE,
    ALIVE_IN_MODELS,
    FORMAT,
    LocationFacts,
    ReviewerFacts,
    RunFile,
    Where,
    code_digest,
    grouped,
)
from codedesigner.plan.inputs import PlannedLocation, Term
from codedesigner.plan.model import ExecutionItem
from codedesigner.plan.target import Target
from codedesigner.planning import Request
from codedesigner.protocol.issue import Examination, Source
from codedesigner.run.reviewer import Reviewer


class WatchedReviewer:
    """Implements `run.reviewer.Reviewer` around another one."""

    def __init__(self, inner: Reviewer) -> None:
        self._inner = inner
        self.id = inner.id
        self.weight = inner.weight
        self.deterministic = inner.deterministic
        self._unavailable: str | None = inner.unavailable
        self._examines: set[Where] = set()
        self._judges: set[tuple[str, str, str]] = set()

    @property
    def unavailable(self) -> str | None:
        """Why it cannot work here."""
        return self._unavailable

    def can_examine(self, path: str, language: str | None) -> bool:
        """Whether it reads such files at all."""
        reads = self._inner.can_examine(path, language)
        if reads:
            self._examines.add((path, language or ""))
        return reads

    def judges(self, kind: str, path: str, language: str | None) -> bool:
        """Whether its silence about `kind` in such a file means "no"."""
        judges = self._inner.judges(kind, path, language)
        if judges:
            self._judges.add((kind, path, language or ""))
        return judges

    def angles(self, path: str, language: str | None) -> frozenset[str]:
        """The angles that it has something to say from; a review asks its plan instead."""
        return self._inner.angles(path, language)

    async def examine(self, sources: Sequence[Source]) -> Examination:
        """What it says about every source: that goes over the bus, and is recorded there."""
        return await self._inner.examine(sources)

    def facts(self) -> ReviewerFacts:
        """What was asked of it so far."""
        return ReviewerFacts(
            self.id,
            float(self.weight),
            self.deterministic,
            self._unavailable,
            frozenset(self._examines),
            frozenset(self._judges),
        )


class WatchedRequest:
    """A request like `inner`, as `request`, and all that was asked of it, as `facts`."""

    def __init__(self, inner: Request) -> None:
        self._inner = inner
        self._reviewers = tuple(map(WatchedReviewer, inner.reviewers))
        self._angles: dict[str, dict[Where, tuple[str, ...]]] = {each.id: {} for each in inner.locations}
        self._terms: dict[str, tuple[Term, ...]] = {}
        self._briefs: dict[str, str] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._clock: list[float] = []
        self.request = replace(
            inner,
            reviewers=self._reviewers,
            locations=tuple(map(self._location, inner.locations)),
            terms=self._term_source,
            brief=self._brief,
            monotonic=self._monotonic,
            known=None if inner.known is None else self._is_known,
        )

    def facts(self, *, messages: int) -> RunFile:
        """All that a replay needs beside the transcript."""
        inner = self._inner
        return RunFile(
            format=FORMAT,
            version=__version__,
            code=code_digest(),
            request=plain_fields(inner, ALIVE),
            angle_specs=tuple(inner.angle_specs.values()),
            terms=grouped(self._terms.items()),
            reviewers=tuple(each.facts() for each in self._reviewers),
            locations=tuple(map(self._location_facts, inner.locations)),
            models=None if inner.models is None else plain_fields(inner.models, ALIVE_IN_MODELS),
            known=None if inner.known is None else self._known,
            briefs=self._briefs,
            clock=tuple(self._clock),
            messages=messages,
        )

    def _location(self, inner: PlannedLocation) -> PlannedLocation:
        noted = self._angles[inner.id]

        def angles(path: str, language: str | None) -> frozenset[str]:
            found = inner.angles(path, language)
            if found:
                noted[path, language or ""] = tuple(sorted(found))
            return found

        return replace(inner, angles=angles)

    def _location_facts(self, inner: PlannedLocation) -> LocationFacts:
        return LocationFacts(
            id=inner.id,
            deterministic=inner.deterministic,
            terms=inner.terms,
            whole_file=inner.whole_file,
            calls_per_item=inner.calls_per_item,
            prompt_tokens=inner.prompt_tokens,
            max_tokens=inner.max_tokens,
            usd_in=float(inner.usd_in),
            usd_out=float(inner.usd_out),
            angles=grouped((where, angles) for where, angles in self._angles[inner.id].items()),
        )

    def _term_source(self, target: Target) -> Sequence[Term]:
        terms = self._inner.terms(target)
        if terms:
            self._terms[target.identity] = tuple(terms)
        return terms

    def _brief(self, item: ExecutionItem) -> str:
        brief = self._inner.brief(item)
        if brief:
            self._briefs[item.id] = brief
        return brief

    def _monotonic(self) -> float:
        now = float(self._inner.monotonic())
        self._clock.append(now)
        return now

    def _is_known(self, location: str, sources: Sequence[Source]) -> AbstractSet[str]:
        assert self._inner.known is not None  # noqa: S101 -- only then is this one asked
        found = self._inner.known(location, sources)
        self._known[location] = self._known.get(location, frozenset()) | found
        return found
