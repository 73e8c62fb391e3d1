from __future__ import annotations

from dataclasses import replace

import pytest

from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import Coverage, RenderInput, Skipped
from codedesigner.publish.limit import fits
from codedesigner.publish.sanitise import QUICK_ACTION

from .golden import check_golden
from .markdown_reader import html, tokens, visible_text
from .sample import FINDINGS, finding, sample


def render(given: RenderInput) -> str:
    return FORMATS["markdown"](given)


def test_the_summary_as_people_read_it() -> None:
    check_golden("summary.md", render(sample()))


def test_a_clean_change() -> None:
    check_golden("clean.md", render(sample((), Coverage(4, 4, 12, 12))))


def test_an_inconclusive_review_blames_the_reviewer() -> None:
    body = render(sample((), Coverage(4, 2, 12, 6, (Skipped("a.py", "f", "location_failed"),))))
    assert body.startswith("## ⚠️ The reviewer could not finish; this is no verdict on the change\n")
    assert "`a.py` `f`: location failed" in body


def hostile() -> RenderInput:
    text = (
        "@org/team fixes #12 ![x](https://evil/) <img src=x> </details> <!-- codedesigner:state -->\n"
        "/approve\n  /merge\n> /close\n```\n~~~\n# big\n[a]: https://evil 'hidden'\n&commat;octocat \u202e"
    )
    nasty = finding(
        path="a|`<b>@x.py", function="f|`<i>@y", kind="x/@z", angle="@angle", title=text, body=text, evidence=text,
    )  # fmt: skip
    waiting = replace(nasty, disposition="undecided", decided="nobody", reason=text)
    return sample((nasty, waiting, replace(nasty, disposition="rejected", reason=text)))


def test_hostile_text_stays_text() -> None:
    body = render(hostile())
    found = tokens(body)
    kinds = {token.type for token in found}
    assert not kinds & {"image", "link_open", "blockquote_open", "heading_close_h1"}
    assert {piece.strip() for piece in html(body)} <= {
        "</details>",
        *(piece.strip() for piece in html(body) if piece.startswith("<details>\n<summary>")),
    }
    assert not QUICK_ACTION.search(body)
    assert "<!--" not in body
    assert "@" not in visible_text(body)
    assert "#12" not in visible_text(body)


def test_what_needs_a_person_is_listed_with_the_reason_and_never_among_the_findings() -> None:
    waiting = finding(disposition="undecided", decided="nobody", agreement=0.5, reason="needs a person: split")
    body = render(sample((waiting,), Coverage(4, 4, 1, 1)))
    assert body.startswith("## ⚠️ 1 finding needs a person; this is no verdict yet\n")
    assert "- F1 · high · agreement 2/2 (0.50) · `src/cart.py:9`: Name is not defined (needs a person: split)" in body
    assert "| F1 |" not in body
    assert "Not shown" not in body


def test_it_is_told_where_the_supervisor_decided() -> None:
    body = render(sample((finding(decided="supervisor", agreement=0.5),)))
    assert "2/2 (0.50), decided by the supervisor" in body


def test_many_questions_for_a_person_are_cut_to_fit_too() -> None:
    many = tuple(finding(line=n, disposition="undecided", reason="because " * 90) for n in range(1, 300))
    body = render(replace(sample(many, Coverage(4, 4, 1, 1)), limit=8_000))
    assert fits(body, 8_000)
    assert "more did not fit; they are in the report" in body


def test_sections_open_and_close_in_turn() -> None:
    for body in (render(sample()), render(hostile())):
        pieces = [piece for piece in html(body) if piece.startswith(("<details>", "</details>"))]
        depth = 0
        for piece in pieces:
            depth += piece.count("<details>") - piece.count("</details>")
            assert 0 <= depth <= 1
        assert depth == 0


@pytest.mark.parametrize("limit", [60_000, 8_000, 2_000])
@pytest.mark.parametrize("word", ["word", "日本語"])
def test_a_long_review_is_cut_to_fit_and_says_what_was_cut(limit: int, word: str) -> None:
    many = tuple(finding(line=n, end_line=n, body=f"{word} " * 400, evidence=f"{word} {n}") for n in range(1, 150))
    skipped = tuple(Skipped(f"{word}/{n}.bin", None, "binary") for n in range(500))
    body = render(replace(sample(many, Coverage(4, 4, 1, 1, skipped)), limit=limit))
    assert fits(body, limit)
    assert body.count("<details>") == body.count("</details>")
    assert "did not fit" in body
    assert "blocking findings" in body.split("\n", 1)[0]


def test_details_go_before_the_table_and_the_walkthrough_before_the_details() -> None:
    whole = render(sample())
    smaller = render(replace(sample(), limit=len(whole) - 50))
    assert "more files, in the report" in smaller
    assert smaller.count("<summary>F") == whole.count("<summary>F")
    smallest = render(replace(sample(), limit=3_000))
    assert smallest.count("| F") == whole.count("| F")
    assert "The details of" in smallest


def test_every_posted_finding_is_in_the_table_with_its_votes() -> None:
    body = render(sample())
    for one in sample().report.findings:
        assert (f"\n| {one.id} | {one.severity}" in body) == (one.disposition == "posted")
    assert "3/4 (0.75)" in body
    assert sum(one.disposition == "posted" for one in FINDINGS) == body.count("<summary>F")


def test_rejected_claims_are_folded_away_and_never_among_the_findings() -> None:
    claim = finding(disposition="rejected", title="Everything is wrong", reason="quotes no line of the code")
    body = render(sample((claim,)))
    assert "<summary>Rejected claims: 1</summary>" in body
    assert "Everything is wrong" in body.split("<summary>Rejected claims: 1</summary>")[1].split("</details>")[0]
    assert "| F1 |" not in body
    many = tuple(finding(line=n, disposition="rejected", title="word " * 30) for n in range(1, 300))
    long = render(replace(sample(many, Coverage(4, 4, 1, 1)), limit=4_000))
    assert fits(long, 4_000)
    assert "more, in the report" in long
