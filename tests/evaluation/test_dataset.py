"""Reading labelled reviews: what is wrong is told with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.errors import UsageError
from codedesigner.evaluation.dataset import AnchoredChange, PairedTexts, PullRequest, read_dataset


def reviews(**changes: Any) -> dict[str, Any]:
    comment = {"id": "a#0", "text": "t", "label": "match", "golden": [0], "more": 1}
    whole = {"pr": "x/1", "repo": "x", "golden": [{"id": 0, "text": "g"}], "reviews": {"a": [comment], "b": []}}
    return whole | changes


def said(entries: object, name: str = "d.json") -> str:
    with pytest.raises(UsageError) as caught:
        read_dataset(json.dumps(entries), name)
    assert caught.value.hint == "docs/evaluation.md describes the files"
    return str(caught.value)


def test_the_kind_of_a_file_is_told_by_its_keys() -> None:
    anchored: dict[str, Any] = {"pr": "x/1", "repo": "x", "patch": None, "comments": []}
    paired: dict[str, Any] = {"pr": "x/1", "repo": "x", "texts": {"a#0": "t"}, "same": [], "different": []}
    for entry, model in ((reviews(), PullRequest), (anchored, AnchoredChange), (paired, PairedTexts)):
        (found,) = read_dataset(json.dumps([entry]), "d.json")
        assert isinstance(found, model)


def test_who_said_nothing_looked() -> None:
    (found,) = read_dataset(json.dumps([reviews()]), "d.json")
    assert isinstance(found, PullRequest)
    assert {name: len(comments) for name, comments in found.reviews.items()} == {"a": 1, "b": 0}
    assert found.findings is None


def comment_with(**changes: Any) -> dict[str, Any]:
    whole = reviews()
    whole["reviews"]["a"][0].update(changes)
    return whole


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "d.json: is no list of pull requests"),
        ({"pr": 1}, "d.json: is no list of pull requests"),
        ([{"pr": "x"}], "d.json: [0]: has none of these together: golden and reviews; comments and patch; same and"),
        ([reviews(), reviews(pr="x/2", repo=7)], "d.json: [1].repo: Input should be a valid string"),
        ([reviews(), reviews()], "d.json: [1].pr: is the same as that of [0]"),
        ([comment_with(label="yes")], "d.json: [0].reviews.a[0].label: Input should be 'match', 'nomatch'"),
        ([comment_with(golden=["0"])], "d.json: [0].reviews.a[0].golden[0]: Input should be a valid integer"),
        ([comment_with(golden=[4])], "d.json: [0]: a#0 names golden issue 4, which is not there"),
        ([reviews(golden=[{"id": 0, "text": "g"}] * 2)], "d.json: [0]: golden issue 0 is there twice"),
        ([reviews(usge={})], "d.json: [0]: there is no key 'usge'; did you mean 'usage'?"),
        ([reviews(usage={"a": {"usd": -1}})], "d.json: [0].usage.a.usd: Input should be greater than or equal to 0"),
        (
            [{"pr": "x", "repo": "x", "texts": {}, "same": [["a", "b"]], "different": []}],
            "d.json: [0]: a pair names text 'a', which is not there",
        ),
        (
            [reviews(findings=[{"members": ["z"], "representative": "a#0"}])],
            "d.json: [0]: a finding names comment 'z', which is not there",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(entries: object, told: str) -> None:
    assert said(entries).startswith(told)


def test_several_mistakes_are_counted() -> None:
    assert said([reviews(repo=7, title=7)]).endswith("(and 1 more)")


def test_what_is_no_json_is_told() -> None:
    for text in ("[", '[{"pr": 1, "pr": 2}]', "[NaN]"):
        with pytest.raises(UsageError, match=r"^d\.json: "):
            read_dataset(text, "d.json")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pr", "repo", "golden", "reviews", "id", "text", "label"]), inner, max_size=7
        )
    ),
    max_leaves=12,
)


@given(anything)
def test_anything_is_read_or_refused(value: object) -> None:
    try:
        found = read_dataset(json.dumps([value]), "d.json")
    except UsageError as error:
        assert str(error).startswith("d.json: ")  # noqa: PT017 -- either end is allowed
    else:
        assert len(found) == 1
