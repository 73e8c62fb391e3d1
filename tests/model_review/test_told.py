"""How a review by models is told, and what is refused before anybody is asked."""

from __future__ import annotations

import json

import pytest

from .studio import NOTHING, Studio, claims, issue

CODE = "def pay(total, count):\n    return total / count\n"
LINE = "return total / count"
WORDS = "Nobody checks `count` @team: for an empty basket it is zero, and the whole order fails with it. So what."


@pytest.mark.parametrize("form", ["text", "markdown", "sarif", "codequality", "json"])
def test_every_format_shows_what_models_found_and_none_posts_what_stands_nowhere(
    studio: Studio, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEDESIGNER_GATE__MIN_VOTERS", "1")
    studio.repo.commit({"pay.py": CODE})
    answer = claims(issue(LINE, WORDS), issue("nowhere()", "UNPLACED claim."))
    done = studio.review(studio.models(one=[{"answer": answer}]), "--format", form)
    assert done.code == 1, done.err
    assert "model/correctness" in done.out
    if form in ("sarif", "codequality"):
        assert "UNPLACED" not in done.out
        text = json.loads(done.out)
        told = text["runs"][0]["results"][0]["message"]["text"] if form == "sarif" else text[0]["description"]
        assert told.count("Nobody checks") == 1
    elif form == "markdown":
        shown, folded = done.out.split("<summary>Rejected claims: 1</summary>")
        assert "UNPLACED claim" in folded
        assert "UNPLACED" not in shown
        assert " @team" not in done.out
    elif form == "text":
        assert "UNPLACED" not in done.out
        assert "1 rejected" in done.out
    else:
        (posted,) = done.findings("posted")
        assert len(posted["title"]) <= 80
        assert posted["body"] == WORDS
        (rejected,) = done.findings("rejected")
        assert (rejected["body"], rejected["title"]) == ("UNPLACED claim.", "UNPLACED claim")


def test_more_models_than_the_pool_takes_are_named(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    rules = [{"answer": NOTHING}]
    locations = studio.models(pool={"max_workers": 2}, one=rules, two=rules, three=rules)
    done = studio.review(locations)
    assert done.code == 2
    assert "3 models are enabled, and pool.max_workers is 2: three would be left out" in done.err
    assert studio.review(locations, asked=("one", "three")).code == 0


def test_a_budget_of_money_needs_a_price_for_everybody(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    far = {"type": "openai", "model_id": "nobody-knows-it", "endpoint": "https://models.example.org/v1"}
    locations = studio.models(one=[{"answer": NOTHING}], far={"rules": [], "provider": far})
    done = studio.review(locations, "--budget-usd", "1")
    assert done.code == 2
    assert "no price is known for far" in done.err
    assert studio.review(locations, "--budget-usd", "1", asked=("one",)).code == 0
