from __future__ import annotations

from dataclasses import replace

import pytest
from tests.publish.forge_markdown import rendered
from tests.publish.golden import check_golden
from tests.publish.markdown_reader import html, tokens, visible_text
from tests.publish.sample import CART, CHANGE, FINDINGS, HOSTILE, README, finding, sample

from codedesigner.pool.budget import Spent
from codedesigner.publish.discussion import Comment
from codedesigner.publish.forge.comment import Page
from codedesigner.publish.forge.links import Links
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.recall import Remembered
from codedesigner.publish.forge.recognise import recognise
from codedesigner.publish.forge.reconcile import Fate, Reconciled, reconcile
from codedesigner.publish.forge.remembered import SummaryMark
from codedesigner.publish.forge.summary import Told, review_body, summary_body
from codedesigner.publish.forge.walkthrough import steering_notices, walkthrough
from codedesigner.publish.inputs import Coverage, RenderInput
from codedesigner.publish.limit import cap, fits
from codedesigner.publish.obstacles import Forge
from codedesigner.publish.sanitise import QUICK_ACTION
from codedesigner.vote.finding import Finding

from .changes import changed_file
from .world import ME

STATE = SummaryMark(head="2" * 40, runs=2, next=9)
FILES = [
    changed_file(CART.split("\n")[:3], CART.rstrip("\n").split("\n"), "src/cart.py"),
    changed_file([], HOSTILE.rstrip("\n").split("\n"), "run.sh"),
    changed_file(["# Cart"], README.rstrip("\n").split("\n"), "docs/README.md"),
]
WHOLE = Coverage(4, 4, 12, 12)


def told(given: RenderInput, forge: Forge = "github", **more: object) -> Told:
    recognised = recognise(given.report, Remembered(), FILES)
    report = recognised.report
    links = Links(forge, "https://forge.example/shop/cart", report.change.head, report.change.base)
    page = Page(forge, links, Signer("shop/cart", 7, b"key"), report.change.head, frozenset(report.gate.blocking))
    found = reconcile(recognised, Remembered(), FILES, page)
    return replace(Told(replace(given, report=report), page, found), **more)  # type: ignore[arg-type]


def later(given: Told) -> Told:
    """The same, as a later review tells it."""

    def fate(name: str, what: str, title: str, reason: str = "") -> Fate:
        return Fate(name, what, title, reason)  # type: ignore[arg-type]

    fates = (
        fate("F1", "still", "SQL is built from strings"),
        fate("F2", "new", "Name is not defined"),
        fate("F3", "back", "Mutable default"),
        fate("F8", "fixed", "Import is not used"),
        fate("F9", "dismissed", "Name is too short", "dismissed by ada: `i` is an index, @team knows"),
        fate("F10", "withdrawn", "Type does not fit", "agreement 0.33, below 0.50"),
        fate("F11", "unknown", "Lock is not released", "not reviewed this time: budget"),
    )
    reconciled = Reconciled((), (), fates, given.reconciled.placed)
    urls = {f"F{n}": f"https://forge.example/shop/cart/pull/7#discussion_r{n}" for n in (1, 2, 3, 8, 9, 10, 11)}
    return replace(given, reconciled=reconciled, urls=urls, since="9" * 40)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_the_summary_as_people_read_it(forge: Forge) -> None:
    given = later(told(sample(), forge))
    full = replace(
        given,
        configuration=".codedesigner.yml",
        configured="1" * 40,
        notices=steering_notices(_steering().report),
        overview="Totals are taxed by country. @everyone see https://evil.example and #1",
        total=Spent(12, 34_000, 0.12),
    )
    check_golden(f"pull_summary_{forge}.md", summary_body(full, STATE))


def test_the_first_summary_of_a_clean_change() -> None:
    check_golden("pull_summary_clean.md", summary_body(told(sample((), WHOLE)), STATE))


def _steering() -> RenderInput:
    files = tuple(
        replace(CHANGE.files[0], path=path) for path in (".codedesigner.yml", ".github/workflows/ci.yml", "src/a.py")
    )
    return sample((), WHOLE, change=replace(CHANGE, files=files))


def test_t_sec_23_and_t_sec_70_a_change_that_edits_what_decides_about_it_is_told() -> None:
    own, others = steering_notices(_steering().report)
    assert own.startswith("The change edits `.codedesigner.yml`. It was reviewed under the configuration of the commit")
    assert "`.github/workflows/ci.yml`" in others
    assert steering_notices(sample().report) == ()


