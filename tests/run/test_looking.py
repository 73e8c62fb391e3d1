"""The supervisor's list before it judges: how it is asked for, and what becomes of it when something is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from codedesigner.angle.output import output_errors, schema_errors
from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.call.model import Call, Reply
from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, FunctionRef
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    Metrics,
    ResponsePayload,
    VerifyRequest,
    WireAlternative,
    WireIssue,
    WirePlace,
)
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.judgement import Dispute, judge_request
from codedesigner.run.looking import MOST_LISTED, LookupLimits, wish_request
from codedesigner.run.model_worker import ModelWorker
from codedesigner.run.prompting import asked
from codedesigner.run.questions import Surroundings
from codedesigner.run.supervisor import Judged, judge_disputes
from codedesigner.run.tools.registry import ToolRegistry
from codedesigner.run.tools.worker import TOOL_WORKER

FILE = FileChange("a.py", None, "modified", False, 1, 0, (), new=b"def f(x):\n    return 1 / g(x)\n")
AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")
ANGLE = AngleSpec(
    id="correctness", version="1.0.0", name="Correctness", description="d", system_prompt="Look.", focus_areas=(AREA,)
)
AROUND = Surroundings({"a.py": FILE}, {"correctness": ANGLE}, mark="3fa", brief=lambda _item: "| it calls: g")
CLAIM = WireIssue(
    severity="high", location=WirePlace(line=2), description="divides by zero", evidence="return 1 / g(x)"
)
VIEWS = (
    WireAlternative(view="defect", claim=CLAIM, supporters=1),
    WireAlternative(view="no_defect", supporters=1),
)
DISPUTE = Dispute(ExecutionItem("i", FunctionRef("a.py", "f", 1, 2), None, "correctness", 1), VIEWS)
REQUEST = judge_request(DISPUTE, AROUND)
LIMITS = LookupLimits(calls=3, characters=2000, seconds=5.0)
REGISTRY = ToolRegistry()
WISH = wish_request(REQUEST, LIMITS, REGISTRY)
LIST: JsonValue = {"lookups": [{"why": "w", "tool": "find_definition", "arguments": {"name": "g"}}]}
DECIDED: JsonValue = {"analysis": "g is never 0", "choice": "no_defect", "severity": "low", "confidence": 0.9}


def test_the_list_shares_with_the_judgement_all_that_comes_before_what_is_asked() -> None:
    found = REQUEST.model_copy(update={"looked_up": "Looked up:\n\n1. git_log\n1 abc| {}"})
    wish, plain, told = asked(WISH), asked(REQUEST), asked(found)
    assert wish.asking == "analyse"
    assert wish.prompt.system == told.prompt.system
    assert wish.prompt.shared == told.prompt.shared
    views = plain.prompt.question.partition('Write into "analysis"')[0]
    assert 'View "no_defect"' in views
    assert wish.prompt.question.startswith(views)
    assert told.prompt.question == plain.prompt.question.replace(views, f"{views}{found.looked_up}\n\n")


def test_a_list_that_is_too_long_for_what_is_allowed_is_still_a_list() -> None:
    schema = WISH.output_schema
    assert schema is not None
    assert schema_errors(schema) == ()
    one: JsonValue = {"why": "", "tool": "git_log", "arguments": {}}
    assert output_errors(schema, {"lookups": [one] * MOST_LISTED}) == ()
    assert output_errors(schema, {"lookups": [one] * (MOST_LISTED + 1)}) != ()
    assert output_errors(schema, {"lookups": []}) == ()


def test_the_list_is_asked_for_without_deep_thinking_and_kept_under_a_name_of_its_own() -> None:
    calls: list[Call] = []

    async def ask(call: Call, location: str) -> Reply:
        calls.append(call)
        return Reply(call.id, location, "answered", value=LIST)

    bus = Bus({"judge": ModelWorker("judge", ask, priority=8.0, fingerprint="f")}, now=lambda: 1.0)
    moved = Surroundings(AROUND.files, AROUND.angles, mark="99c", brief=AROUND.brief)
    same = wish_request(judge_request(DISPUTE, moved), LIMITS, REGISTRY)
    fewer = wish_request(REQUEST, LookupLimits(2, 2000, 5.0), REGISTRY)
    answers = [asyncio.run(bus.ask("judge", [each]))[0] for each in (WISH, same, fewer, REQUEST)]
    assert isinstance(answers[0], ResponsePayload)
    assert answers[0].result == LIST
    wish, again, other, judging = calls
    assert (wish.deep, wish.temperature, wish.priority, wish.schema) == (False, 0.0, 8.0, WISH.output_schema)
    assert (wish.key, wish.group) == (again.key, judging.group)
    assert len({wish.key, other.key, judging.key}) == 3


def test_a_model_takes_no_question_without_the_shape_of_an_answer() -> None:
    async def ask(call: Call, location: str) -> Reply:
        raise AssertionError(call)

    bus = Bus({"m": ModelWorker("m", ask)}, now=lambda: 1.0)
    (answered,) = asyncio.run(bus.ask("m", [WISH.model_copy(update={"output_schema": None})]))
    assert isinstance(answered, ErrorPayload)
    assert answered.message == "a model does not take a analyze_request"


class Says:
    """Implements `run.bus.Worker`: the answer to a kind of request; without one it never answers."""

    def __init__(self, **answers: Answered) -> None:
        self.id = "judge"
        self.asked: list[Envelope] = []
        self._answers = answers

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> list[Answered]:
        self.asked += requests
        kind = requests[0].message_type
        if kind not in self._answers:
            await asyncio.Event().wait()
        return [self._answers[kind] for _ in requests]


def good(result: JsonValue, tokens: int = 0) -> ResponsePayload:
    return ResponsePayload(status="success", result=result, metrics=Metrics(tokens_in=tokens, calls=1))


def judged(judge: Says, tools: Says, left_s: float | None = None) -> Judged:
    bus = Bus({"judge": judge, TOOL_WORKER: tools}, now=lambda: 1.0)
    (one,) = asyncio.run(judge_disputes(bus, "judge", [DISPUTE], AROUND, left_s=left_s, lookups=LIMITS))
    return one


FOUND = Says(tool_request=good({"text": "b.py:1: def g(x)", "truncated": ""}))


def test_what_is_found_is_told_behind_a_bar_and_both_calls_are_counted() -> None:
    judge = Says(analyze_request=good(LIST, 7), verify_request=good(DECIDED, 9))
    one = judged(judge, FOUND)
    assert (one.opinion.choice, one.opinion.note) == ("no_defect", "after 1 lookup")
    assert [each.tokens_in for each in one.spent] == [7, 9]
    wish, asked_last = (each.payload for each in judge.asked)
    assert isinstance(wish, AnalyzeRequest)
    assert isinstance(asked_last, VerifyRequest)
    mark = asked_last.looked_up.split("\n")[3][2:5]
    assert asked_last.looked_up.split("\n")[3:] == [f'1 {mark}| {{"name": "g"}}', f"2 {mark}| b.py:1: def g(x)"]
    assert set(mark) <= set("0123456789abcdef")


def test_the_mark_of_results_stays_while_the_code_does() -> None:
    texts = []
    for around in (AROUND, Surroundings(AROUND.files, AROUND.angles, mark="99c")):
        judge = Says(analyze_request=good(LIST), verify_request=good(DECIDED))
        bus = Bus({"judge": judge, TOOL_WORKER: FOUND}, now=lambda: 1.0)
        asyncio.run(judge_disputes(bus, "judge", [DISPUTE], around, lookups=LIMITS))
        texts.append(getattr(judge.asked[-1].payload, "looked_up", ""))
    assert texts[0] == texts[1] != ""


def test_time_that_ends_between_the_two_leaves_what_the_first_has_cost() -> None:
    one = judged(Says(analyze_request=good(LIST, 7)), FOUND, left_s=0.2)
    assert (one.opinion.choice, one.opinion.reason) == (None, "the review's time was over")
    assert one.wished == Metrics(tokens_in=7, calls=1)


def test_time_that_ends_while_a_tool_is_at_work_is_no_list_that_failed() -> None:
    one = judged(Says(analyze_request=good(LIST, 7)), Says(), left_s=0.2)
    assert (one.opinion.reason, one.unlisted) == ("the review's time was over", "")


@pytest.mark.parametrize(
    ("wish", "note", "unlisted"),
    [
        (good("all"), "judged without lookups: the list of lookups is missing", "the list of lookups is missing"),
        (
            ErrorPayload(code="INTERNAL_ERROR", message="refused: no\nreally", recoverable=False),
            "judged without lookups: refused: no\\x0areally",
            "refused: no\nreally",
        ),
        (
            ErrorPayload(
                code="RATE_LIMITED", message="over_budget", details={"outcome": "over_budget"}, recoverable=False
            ),
            "judged without lookups: over_budget",
            "",
        ),
        (good({"lookups": []}), "", ""),
    ],
)
def test_without_a_list_it_is_asked_to_judge_all_the_same(wish: Answered, note: str, unlisted: str) -> None:
    judge = Says(analyze_request=wish, verify_request=good(DECIDED))
    one = judged(judge, Says())
    assert (one.opinion.choice, one.opinion.note, one.unlisted) == ("no_defect", note, unlisted)
    assert judge.asked[-1].payload == REQUEST
