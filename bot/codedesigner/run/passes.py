"""The pass loop: every question is asked in independent passes until the answers no longer bring anything new.

A pass never sees what an earlier one found. Questions move on independently of each other, so the wait for one never
holds up another; within a question a pass is complete when every location has answered.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from codedesigner.plan.convergence import Passes, trend
from codedesigner.plan.model import EarlyExitConfig, ExecutionItem, ProgressReport, SchedulerMetrics
from codedesigner.run.bus import Bus
from codedesigner.run.questions import ItemAnswer, Question, Surroundings, read_answer, request_of
from codedesigner.run.within import for_so_long

Before = Callable[[ExecutionItem], str | None]
"""Called before an item is asked; a reason means: do not."""
After = Callable[[Question, int, Passes], bool]
"""Called after each pass of a question, with its number; True ends the question."""
Failed = Callable[[ExecutionItem, str, ItemAnswer], bool]
"""Called when a location has failed on an item (or run out of time); True asks it once more."""


def _never(*_: object) -> bool:
    return False


_USUAL = EarlyExitConfig()
_NOTHING_DONE = SchedulerMetrics()


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where somebody else may have a say."""

    before_item: Before = lambda _item: None
    after_pass: After = _never
    on_failure: Failed = _never
    on_timeout: Failed = _never


