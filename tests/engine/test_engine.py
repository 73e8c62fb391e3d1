"""A location against a real server: what it sends is understood, and what comes back is what it is taken for."""

from __future__ import annotations

import asyncio
import json

from codedesigner.angle.output import output_errors
from codedesigner.call.model import Attempt, Call, Completion, Prompt, Schema
from codedesigner.call.trouble import Trouble
from codedesigner.pool.provider import Provider

from .conftest import Engine

ANSWERS = 200
# What every server holds an answer to; ranges and lengths are not among it.
SCHEMA: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": ["issues", "verdict", "sure"],
    "properties": {
        "issues": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["line", "quote", "title", "severity"],
                "properties": {
                    "line": {"type": "integer"},
                    "quote": {"enum": ["def f(x):", "return x/0"]},
                    "title": {"type": "string"},
                    "severity": {"enum": ["info", "warning", "error"]},
                },
            },
        },
        "verdict": {"enum": ["fine", "doubtful", "wrong"]},
        "sure": {"type": "boolean"},
    },
}
_FACTS = [f"fact-{number:03}" for number in range(200)]
# Every name has to be said, which takes some 3,000 tokens.
LONG: Schema = {
    "type": "object",
    "additionalProperties": False,
    "required": [*_FACTS],
    "properties": {fact: {"type": "boolean"} for fact in _FACTS},
}
LEAST_OF_LONG = sum(map(len, _FACTS))


def call(question: str = "Anything?", shared: str = "1| def f(x):\n2|     return x/0", **more: object) -> Call:
    prompt = Prompt("You review code.", shared, question)
    return Call(**{"id": question, "prompt": prompt, "schema": SCHEMA, "max_tokens": 1000, **more})  # type: ignore[arg-type]


async def sent(provider: Provider, asked: Call, timeout_s: float = 60.0) -> Completion | Trouble:
    return await provider.send(Attempt(asked, "schema"), timeout_s=timeout_s)


async def completion(provider: Provider, asked: Call) -> Completion:
    said = await sent(provider, asked)
    if isinstance(said, Trouble) and said.kind == "disconnected":
        # The server closes a connection that was idle just as it is used again; a pool asks anew, and so does this.
        said = await sent(provider, asked)
    assert isinstance(said, Completion), said
    return said


def test_the_server_is_there_with_its_model(engine: Engine) -> None:
    assert engine.play(lambda provider: provider.check(timeout_s=10)) is None


def test_two_hundred_answers_are_all_valid(engine: Engine) -> None:
    async def scene(provider: Provider) -> list[Completion]:
        places = asyncio.Semaphore(2 * engine.llama.slots)

        async def one(number: int) -> Completion:
            async with places:
                return await completion(provider, call(f"Question {number}?", seed=number))

        return await asyncio.gather(*map(one, range(ANSWERS)))

    answers = engine.play(scene)
    assert [output_errors(SCHEMA, json.loads(answer.text)) for answer in answers] == [()] * ANSWERS
    assert len({answer.text for answer in answers}) > ANSWERS / 2


def test_a_stream_comes_to_the_same_as_a_whole_answer(engine: Engine) -> None:
    async def scene(provider: Provider) -> Completion:
        await completion(provider, call(seed=7))
        return await completion(provider, call(seed=7))

    whole, streamed = engine.play(scene), engine.play(scene, stream=True)
    assert (streamed.text, streamed.finish, streamed.usage) == (whole.text, whole.finish, whole.usage)
    assert streamed.first_ms is not None
    assert whole.usage.tokens_out > 20


def test_a_prompt_beyond_the_context_is_told_apart(engine: Engine) -> None:
    long = call(shared="x " * engine.llama.context)
    trouble = engine.play(lambda provider: sent(provider, long))
    assert isinstance(trouble, Trouble)
    assert (trouble.kind, trouble.status) == ("context_overflow", 400)


def test_a_wrong_key_is_told_apart_and_not_told(engine: Engine) -> None:
    async def scene(provider: Provider) -> list[Completion | Trouble | None]:
        return [await sent(provider, call()), await provider.check(timeout_s=10)]

    for trouble in engine.play(scene, key="mistaken-key"):
        assert isinstance(trouble, Trouble)
        assert (trouble.kind, trouble.status) == ("unauthorised", 401)
        assert "mistaken-key" not in trouble.message


def test_an_answer_that_is_cut_off_says_so(engine: Engine) -> None:
    said = engine.play(lambda provider: completion(provider, call(max_tokens=10)))
    assert (said.finish, said.usage.tokens_out) == ("length", 10)


def test_the_second_call_of_a_group_reads_the_cache(engine: Engine) -> None:
    shared = "\n".join(f"{line}| total = total + {line}" for line in range(60))

    async def scene(provider: Provider) -> list[Completion]:
        return [await completion(provider, call(f"Angle {angle}?", shared)) for angle in range(3)]

    first, *others = (said.usage for said in engine.play(scene))
    assert first.tokens_cached < len(shared) < first.tokens_in
    assert all(len(shared) < usage.tokens_cached < usage.tokens_in for usage in others)


def test_cancelling_frees_the_slot(engine: Engine) -> None:
    # In parts: a whole answer this server finishes, whether its client is still there or not.
    async def scene(provider: Provider) -> None:
        task = asyncio.create_task(sent(provider, call(schema=LONG, max_tokens=3800)))
        while not await asyncio.to_thread(engine.busy):
            assert not task.done()
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        while await asyncio.to_thread(engine.busy):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)

    before = engine.metric("tokens_predicted_total")
    engine.play(scene, stream=True)
    assert engine.metric("tokens_predicted_total") - before < LEAST_OF_LONG


def test_more_calls_than_slots_wait_for_one(engine: Engine) -> None:
    async def scene(provider: Provider) -> list[Completion]:
        asked = [call(f"Wait {number}", max_tokens=50) for number in range(3 * engine.llama.slots)]
        return await asyncio.gather(*(completion(provider, each) for each in asked))

    assert len(engine.play(scene)) == 3 * engine.llama.slots
