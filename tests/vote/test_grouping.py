"""Which remarks mean one defect."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.vote.grouping import Group, grouped
from codedesigner.vote.likeness import Pairs
from codedesigner.vote.neighbours import NEAR_LINES
from codedesigner.vote.remark import Remark

NULL = "`user` may be None here, and its name is read without a check"
NULL_TOO = "Missing null check: user.name raises AttributeError when the user is None"
LOOP = "The loop skips the last element, because range ends at len(items) - 1"
LOOP_TOO = "Off-by-one: range(len(items) - 1) never visits the last of the items"
KEY = "The cache key leaves out the tenant, so one tenant reads what belongs to another"

WORDS = ("cache", "key", "tenant", "user", "none", "null", "check", "loop", "range", "userName", "get_items()", "12")
texts = st.lists(st.sampled_from(WORDS), min_size=0, max_size=8).map(" ".join)


@st.composite
def remarks(draw: st.DrawFn) -> list[Remark]:
    """Remarks of few reviewers, files and lines, so that places and names coincide."""
    return [
        Remark(
            f"{reviewer}#{number}",
            reviewer,
            draw(texts),
            path=draw(st.sampled_from((None, "a.py", "b.py"))),
            line=draw(st.sampled_from((None, 1, 2, 15, 40, 62))),
            kind=draw(st.sampled_from((None, "model/security", "bare-except"))),
        )
        for reviewer in draw(st.lists(st.sampled_from("abcd"), max_size=8, unique=True))
        for number in range(draw(st.integers(1, 3)))
    ]


def ids(groups: Sequence[Group]) -> list[list[str]]:
    return [[member.id for member in group.members] for group in groups]


def of(*texts: str, path: str | None = None, lines: Sequence[int] = ()) -> list[Remark]:
    places: Sequence[int | None] = lines or [None] * len(texts)
    return [Remark(str(i), f"r{i}", text, path, line) for i, (text, line) in enumerate(zip(texts, places, strict=True))]


class Fixed:
    """A likeness that is given, as one made of an endpoint's vectors would be."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    def pairs(self, remarks: Sequence[Remark], comparable: Callable[[int, int], bool]) -> Pairs:
        return {pair: likeness for pair, likeness in self._pairs.items() if comparable(*pair)}


def test_one_defect_in_other_words_is_one_group_and_another_stays_apart() -> None:
    groups = grouped(of(NULL, LOOP, NULL_TOO, LOOP_TOO, KEY))

    assert sorted(map(sorted, ids(groups))) == [["0", "2"], ["1", "3"], ["4"]]


def test_at_one_place_words_decide_not_lines() -> None:
    groups = grouped(of(NULL, LOOP, NULL_TOO, LOOP_TOO, path="a.py", lines=(7, 7, 8, 7)))

    assert sorted(map(sorted, ids(groups))) == [["0", "2"], ["1", "3"]]


def test_the_same_words_at_places_far_apart_are_two_defects() -> None:
    far = of(NULL, NULL, path="a.py", lines=(7, 8 + NEAR_LINES))
    files = [Remark("0", "a", NULL, "a.py", 7), Remark("1", "b", NULL, "b.py", 7)]

    assert len(grouped(far)) == len(grouped(files)) == 2


def test_a_chain_of_near_places_does_not_reach_further_than_near() -> None:
    lines = [1 + 15 * step for step in range(6)]
    groups = grouped(of(*[NULL] * 6, path="a.py", lines=lines))

    assert len(groups) > 1
    for group in groups:
        placed = [member.line or 0 for member in group.members]
        assert max(placed) - min(placed) <= NEAR_LINES


def test_a_remark_without_a_place_joins_but_never_bridges_two_files() -> None:
    said = [Remark("0", "a", NULL, "a.py", 7), Remark("1", "b", NULL), Remark("2", "c", NULL, "b.py", 7)]

    assert sorted(len(group.members) for group in grouped(said)) == [1, 2]


