"""What ending early costs: a simulated panel of models with known error rates, asked by the real pass loop.

Every model has its own recall for easy, middling and hard defects. Passes are no coin tosses: a model that does not see
a defect may never see it, some defects are hard for all, and half of the false claims come again in every pass. What a
model says in a pass depends on nothing but model, question and pass, so that a review that ends early says the
beginning of what the exhaustive one says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.measure import Row

from codedesigner.angle.spec import AngleSpec, FocusArea
from codedesigner.change.model import FileChange
from codedesigner.plan.keys import unit_interval
from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, FunctionRef
from codedesigner.protocol.wire import Envelope, ResponsePayload, VerifyRequest
from codedesigner.run.bus import Answered, Beat, Bus
from codedesigner.run.passes import Asked, PassConfig, PassLoop
from codedesigner.run.questions import Surroundings, questions_of

QUESTIONS = 1_000
PASSES = 8
MOST_CALLS, LEAST_FOUND = 0.45, 0.98
_LINES = 24
_A_FILE = 50
_ANGLE = AngleSpec(
    id="correctness",
    version="1.0.0",
    name="Correctness",
    description="Anything.",
    system_prompt="Look.",
    focus_areas=(FocusArea(id="logic", name="Logic", indicators=("x",), severity_if_violated="high"),),
)


@dataclass(frozen=True, slots=True)
class Model:
    """Error rates. `easy`, `middling` and `hard` are the shares of the passes in which it finds such a defect that it
    can see at all; `blind` is the share of defects that it cannot. `false` are false claims a call.
    """

    easy: float
    middling: float
    hard: float
    blind: float
    false: float


@dataclass(frozen=True, slots=True)
class Panel:
    """Models by id. `defective` is the share of questions with a defect, `for_all` that of defects hard for all."""

    name: str
    models: Mapping[str, Model]
    defective: float = 0.15
    for_all: float = 0.05


STRONG = Model(easy=0.95, middling=0.8, hard=0.5, blind=0.15, false=0.02)
FAIR = Model(easy=0.9, middling=0.65, hard=0.35, blind=0.25, false=0.05)
WEAK = Model(easy=0.75, middling=0.45, hard=0.2, blind=0.35, false=0.1)

THREE = {"a": STRONG, "b": FAIR, "c": FAIR}
PANELS = (
    *(Panel(f"3 models, {share:.0%} hard for all", THREE, for_all=share) for share in (0.0, 0.05, 0.1, 0.2)),
    Panel("2 models", {"a": STRONG, "b": FAIR}),
    Panel("1 strong model", {"a": STRONG}),
    Panel("3 weak models", {"a": WEAK, "b": WEAK, "c": WEAK}),
    Panel("5 models", {**THREE, "d": WEAK, "e": WEAK}),
)
RULES = (
    EarlyExitConfig(),
    EarlyExitConfig(stable_passes=1),
    EarlyExitConfig(stable_passes=3),
    EarlyExitConfig(consensus_threshold=0.5),
    EarlyExitConfig(consensus_threshold=1.0),
)


@dataclass(frozen=True, slots=True)
class Voice:
    """Implements `run.bus.Worker` for a model of the panel."""

    id: str
    panel: Panel

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """What it says about each question."""
        return tuple(self._says(request.payload) for request in requests if isinstance(request.payload, VerifyRequest))

    def _says(self, request: VerifyRequest) -> Answered:
        name, number = request.context.function_name or "", str(request.context.pass_number)
        lines = request.code.split("\n")
        found = [defect for defect in defects(self.panel, name) if self._sees(defect, number)]
        found += self._imagines(name, number)
        issues = [
            {"evidence": lines[line], "location": {"line": line}, "description": "wrong", "severity": "high"}
            for line in sorted({each.line for each in found})
        ]
        return ResponsePayload.model_validate({"status": "success", "result": {"issues": issues, "summary": ""}})

    def _sees(self, defect: Defect, number: str) -> bool:
        model = self.panel.models[self.id]
        if defect.for_all:
            return unit_interval("found", self.id, defect.id, number) < model.hard / 5
        if unit_interval("blind", self.id, defect.id) < model.blind:
            return False
        rate = {"easy": model.easy, "middling": model.middling, "hard": model.hard}[defect.kind]
        return unit_interval("found", self.id, defect.id, number) < rate

    def _imagines(self, name: str, number: str) -> list[Defect]:
        """Half of its false claims are a belief that comes back, the other half is chance."""
        rate = self.panel.models[self.id].false
        said = []
        if unit_interval("belief", self.id, name) < rate / 2:
            said.append(Defect(name, 1 + int(unit_interval("at", self.id, name) * 10), "false"))
        if unit_interval("chance", self.id, name, number) < rate / 2:
            said.append(Defect(name, 1 + int(unit_interval("at", self.id, name, number) * 10), "false"))
        return said


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect of a function in its line `line`, counted from 0. False claims are in lines 1 to 10, others behind."""

    function: str
    line: int
    kind: str
    for_all: bool = False

    @property
    def id(self) -> str:
        """Its name."""
        return f"{self.function}:{self.line}"


