from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.change.model import FileChange
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.sanitise import QUICK_ACTION, longest_backticks
from codedesigner.publish.suggestion import SuggestionPart, fence, suggestion_part
from codedesigner.run.fix import lines_with_ends, minimal_replacement

from .changed import file_change, with_fix
from .forge_markdown import blocks, rendered

MARKER = "<!-- codedesigner:finding 0123abcd -->"
FORGES: tuple[Forge, ...] = get_args(Forge)


def commented(part: str) -> str:
    """A whole comment as a forge gets it: text, the part, more text, and a hidden marker at its end."""
    return f"**high** · Name is not defined\n\nSaid by `ruff`, ```` `x` ````:\n\n{part}\n\nMore.\n\n{MARKER}\n"


def read(body: str) -> str:
    """The content of the one suggestion in a comment, whose marker is still hidden."""
    found = blocks(body)
    assert [word for word, _ in found] == ["suggestion"]
    assert rendered(body).rstrip().endswith(MARKER)
    return found[0][1]


runs = st.builds(
    lambda indent, ticks, rest: indent + "`" * ticks + rest,
    st.sampled_from(["", " ", "  ", "   ", "    ", "\t", " \t", ">", "- "]),
    st.integers(0, 12) | st.sampled_from([63, 253]),
    st.sampled_from(["", "suggestion", " x", "~~~", "\t", "  ", "`a`"]),
)
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=20)
odd = st.sampled_from(
    ["", "\tx", "x  ", "x\t", "   ", "~~~~", "<details>", "</details>", "</code></pre>", "-->", "<!--", "> q", "- i",
     "---", "    # x", "\u2028", "a\u2028b", "\x85", "\f", "\v", "&amp;&#65;", "\\`", "| a | b |", "/approve",
     "[x]: /y", 'alt="…" \'q\'']
)  # fmt: skip
replacements = st.lists(runs | plain | odd, min_size=1, max_size=6).map(lambda lines: "\n".join(lines) + "\n")


@settings(max_examples=300)
@given(replacements)
def test_a_block_is_read_back_byte_for_byte_alone_and_in_a_comment(replacement: str) -> None:
    assert blocks(fence(replacement)) == [("suggestion", replacement)]
    assert read(commented(fence(replacement))) == replacement


@pytest.mark.parametrize("indent", ["", " ", "  ", "   ", "    ", "     ", "\t"])
def test_no_run_of_backticks_closes_it(indent: str) -> None:
    for ticks in range(254):
        replacement = f"a\n{indent}{'`' * ticks}\nb\n"
        assert read(commented(fence(replacement))) == replacement


def test_nothing_and_one_blank_line_are_two_things() -> None:
    assert fence("") == "```suggestion\n```"
    assert fence("\n") == "```suggestion\n\n```"
    assert read(commented(fence(""))) == ""
    assert read(commented(fence("\n"))) == "\n"


def test_a_last_line_without_line_feed_gets_one_in_the_block() -> None:
    assert read(commented(fence("x = 1"))) == "x = 1\n"


FILE = file_change("one\ntwo\nfour\n", "one\ntwo\nthree\nfour\n")


def part(forge: Forge, start: int, end: int, replacement: str, file: FileChange = FILE) -> SuggestionPart:
    made = suggestion_part(with_fix(start, end, replacement), file, forge)
    assert made is not None
    return made


def test_on_github_the_comment_is_about_exactly_the_lines_that_are_replaced() -> None:
    assert part("github", 2, 3, "zwei\ndrei\n") == SuggestionPart(
        "Suggestion from `ruff` (verified: applies, parses, reviewed; satisfied: `ruff`; clean: `pylint`):\n\n"
        "```suggestion\nzwei\ndrei\n```",
        2,
        3,
        None,
    )


