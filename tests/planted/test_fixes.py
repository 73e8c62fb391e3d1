"""120 planted defects, repaired well, badly, lazily and with malice: what of it is offered."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from bench.fix_variants import VARIANTS, Planted, Variant
from bench.fixes import LANGUAGES, Tried, cases, reviewers, run, run_all, table

from codedesigner.change.model import encode
from codedesigner.change.units import outlined
from codedesigner.protocol.issue import Source
from codedesigner.run.examine import examine
from codedesigner.run.fix import lines_with_ends

GOLDEN = Path(__file__).parent / "golden" / "fixes.txt"


@pytest.fixture(scope="module")
def known() -> tuple[Planted, ...]:
    return cases()


@pytest.fixture(scope="module")
def tried(known: tuple[Planted, ...]) -> list[Tried]:
    return asyncio.run(run_all(known))


def check_offered(tried: list[Tried]) -> int:
    """Hold every suggestion to what it promises; how many there are."""
    texts: dict[str, tuple[Tried, str]] = {}
    for one in tried:
        made, before = one.ended.suggestion, one.planted.case.defect
        if made is None:
            assert one.ended.refused, (one.planted.case.id, one.variant.name)
            continue
        lines = lines_with_ends(before)
        head, tail = "".join(lines[: made.start_line - 1]), "".join(lines[made.end_line :])
        after = head + made.replacement + tail
        assert encode(after) == encode(one.ended.attempt.text)
        assert made.verified == ("applies", "parses", "reviewed")
        assert {look.location for look in made.looked} >= {"ast-grep", "checker"}
        texts[f"{one.planted.case.id}/{len(texts)}"] = (one, after)
    outlines = outlined([(one.planted.case.language, text) for one, text in texts.values()])
    assert all(outline is not None and not outline.broken for outline in outlines)
    looking = reviewers()
    sources = [
        Source(key, one.planted.case.path, one.planted.case.language, text) for key, (one, text) in texts.items()
    ]
    asked = {each.id: [one for one in sources if each.can_examine(one.path, one.language)] for each in looking}
    looked = asyncio.run(examine(looking, asked, max_concurrent=2, timeout_s=300))
    for key, (one, _) in texts.items():
        for location, answers in looked.answers.items():
            if key in answers:
                assert answers[key].status == "answered"
                kinds = {issue.kind for issue in answers[key].issues}
                assert one.planted.case.kind not in kinds, (key, location)
    return len(texts)


def test_there_are_120_defects_in_six_languages(known: tuple[Planted, ...]) -> None:
    assert len({one.case.id for one in known}) == 120
    assert {one.case.language for one in known} == set(LANGUAGES)


def test_what_is_offered_is_counted(tried: list[Tried]) -> None:
    text = table(tried) + "\n"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "UPDATE_GOLDEN=1 writes it anew"


def test_every_suggestion_applies_parses_and_removes_its_finding(tried: list[Tried]) -> None:
    assert check_offered(tried) == 240


def test_nothing_bad_hostile_or_lazy_is_offered(tried: list[Tried]) -> None:
    offered = [
        (one.planted.case.id, one.variant.name)
        for one in tried
        if one.variant.sort != "good" and one.ended.suggestion is not None
    ]
    assert offered == []


def test_statement_by_statement_it_is_the_same(known: tuple[Planted, ...]) -> None:
    chosen = [
        each for each in VARIANTS if each.name in ("repairs it", "swallows the error", "a directive", "an address")
    ]
    astray = Variant("quotes what is not there", "bad", lambda one: one.better, quoting="nothing = like(this)")
    tried = asyncio.run(run(known[::4], [*chosen, astray], "statement"))
    offered = {(one.planted.case.id, one.variant.name) for one in tried if one.ended.suggestion is not None}
    assert {name for _, name in offered} == {"repairs it"}
    assert check_offered(tried) == len(offered) == 30
