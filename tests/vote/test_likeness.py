"""What is looked at of two remarks, and how many pairs of them."""

from __future__ import annotations

import pytest

from codedesigner.vote.grouping import grouped
from codedesigner.vote.likeness import FEW, SHIPPED, WordLikeness
from codedesigner.vote.remark import Remark
from codedesigner.vote.wording import LONGEST, runs, skeleton, terms


def anything(_one: int, _other: int) -> bool:
    return True


def test_an_identifier_counts_whole_and_in_its_parts() -> None:
    assert terms("getUserName() fails") == ["get", "user", "nam", "fail", "#getusername"]


def test_other_forms_of_a_word_are_one_term() -> None:
    assert terms("checked") == terms("checking") == terms("checks")


def test_text_in_another_script_has_terms_too() -> None:
    assert terms("значение может быть пустым") != []
    assert terms("空指针 user_id") == ["空指针", "user", "id", "#user_id"]


def test_runs_of_letters_do_not_see_punctuation() -> None:
    assert runs("a-b, `c`") == runs("A b c")


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert runs("word " * 100_000) == runs(("word " * 100_000)[:LONGEST])


def test_a_skeleton_hides_names_and_numbers_and_no_words() -> None:
    assert skeleton("`user_id` is 5 on line 12")[0] == "_ is _ on"


def test_likeness_lies_between_nothing_and_certainty_and_nothing_in_common_is_no_pair() -> None:
    said = [
        Remark("0", "a", "the cache key leaves out the tenant"),
        Remark("1", "b", "tenant missing in the cache key"),
    ]
    other = Remark("2", "c", "wrong log level")
    pairs = SHIPPED.pairs([*said, other], anything)

    assert set(pairs) == {(0, 1)}
    assert 0.5 < pairs[0, 1] < 1


def test_what_may_not_be_compared_is_no_pair() -> None:
    said = [Remark(str(number), str(number), "the cache key leaves out the tenant") for number in range(3)]

    assert set(SHIPPED.pairs(said, lambda one, other: one + other == 3)) == {(1, 2)}


def test_more_in_common_is_never_less_alike() -> None:
    words = WordLikeness()
    assert all(factor >= 0 for factor in (*words.many.coefficients, *words.few.coefficients))


def test_pairs_grow_with_the_remarks_and_not_with_their_square() -> None:
    said = [
        Remark(str(number), str(number), f"possible null in handler {number} of the cache") for number in range(3000)
    ]

    assert len(SHIPPED.pairs(said, anything)) < 3000 * 96


@pytest.mark.parametrize(
    ("there", "path", "few"), [(2, "f", True), (FEW, "f", True), (FEW + 1, "f", False), (2, None, False)]
)
def test_how_many_stand_at_a_place_tells_what_they_are_compared_by(there: int, path: str | None, few: bool) -> None:
    said = [Remark(str(at), str(at), f"the cache key of handler {at} leaves out a tenant", path) for at in range(there)]
    elsewhere = [Remark(f"g{at}", str(at), f"the cache key {at} is too long", "g") for at in range(FEW + 1)]
    words = WordLikeness()
    model = words.few if few else words.many

    def together(one: int, other: int) -> bool:
        return (one < there) == (other < there)

    pairs = words.pairs([*said, *elsewhere], together)
    assert (0, 1) in pairs
    alone = WordLikeness(model, model).pairs([*said, *elsewhere], together)
    assert {pair: pairs[pair] for pair in pairs if pair[0] < there} == {
        pair: alone[pair] for pair in alone if pair[0] < there
    }
    assert words.many.coefficients != words.few.coefficients


def test_two_defects_of_one_name_stay_two_where_nothing_else_is_said() -> None:
    one = "Store a reference to the return value of `session.begin`, otherwise the session may be collected."
    other = "`items` is changed while it is iterated over, so the session may be skipped."
    again = "The return value of `session.begin` is not stored, so the session may be garbage collected."

    def met(first: str, second: str) -> bool:
        return len(grouped([Remark("0", "a", first, "f", 3), Remark("1", "b", second, "f", 3)])) == 1

    assert not met(one, other)
    assert met(one, again)
