"""What a pull request tells of our findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from codedesigner.publish.discussion import Account, Comment
from codedesigner.publish.forge.outcomes import Marked, note_outcomes, told_of
from codedesigner.publish.forge.recall import Posted, Remembered
from codedesigner.publish.forge.remembered import DecisionMark, FindingMark, Identity, VoteKept
from codedesigner.vote.history import Outcome, Told, VotedOn, outcomes_of

HEAD = "a" * 40
IDENTITY = Identity(
    fingerprint="f" * 32, path="a.py", function=None, kind="k", line=1, subject="0" * 16, tokens="0" * 16
)
VOTES = (
    VoteKept(location="a", vote="yes", how="proposed"),
    VoteKept(location="b", vote="no", how="cross_examined"),
    VoteKept(location="c", vote="no", how="silent"),
)
OVERRIDE = DecisionMark(what="override", by="9", login="eve", reason="release", at=1.0, comment="c", sha=HEAD)


def posted(*reactions: tuple[str, Any], **more: Any) -> Posted:
    mark = FindingMark(number=1, identity=IDENTITY, title="t", angle="security", severity="high", votes=VOTES, **more)
    return Posted(mark, Comment("1", Account("me", "bot"), "", 0.0, reactions=reactions), None)


def test_a_mark_is_something_that_was_voted_on() -> None:
    voted: VotedOn = Marked(posted().mark)
    assert [(one.location, one.vote, one.kind, one.angle) for one in outcomes_of(voted, "fixed")] == [
        ("a", "yes", "k", "security"),
        ("b", "no", "k", "security"),
    ]


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("open", ()),
        ("fixed", (Told("fixed", "w"),)),
        ("dismissed", (Told("dismissed", "w"),)),
        ("withdrawn", ()),
        ("twice", ()),
    ],
)
def test_only_what_was_fixed_or_dismissed_was_right_or_wrong(status: str, told: tuple[Told, ...]) -> None:
    assert told_of(posted(status=status, why="w"), Remembered(), HEAD, frozenset()) == told


def test_thumbs_are_each_somebodys_and_other_reactions_and_ours_say_nothing() -> None:
    one = posted(("7", "thumbs_up"), ("8", "thumbs_down"), ("me", "thumbs_up"), ("5", "seen"), ("7", "thumbs_up"))
    assert told_of(one, Remembered(), HEAD, {"me"}) == (Told("thumbs_up", by="7"), Told("thumbs_down", by="8"))


def test_an_override_is_of_its_commit_and_of_what_is_open() -> None:
    known = Remembered(decisions=(OVERRIDE,))
    assert told_of(posted(), known, HEAD, frozenset()) == (Told("override", "release", "9"),)
    assert told_of(posted(), known, "b" * 40, frozenset()) == ()
    assert told_of(posted(status="fixed"), known, HEAD, frozenset()) == (Told("fixed"),)


class Shelf:
    """A `Book` in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Sequence[Outcome]] = {}

    def replace(self, fingerprint: str, place: str, outcomes: Sequence[Outcome]) -> None:
        self.kept[fingerprint, place] = outcomes


def test_each_finding_is_kept_under_the_pull_requests_name_and_the_same_again_changes_nothing() -> None:
    shelf = Shelf()
    for _ in range(2):
        note_outcomes(shelf, "shop#7", Remembered(posted=(posted(("7", "thumbs_up")),)), HEAD, frozenset())
    ((key, kept),) = shelf.kept.items()
    assert key == ("f" * 32, "shop#7")
    assert [(one.location, one.source) for one in kept] == [("a", "shop#7/7"), ("b", "shop#7/7")]
