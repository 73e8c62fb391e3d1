from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.plain import holds_invisible, visible
from codedesigner.publish.sanitise import QUICK_ACTION, block_lines, code, prose
from codedesigner.publish.secrets import REDACTED, holds_secret, redact

from .markdown_reader import html, tokens, visible_text

ACTIVE = re.compile(r"@\w|#\d|![0-9]|://|www\.\w|\bGH-\d|[~%$&]\w", re.IGNORECASE)
SECRET = "ghp_" + "a1B2" * 9

hostile = st.sampled_from(
    [
        "@octocat", "@org/team", "&#64;octocat", "&commat;octocat", "fixes #12", "owner/repo#5", "!12", "GH-7",
        "![x](https://evil/?d=1)", "[click](https://evil 'hidden')", "<img src=x>", "<!-- codedesigner:state -->",
        "</details>", "<script>", "/approve", "> /close", "```", "~~~", "`", "``", "\\", "|", "*b*", "__i__", "# h",
        "- [ ] x", "1. x", "===", "---", "[a]: https://evil", "https://evil/", "www.evil.com", "\u202e", "\u200b",
        "\U000e0041", "\x1b[2J", "a@b.example", "$x$", "~label", "\t", "\n", " ", "    code", "&lt;b&gt;",
        "1234567890abcdef1234567890abcdef12345678", "<https://evil>", "::", ":x:",
    ]
)  # fmt: skip
texts = st.lists(hostile | st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12).map("".join)


@given(texts)
def test_prose_is_inert(text: str) -> None:
    body = prose(text)
    kinds = {token.type for token in tokens(body)}
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "code_inline"}
    assert html(body) == []
    assert not ACTIVE.search(visible_text(body))
    assert not QUICK_ACTION.search(body)
    assert "<!--" not in body
    assert not holds_invisible(body)


@given(texts)
def test_prose_in_a_table_stays_in_its_cell(text: str) -> None:
    table = f"| a | b |\n| --- | --- |\n| {prose(text, cell=True)} | {code(text, cell=True)} |\n\nafter\n"
    found = tokens(table)
    assert sum(token.type == "td_open" for token in found) == 2
    assert found[-2].content == "after"
    assert html(table) == []
    assert "image" not in {token.type for token in found}


@given(texts)
def test_code_is_one_span_whatever_backticks_it_holds(text: str) -> None:
    body = code(text)
    if body:
        assert [token.type for token in tokens(f"a {body} b")][1:-1] == ["inline", "text", "code_inline", "text"]
        assert not QUICK_ACTION.search(body)


@given(texts)
def test_quoted_source_holds_no_marks_and_nothing_unseen(text: str) -> None:
    quoted = block_lines(text)
    assert "<!--" not in quoted
    assert not holds_invisible(quoted)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("Undefined name `itemz`", "Undefined name `itemz`"),
        ("ask @octocat, now", "ask `@octocat,` now"),
        ("&#64;octocat", "`&#64;octocat`"),
        ("fixes #12", "fixes `#12`"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("/approve", "`/approve`"),
        ("read/write", "read/write"),
        ("# heading", "\\# heading"),
        ("1. one", "1\\. one"),
        ("__init__", "\\_\\_init\\_\\_"),
        ("first\n\nsecond", "first\n\nsecond"),
        ("`a`@octocat`b`", "`a` `@octocat` `b`"),
        ("unclosed ` tick", "unclosed \\` tick"),
    ],
)
def test_what_becomes_of_it(text: str, body: str) -> None:
    assert prose(text) == body


@pytest.mark.parametrize(
    ("text", "body"), [("a|b", r"`a\|b`"), (r"a\|b", "`a\\│b`"), ("a``b", "```a``b```"), ("`", "`` ` ``")]
)
def test_names_in_cells(text: str, body: str) -> None:
    assert code(text, cell=True) == body


def test_a_very_long_text_is_cut_and_says_so() -> None:
    assert prose("word " * 10_000).endswith("…")
    assert len(prose("`a``b" * 100_000)) < 20_000


@pytest.mark.parametrize(
    "secret",
    [
        SECRET, "github_pat_" + "a" * 40, "glpat-" + "x" * 20, "AKIA" + "A" * 16, "xoxb-1234567890-abc",
        "sk-ant-" + "a" * 30, "-----BEGIN RSA PRIVATE KEY-----", "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJlMTIz",
    ],
)  # fmt: skip
def test_secrets_are_not_repeated(secret: str) -> None:
    for safe in (prose(f"found {secret} here"), code(secret), block_lines(f"k = '{secret}'"), redact(secret)):
        assert secret not in safe
        assert "removed" in safe
    assert holds_secret(secret)


def test_credentials_of_an_address_go_and_the_address_stays() -> None:
    assert redact("https://me:pw@host/x") == f"https://{REDACTED}@host/x"
    assert not holds_secret("https://host:8080/x sha1=" + "a" * 40)


@pytest.mark.parametrize(
    ("raw", "seen"),
    [("\x1b[31m", "␛[31m"), ("\x7f", "␡"), ("\x9b1m", "<U+009B>1m"), ("\u202e", "<U+202E>"), ("a\rb", "a␍b"),
     ("\U000e0041", "<U+E0041>"), ("日本", "日本"), ("caf\udce9", r"caf\xe9")],
)  # fmt: skip
def test_nothing_invisible_stays_invisible(raw: str, seen: str) -> None:
    assert visible(raw) == seen
