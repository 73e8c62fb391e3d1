"""Whether a model's words mean what an analyser found. `said.yml` has what both say of real kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from codedesigner.angle.kinds import KINDS
from codedesigner.angle.phrases import phrases_of
from codedesigner.protocol.issue import Issue
from codedesigner.vote.meeting import BY_RULE, at_same_place, strength
from codedesigner.vote.wording import terms

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "said.yml").read_text(encoding="utf-8"))


def found(row: dict[str, Any], line: int = 4) -> Issue:
    return Issue(row["kind"], row["rule"], line, line, row["message"])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["kind"])
def test_what_models_say_of_a_kind_means_it_and_what_else_they_say_of_its_line_does_not(row: dict[str, Any]) -> None:
    assert [text for text in row["same"] if not strength(text, [found(row)])] == []
    assert [text for text in row["other"] if strength(text, [found(row)])] == []


def test_what_is_said_of_one_kind_hardly_ever_means_another() -> None:
    pairs = [(row, text) for row in ROWS for other in ROWS if other is not row for text in other["same"]]
    wrong = [(row["kind"], text) for row, text in pairs if strength(text, [found(row)])]
    assert len(pairs) > 2000
    assert len(wrong) <= 3, wrong


def test_another_name_is_another_defect() -> None:
    undefined = Issue("undefined-name", "F821", 4, 4, "Undefined name `itemz`")
    assert strength("`itemz` is not defined", [undefined])
    assert not strength("`prize` is not defined", [undefined])
    assert strength("This name is undefined", [undefined])


def test_who_calls_it_by_its_rule_means_it() -> None:
    own = Issue("ruff/RUF006", "RUF006", 4, 4, "Store a reference to the task")
    assert strength("RUF006: tasks may be collected", [own]) == BY_RULE
    assert not strength("Tasks may be collected", [own])
    assert not strength("RUF0061 is not this", [own])


def test_every_phrase_is_of_a_kind_and_says_something() -> None:
    for kind in KINDS:
        name, title, *others = phrases_of(kind)
        assert title == KINDS[kind].title
        assert name in ("", kind.replace("-", " "))
        assert all(terms(phrase) for phrase in others), kind
    assert phrases_of("ruff/B031") == ()


def place(claim: int, line: int, kind: str = "undefined-name", statements: dict[int, int] | None = None) -> bool:
    claimed, known = Issue("model/x", "", claim, claim, "x"), Issue(kind, "r", line, line, "x")
    return at_same_place(claimed, known, (statements or {}).get, lambda each: each // 50)


def test_a_place_is_a_line_its_statement_or_next_to_it_in_the_same_function() -> None:
    assert place(4, 4)
    assert place(6, 4)
    assert not place(7, 4)
    assert place(9, 4, statements=dict.fromkeys(range(4, 10), 1))
    assert not place(50, 49)
    assert place(40, 10, "too-complex")
    assert not place(60, 10, "too-complex")
