from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.sample import finding

from codedesigner.publish.fingerprint import fingerprinted
from codedesigner.publish.forge.identity import Moves, aligned, identity_of, match, tokens
from codedesigner.publish.forge.remembered import Identity
from codedesigner.vote.finding import Finding

PATH = "src/cart.py"
HERE = Moves(present=frozenset({PATH}))


def found(*places: tuple[int, str], path: str = PATH, function: str | None = "Cart.total") -> list[Finding]:
    """One finding of one kind for each line and evidence."""
    given = [finding(path=path, function=function, line=n, end_line=n, evidence=text) for n, text in places]
    return list(fingerprinted(given))


def same(old: Sequence[Finding], new: Sequence[Finding], moves: Moves = HERE) -> dict[int, int]:
    return match(list(map(identity_of, old)), list(map(identity_of, new)), moves)


def test_t_xf_07_two_equal_findings_are_two_and_a_shift_changes_neither() -> None:
    before = found((10, "x = itemz"), (30, "x = itemz"))
    after = found((30, "x = itemz"), (50, "x = itemz"))
    assert len({one.fingerprint for one in before}) == 2
    assert [one.fingerprint for one in before] == [one.fingerprint for one in after]
    assert same(before, after) == {0: 0, 1: 1}


def test_of_two_equal_findings_the_nearer_one_stays() -> None:
    before = found((10, "x = itemz"), (50, "x = itemz"))
    assert same(before, found((49, "x = itemz"))) == {0: 1}
    assert same(before, found((11, "x = itemz"))) == {0: 0}


def test_a_renamed_file_keeps_its_findings() -> None:
    before = found((10, "x = itemz"), (20, "y = itemz"))
    after = found((12, "x = itemz"), (22, "y = itemz"), path="src/basket.py")
    moved = Moves({PATH: "src/basket.py"}, frozenset({"src/basket.py"}), frozenset({"src/basket.py"}))
    assert same(before, after, moved) == {0: 0, 1: 1}
    # The file was made by this very change, so that the diff shows no rename.
    made = Moves({}, frozenset({"src/basket.py"}), frozenset({"src/basket.py"}))
    assert same(before, after, made) == {0: 0, 1: 1}


def test_two_files_that_are_both_there_are_two() -> None:
    after = found((10, "x = itemz"), path="src/basket.py")
    both = Moves({}, frozenset({PATH, "src/basket.py"}), frozenset({PATH, "src/basket.py"}))
    assert same(found((10, "x = itemz")), after, both) == {}
    only = Moves({}, frozenset({"src/basket.py"}), frozenset())
    assert same(found((10, "x = itemz")), after, only) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("total = sum( a,b )", "total = sum(a, b)"),
        ("x = f('a')", 'x = f("a")'),
        ("f(a,\n  b)", "f(\n    a,\n    b,\n)"),
        ("const x = f(a);", "const x = f(a)"),
        ("\tif(a){", "  if (a) {"),
    ],
)
def test_another_layout_is_the_same_finding(before: str, after: str) -> None:
    assert same(found((10, before)), found((25, after))) == {0: 0}
    assert same(found((10, before)), found((25, after), function="Cart.sum")) == {0: 0}
    assert same(found((10, before)), found((100, after), function="Cart.sum")) == {}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("total = sum(a, b)", "total = sum(a, c)"),
        ("total = sum(a)", "total = sum(a, b)"),
        ("x = f('a b')", "x = f('ab')"),
        ("x = itemz", "y = itemz"),
        ("if a < b:", "if a <= b:"),
        ("x = 1", "x = 10"),
    ],
)
def test_t_xf_07_edited_evidence_is_another_finding(before: str, after: str) -> None:
    assert same(found((10, before)), found((10, after))) == {}