@dataclass(frozen=True, slots=True)
class PassConfig:
    """How much at a time, and how long. Times in seconds."""

    early_exit: EarlyExitConfig = _USUAL
    questions_at_once: int = 16
    total_timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What all locations said about all items. `left_out`: item -> why it was not asked after all."""

    answers: Mapping[str, Mapping[str, ItemAnswer]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    metrics: SchedulerMetrics = _NOTHING_DONE

    def of(self, item: str, location: str) -> ItemAnswer | None:
        """The answer, or None where the location was not asked about the item."""
        return self.answers.get(item, {}).get(location)


class PassLoop:
    """Asks the questions of a review. One use: `run` once, `pause`, `resume` and `progress` while it runs."""

    def __init__(
        self,
        bus: Bus,
        around: Surroundings,
        locations: frozenset[str],
        *,
        config: PassConfig,
        monotonic: Callable[[], float],
        hooks: Hooks | None = None,
        told: Callable[[ProgressReport], None] = lambda _report: None,
    ) -> None:
        self._bus = bus
        self._around = around
        self._locations = locations
        self._config = config
        self._hooks = hooks or Hooks()
        self._clock = monotonic
        self._told = told
        self._going = asyncio.Event()
        self._going.set()
        self._answers: dict[str, dict[str, ItemAnswer]] = {}
        self._left_out: dict[str, str] = {}
        self._new_by_pass: dict[int, int] = {}
        self._passes: dict[str, Passes] = {}
        self._unheard: Counter[str] = Counter()  # passes in a row to which nobody had an answer
        self._total = self._done = self._early = self._retries = 0
        self._issues = 0
        self._started = 0.0
        self._current: ExecutionItem | None = None

    def pause(self) -> None:
        """Start no further pass; those that are under way end."""
        self._going.clear()

    def resume(self) -> None:
        """Go on."""
        self._going.set()

    def progress(self) -> ProgressReport:
        """How far it is. What early exit leaves out counts as done."""
        share = self._done / self._total if self._total else 1.0
        spent_ms = (self._clock() - self._started) * 1000
        return ProgressReport(
            percent_complete=round(100 * share, 1),
            current_item=self._current,
            estimated_remaining_ms=round(spent_ms / share - spent_ms) if share else None,
            issues_found_so_far=self._issues,
            convergence_trend=trend([self._new_by_pass[number] for number in sorted(self._new_by_pass)]),
        )

    async def run(self, *rounds: Sequence[Question]) -> Asked:
        """Every item of the questions, answered, failed or left out with a reason.

        A round begins when the one before it is done. Where a later one asks on, it knows how far the question is.
        """
        self._started = self._clock()
        self._total = sum(len(question.items) for questions in rounds for question in questions)
        over = self._working() + self._config.total_timeout_s
        for questions in rounds:
            await self._round(questions, over)
        for questions in rounds:
            self._out_of_time(questions)
        return Asked(self._answers, self._left_out, self._metrics())

    async def _round(self, questions: Sequence[Question], over: float) -> None:
        waiting = iter(questions)
        runners = [
            asyncio.create_task(self._work(waiting)) for _ in range(min(self._config.questions_at_once, len(questions)))
        ]
        try:
            await for_so_long(runners, max(0.0, over - self._working()), self._bus.idle)
        finally:
            for runner in runners:
                runner.cancel()
            await asyncio.gather(*runners, return_exceptions=True)
        for runner in runners:
            if not runner.cancelled():
                runner.result()

    def _working(self) -> float:
        """Time that goes on only while somebody can be asked."""
        return asyncio.get_running_loop().time() - self._bus.idle()

    async def _work(self, waiting: Iterator[Question]) -> None:
        for question in waiting:
            await self._ask(question)

    async def _ask(self, question: Question) -> None:
        for number, item in enumerate(question.items):
            await self._going.wait()
            self._current = item
            enough = self._enough(question.name)
            if enough is not None:
                self._end(question.items[number:], enough)
                return
            reason = self._hooks.before_item(item)
            if reason is not None:
                self._skip(item, reason)
                continue
            passes = await self._made(question.name, item)
            if question.items[number + 1 :] and self._hooks.after_pass(question, number + 1, passes):
                self._end(question.items[number + 1 :], f"ended after pass {item.pass_number}")
                return

    async def _made(self, name: str, item: ExecutionItem) -> Passes:
        """How far the question is with one more pass. One that nobody answered says nothing about it."""
        answers = await self._pass(item)
        passes = self._passes.get(name, Passes())
        if any(answer.status == "answered" for answer in answers):
            marks = frozenset(f"{issue.kind}:{issue.line}" for answer in answers for issue in answer.issues)
            fresh = len(marks - passes.found)
            self._new_by_pass[item.pass_number] = self._new_by_pass.get(item.pass_number, 0) + fresh
            self._issues += fresh
            passes = self._passes[name] = passes.then(marks, self._config.early_exit)
            self._unheard[name] = 0
        elif not any(answer.over_budget for answer in answers):
            self._unheard[name] += 1
        return passes

    def _enough(self, name: str) -> str | None:
        """Why no further pass of the question is made; None where there is no reason."""
        config, passes, unheard = self._config.early_exit, self._passes.get(name, Passes()), self._unheard[name]
        if passes.done(config):
            return f"after {passes.made} passes, {passes.stable} of them with nothing new"
        if config.enabled and unheard >= config.stable_passes:
            return f"after {passes.made + unheard} passes, the last {unheard} of them without an answer"
        return None

    def _end(self, rest: Sequence[ExecutionItem], reason: str) -> None:
        self._early += 1
        for item in rest:
            self._skip(item, reason)

    def _skip(self, item: ExecutionItem, reason: str) -> None:
        self._left_out[item.id] = reason
        self._done += 1
        self._told(self.progress())

    async def _pass(self, item: ExecutionItem) -> list[ItemAnswer]:
        asked = self._asked(item)
        if len(asked) == 1:
            said = [await self._location(item, asked[0])]
        else:
            said = await asyncio.gather(*(self._location(item, location) for location in asked))
        self._done += 1
        self._told(self.progress())
        return said

    def _asked(self, item: ExecutionItem) -> list[str]:
        return [location for location in item.locations if location in self._locations]

    async def _location(self, item: ExecutionItem, location: str) -> ItemAnswer:
        answer = await self._once(item, location)
        hook = self._hooks.on_timeout if answer.status == "timeout" else self._hooks.on_failure
        if answer.status != "answered" and not answer.over_budget and hook(item, location, answer):
            self._retries += 1
            answer = await self._once(item, location)
        # At once, so that it stays where the time is over before the others have answered.
        self._answers.setdefault(item.id, {})[location] = answer
        return answer

    async def _once(self, item: ExecutionItem, location: str) -> ItemAnswer:
        request = request_of(item, self._around)
        (answered,) = await self._bus.ask(location, [request])
        return read_answer(request, answered, self._around.files[item.function_ref.file].new_lines)

    def _out_of_time(self, questions: Sequence[Question]) -> None:
        late = ItemAnswer("timeout", detail=f"not done when the review's {self._config.total_timeout_s:g} s were over")
        for question in questions:
            for item in question.items:
                if item.id not in self._left_out:
                    said = self._answers.setdefault(item.id, {})
                    for location in self._asked(item):
                        said.setdefault(location, late)

    def _metrics(self) -> SchedulerMetrics:
        said = [answer for answers in self._answers.values() for answer in answers.values()]
        failed = sum(all(one.status != "answered" for one in each.values()) for each in self._answers.values())
        return SchedulerMetrics(
            total_items=self._total,
            completed_items=len(self._answers) - failed,
            skipped_items=len(self._left_out),
            failed_items=failed,
            total_tokens_used=sum(one.metrics.tokens_in + one.metrics.tokens_out for one in said),
            total_duration_ms=round((self._clock() - self._started) * 1000),
            early_exits=self._early,
            retries=self._retries + sum(one.metrics.retries for one in said),
        )
