"""The fix loop: pass by pass, every attempt gets a text, the text is proved, and the machine goes on.

All attempts make their passes together, so that a program that looks at files is started once a pass and not once a
fix, and so that the same answers lead to the same end whoever comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codedesigner.plan.model import ExecutionItem
from codedesigner.protocol.issue import Issue, Source
from codedesigner.protocol.suggestion import Look, Proof, Suggestion
from codedesigner.protocol.wire import ErrorPayload, Metrics, ResponsePayload, VerifyRequest
from codedesigner.run.bus import Answered, Request
from codedesigner.run.examine import Looked
from codedesigner.run.fix import EditError, apply_edits, lines_with_ends, minimal_replacement, scattered
from codedesigner.run.loop.bench import Askable, Bench, Calls, Late
from codedesigner.run.loop.fitting import tidied
from codedesigner.run.loop.lines import changes_to
from codedesigner.run.loop.looks import looks, objection
from codedesigner.run.loop.problem import Attempt, Ended, Objection
from codedesigner.run.loop.rechecking import look_request, read_look, read_recheck, recheck_request
from codedesigner.run.loop.refining import read_refined, refine_request
from codedesigner.run.loop.shape import Shape, misshapen
from codedesigner.run.loop.silencing import silenced
from codedesigner.run.loop.state import (
    AngleResult,
    all_angles_complete,
    angle_complete,
    cleaned_up,
    failed,
    modified,
    rolled_back,
)
from codedesigner.run.questions import over_budget

NOTHING_LOOKED = Looked({}, {})


@dataclass
class _Turn:
    """One attempt in one pass. `fatal` is why it cannot go on."""

    attempt: Attempt
    objections: list[Objection] = field(default_factory=list)
    fatal: str = ""

    @property
    def open(self) -> bool:
        """Whether there is a text to look at that nobody objects to so far."""
        return not self.fatal and not self.objections and self.attempt.changed

    @property
    def unproved(self) -> bool:
        """Whether the text has not been held against the file's analysers yet."""
        return self.open and self.attempt.state.text != self.attempt.analysed

    def object(self, reason: str, line: int | None = None, angle: str = "") -> None:
        self.objections.append(Objection(reason, angle or self.attempt.problem.angle, line))


