"""A model as a worker: what a request becomes, and what comes of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, get_args

import pytest

from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.call.model import Call, Outcome, Reply, Usage
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    ErrorPayload,
    LineRange,
    RequestConstraints,
    RequestContext,
    ResponsePayload,
    VerifyRequest,
    WireIssue,
    WirePlace,
)
from codedesigner.run.bus import Answered
from codedesigner.run.model_worker import ModelWorker

AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")
ANGLE = AngleSpec(
    id="correctness", version="1.0.0", name="C", description="d", system_prompt="Look.", focus_areas=(AREA,)
)
CLAIM = WireIssue(location=WirePlace(line=10), description="Wrong.", evidence="return x")
GOOD_ONES = ("answered", "repaired", "re_asked")
GOOD = Reply("", "one", "answered", value={"issues": [], "summary": ""}, usage=Usage(1, 10, 2))


def request(first: int = 10, code: str = "def f(x):\n    return x", **context: Any) -> VerifyRequest:
    last = first + code.count("\n")
    given = {"file_path": "a.py", "line_range": LineRange(start=first, end=last), "mark": "3fa", **context}
    return VerifyRequest(code=code, angle_spec=ANGLE, context=RequestContext(**given))


class Asked:
    """Remembers the calls, and gives each the reply."""

    def __init__(self, reply: Reply = GOOD) -> None:
        self.reply = reply
        self.calls: list[Call] = []

    async def __call__(self, call: Call, location: str) -> Reply:
        self.calls.append(call)
        return replace(self.reply, call_id=call.id, location=location)


def said(reply: Reply, made: VerifyRequest | AnalyzeRequest | None = None, **worker: Any) -> tuple[Answered, Asked]:
    asked = Asked(reply)
    payload = made or request()
    envelope = Envelope(
        message_id="12345678-1234-1234-1234-123456789012",
        timestamp=1.0,
        sender="supervisor",
        message_type="verify_request" if isinstance(payload, VerifyRequest) else "analyze_request",
        payload=payload,
    )
    (answer,) = asyncio.run(ModelWorker("one", asked, **worker).handle([envelope], lambda _id, _share: None))
    return answer, asked


def call(made: VerifyRequest, **worker: Any) -> Call:
    _, asked = said(GOOD, made, fingerprint="print", **worker)
    return asked.calls[0]


def test_a_good_reply_is_a_response_with_what_it_cost() -> None:
    answer, _ = said(replace(GOOD, outcome="repaired", usage=Usage(2, 30, 4, 5), usd=0.5, latency_ms=12.34, model="m"))
    assert isinstance(answer, ResponsePayload)
    assert (answer.result, answer.warnings) == ({"issues": [], "summary": ""}, ("repaired",))
    metrics = answer.metrics
    assert (metrics.calls, metrics.retries, metrics.tokens_in, metrics.tokens_out) == (2, 1, 30, 4)
    assert (metrics.tokens_cached, metrics.usd, metrics.duration_ms, metrics.model_used) == (5, 0.5, 12.3, "m")


@pytest.mark.parametrize(
    "outcome", [each for each in get_args(Outcome) if each not in ("answered", "repaired", "re_asked")]
)
def test_every_other_outcome_is_an_error_that_names_it(outcome: Outcome) -> None:
    answer, _ = said(Reply("", "one", outcome, text="No issues.", detail="why", usage=Usage(3)))
    assert isinstance(answer, ErrorPayload)
    assert answer.message == f"{outcome}: why"
    assert isinstance(answer.details, dict)
    assert answer.details["outcome"] == outcome
    assert answer.details["status"] == {"timeout": "timeout", "offline": "offline"}.get(outcome, "failed")
    assert answer.metrics.calls == 3


def test_it_takes_no_other_request() -> None:
    answer, asked = said(GOOD, AnalyzeRequest(code="x", questions=("?",), context=RequestContext(file_path="a.py")))
    assert isinstance(answer, ErrorPayload)
    assert answer.code == "INVALID_REQUEST"
    assert asked.calls == []


def test_a_question_keeps_its_name_where_its_code_only_moves() -> None:
    there, moved = call(request(first=10)), call(request(first=400, mark="abc"))
    assert there.key == moved.key
    assert there.key is not None
    assert (there.origin, moved.origin) == (10, 400)


@pytest.mark.parametrize(
    "other",
    [
        request(code="def f(x):\n    return y"),
        request(file_path="b.py"),
        request(function_name="g"),
        request(brief="Called by: g"),
        request(instructions="Cents."),
        request(pass_number=2),
        request(term="money"),
        request(changed_lines=(11,)),
        request(previous_issues=(CLAIM,)),
        request().model_copy(update={"angle_spec": ANGLE.model_copy(update={"version": "1.0.1"})}),
        request().model_copy(update={"angle_spec": ANGLE.model_copy(update={"temperature": 0.9})}),
        request().model_copy(update={"angle_spec": ANGLE.model_copy(update={"system_prompt": "Look again."})}),
    ],
)
def test_whatever_an_answer_depends_on_is_part_of_the_name(other: VerifyRequest) -> None:
    assert call(other).key != call(request()).key


def test_the_seed_and_the_model_are_part_of_the_name() -> None:
    assert call(request(), seed=7).key != call(request()).key
    _, asked = said(GOOD, request(), fingerprint="another")
    assert asked.calls[0].key != call(request()).key
    _, asked = said(GOOD, request())
    assert asked.calls[0].key is None


def test_each_pass_and_each_question_has_a_seed_of_its_own() -> None:
    made = [request(), request(pass_number=2), request(term="money"), request(previous_issues=(CLAIM,))]
    seeds = {call(one).seed for one in made} | {call(request(), seed=1).seed}
    assert len(seeds) == 5
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)
    assert call(request(first=99)).seed == call(request()).seed


def test_questions_about_the_same_code_are_a_group() -> None:
    assert call(request()).group == call(request(term="money", pass_number=3)).group
    assert call(request()).group != call(request(code="x")).group


def test_only_looking_for_defects_leaves_room_for_chance() -> None:
    assert call(request()).temperature == ANGLE.temperature
    assert call(request(term="money")).temperature == 0.0
    assert call(request(previous_issues=(CLAIM,))).temperature == 0.0


def test_limits_of_the_request_reach_the_call() -> None:
    limited = request().model_copy(update={"constraints": RequestConstraints(max_tokens=100, timeout_ms=1500)})
    assert (call(limited).max_tokens, call(limited).timeout_s) == (100, 1.5)
    assert (call(request()).max_tokens, call(request()).timeout_s) == (None, None)


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ({"issues": [{"location": {"line": 12, "column": 3}}]}, {"issues": [{"location": {"line": 42, "column": 3}}]}),
        ({"issues": [{"location": {"line": "x"}}, 7, {}]}, {"issues": [{"location": {"line": "x"}}, 7, {}]}),
        ({"answer": "yes", "line": 11}, {"answer": "yes", "line": 41}),
        ({"answer": "yes", "line": True}, {"answer": "yes", "line": True}),
        (["text"], ["text"]),
    ],
)
def test_a_reply_from_when_the_code_stood_elsewhere_is_moved_with_it(value: Any, moved: Any) -> None:
    kept = replace(GOOD, value=value, origin=10, from_store=True)
    answer, _ = said(kept, request(first=40))
    assert isinstance(answer, ResponsePayload)
    assert answer.result == moved
    assert answer.metrics.cached_calls == 1
    answer, _ = said(kept, request(first=10))
    assert isinstance(answer, ResponsePayload)
    assert answer.result == value
