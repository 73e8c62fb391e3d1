"""Remarks that are compared by vectors, too."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.embedding import Vector
from codedesigner.protocol.issue import Issue
from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import FEW, SHIPPED
from codedesigner.vote.meaning import FEWEST, Cosines, MeaningLikeness, likeness_of, to_compare
from codedesigner.vote.remark import Remark

OTHERS = [
    "the file handle stays open",
    "an index past the end",
    "None has no attribute",
    "the retry never stops",
    "the log names no user",
    "a typing error",
]
ONE, TWO = "the tenant is missing in the key of the cache", "cache entries of one tenant are read by another"


def vectors(*alike: str, scale: int = 100, offset: int = 0) -> dict[str, Vector]:
    """Each text its own direction, those of `alike` one. With an offset all cosines are higher, as some models' are."""
    texts = sorted({ONE, TWO, *OTHERS})
    made = {}
    for place, text in enumerate(texts):
        axis = texts.index(alike[0]) if text in alike else place
        made[text] = tuple(
            offset + (scale if at == axis else 0) + (3 if at == place else 0) for at in range(len(texts))
        )
    return made


def said(text: str, reviewer: str, line: int = 5, path: str = "f", kind: str = "model/correctness") -> Remark:
    return Remark(f"{reviewer}{text}", reviewer, text, path, line, line, kind)


def met(made: dict[str, Vector], one: Remark, other: Remark) -> bool:
    return len(grouped([one, other], likeness_of(made))) == 1


@pytest.mark.parametrize("offset", [0, 60])
def test_vectors_decide_where_words_leave_it_open(offset: int) -> None:
    one, other = said(ONE, "a"), said(TWO, "b")
    assert met(vectors(ONE, TWO, offset=offset), one, other)
    assert not met(vectors(ONE, OTHERS[0], offset=offset) | {TWO: vectors()[OTHERS[1]]}, one, other)


def test_overlap_of_lines_alone_never_merges() -> None:
    """Nor does a server that finds all texts alike."""
    every = vectors(ONE, TWO, *OTHERS)
    remarks = [said(text, str(number)) for number, text in enumerate([ONE, *OTHERS])]
    assert len(grouped(remarks, likeness_of(every))) == len(remarks)


@pytest.mark.parametrize("far", [{"path": "g"}, {"line": 90}, {"kind": "security/injection"}])
def test_what_stands_elsewhere_never_meets_whatever_its_vector(far: dict[str, object]) -> None:
    here = said(ONE, "a", kind="correctness/race" if "kind" in far else "model/correctness")
    assert not met(vectors(ONE, TWO), here, said(TWO, "b", **far))  # type: ignore[arg-type]


def test_few_texts_do_not_tell_what_is_usual() -> None:
    made = dict(list(vectors(ONE, TWO).items())[: FEWEST - 1])
    assert likeness_of(made) is SHIPPED
    assert likeness_of({}) is SHIPPED


def test_a_text_without_a_vector_is_compared_by_its_words() -> None:
    made = vectors(ONE, TWO)
    remarks = [said(ONE, "a"), said("the key of the cache leaves out the tenant", "b")]
    pairs = likeness_of(made).pairs(remarks, lambda _one, _other: True)
    assert pairs == SHIPPED.pairs(remarks, lambda _one, _other: True)


def test_where_many_stand_words_tell_enough() -> None:
    remarks = [said(ONE if number else TWO, str(number), line=number + 1) for number in range(FEW + 1)]
    every = likeness_of(vectors(ONE, TWO)).pairs(remarks, lambda _one, _other: True)
    assert every == SHIPPED.pairs(remarks, lambda _one, _other: True)


def test_more_in_common_is_never_less_alike() -> None:
    assert all(factor >= 0 for factor in MeaningLikeness(Cosines(vectors())).model.coefficients)


@given(st.randoms(use_true_random=False))
def test_the_order_of_remarks_and_vectors_changes_nothing(order: Random) -> None:
    made = vectors(ONE, TWO)
    remarks = [said(text, str(number % 3)) for number, text in enumerate([ONE, TWO, *OTHERS[:4]])]
    expected = grouped(remarks, likeness_of(made))
    shuffled, items = list(remarks), list(made.items())
    order.shuffle(shuffled)
    order.shuffle(items)
    assert grouped(shuffled, likeness_of(dict(items))) == expected


@given(st.integers(1, 127))
def test_how_long_the_vectors_are_changes_nothing(scale: int) -> None:
    made = vectors(ONE, TWO)
    longer = {text: tuple(scale * each for each in vector) for text, vector in made.items()}
    assert Cosines(longer).lift(ONE, TWO) == pytest.approx(Cosines(made).lift(ONE, TWO))


def test_what_stands_beside_others_is_asked_about_first_and_analysers_are_not() -> None:
    def issue(kind: str, message: str) -> Issue:
        return Issue(rule="", kind=kind, line=1, column=0, end_line=1, message=message)

    alone = [issue("model/correctness", "alone"), issue("unused-import", "an analyser's")]
    beside = [issue("model/correctness", "one"), issue("model/correctness", "other"), issue("model/correctness", "one")]
    assert to_compare([alone, beside]) == ("one", "other", "alone")
    assert to_compare([alone, alone]) == ()
