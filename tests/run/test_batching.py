"""Questions that share a call."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest

from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.call.model import Call, Outcome, Reply, Usage
from codedesigner.protocol.wire import (
    ErrorPayload,
    LineRange,
    RequestContext,
    ResponsePayload,
    VerifyRequest,
    WireIssue,
    WirePlace,
)
from codedesigner.run.batching import BatchingWorker, questions_at_once
from codedesigner.run.bus import Answered, Bus
from codedesigner.run.model_worker import ModelWorker

AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")
ANGLE = AngleSpec(
    id="correctness", version="1.0.0", name="C", description="d", system_prompt="Look well.", focus_areas=(AREA,)
)
PLENTY = 10_000


def about(name: str, first: int, *, path: str = "a.py", lines: int = 3, **more: object) -> VerifyRequest:
    code = [f"def {name}(x):", *(f"    {name}_{number} = x" for number in range(1, lines))]
    span = LineRange(start=first, end=first + lines - 1)
    context = RequestContext(file_path=path, function_name=name, line_range=span, angle_id="correctness")
    return VerifyRequest(code="\n".join(code), angle_spec=ANGLE, context=context.model_copy(update=more))


def says(*lines: str) -> dict[str, object]:
    issues = [
        {"evidence": line, "description": f"wrong: {line}", "severity": "high", "location": {"line": 1}}
        for line in lines
    ]
    return {"issues": issues, "summary": "s"}


@dataclass
class Store:
    kept: dict[str, Reply] = field(default_factory=dict)

    async def get(self, key: str) -> Reply | None:
        await asyncio.sleep(0)
        return self.kept.get(key)

    async def put(self, key: str, reply: Reply) -> None:
        self.kept[key] = reply


@dataclass
class Model:
    """Answers every call as `outcome` has it, and finds the lines that are wrong."""

    wrong: tuple[str, ...] = ()
    outcome: Callable[[Call], Outcome] = lambda _call: "answered"
    calls: list[Call] = field(default_factory=list)

    async def ask(self, call: Call, location: str) -> Reply:
        self.calls.append(call)
        await asyncio.sleep(0)
        outcome = self.outcome(call)
        value = says(*(line for line in self.wrong if line in call.prompt.shared)) if outcome == "answered" else None
        usage = Usage(calls=1, tokens_in=100, tokens_out=10)
        return Reply(call.id, location, outcome, value, detail="why", usage=usage, usd=0.5, origin=call.origin)  # type: ignore[arg-type]

    @property
    def shown(self) -> list[list[str]]:
        """The functions of each call."""
        return [re.findall(r"\| def (\w+)", call.prompt.shared) for call in self.calls]


def ask(
    model: Model, requests: Sequence[VerifyRequest], *, tokens: int = PLENTY, store: Store | None = None
) -> Mapping[str, Answered]:
    async def go() -> list[tuple[Answered, ...]]:
        worker = BatchingWorker(ModelWorker("one", model.ask, fingerprint="f"), tokens, store)
        bus = Bus({"one": worker}, now=lambda: 0.0)
        # One by one, as the pass loop asks, and not as one list.
        return list(await asyncio.gather(*(bus.ask("one", [request]) for request in requests)))

    return {
        request.context.function_name or "": answer
        for request, (answer,) in zip(requests, asyncio.run(go()), strict=True)
    }


def found(answer: Answered) -> list[str]:
    assert isinstance(answer, ResponsePayload)
    assert isinstance(answer.result, dict)
    issues = answer.result["issues"]
    assert isinstance(issues, list)
    return [str(issue["evidence"]) for issue in issues if isinstance(issue, dict)]


FOUR = [about("f", 1), about("g", 5), about("h", 9), about("k", 1, path="b.py")]


def test_questions_that_come_together_share_a_call_and_keep_their_own_answers() -> None:
    model = Model(wrong=("    g_2 = x", "    k_1 = x"))
    answers = ask(model, [FOUR[3], FOUR[1], FOUR[0], FOUR[2]])
    assert model.shown == [["f", "g", "h", "k"]]
    assert {name: found(answer) for name, answer in answers.items()} == {
        "f": [],
        "g": ["    g_2 = x"],
        "h": [],
        "k": ["    k_1 = x"],
    }


def test_a_call_holds_no_more_code_than_it_may() -> None:
    model = Model()
    ask(model, [about(f"f{number}", 1 + 10 * number, lines=8) for number in range(9)], tokens=200)
    assert sorted(name for names in model.shown for name in names) == [f"f{number}" for number in range(9)]
    assert len(model.calls) > 2
    assert all(len(call.prompt.shared) < 4 * 200 + 600 for call in model.calls)


def test_one_that_is_larger_is_asked_alone_as_ever() -> None:
    batched, alone = Model(), Model()
    ask(batched, FOUR[:1], tokens=1)

    async def go() -> None:
        bus = Bus({"one": ModelWorker("one", alone.ask, fingerprint="f")}, now=lambda: 0.0)
        await bus.ask("one", FOUR[:1])

    asyncio.run(go())
    assert [replace(call, key=None) for call in alone.calls] == batched.calls


def test_what_costs_is_counted_once() -> None:
    answers = list(ask(Model(), FOUR).values())
    assert sum(answer.metrics.calls for answer in answers) == 1
    assert sum(answer.metrics.tokens_in for answer in answers) == 100
    assert sum(answer.metrics.usd or 0 for answer in answers) == 0.5


def test_only_what_has_no_answer_yet_is_asked() -> None:
    store = Store()
    ask(Model(wrong=("    g_2 = x",)), FOUR[:2], store=store)
    assert len(store.kept) == 2
    model = Model()
    answers = ask(model, FOUR, store=store)
    assert model.shown == [["h", "k"]]
    assert found(answers["g"]) == ["    g_2 = x"]
    assert (answers["g"].metrics.calls, answers["g"].metrics.cached_calls) == (0, 1)
    again = Model()
    ask(again, FOUR, store=store)
    assert again.calls == []


@pytest.mark.parametrize("outcome", ["too_long", "truncated", "unparseable", "refused", "filtered"])
def test_what_is_too_much_is_halved_until_one_alone_fails(outcome: Outcome) -> None:
    store = Store()
    model = Model(outcome=lambda call: outcome if "def g" in call.prompt.shared else "answered")
    answers = ask(model, FOUR, store=store)
    assert sorted(model.shown) == [["f"], ["f", "g"], ["f", "g", "h", "k"], ["g"], ["h", "k"]]
    assert [name for name, answer in answers.items() if isinstance(answer, ErrorPayload)] == ["g"]
    assert len(store.kept) == 3
    assert sum(answer.metrics.calls for answer in answers.values()) == 5
    assert sum(answer.metrics.usd or 0 for answer in answers.values()) == 2.5


@pytest.mark.parametrize("outcome", ["offline", "timeout", "rate_limited", "over_budget", "failed", "rejected"])
def test_what_is_not_about_the_size_fails_for_all_and_is_not_tried_again(outcome: Outcome) -> None:
    store = Store()
    model = Model(outcome=lambda _call: outcome)
    answers = ask(model, FOUR, store=store)
    assert len(model.calls) == 1
    assert all(isinstance(answer, ErrorPayload) for answer in answers.values())
    assert sum(answer.metrics.calls for answer in answers.values()) == 1
    assert store.kept == {}


def test_a_function_in_a_class_that_is_shown_is_named_and_not_shown_again() -> None:
    whole = about("Sums", 1, lines=20)
    inner = VerifyRequest(
        code="\n".join(whole.code.split("\n")[4:8]),
        angle_spec=ANGLE,
        context=whole.context.model_copy(
            update={"function_name": "Sums.add", "line_range": LineRange(start=5, end=8)},
        ),
    )
    model = Model(wrong=("    Sums_5 = x",))
    answers = ask(model, [inner, whole])
    (call,) = model.calls
    assert call.prompt.shared.count("    Sums_5 = x") == 1
    assert 'Part of it, lines 5 to 8: "Sums.add"' in call.prompt.shared
    assert (found(answers["Sums.add"]), found(answers["Sums"])) == (["    Sums_5 = x"], [])


def test_what_is_asked_in_another_way_is_asked_in_another_call() -> None:
    model = Model()
    ask(model, [FOUR[0], about("g", 5, pass_number=2), about("h", 9, instructions="Amounts are in cents.")])
    assert sorted(model.shown) == [["f"], ["g"], ["h"]]


def test_conventions_are_told_once() -> None:
    model = Model()
    ask(model, [about(name, 1 + 9 * at, instructions="Amounts are in cents.") for at, name in enumerate("fgh")])
    (call,) = model.calls
    assert call.prompt.shared.count("Amounts are in cents.") == 1
    assert call.prompt.shared.index("Amounts") < call.prompt.shared.index("def f")


def test_terms_and_claims_are_never_put_together() -> None:
    claim = WireIssue(severity="high", location=WirePlace(line=1), description="wrong", evidence="x")
    model = Model()
    terms = [about("f", 1, term="money"), about("g", 5, term="money")]
    claims = [about("h", 9, previous_issues=(claim,)), about("k", 14, previous_issues=(claim,))]
    ask(model, [*terms, *claims])
    assert len(model.calls) == 4


def test_when_nobody_waits_any_more_the_call_ends() -> None:
    ended: list[str] = []

    async def hang(call: Call, _location: str) -> Reply:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(call.id)
        raise AssertionError

    async def go() -> None:
        bus = Bus({"one": BatchingWorker(ModelWorker("one", hang), PLENTY)}, now=lambda: 0.0)
        tasks = [asyncio.create_task(bus.ask("one", [request])) for request in FOUR]
        for _ in range(20):
            await asyncio.sleep(0)
        for task in tasks[:3]:
            task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert ended == []  # one still waits
        tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _ in range(20):
            await asyncio.sleep(0)

    asyncio.run(go())
    assert len(ended) == 1


def test_a_bug_behind_it_reaches_whoever_waits() -> None:
    async def broken(_call: Call, _location: str) -> Reply:
        raise ZeroDivisionError

    async def go() -> list[object]:
        bus = Bus({"one": BatchingWorker(ModelWorker("one", broken), PLENTY)}, now=lambda: 0.0)
        return list(await asyncio.gather(*(bus.ask("one", [each]) for each in FOUR), return_exceptions=True))

    assert all(isinstance(each, ZeroDivisionError) for each in asyncio.run(go()))


def test_so_many_questions_are_on_their_way_that_calls_can_be_filled() -> None:
    assert questions_at_once(8, 0) == 8
    assert questions_at_once(8, 8000) == 3200
