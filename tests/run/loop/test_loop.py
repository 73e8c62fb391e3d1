"""The loop over attempts: what is asked, what is said again, what is taken back, and where it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from pydantic import JsonValue

from codedesigner.angle.registry import load_angles
from codedesigner.change.model import FileChange, Hunk, Line, encode, split_lines
from codedesigner.change.units import find_units
from codedesigner.config.yamlfile import read_file
from codedesigner.fixing import checkers_of, chosen, hostile, shapes
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.plan.model import ExecutionItem, FunctionRef
from codedesigner.protocol.issue import Issue, Source
from codedesigner.protocol.suggestion import Suggestion
from codedesigner.protocol.wire import (
    Envelope,
    ErrorPayload,
    RefineRequest,
    RequestContext,
    ResponsePayload,
    VerifyRequest,
    WireIssue,
    WirePlace,
)
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.examine import examine
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.loop.bench import Askable, Bench, Calls, FixLimits
from codedesigner.run.loop.loop import FixLoop
from codedesigner.run.loop.problem import Ended, Problem, attempt_of
from codedesigner.run.questions import Surroundings
from codedesigner.text import resource

TEXT = "LIMIT = 3\n\n\ndef mean(items):\n    total = sum(items)\n    return total / len(items)\n"
GOOD = "def mean(items):\n    total = sum(items)\n    return total / max(1, len(items))\n"
FAULTY = "    return total / len(items)"
LINES = split_lines(TEXT)
FILE = FileChange(
    "m.py",
    None,
    "added",
    binary=False,
    added=len(LINES),
    removed=0,
    hunks=(Hunk(0, 0, 1, len(LINES), "", tuple(Line("added", None, n, t) for n, t in enumerate(LINES, 1))),),
    new=encode(TEXT),
)
(UNIT,) = [unit for unit in find_units([FILE]) if unit.name == "mean"]
PROBLEM = Problem(
    "F1",
    FILE,
    Source("new0", "m.py", "python", TEXT),
    "model/correctness",
    "correctness",
    frozenset({"checker"}),
    (WireIssue(location=WirePlace(file="m.py", line=6), description="An empty list.", evidence=FAULTY),),
    UNIT,
    ("Nothing checks for it.",),
)
ITEM = ExecutionItem("i-1", FunctionRef("m.py", "mean", 4, 6), None, "correctness", 1, "completed")
ANGLES = load_angles(read_file(resource("angles.yaml"))).angles

Say = Callable[[Any], Answered]


def said(value: JsonValue) -> Answered:
    return ResponsePayload(status="success", result=value)


def code(text: str) -> Answered:
    return said({"analysis": "because", "code": text})


def content(payload: Any) -> Answered:
    """What a checker says that has nothing against it."""
    if payload.before is None:
        return said({"issues": [], "summary": ""})
    return said({"analysis": "", "repaired": "yes", "preserved": "yes", "confidence": 1.0})


class Voice:
    """Implements `run.bus.Worker`; keeps what it was asked."""

    def __init__(self, name: str, say: Say) -> None:
        self.id = name
        self.asked: list[Any] = []
        self._say = say

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        self.asked += [each.payload for each in requests]
        return tuple(self._say(each.payload) for each in requests)


class Mute(Voice):
    """Never answers."""

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        await asyncio.get_running_loop().create_future()
        return ()


def run(
    maker: Voice,
    checker: Voice | None = None,
    *,
    limits: FixLimits | None = None,
    reviewer: ScriptedReviewer | None = None,
    ticks: float = 0.0,
    problem: Problem = PROBLEM,
) -> tuple[Ended, FixLoop]:
    checker = checker or Voice("checker", content)
    reviewers = [reviewer or ScriptedReviewer("ruff")]
    now = iter(range(10_000))

    async def work() -> tuple[Ended, FixLoop]:
        ask = partial(examine, max_concurrent=2, timeout_s=5)
        heard = await ask(reviewers, {each.id: [PROBLEM.source] for each in reviewers})
        bus = Bus({maker.id: maker, checker.id: checker}, now=lambda: 0.0)
        models = Askable(
            bus, Surroundings({"m.py": FILE}, ANGLES, mark="1a2"), lambda _problem: ITEM, lambda *_: frozenset()
        )
        bench = Bench(reviewers, heard, ask, shapes, lambda: next(now) * ticks, limits or FixLimits(), models, hostile)
        loop = FixLoop(bench)
        (ended,) = await loop.run([attempt_of(problem, maker.id, checkers=(checker.id,))])
        return ended, loop

    return asyncio.run(work())


def test_a_repair_is_offered_once_three_passes_found_nothing_more() -> None:
    maker, checker = Voice("maker", lambda _: code(GOOD)), Voice("checker", content)
    ended, loop = run(maker, checker)
    made = ended.suggestion
    assert made is not None
    assert (made.start_line, made.end_line, made.replacement) == (6, 6, "    return total / max(1, len(items))\n")
    assert made.verified == ("applies", "parses", "reviewed")
    assert [(look.location, look.verdict) for look in made.looked] == [("checker", "satisfied"), ("ruff", "clean")]
    assert len(maker.asked) == 1
    assert [each.context.pass_number for each in checker.asked if each.before is None] == [1, 2, 3]
    assert sum(each.before is not None for each in checker.asked) == 1
    assert ended.attempt.ended == "converged"
    assert ended.attempt.state.status == "complete"
    assert {name: len(spent) for name, spent in loop.spent.items()} == {"maker": 1, "checker": 4}


def test_the_request_says_what_has_to_stay_and_what_must_not_come() -> None:
    maker = Voice("maker", lambda _: code(GOOD))
    run(maker)
    (request,) = maker.asked
    assert isinstance(request, RefineRequest)
    assert request.code == GOOD.replace("max(1, len(items))", "len(items)").removesuffix("\n")
    assert request.constraints.must_preserve[0] == 'name, parameters and results: "def mean(items)"'
    assert len(request.constraints.must_not_introduce) == 4
    assert request.guidance == "Nothing checks for it."
    assert request.context.line_range is not None
    assert (request.context.line_range.start, request.context.line_range.end) == (4, 6)
    assert request.issues == PROBLEM.claims


def test_what_was_refused_is_said_and_the_next_answer_counts() -> None:
    answers = iter([GOOD.replace("max(1, ", "max((1, "), GOOD])
    maker = Voice("maker", lambda _: code(next(answers)))
    ended, _ = run(maker)
    assert ended.suggestion is not None
    assert "The last answer was refused: the file would not parse" in maker.asked[1].guidance
    history = ended.attempt.state.lines[2].pass_history
    assert [one.reason for one in history[0].modifications] == [
        "because",
        "rolled back: the file would not parse",
    ]
    assert [len(result.angles_run[0].issues_found) for result in history] == [1, 0, 0, 0]


def test_who_does_not_learn_is_asked_twice() -> None:
    maker = Voice("maker", lambda _: code(TEXT))
    ended, _ = run(maker)
    assert (ended.suggestion, len(maker.asked)) == (None, 2)
    assert ended.refused.startswith("it ")


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({"repaired": "no", "preserved": "yes"}, "checker still complains"),
        ({"repaired": "unsure", "preserved": "yes"}, "checker is not sure that the defect is repaired"),
        ({"repaired": "yes", "preserved": "no"}, "checker sees that the code does something else now"),
        ({"repaired": "yes"}, "checker is not sure that the code still does all it did"),
        ({}, "checker is not sure that the defect is repaired"),
    ],
)
def test_who_complained_has_to_be_content(result: dict[str, JsonValue], why: str) -> None:
    checker = Voice("checker", lambda asked: content(asked) if asked.before is None else said(result))
    ended, _ = run(Voice("maker", lambda _: code(GOOD)), checker)
    assert (ended.suggestion, ended.refused) == (None, why)


def test_a_defect_that_is_seen_in_a_later_pass_counts() -> None:
    found: JsonValue = {"evidence": "return total / max(1, len(items))", "description": "Wrong mean", "confidence": 0.9}

    def say(asked: VerifyRequest) -> Answered:
        late = asked.before is None and asked.context.pass_number == 3
        return said({"issues": [found]}) if late else content(asked)

    ended, _ = run(Voice("maker", lambda _: code(GOOD)), Voice("checker", say), limits=FixLimits(max_passes=4))
    assert (ended.suggestion, ended.refused) == (None, "checker sees a new defect in the result: Wrong mean")
    assert ended.attempt.ended == "converged"


def test_what_does_not_settle_is_not_offered() -> None:
    bodies = iter(range(1, 100))
    maker = Voice("maker", lambda _: code(GOOD.replace("1", str(next(bodies)))))
    turns = iter(range(100))

    def say(asked: VerifyRequest) -> Answered:
        fickle = asked.before is not None and next(turns) % 2 == 0
        return said({"repaired": "no"}) if fickle else content(asked)

    ended, _ = run(maker, Voice("checker", say), limits=FixLimits(max_passes=3))
    assert (ended.suggestion, ended.attempt.ended) == (None, "max_iterations")
    assert ended.refused == "it did not settle in 3 passes"


def test_an_analyser_that_sees_what_is_new_has_its_say() -> None:
    def linter(source: Source) -> list[Issue]:
        lines = split_lines(source.text)
        return [Issue("undefined-name", "", n, n, "x") for n, line in enumerate(lines, 1) if "max(" in line]

    ended, _ = run(Voice("maker", lambda _: code(GOOD)), reviewer=ScriptedReviewer("ruff", linter))
    assert ended.refused == "ruff sees a new defect in the result: undefined-name"


def test_only_the_lines_that_are_named_are_taken_back() -> None:
    def linter(source: Source) -> list[Issue]:
        lines = split_lines(source.text)
        return [Issue("undefined-name", "", n, n, "x") for n, line in enumerate(lines, 1) if "fsum" in line]

    both = GOOD.replace("sum(items)", "fsum(items)", 1)
    answers = iter([both, GOOD])
    maker = Voice("maker", lambda _: code(next(answers)))
    ended, _ = run(maker, reviewer=ScriptedReviewer("ruff", linter))
    assert ended.suggestion is not None
    assert "max(1, len(items))" in maker.asked[1].code
    assert "fsum" not in maker.asked[1].code


WAYS: dict[str, Callable[[str], str]] = {
    "CR LF": lambda text: text.replace("\n", "\r\n"),
    "no end": lambda text: text.removesuffix("\n"),
    "tabs": lambda text: text.replace("    ", "\t"),
    "bytes": lambda text: text.replace("LIMIT = 3", "LIMIT = 3  # \udce9\u202e"),
    "trailing": lambda text: text.replace("sum(items)\n", "sum(items)  \n"),
    "method": lambda text: "class A:\n" + "".join(f"    {line}\n" if line else "\n" for line in split_lines(text)),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_rest_of_the_file_stays_as_it_is(way: str) -> None:
    text = WAYS[way](TEXT)
    lines = split_lines(text)
    added = tuple(Line("added", None, number, line) for number, line in enumerate(lines, 1))
    file = replace(FILE, added=len(lines), hunks=(Hunk(0, 0, 1, len(lines), "", added),), new=encode(text))
    (unit,) = [unit for unit in find_units([file]) if unit.name.endswith("mean")]
    source = replace(PROBLEM.source, text=text)
    maker = Voice("maker", lambda asked: code(asked.code.replace("len(items)", "max(1, len(items))")))
    ended, _ = run(maker, problem=replace(PROBLEM, file=file, unit=unit, source=source))
    made = ended.suggestion
    assert made is not None, ended.refused
    whole = lines_with_ends(text)
    fixed = "".join((*whole[: made.start_line - 1], made.replacement, *whole[made.end_line :]))
    assert fixed == WAYS[way](TEXT.replace("len(items)", "max(1, len(items))"))
    assert made.end_line == made.start_line


def test_the_same_question_is_put_once() -> None:
    maker, checker = Voice("maker", lambda _: code(GOOD)), Voice("checker", content)
    request = VerifyRequest(code="x", angle_spec=ANGLES["style"], context=RequestContext(file_path="m.py"))
    calls = Calls(left=2)
    bus = Bus({"maker": maker, "checker": checker}, now=lambda: 0.0)
    twice = [("checker", request), ("checker", request)]
    one, other = asyncio.run(calls.ask(bus, twice, 1.0))
    assert one == other
    assert (len(checker.asked), calls.left, len(calls.spent["checker"])) == (1, 1, 1)


def test_an_end_of_calls_is_an_end_with_a_reason() -> None:
    ended, loop = run(Voice("maker", lambda _: code(GOOD)), limits=FixLimits(calls=2))
    assert ended.refused == "the questions that may be asked about fixes (fix.calls) are used up"
    assert ended.attempt.ended == "error"
    assert sum(map(len, loop.spent.values())) == 2


def test_an_end_of_time_is_an_end_with_a_reason() -> None:
    over = "the time for fixes (fix.seconds, total_timeout_ms) is over"
    assert run(Voice("maker", lambda _: code(GOOD)), ticks=1.0, limits=FixLimits(seconds=2.5))[0].refused == over
    assert run(Mute("maker", content), limits=FixLimits(seconds=0.01))[0].refused == over


def test_who_gives_no_answer_ends_the_attempt() -> None:
    def broken(_asked: Any) -> Answered:
        return ErrorPayload(code="INTERNAL_ERROR", message="refused: no", recoverable=False)

    def poor(_asked: Any) -> Answered:
        details: JsonValue = {"outcome": "over_budget"}
        return ErrorPayload(code="RATE_LIMITED", message="over", details=details, recoverable=False)

    assert run(Voice("maker", broken))[0].refused == "maker gave no answer: refused: no"
    assert run(Voice("maker", poor))[0].refused == "the budget of the review is used up"
    mute = run(Voice("maker", lambda _: code(GOOD)), Voice("checker", broken))[0]
    assert mute.refused == "checker gave no answer: refused: no"


def test_whoever_made_it_is_not_alone_in_finding_it_good() -> None:
    order = ["a", "b", "c"]
    assert checkers_of("a", order, {"a"}) == ("a", "b")
    assert checkers_of("b", order, {"a"}) == ("a",)
    assert checkers_of("a", order, {"a", "c"}) == ("a", "c")
    assert checkers_of("a", order, {"ruff"}) == ("b",)
    assert checkers_of("a", ["a"], {"a"}) == ("a",)
    assert checkers_of("a", ["a"], frozenset()) == ("a",)


def test_of_several_that_hold_the_smallest_is_offered() -> None:
    def ended(maker: str, lines: int, text: str) -> Ended:
        attempt = attempt_of(PROBLEM, maker)
        return Ended(attempt, Suggestion(4, 3 + lines, text, ("applies",), maker))

    wide, narrow, short = ended("a", 3, "x\n" * 3), ended("b", 1, "yy\n"), ended("c", 1, "y\n")
    assert chosen([wide, narrow, short])["F1"].source == "c"
    assert chosen([short, narrow, wide])["F1"].source == "c"
    assert chosen([narrow, ended("b", 1, "y\n"), wide])["F1"].replacement == "y\n"
    assert chosen([Ended(attempt_of(PROBLEM, "a"), None, "no")]) == {}


def test_what_a_model_brings_in_is_looked_at_and_what_was_there_is_not() -> None:
    address = 'x = "https://a.example/"\n'
    assert hostile("m.py", address, "x = 1\n") == "it brings in an address"
    assert hostile("m.py", address, address) is None
    assert hostile("m.py", "x = 1\r\n", "x = 2\r\n") is None
    assert hostile("m.py", "x = 1", "x = 2") is None
    assert hostile("m.py", "# \u202e\n", "# \u202ea\n") is None
    assert hostile("m.py", "# \u202e\n", "# a\n") is not None
    assert hostile(".github/workflows/a.yml", "a: 1\n", "a: 2\n") is not None
    assert hostile("m.py", "/merge\n", "x\n") == "a line would be read as a command"