def test_the_walkthrough_needs_no_model() -> None:
    assert walkthrough(sample().report) == (
        "It adds 2 files and changes 2 files (+13 −3 lines): 2 source, 1 documentation, 1 binary. "
        "Functions: `Cart.__init__`, `Cart.total`, `Cart.find`."
    )


def test_t_gh_01_what_stands_on_no_line_is_in_the_summary_with_a_link() -> None:
    given = told(sample((finding(), finding(line=3, end_line=3, path="other.py")), WHOLE))
    body = summary_body(given, STATE)
    assert f"[`other.py:3`](https://forge.example/shop/cart/blob/{'2' * 40}/other.py#L3)" in body
    assert "Not on its line: the file is not part of the change." in body
    assert body.count("<summary>F") == 1


def test_t_gh_07_what_the_forge_refused_is_in_the_summary_with_its_words() -> None:
    given = told(sample((finding(),), WHOLE))
    assert [post.id for post in given.reconciled.posts] == ["F1"]
    assert "<summary>F1" not in summary_body(given, STATE)
    body = summary_body(replace(given, refused={"F1": "line must be part of the diff @x"}), STATE)
    assert "Not on its line: the forge refused it: line must be part of the diff `@x`." in body
    assert "Undefined name `itemz`" in body


def many(count: int) -> tuple[Finding, ...]:
    return tuple(
        finding(path="other.py", line=n, body="`x` 日本語 🎉 " * 60 + "\n```\nopen", evidence="🎉 = `" * 30)
        for n in range(1, count)
    )


def test_t_gh_16_a_summary_that_is_too_long_is_cut_whole_and_keeps_its_mark() -> None:
    big = SummaryMark(head="2" * 40, known=tuple((f"{n:032x}", n + 1) for n in range(200)))
    given = told(sample(many(150), WHOLE))
    body = summary_body(given, big)
    assert len(body) <= 60_000
    assert len(body.encode()) <= 65_000
    assert given.page.signer.read(Comment("1", ME, body, 0.0), ME) == (big,)
    assert body.count("<details>") == body.count("</details>")
    assert "did not fit" in body
    assert "codedesigner:summary" in rendered(body).split("</details>")[-1]
    assert len(summary_body(replace(given, page=replace(given.page, forge="gitlab")), big)) > 60_000


def test_t_gh_16_a_cut_inside_of_a_fence_closes_it() -> None:
    cut = cap("<details>\n<summary>s</summary>\n\n````text\n" + "🎉 word\n" * 30_000)
    assert fits(cut, 60_000)
    assert rendered(cut).count("</details>") == 1
    assert "This comment was cut" in rendered(cut).split("</pre>")[-1]


def test_t_gh_17_what_counts_double_in_bytes_fits_both_ways() -> None:
    cut = cap("é" * 65_536)
    assert len(cut) <= 60_000
    assert len(cut.encode()) <= 65_000
    assert "cut" in cut


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_hostile_text_stays_text(forge: Forge) -> None:
    text = (
        "@org/team fixes #12 ![x](https://evil/) <img src=x> </details> <!-- codedesigner:summary e30= -->\n"
        "/approve\n  /merge\n> /close\n```\n~~~\n# big\n[a]: https://evil 'hidden'\n&commat;octocat \u202e"
    )
    nasty = finding(path="a|`<b>@x.py", function="f|`<i>@y", kind="x/@z", angle="@angle", title=text, body=text)
    given = told(sample((nasty, replace(nasty, disposition="undecided", decided="nobody", reason=text))), forge)
    reconciled = replace(given.reconciled, fates=(Fate("F8", "withdrawn", text, text),))
    given = replace(given, reconciled=reconciled, since="9" * 40, overview=text, refused={"F1": text})
    body = summary_body(given, STATE)
    kinds = {token.type for token in tokens(body)}
    assert "image" not in kinds
    pieces = [piece.strip() for piece in html(body)]
    assert all(
        piece.startswith(("<details>", "</details>", "<sub>", "</sub>", "<!-- codedesigner:summary "))
        for piece in pieces
    )
    assert body.count("<!--") == 1
    assert not QUICK_ACTION.search(body)
    assert "@" not in visible_text(body)
    assert "#12" not in visible_text(body)
    assert 'href="https://evil' not in rendered(body)


def test_the_words_above_a_review_say_how_many_and_how_they_are_found_again() -> None:
    given = told(sample((FINDINGS[0],), WHOLE))
    body, key = review_body(given.page, given.reconciled, "https://forge.example/c1")
    link = f"[`2222222`](https://forge.example/shop/cart/commit/{'2' * 40})"
    assert body.startswith(
        f"1 new finding on {link}, 1 blocks. All of it is in [the summary](https://forge.example/c1)."
    )
    assert key in body
