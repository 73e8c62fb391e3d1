"""The pass loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.change.model import FileChange
from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, FunctionRef, ProgressReport
from codedesigner.protocol.wire import Envelope, ErrorPayload, ResponsePayload, VerifyRequest
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.passes import Asked, Hooks, PassConfig, PassLoop
from codedesigner.run.questions import ItemAnswer, Surroundings, questions_of

TEXT = "def f(x):\n    return 1 / x\n\n\ndef g(y):\n    return y\n"
FILE = FileChange("a.py", None, "modified", False, 1, 0, (), new=TEXT.encode())
AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")


def angle(name: str) -> AngleSpec:
    return AngleSpec(id=name, version="1.0.0", name=name, description="d", system_prompt="Look.", focus_areas=(AREA,))


AROUND = Surroundings({"a.py": FILE}, {name: angle(name) for name in ("correctness", "security")}, mark="3fa")
F, G = FunctionRef("a.py", "f", 1, 2), FunctionRef("a.py", "g", 5, 6)


def items(
    ref: FunctionRef, passes: int, name: str = "correctness", locations: Sequence[str] = ("one",)
) -> list[ExecutionItem]:
    return [
        ExecutionItem(f"{ref.name}{name}-{number}", ref, None, name, number, locations=tuple(locations))
        for number in range(1, passes + 1)
    ]


Script = Callable[[VerifyRequest], Answered]


def found(*lines: str) -> ResponsePayload:
    issues = [
        {"evidence": line, "description": f"wrong: {line}", "severity": "high", "location": {"line": 2}}
        for line in lines
    ]
    return ResponsePayload(status="success", result={"issues": issues, "summary": ""})  # type: ignore[dict-item]


@dataclass
class Scripted:
    id: str
    script: Script
    asked: list[tuple[str | None, str, int]] = field(default_factory=list)
    waits: bool = False

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> list[Answered]:
        said: list[Answered] = []
        for envelope in requests:
            request = envelope.payload
            assert isinstance(request, VerifyRequest)
            self.asked.append((request.context.function_name, request.angle_spec.id, request.context.pass_number))
            await (asyncio.Event().wait() if self.waits else asyncio.sleep(0))
            said.append(self.script(request))
        return said


def run(
    plan: Sequence[ExecutionItem],
    *workers: Scripted,
    config: PassConfig | None = None,
    hooks: Hooks | None = None,
    told: Callable[[ProgressReport], None] = lambda _report: None,
) -> Asked:
    names = frozenset(worker.id for worker in workers)

    async def go() -> Asked:
        bus = Bus({worker.id: worker for worker in workers}, now=lambda: 0.0)
        loop = PassLoop(
            bus, AROUND, names, config=config or PassConfig(), monotonic=lambda: 0.0, hooks=hooks, told=told
        )
        return await loop.run(questions_of(plan, names))

    return asyncio.run(go())


def test_three_passes_that_agree_are_enough_of_eight() -> None:
    worker = Scripted("one", lambda _: found("    return 1 / x"))
    asked = run(items(F, 8), worker)
    assert [number for _, _, number in worker.asked] == [1, 2, 3]
    assert asked.metrics.early_exits == 1
    assert asked.metrics.skipped_items == 5
    assert set(asked.left_out.values()) == {"after 3 passes, 2 of them with nothing new"}
    (issue,) = asked.answers["fcorrectness-1"]["one"].issues
    assert (issue.kind, issue.line, issue.angle) == ("model/correctness", 2, "correctness")


def test_without_early_exit_every_pass_is_made() -> None:
    worker = Scripted("one", lambda _: found())
    asked = run(items(F, 8), worker, config=PassConfig(early_exit=EarlyExitConfig(enabled=False)))
    assert len(worker.asked) == 8
    assert (asked.metrics.completed_items, asked.metrics.early_exits) == (8, 0)


def test_something_new_keeps_a_question_open_and_no_other_one() -> None:
    def script(request: VerifyRequest) -> Answered:
        late = request.context.function_name == "f" and request.context.pass_number == 3
        return found("def f(x):") if late else found()

    worker = Scripted("one", script)
    run([*items(F, 8), *items(G, 8)], worker)
    assert sorted(number for name, _, number in worker.asked if name == "f") == [1, 2, 3, 4, 5]
    assert sorted(number for name, _, number in worker.asked if name == "g") == [1, 2, 3]


def test_a_pass_never_shows_what_an_earlier_one_found() -> None:
    seen: list[VerifyRequest] = []

    def script(request: VerifyRequest) -> Answered:
        seen.append(request)
        return found("    return 1 / x")

    run(items(F, 3), Scripted("one", script))
    assert all(not request.context.previous_issues for request in seen)
    assert all("wrong:" not in request.model_dump_json() for request in seen)


def test_every_location_is_asked_about_every_item() -> None:
    one, two = Scripted("one", lambda _: found()), Scripted("two", lambda _: found("    return 1 / x"))
    plan = [*items(F, 2, locations=("one", "two")), *items(F, 2, "security", locations=("two",))]
    asked = run(plan, one, two)
    assert sorted(one.asked) == [("f", "correctness", 1), ("f", "correctness", 2)]
    assert len(two.asked) == 4
    assert set(asked.answers["fcorrectness-1"]) == {"one", "two"}
    assert asked.of("fsecurity-1", "one") is None


def test_a_claim_that_quotes_nothing_is_kept_with_its_reason() -> None:
    answers = run(items(F, 1), Scripted("one", lambda _: found("import os", "    return y"))).answers
    answer = answers["fcorrectness-1"]["one"]
    assert answer.issues == ()
    assert [claim.reason for claim in answer.unplaced] == ["quotes no line of the code that it was shown"] * 2


@pytest.mark.parametrize(
    ("code", "details", "status"),
    [
        ("TIMEOUT", None, "timeout"),
        ("INTERNAL_ERROR", {"outcome": "refused", "status": "failed"}, "failed"),
        ("INTERNAL_ERROR", {"status": "offline"}, "offline"),
    ],
)
def test_no_answer_is_not_an_empty_answer(code: str, details: object, status: str) -> None:
    error = ErrorPayload.model_validate({"code": code, "message": "no", "details": details, "recoverable": True})
    asked = run(items(F, 1), Scripted("one", lambda _: error))
    assert asked.answers["fcorrectness-1"]["one"].status == status
    assert (asked.metrics.failed_items, asked.metrics.completed_items) == (1, 0)


def test_hooks_leave_out_ask_again_and_end() -> None:
    failures = iter([True, False])
    tried: list[str] = []

    def again(item: ExecutionItem, location: str, answer: ItemAnswer) -> bool:
        tried.append(f"{item.id} {location} {answer.status}")
        return next(failures, False)

    hooks = Hooks(
        before_item=lambda item: "known to be fine" if item.function_ref.name == "g" else None,
        after_pass=lambda _question, number, _passes: number == 2,
        on_failure=again,
    )
    error = ErrorPayload(code="INTERNAL_ERROR", message="no", recoverable=True)
    worker = Scripted("one", lambda _: error)
    asked = run([*items(F, 8), *items(G, 1)], worker, hooks=hooks)
    assert asked.left_out["gcorrectness-1"] == "known to be fine"
    assert [number for name, _, number in worker.asked if name == "f"] == [1, 1, 2]
    assert tried == ["fcorrectness-1 one failed", "fcorrectness-2 one failed"]
    assert asked.metrics.retries == 1


def test_when_the_time_is_over_what_is_there_stays_and_the_rest_is_late() -> None:
    quick = Scripted("one", lambda _: found())
    slow = Scripted("two", lambda _: found(), waits=True)
    plan = [*items(F, 1), *items(G, 1, locations=("two",))]
    asked = run(plan, quick, slow, config=PassConfig(total_timeout_s=1.0))
    assert asked.answers["fcorrectness-1"]["one"].status == "answered"
    late = asked.answers["gcorrectness-1"]["two"]
    assert (late.status, late.detail) == ("timeout", "not done when the review's 1 s were over")


def test_progress_reaches_the_end_and_never_goes_back() -> None:
    shares: list[float] = []
    run(
        [*items(F, 8), *items(G, 8)],
        Scripted("one", lambda _: found()),
        told=lambda r: shares.append(r.percent_complete),
    )
    assert shares == sorted(shares)
    assert shares[-1] == 100.0


def test_a_pause_holds_the_next_pass_until_it_is_over() -> None:
    async def go() -> tuple[int, int]:
        worker = Scripted("one", lambda _: found())
        loop = PassLoop(
            Bus({"one": worker}, now=lambda: 0.0),
            AROUND,
            frozenset({"one"}),
            config=PassConfig(),
            monotonic=lambda: 0.0,
        )
        loop.pause()
        running = asyncio.create_task(loop.run(questions_of(items(F, 8), frozenset({"one"}))))
        for _ in range(20):
            await asyncio.sleep(0)
        before = len(worker.asked)
        loop.resume()
        await running
        return before, len(worker.asked)

    assert asyncio.run(go()) == (0, 3)


def test_nothing_to_ask_is_done_at_once() -> None:
    asked = run([], Scripted("one", lambda _: found()))
    assert (dict(asked.answers), asked.metrics.total_items) == ({}, 0)