def test_one_sentence_about_two_names_is_two_defects() -> None:
    assert len(grouped(of("Missing null check of user_name", "Missing null check of user_mail"))) == 2
    assert len(grouped(of("Missing null check of `user_name`", "Missing null check of 'user_name'"))) == 1


def test_a_reviewer_that_names_two_lines_means_two_defects() -> None:
    said = [Remark("0", "a", NULL, "a.py", 3), Remark("1", "a", NULL, "a.py", 5)]

    assert len(grouped(said)) == 2


def test_two_known_kinds_are_two_defects_and_a_model_s_kind_is_none() -> None:
    two = [
        Remark("0", "a", NULL, "a.py", 3, kind="bare-except"),
        Remark("1", "b", NULL, "a.py", 3, kind="unused-import"),
    ]
    met = [
        Remark("0", "a", NULL, "a.py", 3, kind="bare-except"),
        Remark("1", "b", NULL, "a.py", 3, kind="model/security"),
    ]

    assert [len(grouped(two)), len(grouped(met))] == [2, 1]


def test_one_bridge_does_not_join_two_defects() -> None:
    pairs = {(0, 1): 0.9, (1, 2): 0.4, (2, 3): 0.9}

    assert ids(grouped(of("a", "b", "c", "d"), Fixed(pairs))) == [["0", "1"], ["2", "3"]]


def test_the_threshold_is_the_mean_likeness_that_joins() -> None:
    said, pairs = of("a", "b"), Fixed({(0, 1): 0.5})

    assert [len(grouped(said, pairs, threshold=bar)) for bar in (0.5, 0.51)] == [1, 2]


def test_the_representative_is_the_member_most_like_the_others() -> None:
    pairs = Fixed({(0, 1): 0.9, (1, 2): 0.9, (0, 2): 0.6})

    assert [group.representative.id for group in grouped(of("a", "b", "c"), pairs)] == ["1"]


def test_who_says_several_things_in_a_group_does_not_speak_for_it() -> None:
    said = [Remark("0", "a", "p"), Remark("1", "a", "q"), Remark("2", "b", "r"), Remark("3", "c", "s")]
    pairs = Fixed({(0, 1): 0.9, (0, 2): 0.9, (0, 3): 0.9, (1, 2): 0.8, (1, 3): 0.8, (2, 3): 0.4})

    assert [group.representative.id for group in grouped(said, pairs)] == ["2"]


@settings(max_examples=60, deadline=None)
@given(remarks(), st.randoms(use_true_random=False))
def test_the_order_of_the_remarks_changes_nothing(said: list[Remark], chance: object) -> None:
    mixed = list(said)
    chance.shuffle(mixed)  # type: ignore[attr-defined]

    assert grouped(mixed) == grouped(said)


@settings(max_examples=60, deadline=None)
@given(remarks())
def test_every_remark_is_in_one_group_and_no_group_holds_two_places(said: list[Remark]) -> None:
    groups = grouped(said)

    assert sorted(key for group in ids(groups) for key in group) == sorted(remark.id for remark in said)
    for group in groups:
        assert group.representative in group.members
        assert len({member.path for member in group.members} - {None}) <= 1
        placed = [member.line for member in group.members if member.path and member.line]
        assert max(placed, default=0) - min(placed, default=0) <= NEAR_LINES


def test_every_process_makes_the_same_groups() -> None:
    script = (
        "from codedesigner.vote.grouping import grouped\n"
        "from codedesigner.vote.remark import Remark\n"
        f"texts = {[NULL, LOOP, NULL_TOO, LOOP_TOO, KEY] * 4}\n"
        "said = [Remark(str(i), str(i % 5), text) for i, text in enumerate(texts)]\n"
        "print([(one.representative.id, [m.id for m in one.members]) for one in grouped(said)])\n"
    )

    def run(seed: str) -> bytes:
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)}
        return subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True).stdout

    assert run("1") == run("2")