def test_on_gitlab_the_block_says_how_far_it_reaches_above_the_comments_line() -> None:
    made = part("gitlab", 2, 3, "zwei\ndrei\n")
    assert (made.start_line, made.end_line, made.reason) == (2, 3, None)
    assert blocks(made.markdown) == [("suggestion:-1+0", "zwei\ndrei\n")]
    assert blocks(part("gitlab", 3, 3, "").markdown) == [("suggestion:-0+0", "")]


def test_what_cannot_be_a_block_is_a_diff_with_the_reason() -> None:
    made = part("github", 3, 3, "/approve\nsee https://evil.example/\n")
    assert made.reason == "it brings in an address"
    assert made.markdown == (
        "Suggestion from `ruff` (verified: applies, parses, reviewed; satisfied: `ruff`; clean: `pylint`):\n\n"
        "```diff\n@@ -3 +3,2 @@\n-three\n+/approve\n+see https://evil.example/\n```\n\n"
        "Not to be applied with one click: it brings in an address."
    )
    assert not QUICK_ACTION.search(made.markdown)


def test_a_diff_holds_no_secret_and_closes_its_fence() -> None:
    made = part("github", 3, 3, f"````\ntoken = 'ghp_{'a1' * 18}'\n")
    assert made.reason == "it holds what looks like a secret"
    assert "ghp_" not in made.markdown
    assert [word for word, _ in blocks(commented(made.markdown))] == ["diff"]


def test_a_line_end_at_the_end_of_the_file_is_a_diff_that_says_so() -> None:
    made = part("github", 2, 2, "b\n", file_change("a\n", "a\nb"))
    assert "@@ -2 +2 @@\n-b\n\\ No newline at end of file\n+b\n" in made.markdown
    assert made.reason == "the file's last line has no line end, which a suggestion cannot say"


def test_lines_that_stay_as_they_are_are_no_suggestion() -> None:
    assert suggestion_part(with_fix(3, 3, "three\n"), FILE, "github") is None
    assert suggestion_part(with_fix(3, 3, "x\n", suggestion=None), FILE, "github") is None


@pytest.mark.parametrize("forge", FORGES)
def test_what_was_not_proved_or_is_about_removed_lines_is_no_block(forge: Forge) -> None:
    unproved = suggestion_part(with_fix(3, 3, "x\n", verified=("applies", "parses")), FILE, forge)
    removed = suggestion_part(with_fix(3, 3, "x\n", side="LEFT"), FILE, forge)
    elsewhere = suggestion_part(with_fix(9, 9, "x\n"), FILE, forge)
    assert unproved is not None
    assert unproved.reason == "it was not looked at again after it was applied to a copy"
    assert removed is not None
    assert removed.reason == "the finding is about lines that the change removed"
    assert elsewhere is not None
    assert elsewhere.reason == "the lines that it replaces are not at hand"


LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "\tc \n", "```\n", "   ````\n", "/x\n", "é\n"]), max_size=9)


@settings(max_examples=300)
@given(LINES, LINES, LINES, st.sampled_from(FORGES))
def test_a_click_gives_exactly_the_new_text(old: list[str], head: list[str], fixed: list[str], forge: Forge) -> None:
    file = file_change("".join(old), "".join(head), context=1)
    replaced = minimal_replacement("".join(head), "".join(fixed), file.hunks)
    if replaced is None:
        return
    made = part(forge, replaced.start_line, replaced.end_line, replaced.replacement, file)
    if made.reason is not None:
        assert [word for word, _ in blocks(made.markdown)] == ["diff"]
        return
    ((word, content),) = blocks(commented(made.markdown))
    above = 0 if forge == "github" else int(word.removeprefix("suggestion:-").removesuffix("+0"))
    start = made.start_line if forge == "github" else made.end_line - above
    lines = lines_with_ends("".join(head))
    assert "".join([*lines[: start - 1], content, *lines[made.end_line :]]) == "".join(fixed)
    assert any(h.new_start <= start and made.end_line < h.new_start + h.new_count for h in file.hunks)
    assert longest_backticks(content) < 254
