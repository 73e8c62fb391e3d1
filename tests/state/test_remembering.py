from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.protocol.issue import Answer, Examination, Issue, Source
from codedesigner.run.reviewer import Reviewer
from codedesigner.state.answers import AnswerStore
from codedesigner.state.memory import Memory
from codedesigner.state.remembering import RememberingReviewer

ONE = Source("new0", "one.py", "python", "1\n")
TWO = Source("new1", "two.py", "python", "2\n")
FOUND = Issue("undefined-name", "F821", 1, 1, "x")


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(AnswerStore(tmp_path), pytest.fail)


def examined(reviewer: Reviewer, sources: Sequence[Source]) -> Examination:
    return asyncio.run(reviewer.examine(sources))


def test_nobody_is_asked_twice(memory: Memory) -> None:
    inner = ScriptedReviewer("a", {"one.py": [FOUND]})
    first = examined(RememberingReviewer(inner, memory, "1"), [ONE])
    again = RememberingReviewer(inner, memory, "1")

    both = examined(again, [replace(ONE, key="fix0"), TWO, replace(ONE, key="old7")])

    assert inner.asked == [ONE, TWO]
    assert both.answers == {"fix0": first.answers["new0"], "new1": Answer("answered"), "old7": first.answers["new0"]}
    assert again.reused == 2
    assert both.latencies_ms == (0.0,)


def test_where_everything_is_known_nobody_is_asked(memory: Memory) -> None:
    inner = ScriptedReviewer("a", {"one.py": [FOUND]})
    first = examined(RememberingReviewer(inner, memory, "1"), [ONE, TWO])
    again = examined(RememberingReviewer(inner, memory, "1"), [ONE, TWO])
    assert again.answers == first.answers
    assert (len(inner.asked), again.latencies_ms, again.location) == (2, (), "a")


def test_another_version_or_location_is_another_reviewer(memory: Memory) -> None:
    examined(RememberingReviewer(ScriptedReviewer("a", {"one.py": [FOUND]}), memory, "1"), [ONE])
    for name, version in (("a", "2"), ("b", "1")):
        other = RememberingReviewer(ScriptedReviewer(name), memory, version)
        assert other.known([ONE]) == frozenset()
        assert examined(other, [ONE]).answers == {"new0": Answer("answered")}


def test_a_failure_is_asked_again(memory: Memory) -> None:
    failing = ScriptedReviewer("a", {"one.py": Answer("timeout", detail="slow"), "two.py": [FOUND]})
    assert examined(RememberingReviewer(failing, memory, "1"), [ONE, TWO]).answers["new0"].status == "timeout"
    healthy = RememberingReviewer(ScriptedReviewer("a"), memory, "1")
    assert healthy.known([ONE, TWO]) == {"new1"}
    assert examined(healthy, [ONE, TWO]).answers == {"new0": Answer("answered"), "new1": Answer("answered", (FOUND,))}


def test_who_is_not_there_knows_nothing(memory: Memory) -> None:
    examined(RememberingReviewer(ScriptedReviewer("a"), memory, "1"), [ONE])
    gone = RememberingReviewer(ScriptedReviewer("a", unavailable="not installed"), memory, "1")
    assert gone.known([ONE]) == frozenset()
    assert gone.unavailable == "not installed"


def test_otherwise_it_is_the_one_inside(memory: Memory) -> None:
    inner = ScriptedReviewer("a", kinds=["undefined-name"], weight=2.5, languages=frozenset({"python"}))
    outer: Reviewer = RememberingReviewer(inner, memory, "1")
    assert (outer.id, outer.weight, outer.deterministic, outer.unavailable) == ("a", 2.5, True, None)
    for path, language in (("m.py", "python"), ("m.go", "go")):
        assert outer.can_examine(path, language) == inner.can_examine(path, language)
        assert outer.angles(path, language) == inner.angles(path, language)
        for kind in ("undefined-name", "unused-import"):
            assert outer.judges(kind, path, language) == inner.judges(kind, path, language)
