"""Outcomes outlive the process, one for each finding and location."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedesigner.state.folder import StoreError
from codedesigner.state.history import FILE_NAME, LONGEST_REASON, OutcomeStore, Voted
from codedesigner.vote.finding import Ballot, Vote
from codedesigner.vote.history import EVEN, Outcome, Record, What


class Clock:
    """A clock that moves a second at every look."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


def outcome(fingerprint: str, location: str, vote: Vote, what: What, reason: str = "", source: str = "") -> Outcome:
    return Outcome(fingerprint, location, "correctness", "kind", vote, what, reason, source)


def store(folder: Path, rows: int = 100) -> OutcomeStore:
    return OutcomeStore(folder, rows=rows, clock=Clock())


def test_what_is_added_is_there_for_the_next_process(tmp_path: Path) -> None:
    known = (outcome("f", "a", "yes", "fixed"), outcome("f", "b", "no", "fixed"))
    store(tmp_path).add(known)

    assert store(tmp_path).outcomes() == known
    assert store(tmp_path).records() == (
        Record("a", "correctness", "kind", 1.0, 0.0),
        Record("b", "correctness", "kind", 0.0, 1.0),
    )


def test_what_became_of_a_finding_last_is_what_counts(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add([outcome("f", "a", "yes", "thumbs_up")])
    kept.add([outcome("f", "a", "yes", "dismissed", "by design")])

    assert kept.outcomes() == (outcome("f", "a", "yes", "dismissed", "by design"),)


def test_outcomes_are_summed_up_for_each_location_angle_and_kind(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add([outcome(f"f{number}", "a", "yes", "fixed") for number in range(30)])
    kept.add([outcome(f"g{number}", "b", "yes", "dismissed") for number in range(30)])

    assert [(one.location, one.right, one.wrong) for one in kept.records()] == [("a", 30.0, 0.0), ("b", 0.0, 30.0)]
    assert kept.history().accuracy("a") > EVEN > kept.history().accuracy("b")


def test_the_oldest_make_room(tmp_path: Path) -> None:
    kept = store(tmp_path, rows=3)
    for number in range(5):
        kept.add([outcome(f"f{number}", "a", "yes", "fixed")])

    assert [one.fingerprint for one in kept.outcomes()] == ["f2", "f3", "f4"]


def test_a_long_reason_is_cut(tmp_path: Path) -> None:
    kept = store(tmp_path)
    kept.add([outcome("f", "a", "yes", "dismissed", "x" * (LONGEST_REASON + 1))])

    assert len(kept.outcomes()[0].reason) == LONGEST_REASON


def test_a_broken_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 200)
    (tmp_path / FILE_NAME).chmod(0o600)

    with pytest.raises(StoreError, match="cannot be used"):
        store(tmp_path).history()


def test_a_place_that_tells_again_replaces_what_it_told_and_nothing_else(tmp_path: Path) -> None:
    kept = store(tmp_path)
    liked, disliked = outcome("f", "a", "yes", "thumbs_up", source="t/1"), outcome("f", "a", "yes", "fixed", source="u")
    other = outcome("g", "a", "yes", "fixed", source="t")
    kept.add([disliked, other, outcome("f", "a", "yes", "fixed", source="t2"), outcome("f", "b", "no", "fixed")])
    for _ in range(2):
        kept.replace("f", "t", [liked])
        assert liked in kept.outcomes()
    kept.replace("f", "t", [])

    assert sorted((one.fingerprint, one.source) for one in kept.outcomes()) == [
        ("f", ""),
        ("f", "t2"),
        ("f", "u"),
        ("g", "t"),
    ]


def test_how_was_voted_is_found_by_the_name_of_a_finding(tmp_path: Path) -> None:
    voted = Voted("f", "security", "kind", (Ballot("a", "yes", "proposed"), Ballot("b", "no", "silent")))
    store(tmp_path).remember([voted])

    assert store(tmp_path).voted("f") == voted
    assert store(tmp_path).voted("g") is None


def test_the_oldest_votes_make_room(tmp_path: Path) -> None:
    kept = store(tmp_path, rows=2)
    for name in "abc":
        kept.remember([Voted(name, "security", "kind", ())])

    assert [name for name in "abc" if kept.voted(name) is not None] == ["b", "c"]