def test_a_statement_that_was_broken_into_lines_is_the_same() -> None:
    lines = ["def total(self):", "    return compute(", "        first,", "        itemz,", "        last,", "    )"]
    moves = replace(HERE, lines={PATH: lines})
    before = found((2, "    return compute(first, itemz, last)"))
    for line in (4, 5):
        assert same(before, found((line, lines[line - 1])), moves) == {0: 0}
    edited = replace(HERE, lines={PATH: [*lines[:2], "        second,", *lines[3:]]})
    assert same(before, found((4, lines[3])), edited) == {}


def test_a_statement_that_a_formatter_put_into_parentheses_is_the_same() -> None:
    lines = ["    return (", "        total(prices)", "        * rate_of_nobody", "    )"]
    before, after = found((2, "return total( prices )*rate_of_nobody")), found((3, lines[2]))
    assert same(before, after, Moves(present=frozenset({PATH}), lines={PATH: lines})) == {0: 0}
    other = [*lines[:2], "        * tax_of_nobody", lines[3]]
    changed = found((3, other[2]))
    assert same(before, changed, Moves(present=frozenset({PATH}), lines={PATH: other})) == {}


def test_another_kind_is_another_finding() -> None:
    other = [replace(one, kind="naming") for one in found((10, "x = itemz"))]
    assert same(found((10, "x = itemz")), list(fingerprinted(other))) == {}


def test_evidence_that_still_stands_is_seen_whatever_its_layout() -> None:
    identity = identity_of(found((2, "return compute(first, itemz)"))[0])
    assert Moves({}, frozenset({PATH}), lines={PATH: ["x", "return compute(", " first, itemz,", ")"]}).stands(identity)
    assert not Moves({}, frozenset({PATH}), lines={PATH: ["return compute(first, items)"]}).stands(identity)
    assert not HERE.stands(identity)


rising = st.lists(st.integers(1, 60), max_size=6, unique=True).map(sorted)


@given(rising, rising)
def test_alignment_is_the_best_there_is(old: list[int], new: list[int]) -> None:
    pairs = aligned(old, new)
    most = min(len(old), len(new))
    assert len(pairs) == most
    assert pairs == sorted(pairs)
    assert sorted(second for _, second in pairs) == [second for _, second in pairs]
    if len(old) != len(new):
        costs = (
            sum(abs(one - other) for one, other in zip(left, right, strict=True))
            for left in itertools.combinations(old, most)
            for right in itertools.combinations(new, most)
        )
        assert sum(abs(old[first] - new[second]) for first, second in pairs) == min(costs)


evidence = st.sampled_from(["a = b", "a  = b", "a = c", "f(a, b)", "f(a,b)", "f('x')", 'f("x")', "return"])
places = st.lists(st.tuples(st.integers(1, 200), evidence), max_size=7, unique_by=lambda one: one[0])


@given(places, places, st.randoms(use_true_random=False))
def test_matching_is_one_to_one_true_to_the_tokens_and_whatever_the_order(
    before: list[tuple[int, str]], after: list[tuple[int, str]], chance: random.Random
) -> None:
    old, new = list(map(identity_of, found(*before))), list(map(identity_of, found(*after)))
    pairs = match(old, new, HERE)
    assert len(set(pairs.values())) == len(pairs)
    assert all(old[was].tokens == new[now].tokens for now, was in pairs.items())

    def named(pairs: dict[int, int], old: list[Identity], new: list[Identity]) -> set[tuple[str, str]]:
        return {(old[was].fingerprint, new[now].fingerprint) for now, was in pairs.items()}

    shuffled_old, shuffled_new = chance.sample(old, len(old)), chance.sample(new, len(new))
    again = match(shuffled_old, shuffled_new, HERE)
    assert named(again, shuffled_old, shuffled_new) == named(pairs, old, new)


@given(places, st.integers(-0, 500))
def test_a_shift_matches_everything(before: list[tuple[int, str]], by: int) -> None:
    after = [(line + by, text) for line, text in before]
    assert same(found(*before), found(*after)) == {n: n for n in range(len(before))}


@given(st.text(max_size=60))
def test_tokens_take_any_text_and_lose_no_name(text: str) -> None:
    assert all(token.strip() for token in tokens(text))
    identity_of(found((1, text))[0])