class FixLoop:
    """Works on attempts until each has come to its end. `looked` and `calls` tell what that took."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._calls = Calls(bench.limits.calls)
        self._shapes: dict[tuple[str | None, str], Shape] = {}
        self._deadline: float | None = None
        self.looked = NOTHING_LOOKED

    @property
    def spent(self) -> Mapping[str, Sequence[Metrics]]:
        """What the answers of each model cost."""
        return self._calls.spent

    async def run(self, attempts: Sequence[Attempt]) -> tuple[Ended, ...]:
        """What came of each attempt, in order."""
        if not attempts:
            return ()
        if self._deadline is None:
            self._deadline = self._bench.monotonic() + self._bench.limits.seconds
        going = [_begun(attempt) for attempt in attempts]
        while any(attempt.ended is None for attempt in going):
            turns = [_Turn(attempt) for attempt in going if attempt.ended is None]
            await self._pass(turns)
            passed = iter(turns)
            going = [attempt if attempt.ended is not None else self._closed(next(passed)) for attempt in going]
        return tuple(_ended(attempt) for attempt in going)

    async def _pass(self, turns: Sequence[_Turn]) -> None:
        left_s = (self._deadline or 0.0) - self._bench.monotonic()
        if left_s <= 0:
            for turn in turns:
                turn.fatal = "the time for fixes (fix.seconds, total_timeout_ms) is over"
            return
        await self._propose(turns, left_s)
        for turn in turns:
            if turn.unproved:
                self._read(turn)
        await self._shape([turn for turn in turns if turn.unproved])
        await self._analyse([turn for turn in turns if turn.unproved])
        await self._look_again([turn for turn in turns if turn.open], left_s)

    async def _propose(self, turns: Sequence[_Turn], left_s: float) -> None:
        """Give each attempt whose text is not as it should be a new one."""
        wanted: list[tuple[_Turn, ExecutionItem]] = []
        for turn in turns:
            attempt = turn.attempt
            if attempt.fix is not None:
                _apply_fix(turn)
            elif attempt.said or not attempt.changed:
                item = None if self._bench.models is None else self._bench.models.item(attempt.problem)
                if item is None:
                    turn.fatal = "no model was asked about this code"
                else:
                    wanted.append((turn, item))
        models = self._bench.models
        if models is None or not wanted:
            return
        requests = [
            refine_request(turn.attempt, models.around, item, self._bench.limits.granularity) for turn, item in wanted
        ]
        asked = [(turn.attempt.maker, request) for (turn, _), request in zip(wanted, requests, strict=True)]
        answers = await self._calls.ask(models.bus, asked, left_s)
        for (turn, _), request, answer in zip(wanted, requests, answers, strict=True):
            if (why := _no_answer(answer, turn.attempt.maker)) is not None:
                turn.fatal = why
            elif isinstance(answer, ResponsePayload):
                refined = read_refined(request, answer, turn.attempt)
                if isinstance(refined, str):
                    turn.object(refined)
                else:
                    _rewrite(turn, tidied(refined.text, turn.attempt.state.original), refined.reason)

    def _read(self, turn: _Turn) -> None:
        """Hold the new text against the old one: does it repair anything, and may it be offered?"""
        attempt = turn.attempt
        state, problem = attempt.state, attempt.problem
        language = problem.source.language
        # What an analyser calls safe may take code out: that is what it promises to know.
        superfluous = problem.superfluous or attempt.fix is not None
        reason = silenced(
            state.original,
            state.text,
            language,
            superfluous=superfluous,
            function=attempt.is_function,
            outside_code=problem.outside_code,
        )
        if attempt.fix is None and not state.text.strip():
            reason = "it takes the whole of it out"
        if reason is None and attempt.fix is None:
            replaced = minimal_replacement(state.original, state.text)
            old = lines_with_ends(state.original)
            if replaced is not None:
                original = "".join(old[replaced.start_line - 1 : replaced.end_line])
                reason = self._bench.hostile(problem.file.path, replaced.replacement, original)
        if reason is not None:
            turn.object(reason)

    async def _shape(self, turns: Sequence[_Turn]) -> None:
        wanted: dict[tuple[str | None, str], None] = {}
        for turn in turns:
            source = turn.attempt.problem.source
            wanted[source.language, turn.attempt.text] = None
            if turn.attempt.fix is None:
                wanted[source.language, source.text] = None
        new = [key for key in wanted if key not in self._shapes]
        if new:
            shapes = await asyncio.to_thread(self._bench.parse, new)
            self._shapes.update(zip(new, shapes, strict=True))
        for turn in turns:
            attempt, source = turn.attempt, turn.attempt.problem.source
            after = self._shapes[source.language, attempt.text]
            before = self._shapes.get((source.language, source.text), Shape(None))
            reason = misshapen(attempt, before, after)
            if reason is not None:
                turn.object(reason)
            turn.attempt = replace(attempt, parsed=after.parses)

    async def _analyse(self, turns: Sequence[_Turn]) -> None:
        """All new texts before all analysers that had answered about their files, each text once."""
        heard, keys = self._bench.heard, dict[tuple[str, str], str]()
        sources: dict[str, Source] = {}
        for turn in turns:
            source = turn.attempt.problem.source
            text = turn.attempt.text
            key = keys.setdefault((source.key, text), f"{source.key}/fix{len(keys)}/{turn.attempt.state.current_pass}")
            sources[key] = Source(key, source.path, source.language, text)
        if not sources:
            return
        origins = {key: source for (source, _), key in keys.items()}
        asked = {
            reviewer.id: [source for key, source in sources.items() if heard.of(reviewer.id, origins[key]) is not None]
            for reviewer in self._bench.reviewers
        }
        looked = await self._bench.ask(self._bench.reviewers, asked)
        self.looked = self.looked.and_then(looked)
        for turn in turns:
            attempt, problem = turn.attempt, turn.attempt.problem
            key = keys[problem.source.key, attempt.text]
            found = objection(problem, key, heard, looked)
            if found is None:
                seen = looks(problem, key, heard, looked)
                turn.attempt = replace(attempt, analysed=attempt.state.text, looks=seen)
            else:
                turn.objections.append(found)

    async def _look_again(self, turns: Sequence[_Turn], left_s: float) -> None:
        """Every text before the models that check it: from the angle of the defect, and beside what it was."""
        models = self._bench.models
        if models is None:
            return
        asked = [question for turn in turns for question in _questions(turn, models)]
        questions: list[tuple[str, Request]] = [(checker, request) for _, checker, request in asked]
        answers = await self._calls.ask(models.bus, questions, left_s)
        for (turn, checker, request), answer in zip(asked, answers, strict=True):
            if (why := _no_answer(answer, checker)) is not None:
                turn.fatal = turn.fatal or why
            elif isinstance(answer, ResponsePayload):
                turn.objections += _objections(turn.attempt, checker, request, answer, models)
        for turn in turns:
            if turn.open:
                turn.attempt = replace(turn.attempt, rechecked=turn.attempt.state.text)

    def _closed(self, turn: _Turn) -> Attempt:
        """The attempt after this pass: what was objected to is taken back, and the machine makes its step."""
        attempt = turn.attempt
        if turn.fatal:
            state = cleaned_up(failed(attempt.state, turn.fatal))
            return replace(attempt, state=state, ended="error")
        said = tuple(turn.objections)
        if not said and not attempt.changed:
            said = attempt.said or (Objection("it changes nothing", attempt.problem.angle),)
        state = attempt.state
        for result in _by_angle(attempt, said):
            state = angle_complete(state, result)
        attempt = _taken_back(replace(attempt, state=state, said=said))
        limits = self._bench.limits
        state = all_angles_complete(attempt.state, limits.criteria, limits.max_passes)
        if state.status == "processing":
            return replace(attempt, state=state)
        return replace(attempt, state=cleaned_up(state), ended=state.status)


def _begun(attempt: Attempt) -> Attempt:
    if attempt.state.status != "error":
        return attempt
    return replace(attempt, state=cleaned_up(attempt.state), ended="error")


def _apply_fix(turn: _Turn) -> None:
    """What an analyser proposes, once; it has nothing else to propose."""
    attempt = turn.attempt
    problem, fix = attempt.problem, attempt.fix
    if fix is None or attempt.state.current_pass > 1:
        turn.objections += [] if attempt.changed else attempt.said
        return
    new = apply_edits(problem.source.text, fix.edits)
    if isinstance(new, EditError):
        turn.object(f"does not apply: {new.reason}")
        return
    replaced = minimal_replacement(problem.source.text, new, problem.file.hunks)
    if replaced is None:
        turn.object("it changes nothing")
        return
    apart = scattered(problem.file, fix.edits, replaced)
    if apart is not None:
        turn.object(apart)
        return
    lines = lines_with_ends(new)
    behind = len(lines_with_ends(problem.source.text)) - attempt.region.end
    text = "".join(lines[attempt.region.start - 1 : len(lines) - behind])
    needless = ";" if problem.source.language == "python" else ""
    _rewrite(turn, tidied(text, attempt.state.original, needless), fix.message or "it is safe")


def _rewrite(turn: _Turn, text: str, reason: str) -> None:
    attempt = turn.attempt
    changes = changes_to(attempt.state.lines, text, reason, attempt.problem.angle)
    turn.attempt = replace(attempt, state=modified(attempt.state, changes))
    if not changes and attempt.state.text == attempt.analysed:
        turn.objections += attempt.said  # the same again is no answer to them
    elif not turn.attempt.changed:
        turn.object("it changes nothing")


def _no_answer(answer: Answered | Late, location: str) -> str | None:
    """Why there is no answer; None where there is one."""
    if isinstance(answer, Late):
        return answer.reason
    if not isinstance(answer, ErrorPayload):
        return None
    if over_budget(answer):
        return "the budget of the review is used up"
    return f"{location} gave no answer: {answer.message}"


def _questions(turn: _Turn, models: Askable) -> list[tuple[_Turn, str, VerifyRequest]]:
    """What each of its checkers is asked about a text."""
    attempt = turn.attempt
    item = models.item(attempt.problem) if attempt.checkers else None
    if item is None:
        return []
    requests = [look_request(attempt, models.around, item)]
    if attempt.rechecked != attempt.state.text:
        requests.insert(0, recheck_request(attempt, models.around, item))
    return [(turn, checker, request) for checker in attempt.checkers for request in requests]


def _objections(
    attempt: Attempt, checker: str, request: VerifyRequest, answer: ResponsePayload, models: Askable
) -> tuple[Objection, ...]:
    if request.before is not None:
        found = read_recheck(checker, answer, attempt.problem.angle)
        return () if found is None else (found,)
    return read_look(checker, request, answer, attempt, models.known(checker, attempt.problem))


def _by_angle(attempt: Attempt, said: Iterable[Objection]) -> list[AngleResult]:
    """What was said in the pass, by angle; the angle of the defect is always among them."""
    found: dict[str, list[Issue]] = {attempt.problem.angle: []}
    for one in said:
        line = one.line or attempt.region.start
        found.setdefault(one.angle, []).append(Issue(attempt.problem.kind, "", line, line, one.reason, angle=one.angle))
    return [
        AngleResult(angle, tuple(issues), tuple(issue.message for issue in issues)) for angle, issues in found.items()
    ]


def _taken_back(attempt: Attempt) -> Attempt:
    """Without what this pass changed and somebody objects to: the lines that are named, or all of them."""
    pending = {index for index, _ in attempt.state.pending}
    if not attempt.said or not pending:
        return attempt
    blamed = {_owner(attempt, one.line) for one in attempt.said if one.line is not None}
    all_named = all(one.line is not None for one in attempt.said)
    some = all_named and attempt.fix is None and bool(blamed) and blamed < pending
    state = attempt.state
    for index in sorted(blamed if some else pending):
        state = rolled_back(state, index, attempt.said[0].reason)
    return replace(attempt, state=state)


def _owner(attempt: Attempt, number: int) -> int:
    """The index of the statement that holds a line of the fixed file; -1 outside the function."""
    at = attempt.region.start
    for index, line in enumerate(attempt.state.lines):
        start, at = at, at + len(lines_with_ends(line.current_content))
        if start <= number < at:
            return index
    return -1


def _ended(attempt: Attempt) -> Ended:
    """The suggestion that an attempt came to, or why there is none."""
    if attempt.ended == "error":
        return Ended(attempt, None, attempt.state.failure)
    if attempt.said:
        return Ended(attempt, None, attempt.said[0].reason)
    if attempt.ended != "converged":
        return Ended(attempt, None, f"it did not settle in {attempt.state.current_pass} passes")
    replaced = minimal_replacement(attempt.problem.source.text, attempt.text, attempt.problem.file.hunks)
    if replaced is None or attempt.analysed != attempt.state.text:
        return Ended(attempt, None, "it changes nothing")
    parsed: tuple[Proof, ...] = ("parses",) if attempt.parsed else ()
    asked = {look.location: look for look in attempt.looks}
    for name in attempt.checkers if attempt.rechecked == attempt.state.text else ():
        asked[name] = Look(name, "satisfied" if name in attempt.problem.complained else "clean")
    suggestion = Suggestion(
        replaced.start_line,
        replaced.end_line,
        replaced.replacement,
        ("applies", *parsed, "reviewed"),
        attempt.maker,
        attempt.fix is not None and attempt.fix.safe,
        tuple(asked[name] for name in sorted(asked)),
    )
    return Ended(attempt, suggestion)
