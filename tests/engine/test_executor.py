"""Calls through the pool against a real server: what an answer, a refusal and a limit come to."""

from __future__ import annotations

from collections.abc import Iterable

from codedesigner.angle.output import ANGLE_OUTPUT_SCHEMA, output_errors
from codedesigner.call.model import Call, Prompt, Reply
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.clock import SystemClock
from codedesigner.pool.executor import Executor, ExecutorConfig
from codedesigner.pool.memory import MemoryLedger
from codedesigner.pool.provider import Provider
from codedesigner.pool.seat import Seat

from .conftest import Engine

FUNCTION = "\n".join(f"{line:>3} | total = total + weight_{line}" for line in range(40))


def call(question: str, **more: object) -> Call:
    settings = {"schema": ANGLE_OUTPUT_SCHEMA, "max_tokens": 1500, **more}
    return Call(question, Prompt("You review code.", FUNCTION, question), **settings)  # type: ignore[arg-type]


def execute(engine: Engine, calls: Iterable[Call], key: str | None = None) -> dict[str, Reply]:
    """The replies by question, two calls at a time."""

    async def scene(provider: Provider) -> dict[str, Reply]:
        seats = {"llama": Seat(provider, timeout_s=60.0)}
        gate = Allocator(seats.values(), MemoryLedger(), SystemClock())
        executor = Executor(gate, seats, SystemClock(), config=ExecutorConfig(first_wait_s=30.0))
        asked = ((each, ["llama"]) for each in calls)
        return {reply.call_id: reply async for reply in executor.execute_batch(asked)}

    return engine.play(scene, key=key)


def test_answers_in_the_form_of_an_angle_are_good(engine: Engine) -> None:
    replies = execute(engine, (call(f"Question {number}?", seed=number) for number in range(12)))
    good = [reply for reply in replies.values() if reply.good]
    assert {reply.outcome for reply in replies.values()} <= {"answered", "repaired", "re_asked", "truncated"}
    assert len(good) > 2
    assert [output_errors(ANGLE_OUTPUT_SCHEMA, reply.value) for reply in good] == [()] * len(good)


def test_followers_of_a_group_read_what_their_leader_has_left(engine: Engine) -> None:
    asked = [call(f"Angle {number}?", group="function", max_tokens=300, schema=None) for number in range(3)]
    replies = execute(engine, asked)
    cached = sorted(reply.usage.tokens_cached for reply in replies.values())
    assert cached[-1] > len(FUNCTION)


def test_what_does_not_fit_is_too_long(engine: Engine) -> None:
    long = call("x " * engine.llama.context)
    (reply,) = execute(engine, [long]).values()
    assert (reply.outcome, reply.usage.calls) == ("too_long", 1)


def test_a_wrong_key_takes_the_location_off(engine: Engine) -> None:
    replies = execute(engine, [call("First?"), call("Second?"), call("Third?")], key="mistaken-key")
    assert {reply.outcome for reply in replies.values()} == {"offline"}
    assert "mistaken-key" not in "".join(reply.detail for reply in replies.values())


def test_an_answer_without_room_to_end_is_truncated(engine: Engine) -> None:
    (reply,) = execute(engine, [call("Anything?", max_tokens=12)]).values()
    assert reply.outcome == "truncated"
