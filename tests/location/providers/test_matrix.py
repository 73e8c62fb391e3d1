"""What servers do, row by row, in every dialect in which it happens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import JsonValue

from codedesigner.call.ladder import Ladder, Settled, first
from codedesigner.call.model import Attempt, Call, Completion, Prompt
from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.location.fake_http import FakeTransport, Parts, Scripted, json_answer
from codedesigner.location.http import HttpError, HttpResponse
from codedesigner.location.model import ModelProvider
from codedesigner.location.spec import Dialect

KEY = "sk-planted-0123456789abcdef"
ALL: tuple[Dialect, ...] = ("openai", "ollama", "anthropic")
SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "required": ["count", "colour"],
    "properties": {
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
        "colour": {"type": "string", "enum": ["red", "green"]},
    },
    "additionalProperties": False,
}
GOOD = '{"count": 3, "colour": "red"}'
CALL = Call("c", Prompt("Be brief.", "some code", "How many?"), SCHEMA)
MakeProvider = Callable[..., ModelProvider]


@dataclass(frozen=True)
class Row:
    """Answers of a server, one for each attempt, and what has to come of the last."""

    name: str
    dialect: Dialect
    answers: tuple[Scripted, ...]
    kind: TroubleKind | None = None
    status: int | None = None
    wait: float | None = None
    retry: str | None = None
    said: dict[str, object] = field(default_factory=dict)
    settled: str | None = None
    value: JsonValue = None
    stream: bool = False
    modes: tuple[str, ...] | None = None
    shown: str = ""

    @property
    def id(self) -> str:
        """Its name in reports."""
        return f"{self.dialect}-{self.name}"


# Bodies, as the servers write them. Every error repeats the key.


def error(
    dialect: Dialect, status: int, message: str, code: str = "", headers: dict[str, str] | None = None
) -> HttpResponse:
    """An error with a status."""
    return json_answer(error_body(dialect, f"{message} (key {KEY})", code), status, headers)


def error_body(dialect: Dialect, message: str, code: str = "") -> JsonValue:
    """An error as the dialect writes it."""
    if dialect == "openai":
        return {"error": {"message": message, "type": "some_error", "param": None, "code": code or None}}
    if dialect == "anthropic":
        return {"type": "error", "error": {"type": code or "api_error", "message": message}, "request_id": "r"}
    return {"error": message}


def answer(
    dialect: Dialect,
    text: str | None,
    finish: str = "",
    *,
    reasoning: str = "",
    usage: bool = True,
    **message: JsonValue,
) -> HttpResponse:
    """A whole good answer."""
    return json_answer(body(dialect, text, finish, reasoning=reasoning, usage=usage, **message))


def body(
    dialect: Dialect, text: str | None, finish: str = "", *, reasoning: str = "", usage: bool = True, **more: JsonValue
) -> dict[str, JsonValue]:
    """The object of a good answer."""
    if dialect == "openai":
        message: dict[str, JsonValue] = {"role": "assistant", "content": text, **more}
        if reasoning:
            message["reasoning_content"] = reasoning
        choice: JsonValue = {"index": 0, "message": message, "finish_reason": finish or "stop"}
        counts: JsonValue = {"prompt_tokens": 40, "completion_tokens": 9}
        return {"model": "tiny-1", "choices": [choice], **({"usage": counts} if usage else {})}
    if dialect == "ollama":
        spoken: dict[str, JsonValue] = {"role": "assistant", "content": text or "", **more}
        if reasoning:
            spoken["thinking"] = reasoning
        counted: dict[str, JsonValue] = {"prompt_eval_count": 40, "eval_count": 9} if usage else {}
        return {"model": "tiny:1b", "message": spoken, "done": True, "done_reason": finish or "stop", **counted}
    blocks: list[JsonValue] = [{"type": "thinking", "thinking": reasoning, "signature": "s"}] if reasoning else []
    blocks += [] if text is None else [{"type": "text", "text": text}]
    used: JsonValue = {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 9}
    return {
        "type": "message",
        "model": "claude-tiny",
        "content": blocks,
        "stop_reason": finish or "end_turn",
        **({"usage": used} if usage else {}),
        **more,
    }


def sse(*events: JsonValue | str, names: bool = False) -> bytes:
    """Server-sent events; text is sent as it stands."""
    lines = []
    for event in events:
        data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
        kind = f"event: {event['type']}\n" if names and isinstance(event, dict) else ""
        lines.append(f"{kind}data: {data}\n\n")
    return "".join(lines).encode()


def ndjson(*lines: JsonValue) -> bytes:
    """Lines of JSON."""
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def chunk(text: str | None, finish: str | None = None, **more: JsonValue) -> dict[str, JsonValue]:
    """A chunk of OpenAI's."""
    delta: dict[str, JsonValue] = {"content": text}
    return {"model": "tiny-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def line(text: str, **more: JsonValue) -> dict[str, JsonValue]:
    """A line of Ollama's."""
    return {"model": "tiny:1b", "message": {"role": "assistant", "content": text}, "done": False, **more}


def claude(text: str, *, usage: bool = True, stop: bool = True) -> tuple[JsonValue, ...]:
    """The events of an answer of Anthropic's."""
    began: JsonValue = {"input_tokens": 10, "cache_read_input_tokens": 30, "output_tokens": 1}
    ended: JsonValue = {"output_tokens": 9}
    message: dict[str, JsonValue] = {"model": "claude-tiny", "content": [], **({"usage": began} if usage else {})}
    events: list[JsonValue] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[:9]}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text[9:]}},
        {"type": "content_block_stop", "index": 0},
    ]
    if stop:
        delta: JsonValue = {"stop_reason": "end_turn", "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, **({"usage": ended} if usage else {})})
        events.append({"type": "message_stop"})
    return tuple(events)


def parts(data: bytes, size: int = 7, *, cut: HttpError | None = None, kind: str = "text/event-stream") -> Parts:
    """The data in pieces that respect nothing."""
    pieces = tuple(data[at : at + size] for at in range(0, len(data), size))
    return Parts(pieces, headers={"content-type": kind}, cut=cut)


def streamed(dialect: Dialect, text: str = GOOD, size: int = 7) -> Parts:
    """A whole good answer in pieces."""
    if dialect == "openai":
        usage: JsonValue = {"prompt_tokens": 40, "completion_tokens": 9}
        events = (chunk(None), chunk(text[:9]), chunk(text[9:]), chunk(None, "stop"))
        return parts(sse(*events, {"model": "tiny-1", "choices": [], "usage": usage}, "[DONE]"), size)
    if dialect == "ollama":
        end = line("", done=True, done_reason="stop", prompt_eval_count=40, eval_count=9)
        lines = ndjson(line(text[:9]), line(text[9:]), {**end, "done": True})
        return parts(lines, size, kind="application/x-ndjson")
    return parts(sse(*claude(text), names=True), size)


# The rows.


def refusals() -> Iterator[Row]:
    """Answers that say no."""
    for each in ALL:
        yield Row("401", each, (error(each, 401, "bad key"),), "unauthorised", 401, retry="never")
        yield Row("403", each, (error(each, 403, "not you"),), "unauthorised", 403, retry="never")
        yield Row("404", each, (error(each, 404, "model 'x' not found"),), "no_such_model", 404, retry="never")
        yield Row(
            "413", each, (error(each, 413, "too many bytes", "request_too_large"),), "too_large", 413, retry="never"
        )
        many = "slow down"
        yield Row(
            "429-retry-after-int",
            each,
            (error(each, 429, many, headers={"Retry-After": "7"}),),
            "rate_limited",
            429,
            7.0,
        )
        yield Row(
            "429-retry-after-300",
            each,
            (error(each, 429, many, headers={"retry-after": "300"}),),
            "rate_limited",
            429,
            300.0,
            "again",
        )
        date = {"Retry-After": "Fri, 20 Nov 2026 12:00:20 GMT"}
        yield Row("429-retry-after-date", each, (error(each, 429, many, headers=date),), "rate_limited", 429, 20.0)
        quick = {"retry-after-ms": "250", "retry-after": "9"}
        yield Row("429-retry-after-ms", each, (error(each, 429, many, headers=quick),), "rate_limited", 429, 0.25)
        never = {"x-should-retry": "false"}
        yield Row("500-never-again", each, (error(each, 500, "no", headers=never),), "server_error", 500, retry="never")
        yield Row("500", each, (error(each, 500, "oops"),), "server_error", 500, retry="again")
        yield Row("501", each, (error(each, 501, "not built in"),), "schema_rejected", 501, retry="adapted")
        yield Row("502-page", each, (HttpResponse(502, {}, b"<html><title>Bad gateway</title>"),), "server_error", 502)
        yield Row("503", each, (error(each, 503, "server busy"),), "overloaded", 503, retry="again")
        loading = error(each, 503, "Loading model", "unavailable_error")
        yield Row("503-loading", each, (loading,), "loading", 503, retry="again")
        yield Row("503-loading-then-ok", each, (loading, answer(each, GOOD)), said={"text": GOOD})
        yield Row("529", each, (error(each, 529, "Overloaded", "overloaded_error"),), "overloaded", 529, retry="again")
        yield Row("302", each, (HttpResponse(302, {"location": "https://elsewhere.test/x"}),), "bad_request", 302)
        page = HttpResponse(200, {}, b"<html>Log in")
        yield Row("200-page", each, (page,), "garbled", retry="again")
        yield Row("200-list", each, (HttpResponse(200, {}, b"[1]"),), "garbled")
        yield Row("200-empty-object", each, (HttpResponse(200, {}, b"{}"),), "garbled")
        yield Row("200-too-deep", each, (HttpResponse(200, {}, b"[" * 200_000),), "garbled")
        failed = json_answer(error_body(each, f"upstream broke {KEY}"))
        yield Row("200-error-body", each, (failed,), "server_error", 200, shown="upstream broke")
    openai: Dialect = "openai"
    quota = error(openai, 429, "You exceeded your current quota", "insufficient_quota")
    yield Row("429-insufficient-quota", openai, (quota,), "quota_exhausted", 429, retry="never")
    large = error(
        openai, 429, "Request too large for tiny-1 on TPM: Limit 12000, Requested 15318", "rate_limit_exceeded"
    )
    yield Row("429-request-too-large", openai, (large,), "too_large", 429, retry="never")
    client = error(openai, 500, "1 validation error: response_format.type literal_error", "")
    yield Row(
        "500-client-error", openai, (client,), "schema_rejected", 500, retry="adapted", modes=("tool", "json", "text")
    )
    mid: JsonValue = {"error": {"code": 502, "message": f"Provider disconnected {KEY}"}}
    both = {**body("openai", "half"), **mid} if isinstance(mid, dict) else {}
    yield Row("200-error-before-choices", openai, (json_answer(both),), "server_error", 502, shown="disconnected")
    inner: JsonValue = {
        "error": {"code": "content_filter", "message": "no", "innererror": {"content_filter_result": {}}}
    }
    yield Row("400-content-filter", openai, (json_answer(inner, 400),), "content_filter", 400, retry="never")
    ended = answer(openai, "half", "error")
    yield Row("finish-error", openai, (ended,), "server_error")


OVERFLOWS: tuple[tuple[Dialect, str, str], ...] = (
    ("openai", "context_length_exceeded", "This model's maximum context length is 8192 tokens."),
    ("openai", "exceed_context_size_error", "the request exceeds the available context size"),
    ("openai", "", "Input is longer than the model's context length"),
    ("openai", "", "tokens to keep from the initial prompt is greater than the context length"),
    ("openai", "", "Your input tokens exceed the configured limit of 272000"),
    ("anthropic", "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    ("ollama", "", "the prompt is longer than the context length"),
)


def overflows() -> Iterator[Row]:
    """Prompts that do not fit, as they are told."""
    for number, (dialect, code, message) in enumerate(OVERFLOWS):
        refused = error(dialect, 400, message, code)
        yield Row(f"overflow-{number}", dialect, (refused,), "context_overflow", 400, retry="never")


def answers() -> Iterator[Row]:
    """Answers of every kind."""
    for each in ALL:
        full: dict[str, object] = {"text": GOOD, "finish": "stop", "tokens": (40, 9)}
        yield Row(
            "200", each, (answer(each, GOOD),), said=full, settled="answered", value={"count": 3, "colour": "red"}
        )
        cut = {"openai": "length", "ollama": "length", "anthropic": "max_tokens"}[each]
        yield Row("length-empty", each, (answer(each, "", cut, reasoning="hm"),), said={"text": "", "finish": "length"})
        yield Row("length", each, (answer(each, '{"count": 3', cut),), said={"finish": "length"}, settled="truncated")
        yield Row("usage-missing", each, (answer(each, GOOD, usage=False),), said={"text": GOOD, "estimated": True})
    calm = "I can't help with that."
    yield Row("null-content", "openai", (answer("openai", None),), said={"text": "", "finish": "stop"}, settled="again")
    yield Row("empty-content", "anthropic", (answer("anthropic", None),), said={"text": ""}, settled="again")
    yield Row("empty-content", "ollama", (answer("ollama", ""),), said={"text": ""}, settled="again")
    refused = answer("openai", None, refusal=f"{calm} {KEY}")
    yield Row("refusal", "openai", (refused,), said={"finish": "refusal", "refusal": f"{calm} ***"}, settled="refused")
    declined = answer("anthropic", f"{calm} {KEY}", "refusal")
    yield Row(
        "refusal", "anthropic", (declined,), said={"finish": "refusal", "refusal": f"{calm} ***"}, settled="refused"
    )
    yield Row(
        "content-filter",
        "openai",
        (answer("openai", "", "content_filter"),),
        said={"finish": "filter"},
        settled="filtered",
    )
    window = answer("anthropic", "half", "model_context_window_exceeded")
    yield Row("context-window", "anthropic", (window,), said={"finish": "context"}, settled="too_long")
    unfinished = json_answer(
        {**body("openai", GOOD), "choices": [{"message": {"content": GOOD}, "finish_reason": None}]}
    )
    yield Row(
        "finish-null", "openai", (unfinished,), said={"finish": "stop"}, settled="answered", value=json.loads(GOOD)
    )


def readings() -> Iterator[Row]:
    """Answers that have to be read with care; what comes of the call is the ladder's."""
    value: JsonValue = {"count": 3, "colour": "red"}
    echo = json.dumps(SCHEMA)
    for each in ALL:
        texts: tuple[tuple[str, str, str, JsonValue], ...] = (
            ("fence", f"Here it is:\n```json\n{GOOD}\n```\nDone.", "repaired", value),
            ("think", f"<think>Let me count {{}}</think>{GOOD}", "repaired", value),
            ("two-values", '{"count": 9, "colour": "green"}\n' + GOOD, "repaired", value),
            ("duplicate-keys", '{"count": 9, "count": 3, "colour": "red"}', "again", None),
            ("number-as-text", '{"count": "3", "colour": "red"}', "repaired", value),
            ("wrong-enum-case", '{"count": 3, "colour": "RED"}', "repaired", value),
            ("schema-echo", echo, "again", None),
            ("whitespace-run", '{"count": 3,' + " \n" * 3000, "again", None),
        )
        for name, text, settled, read in texts:
            yield Row(name, each, (answer(each, text),), settled=settled, value=read)
        hidden = answer(each, None if each != "ollama" else "", reasoning=f"I see. {GOOD}")
        yield Row("json-in-reasoning", each, (hidden,), settled="repaired", value=value)


def streams() -> Iterator[Row]:
    """Answers in parts, and how they break."""
    text = '{"count": 3, "colour": "red", "note": "Größe ☃ 🎈"}'
    for each in ALL:
        for size in (1, 7, 100_000):
            whole: dict[str, object] = {"text": text, "finish": "stop", "tokens": (40, 9)}
            yield Row(f"stream-utf8-cut-by-{size}", each, (streamed(each, text, size),), said=whole, stream=True)
        yield Row("stream-401", each, (error(each, 401, "bad key"),), "unauthorised", 401, stream=True)
        yield Row("stream-not-streamed", each, (answer(each, GOOD),), said={"text": GOOD}, stream=True)
        late = HttpError("timeout", "silent")
        broke = HttpError("disconnected", "cut")
        begun = streamed(each).chunks[:20]
        yield Row("stream-timeout", each, (Parts(begun, cut=late),), "timeout", retry="again", stream=True)
        yield Row("stream-disconnect", each, (Parts(begun, cut=broke),), "disconnected", retry="again", stream=True)
        yield Row("stream-ends-early", each, (Parts(begun),), "disconnected", retry="again", stream=True)
        ended = Parts(streamed(each).chunks, cut=broke)
        yield Row("stream-disconnect-after-the-end", each, (ended,), said={"text": GOOD}, stream=True)
    yield from openai_streams()
    broken = ndjson(line("{"), {"error": f"llama runner died {KEY}"})
    yield Row("ndjson-error-mid-stream", "ollama", (parts(broken),), "server_error", stream=True, shown="runner died")
    garbage = ndjson(line("{")) + b"<html>\n"
    yield Row("ndjson-garbage", "ollama", (parts(garbage),), "garbled", stream=True)
    blank = ndjson(line('{"count": 3,'), *(line(" \n" * 100) for _ in range(30)))
    yield Row(
        "stream-whitespace-run", "ollama", (parts(blank),), said={"finish": "length"}, settled="truncated", stream=True
    )
    event = f'event: error\ndata: {{"type":"error","error":{{"type":"overloaded_error","message":"busy {KEY}"}}}}\n\n'
    said = sse(*claude(GOOD, stop=False), names=True) + event.encode()
    yield Row("stream-error-event", "anthropic", (parts(said),), "overloaded", retry="again", stream=True)
    bare = parts(sse(*claude(GOOD, usage=False), names=True))
    yield Row("stream-usage-missing", "anthropic", (bare,), said={"text": GOOD, "estimated": True}, stream=True)


def openai_streams() -> Iterator[Row]:
    """What only happens in OpenAI's dialect."""
    openai: Dialect = "openai"
    pieces = (chunk(GOOD[:9]), chunk(GOOD[9:]))
    usage: dict[str, JsonValue] = {"usage": {"prompt_tokens": 40, "completion_tokens": 9}}
    early: dict[str, JsonValue] = {"usage": {"prompt_tokens": 40, "completion_tokens": 2}}
    last: JsonValue = {"model": "tiny-1", "choices": [], **usage}
    twice = sse({**pieces[0], **early}, pieces[1], chunk(None, "stop"), last, "[DONE]")
    yield Row("stream-usage-twice", openai, (parts(twice),), said={"text": GOOD, "tokens": (40, 9)}, stream=True)
    none = sse(*pieces, chunk(None, "stop"), "[DONE]")
    yield Row("stream-usage-missing", openai, (parts(none),), said={"text": GOOD, "estimated": True}, stream=True)
    undone = sse(*pieces, chunk(None, "stop"), last)
    yield Row("stream-done-missing", openai, (parts(undone),), said={"text": GOOD, "tokens": (40, 9)}, stream=True)
    yield Row("stream-done-and-finish-missing", openai, (parts(sse(*pieces)),), "disconnected", stream=True)
    yield Row("stream-finish-missing", openai, (parts(sse(*pieces, "[DONE]")),), said={"finish": "stop"}, stream=True)
    failed = sse(pieces[0], {"error": {"code": 502, "message": f"upstream {KEY}"}, "choices": []})
    yield Row("stream-error-chunk", openai, (parts(failed),), "server_error", 502, stream=True, shown="upstream")
    finished = sse(pieces[0], chunk(None, "error"))
    yield Row("stream-finish-error", openai, (parts(finished),), "server_error", stream=True)
    studio = sse(pieces[0]) + f'event: error\ndata: {{"message":"overflow {KEY}"}}\n\n'.encode()
    yield Row("stream-error-event", openai, (parts(studio),), "server_error", stream=True)
    garbage = sse(pieces[0], "{not json")
    yield Row("stream-garbage", openai, (parts(garbage),), "garbled", stream=True)
    pinged = b": ping\n\n" + sse(*pieces, chunk(None, "stop"), last, "[DONE]")
    yield Row("stream-pings", openai, (parts(pinged),), said={"text": GOOD}, stream=True)
    blank = sse(chunk('{"count": 3,'), *(chunk(" \n" * 100) for _ in range(30)))
    yield Row(
        "stream-whitespace-run", openai, (parts(blank),), said={"finish": "length"}, settled="truncated", stream=True
    )


def failures() -> Iterator[Row]:
    """No answer at all."""
    kinds: tuple[TroubleKind, ...] = ("timeout", "disconnected", "unreachable", "garbled", "too_large")
    for each in ALL:
        for kind in kinds:
            retry = "never" if kind == "too_large" else "again"
            broken = HttpError(kind, "http://models.test: broken")
            yield Row(f"no-answer-{kind}", each, (broken,), kind, retry=retry)
            yield Row(f"stream-no-answer-{kind}", each, (broken,), kind, retry=retry, stream=True)


ROWS = [*refusals(), *overflows(), *answers(), *readings(), *streams(), *failures()]


def asked(
    row: Row, make_provider: MakeProvider
) -> tuple[ModelProvider, FakeTransport, list[Completion | Trouble], Ladder]:
    """What came of every attempt of a row."""
    transport = FakeTransport(row.answers)
    provider = make_provider(row.dialect, transport, stream=row.stream)
    ladder = first(CALL, provider.modes)

    async def ask() -> list[Completion | Trouble]:
        return [await provider.send(ladder.attempt, timeout_s=30) for _ in row.answers]

    return provider, transport, asyncio.run(ask()), ladder


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_comes_out_as_it_should(row: Row, make_provider: MakeProvider) -> None:
    provider, _, results, ladder = asked(row, make_provider)
    result = results[-1]
    if row.kind is not None:
        assert isinstance(result, Trouble), result
        assert (result.kind, result.retry_after_s) == (row.kind, row.wait)
        assert row.status in (None, result.status)
        assert row.retry in (None, result.retry)
        assert row.shown in result.message
    else:
        assert isinstance(result, Completion), result
        hold(result, row)
        settle(ladder.feed(result, provider.modes), row)
    assert row.modes in (None, provider.modes)


def hold(result: Completion, row: Row) -> None:
    """The completion is as the row says."""
    expected = dict(row.said)
    tokens, estimated = expected.pop("tokens", None), expected.pop("estimated", False)
    assert {name: getattr(result, name) for name in expected} == expected
    assert result.usage.calls == 1
    assert tokens in (None, (result.usage.tokens_in, result.usage.tokens_out))
    assert not estimated or (result.usage.tokens_in > 0 and result.usage.tokens_out > 0)
    assert result.model in ("tiny-1", "tiny:1b", "claude-tiny")


def settle(step: Ladder | Settled, row: Row) -> None:
    """The ladder does with it as the row says; `again` is a further question."""
    if row.settled is None:
        return
    if row.settled == "again":
        assert isinstance(step, Ladder), step
        return
    assert isinstance(step, Settled), step
    assert (step.outcome, step.value) == (row.settled, row.value)


def test_nothing_shows_the_key(make_provider: MakeProvider) -> None:
    for row in ROWS:
        hides_the_key(row, make_provider)


def hides_the_key(row: Row, make_provider: MakeProvider) -> None:
    """Nothing that comes of the row, nor what it was asked with, has the key in any of its texts."""
    provider, transport, results, _ = asked(row, make_provider)
    assert any(KEY in value for request in transport.requests for value in request.headers.values())
    shown: list[object] = [
        *results,
        provider,
        transport,
        provider.can,
        provider.learned,
        provider.spec,
        provider.speaker,
    ]
    shown += [each for request in transport.requests for each in (request, request.url)]
    for each in shown:
        assert KEY not in repr(each), row.id
        assert KEY not in str(each), row.id


def test_messages_are_one_short_printable_line(make_provider: MakeProvider) -> None:
    results = [result for row in ROWS for result in asked(row, make_provider)[2]]
    messages = [result.message for result in results if isinstance(result, Trouble)]
    assert len(messages) > 100
    assert [said for said in messages if not 0 < len(said) <= 300 or not said.isprintable()] == []


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row.id for row in ROWS]
    assert len(names) == len(set(names))


def test_a_free_answer_is_asked_for_without_a_schema(make_provider: MakeProvider) -> None:
    for dialect in ALL:
        transport = FakeTransport([answer(dialect, "just words")])
        result = asyncio.run(
            make_provider(dialect, transport).send(Attempt(Call("c", Prompt("", "Hi")), "text"), timeout_s=30)
        )
        assert isinstance(result, Completion)
        assert result.text == "just words"
        sent = json.loads(transport.requests[0].body or b"")
        assert not {"response_format", "format", "output_config", "tools"} & set(sent)
