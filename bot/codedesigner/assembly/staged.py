"""A review that is under way, as text: kept by whoever does its stages one by one, and gone on with elsewhere.

What would be another one there is kept beside what was said: the time, who reviews, and what people and earlier reviews
had come to. So every stage asks and counts as if the review was made in one go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache

from codedesigner.assembly.options import Standing
from codedesigner.assembly.plain import from_plain, to_plain
from codedesigner.assembly.request import Prepared
from codedesigner.assembly.runfile import code_digest
from codedesigner.config.mode import ModeConfig
from codedesigner.planning import Request
from codedesigner.protocol.issue import Source
from codedesigner.stages import SoFar
from codedesigner.vote.history import History

PREFIX = '{"staged":'
"""What such a text begins with, and no report."""
_FORMAT = 1
_this_code = cache(code_digest)


class OtherError(ValueError):
    """The text is none of this version's."""


@dataclass(frozen=True, slots=True)
class Held:
    """What a review began with. `known` is what its analysers' answers of before counted for, None where none did."""

    now: float
    mode: ModeConfig
    history: History
    standing: Standing
    start: str
    known: Mapping[str, frozenset[str]] | None


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A review that has come so far."""

    held: Held
    so_far: SoFar


class Noted:
    """A prepared review as `prepared`, and what it begins with, as `held`, once it was planned."""

    def __init__(self, prepared: Prepared, standing: Standing) -> None:
        self._request = prepared.request
        self._standing = standing
        self._known: dict[str, frozenset[str]] = {}
        known = None if prepared.request.known is None else self._is_known
        self.prepared = replace(prepared, request=replace(prepared.request, known=known))

    @property
    def held(self) -> Held:
        """What it begins with."""
        request = self._request
        known = None if request.known is None else dict(self._known)
        return Held(request.now, request.mode, request.history, self._standing, request.change.base, known)

    def _is_known(self, location: str, sources: Sequence[Source]) -> AbstractSet[str]:
        assert self._request.known is not None  # noqa: S101 -- only then is this one asked
        found = frozenset(self._request.known(location, sources))
        self._known[location] = self._known.get(location, frozenset()) | found
        return found


def gone_on_with(prepared: Prepared, held: Held) -> Prepared:
    """The same review, prepared anew, as it was when it began."""
    request, known = prepared.request, held.known

    def is_known(location: str, _sources: Sequence[Source]) -> AbstractSet[str]:
        return frozenset() if known is None else known.get(location, frozenset())

    again: Request = replace(
        request,
        now=held.now,
        mode=held.mode,
        history=held.history,
        known=None if known is None else is_known,
    )
    return replace(prepared, request=again)


def written(under_way: UnderWay) -> str:
    """The review as one line of JSON, in ASCII."""
    said = {"staged": _FORMAT, "code": _this_code(), "review": to_plain(under_way)}
    return json.dumps(said, separators=(",", ":"))


def read(text: str) -> UnderWay:
    """The review that `written` was given.

    Raises:
        OtherError: it is none, or another version of the program wrote it.
    """
    try:
        said = json.loads(text)
        about = (said.get("staged"), said.get("code")) if isinstance(said, dict) else ()
        found = from_plain(UnderWay, said["review"]) if about == (_FORMAT, _this_code()) else None
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise OtherError(str(error)) from error
    if found is None:
        raise OtherError("another version wrote it")
    return found
