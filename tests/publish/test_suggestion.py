from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from codedesigner.publish.suggestion import fence, obstacle


def read(body: str) -> list[str]:
    """The contents of the suggestion blocks that a CommonMark reader finds, and nothing else may be there."""
    found = MarkdownIt("commonmark").parse(body)
    assert [token.type for token in found] == ["paragraph_open", "inline", "paragraph_close", "fence",
                                               "paragraph_open", "inline", "paragraph_close"]  # fmt: skip
    assert found[3].info == "suggestion"
    return [found[3].content]


def posted(replacement: str) -> str:
    return f"before\n\n{fence(replacement)}\n\nafter\n"


runs = st.builds(
    lambda indent, ticks, rest: " " * indent + "`" * ticks + rest,
    st.integers(0, 5),
    st.integers(0, 12),
    st.sampled_from(["", "suggestion", " x", "~~~", "\t", "  "]),
)
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=20)
odd = st.sampled_from(["", "\tx", "x  ", "~~~~", "    ```", "<details>", "</details>", "> q", "- i", "\u2028", "\f"])
replacements = st.lists(runs | plain | odd, min_size=1, max_size=6).map(lambda lines: "\n".join(lines) + "\n")


@given(replacements)
def test_a_block_is_read_back_byte_for_byte(replacement: str) -> None:
    assert read(posted(replacement)) == [replacement]


@pytest.mark.parametrize("ticks", range(12))
@pytest.mark.parametrize("indent", range(5))
def test_no_run_of_backticks_closes_it(ticks: int, indent: int) -> None:
    replacement = f"a\n{' ' * indent}{'`' * ticks}\nb\n"
    assert read(posted(replacement)) == [replacement]


def test_nothing_and_one_blank_line_are_two_things() -> None:
    assert fence("") == "```suggestion\n```"
    assert fence("\n") == "```suggestion\n\n```"
    assert read(posted("")) == [""]
    assert read(posted("\n")) == ["\n"]


def test_a_last_line_without_line_feed_gets_one_in_the_block() -> None:
    assert read(posted("x = 1")) == ["x = 1\n"]


@pytest.mark.parametrize(
    ("replacement", "why"),
    [
        ("a\r\n", "CRLF"),
        ("x = 1  # \u202e\n", "seen"),
        ("x = 1\x1b\n", "seen"),
        ("/approve\n", "command"),
        ("a\n  /close\n", "command"),
        ("> /merge now\n", "command"),
        (f"token = 'ghp_{'a1' * 18}'\n", "secret"),
        ("<!-- codedesigner:state -->\n", "mark"),
        ("caf\udce9\n", "UTF-8"),
        ("url = 'https://new.example/'\n", "address"),
    ],
)
def test_what_may_not_be_a_block(replacement: str, why: str) -> None:
    reason = obstacle("src/a.py", replacement, "x\n")
    assert reason is not None
    assert why in reason


@pytest.mark.parametrize(
    "path",
    [".github/workflows/ci.yml", ".gitlab-ci.yml", ".codedesigner.yml", "web/package-lock.json", "uv.lock", "go.sum",
     "sub/action.yml"],
)  # fmt: skip
def test_files_that_steer_builds_are_not_changed_by_a_click(path: str) -> None:
    assert obstacle(path, "a\n", "b\n") is not None


@pytest.mark.parametrize(
    "replacement", ["/* c */\n", "// note\n", "a = b /c\n", "", "\n", "```\n", "see https://old.example/x\n"]
)
def test_ordinary_code_may(replacement: str) -> None:
    assert obstacle("src/lock.py", replacement, "see https://old.example/x\n") is None
