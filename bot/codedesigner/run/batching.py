"""Several questions in one call: the same question about neighbouring functions, where calls and tokens are dear.

Every question keeps its own request, its own answer and its own place in the store. What a model says about a batch is
shared out by what it quotes. A batch that is too much for a model is halved, down to single questions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from pydantic import JsonValue

from codedesigner.call.model import Call, Outcome, Prompt, Reply, Usage
from codedesigner.change.visible import name_shown
from codedesigner.plan.cost import tokens_of
from codedesigner.protocol.wire import Envelope, VerifyRequest
from codedesigner.run.bus import Answered, Beat
from codedesigner.run.model_worker import ModelWorker, first_line, group_of
from codedesigner.run.prompting import asking
from codedesigner.run.sharing import Piece, share
from codedesigner.text import render

# What a smaller question may help against; what is wrong with the server would only be asked more often.
HALVED: frozenset[Outcome] = frozenset({"too_long", "truncated", "unparseable", "refused", "filtered"})
LEAST_TOKENS = 20  # of a function's code with its heading
_NOTHING = Usage()
_TURNS = 4  # of the event loop, until all that are asked at the same time have said what they want


class Kept(Protocol):
    """Good replies by the content of their question."""

    async def get(self, key: str) -> Reply | None:
        """The reply that is kept under the key."""

    async def put(self, key: str, reply: Reply) -> None:
        """Keep a good reply."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    """A question that waits for others to be asked with."""

    request: VerifyRequest
    call: Call
    reply: asyncio.Future[Reply]

    @property
    def piece(self) -> Piece:
        """The code that it is about."""
        return Piece(self.request.context.file_path, first_line(self.request), tuple(self.request.code.split("\n")))

    def within(self, holder: _Waiting | None) -> bool:
        """Whether its code is shown with that of `holder`, and it has nothing else to show."""
        return holder is not None and not self.request.context.brief and holder.piece.holds(self.piece)

    @property
    def place(self) -> tuple[str, int, int]:
        """Its place in the order of asking; what holds others comes before them."""
        piece = self.piece
        return piece.path, piece.first, -piece.last


@dataclass(frozen=True, slots=True)
class _Spent:
    """What attempts have cost that came to nothing; it is counted with the next answer."""

    usage: Usage = _NOTHING
    usd: float | None = None

    def plus(self, reply: Reply) -> _Spent:
        """With the cost of this one, too."""
        costs = [each for each in (self.usd, reply.usd) if each is not None]
        return _Spent(self.usage.plus(reply.usage), sum(costs) if costs else None)


class BatchingWorker:
    """Implements `run.bus.Worker` around a model: questions that come at the same time share calls.

    A call holds questions that differ in nothing but the code, of up to `tokens` tokens together; a single one may be
    larger. `kept` is where answers are looked up and left, one for each question; None: nowhere.
    """

    def __init__(self, model: ModelWorker, tokens: int, kept: Kept | None = None) -> None:
        self.id = model.id
        self._model = model
        self._tokens = tokens
        self._kept = kept
        self._lanes: dict[Hashable, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def handle(self, requests: Sequence[Envelope], beat: Beat) -> tuple[Answered, ...]:
        """One answer a request, as the model itself would give it."""
        return tuple(await asyncio.gather(*(self._one(envelope, beat) for envelope in requests)))

    async def _one(self, envelope: Envelope, beat: Beat) -> Answered:
        request = envelope.payload
        model = self._model
        if isinstance(request, VerifyRequest) and asking(request) == "detect":
            model = replace(model, ask=partial(self._join, request))
        (answered,) = await model.handle([envelope], beat)
        return answered

    async def _join(self, request: VerifyRequest, call: Call, _location: str) -> Reply:
        """Wait with the others that ask the same; the reply to this one alone."""
        loop = asyncio.get_running_loop()
        if not self._lanes:
            _after(_TURNS, self._go)
        lane = self._lanes.setdefault(_sameness(request, call), [])
        lane.append(waiting := _Waiting(request, call, loop.create_future()))
        return await waiting.reply

    def _go(self) -> None:
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            self._start(lane, self._lane)

    def _start(self, many: Sequence[_Waiting], work: Callable[[Sequence[_Waiting]], Awaitable[None]]) -> None:
        """A task of its own, which ends when nobody waits for it any more, and which leaves nobody waiting."""

        async def carry() -> None:
            await work(many)

        def leave(_reply: asyncio.Future[Reply]) -> None:
            if all(each.reply.cancelled() for each in many):
                task.cancel()

        def end(_task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            trouble = None if task.cancelled() else task.exception()
            for each in many:
                if not each.reply.done():
                    each.reply.cancel() if trouble is None else each.reply.set_exception(trouble)

        task = asyncio.get_running_loop().create_task(carry())
        self._tasks.add(task)
        task.add_done_callback(end)
        for each in many:
            each.reply.add_done_callback(leave)

    async def _lane(self, lane: Sequence[_Waiting]) -> None:
        known = await asyncio.gather(*(self._known(each) for each in lane))
        for each, reply in zip(lane, known, strict=True):
            if reply is not None:
                _give(each, reply)
        rest = sorted((each for each, reply in zip(lane, known, strict=True) if reply is None), key=lambda e: e.place)
        batches = tuple(_filled(rest, self._tokens))
        await asyncio.gather(*(self._batch(batch, _Spent()) for batch in batches))

    async def _known(self, waiting: _Waiting) -> Reply | None:
        key = waiting.call.key
        if key is None or self._kept is None:
            return None
        kept = await self._kept.get(key)
        if kept is None or not kept.good or kept.location != self.id:
            return None
        free = None if kept.usd is None else 0.0
        return replace(
            kept, call_id=waiting.call.id, usage=Usage(), usd=free, tried=(), latency_ms=0.0, from_store=True
        )

    async def _batch(self, batch: Sequence[_Waiting], spent: _Spent) -> None:
        """Ask about all of them at once, and if that is too much, about half of them, and the other half."""
        batch = [each for each in batch if not each.reply.done()]
        if not batch:
            return
        reply = await self._ask(batch)
        if reply.good:
            await self._shared_out(batch, reply, spent)
        elif reply.outcome in HALVED and len(batch) > 1:
            half = len(batch) // 2
            await asyncio.gather(
                self._batch(batch[:half], spent.plus(reply)),
                self._batch(batch[half:], _Spent()),
            )
        else:
            for number, each in enumerate(batch):
                _give(each, _counted(reply, spent, number))

    async def _ask(self, batch: Sequence[_Waiting]) -> Reply:
        if len(batch) == 1:
            return await self._model.ask(replace(batch[0].call, key=None), self.id)
        return await self._model.ask(_together(batch), self.id)

    async def _shared_out(self, batch: Sequence[_Waiting], reply: Reply, spent: _Spent) -> None:
        values: Sequence[JsonValue] = [reply.value]
        if len(batch) > 1:
            values = share(reply.value, [each.piece for each in batch])
        for number, (each, value) in enumerate(zip(batch, values, strict=True)):
            own = replace(_counted(reply, spent, number), call_id=each.call.id, value=value, origin=each.call.origin)
            if each.call.key is not None and self._kept is not None:
                await self._kept.put(each.call.key, own)
            _give(each, own)


def questions_at_once(calls: int, tokens: int) -> int:
    """How many questions so many calls can hold; with fewer on their way, batches would not fill."""
    return calls * max(1, tokens // LEAST_TOKENS)


def _after(turns: int, what: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_soon(what if turns == 1 else partial(_after, turns - 1, what))


def _sameness(request: VerifyRequest, call: Call) -> Hashable:
    """What questions have to have in common to share a call: all but the code."""
    angle, prompt = request.angle_spec, call.prompt
    told = (prompt.system, prompt.question, request.context.instructions)
    return (angle.id, request.context.pass_number, *told, call.max_tokens, call.timeout_s, call.temperature, call.seed)


def _filled(waiting: Sequence[_Waiting], most: int) -> Iterator[list[_Waiting]]:
    """The questions in their order, as many in each batch as fit."""
    batch: list[_Waiting] = []
    used = 0
    holder: _Waiting | None = None
    for each in waiting:
        inside = each.within(holder)
        cost = 0 if inside else tokens_of(each.call.prompt.shared)
        if batch and used + cost > most:
            yield batch
            batch, used = [], 0
        batch.append(each)
        used += cost
        holder = holder if inside else each
    if batch:
        yield batch


def _together(batch: Sequence[_Waiting]) -> Call:
    first = batch[0].call
    conventions = _common([each.call.prompt.shared for each in batch])
    prompt = Prompt(first.prompt.system, _shown(batch, conventions), first.prompt.question)
    return replace(first, id=f"{first.id}+{len(batch) - 1}", prompt=prompt, key=None, group=group_of(prompt))


def _common(texts: Sequence[str]) -> str:
    """The paragraphs with which all the texts begin, such as the project's conventions."""
    least, most = min(texts), max(texts)
    end = next((at for at, (one, other) in enumerate(zip(least, most, strict=False)) if one != other), len(least))
    return least[: max(0, least.rfind("\n\n", 0, end))]


def _shown(batch: Sequence[_Waiting], conventions: str) -> str:
    """The code of all, each line once: what stands within another piece is named there."""
    pieces: list[dict[str, object]] = []
    parts: list[dict[str, object]] = []
    holder: _Waiting | None = None
    for each in batch:
        if each.within(holder):
            name = name_shown(each.request.context.function_name or "the whole")
            parts.append({"start": each.piece.first, "end": each.piece.last, "name": name})
            continue
        holder, parts = each, []
        text = each.call.prompt.shared[len(conventions) :].strip("\n")
        pieces.append({"text": text, "parts": parts})
    data = {"conventions": conventions, "count": len(batch), "pieces": pieces}
    return render("prompts/batch.txt.j2", data).strip()


def _counted(reply: Reply, spent: _Spent, number: int) -> Reply:
    """The reply as one of those in its batch counts it: the first has all the cost, so that sums are right."""
    if number:
        return replace(reply, usage=Usage(), usd=None if reply.usd is None else 0.0, tried=())
    whole = spent.plus(reply)
    return replace(reply, usage=whole.usage, usd=whole.usd)


def _give(waiting: _Waiting, reply: Reply) -> None:
    if not waiting.reply.done():
        waiting.reply.set_result(reply)
