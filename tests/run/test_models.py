"""The models of a review: what is asked, in which order, and what a budget leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.change.model import FileChange
from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Issue
from codedesigner.protocol.wire import Envelope, ErrorPayload, ResponsePayload, VerifyRequest
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.models import Claim, Examined, Models
from codedesigner.run.passes import Asked
from codedesigner.run.questions import Surroundings

FILE = FileChange("a.py", None, "added", False, 2, 0, (), new=b"def f(x):\n    return x\n")
GONE = FileChange("b.py", None, "added", False, 2, 0, (), new=None)
AREA = FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high")
ANGLE = AngleSpec(id="correctness", version="1.0.0", name="C", description="d", system_prompt="L", focus_areas=(AREA,))
AROUND = Surroundings({"a.py": FILE, "b.py": GONE}, {"correctness": ANGLE})
NOTHING = ResponsePayload(status="success", result={"issues": [], "summary": ""})
BROKE = ErrorPayload(
    code="RATE_LIMITED", message="over_budget: no", details={"outcome": "over_budget"}, recoverable=False
)
YES = ResponsePayload(status="success", result={"analysis": "so", "verdict": "yes", "confidence": 0.9})


def item(name: str, number: int = 1, *, cut: bool = False, path: str = "a.py") -> ExecutionItem:
    who = ("one",)
    return ExecutionItem(
        f"{name}-{number}",
        FunctionRef(path, name, 1, 2),
        None,
        "correctness",
        number,
        status="skipped" if cut else "pending",
        skip_reason="budget" if cut else None,
        locations=() if cut else who,
        unasked=who if cut else (),
    )


@dataclass
class Worker:
    """Answers after a turn of the loop; a question that it `holds` it never answers."""

    says: Callable[[VerifyRequest], Answered] = lambda _request: NOTHING
    holds: frozenset[str] = frozenset()
    id: str = "one"
    asked: list[str] = field(default_factory=list)

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> list[Answered]:
        (request,) = [each.payload for each in requests]
        assert isinstance(request, VerifyRequest)
        name = f"{request.context.function_name}-{request.context.pass_number}"
        self.asked.append(name)
        await (asyncio.Event().wait() if name in self.holds else asyncio.sleep(0))
        return [self.says(request)]


def models(worker: Worker, *, catch_up: bool = True) -> Models:
    return Models(
        weights={"one": 1.0},
        bus=Bus({"one": worker}, now=lambda: 0.0),
        early_exit=EarlyExitConfig(),
        at_once=4,
        total_timeout_s=5.0,
        monotonic=lambda: 0.0,
        catch_up=catch_up,
    )


def ask(worker: Worker, *items: ExecutionItem, catch_up: bool = True) -> Asked:
    plan = ExecutionPlan("p", 0.0, items, "exhaustive", len(items))
    return asyncio.run(models(worker, catch_up=catch_up).ask(plan, AROUND))


def test_what_the_plan_left_out_for_a_budget_is_asked_last_and_pass_by_pass() -> None:
    worker = Worker()
    asked = ask(worker, item("g", 2, cut=True), item("f"), item("h", cut=True), item("f", 2), item("g", cut=True))
    assert worker.asked[:2] == ["f-1", "f-2"]
    assert set(worker.asked[2:4]) == {"g-1", "h-1"}
    assert worker.asked[4:] == ["g-2"]
    assert set(asked.answers) == {"f-1", "f-2", "g-1", "g-2", "h-1"}


def test_a_later_round_knows_how_far_a_question_is() -> None:
    worker = Worker()
    cut = [item("f", number, cut=True) for number in range(3, 9)]
    asked = ask(worker, item("f"), item("f", 2), *cut)
    assert worker.asked == ["f-1", "f-2", "f-3"]
    assert set(asked.left_out) == {f"f-{number}" for number in range(4, 9)}


def test_a_limit_on_items_stays_one() -> None:
    worker = Worker()
    ask(worker, item("f"), item("g", cut=True), catch_up=False)
    assert worker.asked == ["f-1"]


def test_what_does_not_fit_is_marked_and_asked_about_to_the_end() -> None:
    worker = Worker(says=lambda _request: BROKE)
    asked = ask(worker, *(item("f", number) for number in range(1, 5)))
    # What is kept from before costs nothing, so each pass is asked for.
    assert len(worker.asked) == 4
    assert all(answer["one"].over_budget for answer in asked.answers.values())


def test_a_file_without_text_has_no_answer() -> None:
    worker = Worker()
    asked = ask(worker, item("f"), item("g", path="b.py"))
    assert worker.asked == ["f-1"]
    answer = asked.of("g-1", "one")
    assert answer is not None
    assert (answer.status, answer.detail) == ("failed", "there is no text of this file to show")


def examine(worker: Worker, *names: str, left_s: float | None = None) -> tuple[Examined, ...]:
    issue = Issue("model/correctness", "", 2, 2, "wrong")
    claims = [Claim(item(name), issue, "one") for name in names]
    return asyncio.run(models(worker).examine(claims, AROUND, left_s=left_s))


def test_a_claim_is_put_with_its_words_and_its_line() -> None:
    seen: list[VerifyRequest] = []

    def says(request: VerifyRequest) -> Answered:
        seen.append(request)
        return YES

    (said,) = examine(Worker(says=says), "f")
    assert (said.verdict, said.confidence, said.reason, said.over_budget) == ("yes", 0.9, "so", False)
    (claim,) = seen[0].context.previous_issues
    assert (claim.description, claim.evidence) == ("wrong", "    return x")


def test_who_could_not_be_paid_was_not_asked() -> None:
    (said,) = examine(Worker(says=lambda _request: BROKE), "f")
    assert (said.verdict, said.over_budget) == (None, True)


def test_when_the_time_is_over_the_claims_that_are_answered_count() -> None:
    said = examine(Worker(says=lambda _request: YES, holds=frozenset({"g-1"})), "f", "g", left_s=0.2)
    assert [one.claim.item.function_ref.name for one in said] == ["f"]


def test_defects_of_one_kind_on_one_line_are_told_apart() -> None:
    issues = [
        Issue("undefined-name", "F821", 2, 2, f"`{name}`", column=column) for name, column in (("a", 3), ("b", 9))
    ]
    assert len({Claim(item("f"), issue, "one").about for issue in issues}) == 2
