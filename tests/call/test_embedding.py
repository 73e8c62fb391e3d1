"""Vectors as they are asked for and kept."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.call.embedding import embedding_call, read, read_all, texts_of, vector_of, written, written_all

NUMBERS = st.lists(st.floats(-1e6, 1e6, allow_nan=False), min_size=1, max_size=40).filter(any)


@given(NUMBERS)
def test_a_vector_is_kept_as_it_was_made(numbers: list[float]) -> None:
    vector = vector_of(list(numbers))
    assert vector is not None
    assert max(map(abs, vector)) == 127
    assert read(written(vector)) == vector


@given(st.lists(st.integers(-1000, 1000), min_size=64, max_size=64).filter(any))
def test_the_angle_hardly_moves(numbers: list[int]) -> None:
    kept = vector_of(list(numbers))
    assert kept is not None
    product = sum(one * other for one, other in zip(numbers, kept, strict=True))
    lengths = sqrt(sum(one * one for one in numbers) * sum(each * each for each in kept))
    assert product / lengths > 0.999


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [0.0, 0.0],
        [1.0, "2"],
        [True, 1.0],
        [float("nan"), 1.0],
        [float("inf"), 1.0],
        [10**400, 1],
        "text",
        None,
        {"a": 1},
        [[1.0]],
        [0.5] * 20_000,
    ],
)
def test_what_points_nowhere_is_no_vector(numbers: JsonValue) -> None:
    assert vector_of(numbers) is None


@pytest.mark.parametrize("text", ["", "no base64!", "AAAA", "gA==", None, 5, "A" * 50_000])
def test_what_was_not_written_is_not_read(text: object) -> None:
    assert read(text) is None


def test_vectors_of_several_dimensions_are_none() -> None:
    assert read_all(written_all([(1, 2), (3, 4)])) == ((1, 2), (3, 4))
    assert read_all(written_all([(1, 2), (3,)])) is None
    assert read_all('["AQ==", 5]') is None
    assert read_all("not JSON") is None


@given(st.lists(st.text(), min_size=1))
def test_texts_are_data_whatever_they_hold(texts: list[str]) -> None:
    assert texts_of(embedding_call("c", texts)) == tuple(texts)
