"""A review stage by stage, each left as text and gone on with as another process would: as if made in one go."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pydantic import JsonValue

from codedesigner.assembly.options import ReviewOptions, Standing
from codedesigner.assembly.plain import from_plain, to_plain
from codedesigner.assembly.request import Prepared, prepare
from codedesigner.assembly.staged import Noted, OtherError, UnderWay, gone_on_with, read, written
from codedesigner.call.embedding import written as vector_written
from codedesigner.commands.replaying import TimelessLoop
from codedesigner.location.build import planned
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.plan.inputs import Budget, PlannedLocation
from codedesigner.planning import Request
from codedesigner.pool.budget import Spent
from codedesigner.protocol.issue import Edit, Fix, Issue
from codedesigner.protocol.wire import (
    AnalyzeRequest,
    Envelope,
    Metrics,
    RefineRequest,
    ResponsePayload,
    ToolRequest,
    VerifyRequest,
)
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import RenderInput
from codedesigner.publish.report import Report
from codedesigner.review import carried_on, review
from codedesigner.run.bus import Answered, Beat, Bus, Worker
from codedesigner.run.models import Models
from codedesigner.run.wired import FileWorker, WiredReviewer
from codedesigner.stages import STAGES, SoFar, Stage
from codedesigner.vote.history import History

ANGLES = frozenset({"correctness"})
CODE = "def f(total, count):\n    y = total / count\n    return y\n\n\ndef g(items):\n    return items[0]\n"
LONG = "`count` is zero for an empty order, and the division fails. The order is lost."
SHORT = "Division by zero when `count` is zero."


class Model:
    """Implements `run.bus.Worker`: proposes, denies, judges, chooses words, makes vectors, repairs."""

    def __init__(self, name: str, heard: Counter[str], delay_s: float = 0.0) -> None:
        self.id = name
        self._heard = heard
        self._delay_s = delay_s

    async def handle(self, requests: Sequence[Envelope], _beat: Beat) -> tuple[Answered, ...]:
        await asyncio.sleep(self._delay_s)
        return tuple(map(self._one, requests))

    def _one(self, request: Envelope) -> Answered:
        self._heard[f"{self.id}:{request.message_id}"] += 1
        metrics = Metrics(calls=1, tokens_in=10, tokens_out=2, usd=0.125, duration_ms=3)
        return ResponsePayload(status="success", result=self._said(request.payload), metrics=metrics)

    def _said(self, payload: object) -> JsonValue:
        if isinstance(payload, ToolRequest):
            texts = payload.arguments["texts"]
            assert isinstance(texts, list)
            return {"vectors": [vector_written((len(str(text)) % 127, 3, -7)) for text in texts]}
        if isinstance(payload, RefineRequest):
            return {"analysis": "", "code": payload.code.replace("total / count", "total / count if count else 0")}
        if isinstance(payload, AnalyzeRequest):
            return {"sentences": ["s1"]}
        assert isinstance(payload, VerifyRequest)
        if payload.before is not None:
            return {"repaired": "yes", "preserved": "yes", "confidence": 0.9}
        if payload.alternatives:
            return {"analysis": "it is reached", "choice": "defect", "severity": "high", "confidence": 0.9}
        if payload.context.previous_issues:
            return {"verdict": "no", "confidence": 0.9, "analysis": "the caller checks \udcff"}
        return {"issues": self._issues(payload.context.function_name or "", payload.code)}

    def _issues(self, function: str, code: str) -> list[JsonValue]:
        if function == "f" and "if count" not in code and self.id in ("left", "right"):
            words = LONG if self.id == "left" else SHORT
            return [{"description": words, "severity": "high", "evidence": "    y = total / count", "confidence": 0.8}]
        if function == "g" and self.id == "left":
            return [{"description": "no first \udcfe", "severity": "high", "evidence": "    return items[0]"}]
        return []


@dataclass
class World:
    """A change, and everybody who is asked about it. `heard` counts questions by who was asked."""

    prepared: Prepared
    models: tuple[str, ...] = ()
    supervisor: str | None = None
    embedder: str | None = None
    wording: bool = False
    fixes: bool = False
    total_s: float = 600.0
    delay_s: float = 0.0
    heard: Counter[str] = field(default_factory=Counter)
    clock: Callable[[], float] = lambda: 100.0

    def request(self, prepared: Prepared | None = None) -> Request:
        """As another process would make it."""
        inner = (prepared or self.prepared).request
        fix = Fix((Edit(2, 5, 2, 6, "z"),), safe=True)
        analysers = [
            ScriptedReviewer("one", {"a.py": [Issue("undefined-name", "F1", 7, 7, "what is it?", fix=fix)]}),
            ScriptedReviewer("two"),
        ]
        helpers = [name for name in (self.supervisor, self.embedder) if name is not None]
        workers: dict[str, Worker] = {each.id: FileWorker(each) for each in analysers}
        bus = Bus(
            workers | {name: Model(name, self.heard, self.delay_s) for name in (*self.models, *helpers)},
            now=lambda: 5.0,
        )
        settings = inner.settings.model_copy(
            update={
                "fix": inner.settings.fix.model_copy(update={"enabled": self.fixes, "calls": 40}),
                "vote": inner.settings.vote.model_copy(
                    update={"wording": "supervisor" if self.wording else inner.settings.vote.wording}
                ),
            }
        )
        models = Models(
            weights=dict.fromkeys(self.models, 1.0),
            bus=bus,
            early_exit=inner.scheduler.early_exit,
            at_once=2,
            total_timeout_s=self.total_s,
            monotonic=self.clock,
            supervisor=self.supervisor,
            embedder=self.embedder,
        )
        return replace(
            inner,
            settings=settings,
            reviewers=tuple(WiredReviewer(each, bus) for each in analysers),
            locations=(
                *planned(analysers, ANGLES),
                *(PlannedLocation(name, lambda _p, _l: ANGLES) for name in self.models),
            ),
            models=models if self.models else None,
            monotonic=self.clock,
        )

    def whole(self) -> Report:
        """In one go."""
        with asyncio.Runner(loop_factory=TimelessLoop) as runner:
            return runner.run(review(self.request()))

    def staged(self, *, stages: Sequence[Stage] = STAGES) -> tuple[Report, list[str]]:
        """Stage by stage, and what each left."""
        left: list[str] = []
        came: SoFar | Report = SoFar()
        for stage in stages:
            came = self.stage(left, stage)
        assert isinstance(came, Report)
        return came, left

    def stage(self, left: list[str], until: Stage) -> SoFar | Report:
        """One stage, from what the last has left."""
        if left:
            known = read(left[-1])
            held, so_far, prepared = known.held, known.so_far, gone_on_with(self.prepared, known.held)
        else:
            noted = Noted(self.prepared, Standing(spent=Spent(1, 2, 0.5)))
            held, so_far, prepared = None, SoFar(), noted.prepared
        with asyncio.Runner(loop_factory=TimelessLoop) as runner:
            came = runner.run(carried_on(self.request(prepared), so_far, until))
        if isinstance(came, SoFar):
            left.append(written(UnderWay(held or noted.held, came)))
            assert read(left[-1]).so_far == came
        return came


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    import subprocess

    repo = tmp_path_factory.mktemp("repo")

    def git(*arguments: str) -> None:
        own = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *own, *arguments], cwd=repo, check=True, capture_output=True)

    git("init", "-q")
    for text in ("x = 1\n", CODE):
        (repo / "a.py").write_text(text)
        git("add", ".")
        git("commit", "-qm", "x")
    options = ReviewOptions(
        repo, base="HEAD~1", head="HEAD", location=("pyflakes",), max_passes=2, angle=("correctness",)
    )
    return prepare(options, {})


def rendered(report: Report) -> str:
    """The report, without how long analysers took: that is measured."""
    unmeasured = {"average_latency_ms": 0, "p99_latency_ms": 0}
    locations = tuple(
        each.model_copy(update=unmeasured) if each.id in ("one", "two") else each for each in report.locations
    )
    return FORMATS["json"](RenderInput(report.model_copy(update={"locations": locations})))


WORLDS: dict[str, dict[str, Any]] = {
    "analysers": {},
    "two models": {"models": ("left", "right")},
    "a supervisor": {"models": ("left", "right"), "supervisor": "judge"},
    "words": {"models": ("left", "right"), "supervisor": "judge", "wording": True},
    "an embedder": {"models": ("left", "right", "third"), "embedder": "vectors"},
    "fixes": {"models": ("left", "right"), "supervisor": "judge", "embedder": "vectors", "fixes": True},
}


@pytest.mark.parametrize("name", WORLDS)
def test_stage_by_stage_is_as_in_one_go_to_the_byte_and_nothing_is_asked_twice(prepared: Prepared, name: str) -> None:
    one, other = World(prepared, **WORLDS[name]), World(prepared, **WORLDS[name])
    whole, (staged, left) = one.whole(), other.staged()
    assert rendered(staged) == rendered(whole)
    assert one.heard == other.heard
    assert len(left) == 3
    if "models" in WORLDS[name]:
        assert set(other.heard.values()) == {1}
        assert whole.usage.model_calls == len(other.heard)
        assert whole.findings
    if "fixes" in WORLDS[name]:
        assert any(one.suggestion is not None for one in whole.findings)
    if "supervisor" in WORLDS[name]:
        assert any(name.startswith("judge:") for name in other.heard)
    if "embedder" in WORLDS[name]:
        assert any(name.startswith("vectors:") for name in other.heard)


def test_what_is_left_holds_each_stage_and_comes_back_as_it_was(prepared: Prepared) -> None:
    _, left = World(prepared, **WORLDS["words"]).staged()
    first, second, third = (read(text) for text in left)
    assert first.so_far.critiqued is None
    assert second.so_far.explored == first.so_far.explored
    assert second.so_far.critiqued is not None
    assert second.so_far.critiqued.examined
    assert third.so_far.synthesised is not None
    assert third.so_far.synthesised.judged
    assert third.so_far.synthesised.worded
    assert third.held == first.held
    assert first.held.standing.spent == Spent(1, 2, 0.5)
    assert all(text.isascii() and text.startswith('{"staged":') for text in left), "as every database keeps it"
    assert written(third) == left[2]


def test_stages_may_be_left_out_and_made_together(prepared: Prepared) -> None:
    whole = rendered(World(prepared, **WORLDS["fixes"]).whole())
    for stages in (("critique", "review"), ("exploration", "synthesis", "review")):
        assert rendered(World(prepared, **WORLDS["fixes"]).staged(stages=stages)[0]) == whole


def test_what_another_version_left_is_none(prepared: Prepared) -> None:
    _, (text, *_) = World(prepared, **WORLDS["two models"]).staged(stages=("exploration", "review"))
    version, field = json.loads(text), json.loads(text)
    version["code"] = "0" * 16
    field["review"]["so_far"]["explored"]["looked"]["odd"] = 1
    assert read(text).so_far.explored is not None
    for other in (json.dumps(version), json.dumps(field), text[:-9], "", "[]", '{"staged":1}'):
        with pytest.raises(OtherError):
            read(other)


@pytest.mark.parametrize("after", STAGES[:3])
def test_what_is_about_another_plan_or_other_models_begins_anew(prepared: Prepared, after: Stage) -> None:
    before = World(prepared, **WORLDS["a supervisor"])
    left: list[str] = []
    for stage in STAGES[: STAGES.index(after) + 1]:
        before.stage(left, stage)
    world = World(prepared, **WORLDS["two models"])
    came = world.stage(left, "review")
    assert isinstance(came, Report)
    assert rendered(came) == rendered(World(prepared, **WORLDS["two models"]).whole())


def test_time_is_that_of_all_stages_and_what_is_over_is_over(prepared: Prepared) -> None:
    """A stage that took all of the review's time leaves none to those after it."""

    class Ticking:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    clock = Ticking()
    world = World(prepared, **WORLDS["a supervisor"], clock=clock, total_s=60.0, delay_s=1.0)
    left: list[str] = []
    world.stage(left, "exploration")
    assert read(left[-1]).so_far.seconds == 0.0
    text = json.loads(left[-1])
    text["review"]["so_far"]["seconds"] = 61.0
    left.append(json.dumps(text))
    clock.now = 5_000.0
    came = world.stage(left, "critique")
    assert isinstance(came, SoFar)
    assert came.critiqued is not None
    assert came.critiqued.examined == ()
    assert came.seconds == 61.0, "what passed between the stages does not count"
    report = world.stage(left, "review")
    assert isinstance(report, Report)
    assert report.usage.duration_ms == 61_000


def test_the_budget_is_what_earlier_stages_have_left_of_it(prepared: Prepared) -> None:
    _, left = World(prepared, **WORLDS["words"]).staged()
    spent = [read(text).so_far.spent for text in left]
    assert spent[0].calls < spent[1].calls < spent[2].calls
    assert spent[2].tokens == spent[2].calls * 12
    assert spent[2].usd == spent[2].calls * 0.125
    assert spent[0].over(Budget(calls=spent[0].calls - 1)) is not None


def test_a_history_has_keys_of_several_parts_and_comes_back() -> None:
    history = History({("a",): (1.0, 2.0), ("a", "b", 'c"'): (0.5, 0.0)}, 0.75, 12.0)
    again = from_plain(History, json.loads(json.dumps(to_plain(history))))
    assert again == history
    with pytest.raises(ValueError, match="counts"):
        from_plain(History, {"counts": {"a": [1.0, 2.0]}, "mean": 0.5, "strength": 1.0})
