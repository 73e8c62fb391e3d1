"""Labelled reviews as values, and their readers: what is missing or of another type is an error that names its place.

Three kinds of file are told apart by the keys of their first entry. Keys that nobody here knows are left alone, as data
made for other purposes has them; one that is nearly the name of a known key is taken for a slip.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from codedesigner.errors import UsageError
from codedesigner.protocol.refused import Refusal, foreign
from codedesigner.protocol.strictjson import parse

Label = Literal["match", "nomatch", "match_unspecified"]
Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Line = Annotated[int, Field(ge=1)]
_NEAR = 0.85
PAGE = "docs/evaluation.md describes the files"


class Value(BaseModel):
    """What is read: types are exact, and nothing is made up."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _slips(cls, given: object) -> object:
        if isinstance(given, dict):
            open_ones = [name for name in cls.model_fields if name not in given]
            for key in given:
                near = [] if key in cls.model_fields else get_close_matches(str(key), open_ones, n=1, cutoff=_NEAR)
                if near:
                    raise ValueError(f"there is no key {key!r}; did you mean {near[0]!r}?")
        return given


class Golden(Value):
    """A defect that is known to be there."""

    id: int
    text: str
    severity: str | None = None


class Comment(Value):
    """One remark of one reviewer. `golden`: what it named; `match_unspecified` repeats a match of the same reviewer."""

    id: str
    text: str
    label: Label
    golden: Annotated[tuple[int, ...], Field(strict=False)] = ()
    file: str | None = None
    line: Line | None = None


class Spent(Value):
    """What a reviewer's review of one pull request cost, as far as it is known."""

    tokens: Count = 0
    usd: Amount | None = None
    seconds: Amount | None = None


class Given(Value):
    """A finding that was made already: ids of its comments, and of the one whose words it has."""

    members: Annotated[tuple[str, ...], Field(strict=False, min_length=1)]
    representative: str


class PullRequest(Value):
    """Reviews of one pull request. A reviewer that is not in `reviews` did not look; one with no comments did.

    `findings` is set where the comments need no grouping, because it is known which of them mean the same.
    """

    pr: str
    repo: str
    golden: Annotated[tuple[Golden, ...], Field(strict=False)]
    reviews: dict[str, Annotated[tuple[Comment, ...], Field(strict=False)]]
    title: str = ""
    usage: dict[str, Spent] = Field(default_factory=dict)
    findings: Annotated[tuple[Given, ...], Field(strict=False)] | None = None

    @cached_property
    def said(self) -> dict[str, tuple[str, Comment]]:
        """Comment id -> (reviewer, comment)."""
        return {one.id: (reviewer, one) for reviewer, comments in self.reviews.items() for one in comments}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = [golden.id for golden in self.golden]
        _once("golden issue", known)
        comments = [comment for said in self.reviews.values() for comment in said]
        _once("comment", [comment.id for comment in comments])
        for comment in comments:
            _known("golden issue", comment.golden, known, comment.id)
        ids = {comment.id for comment in comments}
        for finding in self.findings or ():
            _known("comment", (*finding.members, finding.representative), ids, "a finding")
        return self


class Anchored(Value):
    """A comment whose place is known: lines of `path`, 1-based, both included."""

    text: str
    path: str
    from_line: Line
    to_line: Line
    side: Literal["left", "right"] = "right"
    reviewer: str = ""
    evidence: str | None = None


class AnchoredChange(Value):
    """A pull request as a unified diff, with comments on it. `patch` is None where the diff may not be passed on."""

    pr: str
    repo: str
    patch: str | None
    comments: Annotated[tuple[Anchored, ...], Field(strict=False)]


Pair = Annotated[tuple[str, str], Field(strict=False)]
Pairs = Annotated[tuple[Pair, ...], Field(strict=False)]


class PairedTexts(Value):
    """Texts of several reviewers about one pull request, and pairs of which it is known whether they mean the same."""

    pr: str
    repo: str
    texts: dict[str, str]
    same: Pairs
    different: Pairs
    probably_different: Pairs = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for pair in (*self.same, *self.different, *self.probably_different):
            _known("text", pair, self.texts, "a pair")
        return self


Entry = PullRequest | AnchoredChange | PairedTexts
_Entry = TypeVar("_Entry", bound=Value)
Dataset = tuple[PullRequest, ...] | tuple[AnchoredChange, ...] | tuple[PairedTexts, ...]

_KINDS: tuple[tuple[frozenset[str], type[PullRequest | AnchoredChange | PairedTexts]], ...] = (
    (frozenset({"golden", "reviews"}), PullRequest),
    (frozenset({"patch", "comments"}), AnchoredChange),
    (frozenset({"texts", "same"}), PairedTexts),
)


def read_dataset(text: str, name: str) -> Dataset:
    """The entries of a file, all of one kind.

    Raises:
        UsageError: the text is no such file; the message has `name`, the number of the entry and the key.
    """
    found = read_json(text, name)
    if not isinstance(found, list) or not found:
        raise UsageError(f"{name}: is no list of pull requests", hint=PAGE)
    model = _kind(found[0], name)
    entries = [read_entry(model, entry, f"{name}: [{place}]") for place, entry in enumerate(found)]
    _unique(entries, name)
    return tuple(entries)  # type: ignore[return-value]  # all are of the one model


def read_json(text: str, name: str) -> JsonValue:
    """The value that the text stands for.

    Raises:
        UsageError: it stands for none, or for several.
    """
    try:
        return parse(text)
    except Refusal as refusal:
        raise UsageError(f"{name}: {refusal.message}", hint=PAGE) from refusal


def read_entry(model: type[_Entry], value: JsonValue, place: str) -> _Entry:
    """One entry.

    Raises:
        UsageError: something is missing or wrong; the message begins with `place` and has the key.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first, more = error.errors()[0], error.error_count() - 1
        where = place + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        others = f" (and {more} more)" if more else ""
        raise UsageError(f"{where}: {_told(first['msg'])}{others}", hint=PAGE) from error


def _kind(entry: JsonValue, name: str) -> type[PullRequest | AnchoredChange | PairedTexts]:
    keys = entry.keys() if isinstance(entry, dict) else set()
    for wanted, model in _KINDS:
        if wanted <= keys:
            return model
    kinds = "; ".join(" and ".join(sorted(wanted)) for wanted, _ in _KINDS)
    raise UsageError(f"{name}: [0]: has none of these together: {kinds}", hint=PAGE)


def _unique(entries: Sequence[Entry], name: str) -> None:
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries):
        if entry.pr in seen:
            raise UsageError(f"{name}: [{place}].pr: is the same as that of [{seen[entry.pr]}]", hint=PAGE)
        seen[entry.pr] = place


def _once(what: str, ids: Sequence[object]) -> None:
    seen: set[object] = set()
    for each in ids:
        if each in seen:
            raise ValueError(f"{what} {each!r} is there twice")
        seen.add(each)


def _known(what: str, ids: Iterable[object], known: Container[object], where: str) -> None:
    for each in ids:
        if each not in known:
            raise ValueError(f"{where} names {what} {each!r}, which is not there")


def _told(message: str) -> str:
    return foreign(message.removeprefix("Value error, "))