def defects(panel: Panel, name: str) -> list[Defect]:
    """What is wrong with a function: nothing in most, one or two things in some."""
    if unit_interval("defective", name) >= panel.defective:
        return []
    found = []
    for number in range(1 if unit_interval("two", name) < 0.8 else 2):
        drawn = unit_interval("kind", name, str(number))
        kind = "easy" if drawn < 0.4 else "middling" if drawn < 0.75 else "hard"
        all_of_them = unit_interval("all", name, str(number)) < panel.for_all
        found.append(Defect(name, 12 + 4 * number, kind, all_of_them))
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """What a review came to: calls, the defects that it found, and all that it claimed."""

    calls: int
    real: frozenset[tuple[str, int]]
    claims: frozenset[tuple[str, int]]


def review(panel: Panel, rule: EarlyExitConfig) -> Told:
    """All questions, asked by the pass loop under a rule for ending early."""
    files, items = _change(panel)
    bus = Bus({name: Voice(name, panel) for name in panel.models}, now=lambda: 0.0)
    names = frozenset(panel.models)
    loop = PassLoop(
        bus,
        Surroundings(files, {_ANGLE.id: _ANGLE}),
        names,
        config=PassConfig(rule, questions_at_once=8),
        monotonic=lambda: 0.0,
    )
    return _told(items, asyncio.run(loop.run(questions_of(items, names))), panel)


def _change(panel: Panel) -> tuple[Mapping[str, FileChange], list[ExecutionItem]]:
    files: dict[str, FileChange] = {}
    items: list[ExecutionItem] = []
    for first in range(0, QUESTIONS, _A_FILE):
        path, text = f"f{first}.py", ""
        for number in range(first, first + _A_FILE):
            start = (number - first) * _LINES + 1
            text += "".join(f"line_{number}_{line} = {line}\n" for line in range(_LINES))
            ref = FunctionRef(path, f"f{number}", start, start + _LINES - 1)
            items += [
                ExecutionItem(f"{number:05}-{made}", ref, None, _ANGLE.id, made, locations=tuple(panel.models))
                for made in range(1, PASSES + 1)
            ]
        files[path] = FileChange(path, None, "added", False, 0, 0, (), new=text.encode())
    return files, items


def _told(items: Sequence[ExecutionItem], asked: Asked, panel: Panel) -> Told:
    calls, claims = 0, set()
    real = {(name, one.line) for name in {item.function_ref.name for item in items} for one in defects(panel, name)}
    for item in items:
        for answer in asked.answers.get(item.id, {}).values():
            calls += 1
            claims |= {(item.function_ref.name, issue.line - item.function_ref.start_line) for issue in answer.issues}
    return Told(calls, frozenset(claims & real), frozenset(claims))


def measure() -> Iterator[Row]:
    """For each panel and rule: the share of the exhaustive calls, and of what these find; about two minutes."""
    for panel in PANELS:
        every = review(panel, EarlyExitConfig(enabled=False))
        for rule in RULES:
            told = review(panel, rule)
            what = f"panel, {panel.name}, threshold {rule.consensus_threshold:g}, {rule.stable_passes} stable"
            found, claimed = len(told.real) / len(every.real), len(told.claims) / len(every.claims)
            note = f"{len(told.real)} of {len(every.real)} defects; {claimed:.0%} of all claims"
            yield Row(f"{what}: calls", told.calls / every.calls, "of all", "the most it may", MOST_CALLS, note)
            yield Row(f"{what}: found", found, "of all", "the least it may", LEAST_FOUND)
