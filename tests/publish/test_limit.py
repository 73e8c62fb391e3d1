from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.limit import cap, fits

from .markdown_reader import tokens, visible_text

pieces = st.lists(
    st.sampled_from(
        ["<details>", "</details>", "```text", "```", "~~~~", "~~~~", "````", "word " * 8, "日本語 " * 20, ""]
    ),
    max_size=200,
)


def test_what_fits_is_left_alone() -> None:
    body = "x" * 60_000
    assert cap(body) == body


@given(pieces, st.integers(600, 3_000))
def test_a_body_never_exceeds_the_limit(lines: list[str], limit: int) -> None:
    assert fits(cap("\n".join(lines), limit), limit)


@pytest.mark.parametrize("filler", ["word " * 10, "日本語" * 10, "```"])
def test_a_cut_closes_what_it_leaves_open_and_says_so(filler: str) -> None:
    body = "<details>\n<summary>s</summary>\n\n````text\n" + f"{filler}\n" * 20_000 + "````\n\n</details>\n"
    cut = cap(body)
    found = tokens(cut)
    assert fits(cut, 60_000)
    assert [token.content for token in found if token.type == "html_block"] == [
        "<details>\n<summary>s</summary>\n",
        "</details>\n",
    ]
    assert "more lines did not fit" in visible_text(cut)


def test_bytes_count_as_well_as_characters() -> None:
    assert not fits("日" * 30_000, 60_000)
    assert len(cap("日本語\n" * 20_000).encode()) <= 65_000
