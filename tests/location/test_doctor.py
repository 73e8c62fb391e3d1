"""What the doctor makes of what servers say: every failure has a remedy, and no key is shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import get_args

import pytest
from pydantic import JsonValue

from codedesigner.call.model import Call, Prompt
from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.config.validate import validate_value
from codedesigner.config.yamlfile import read_yaml
from codedesigner.location.diagnosis import Check, Diagnosis, about, remedy
from codedesigner.location.doctor import ORDER, examine_analyser, examine_model, same_model
from codedesigner.location.fake_http import FakeTransport, Scripted, json_answer, json_of
from codedesigner.location.http import HttpError, HttpRequest
from codedesigner.location.seats import seats
from codedesigner.location.spec import LocationSpec
from codedesigner.pool.allocator import Allocator
from codedesigner.pool.clock import SystemClock
from codedesigner.pool.ledger import LedgerError, Reservation
from codedesigner.pool.memory import MemoryLedger

KEY = "sk-verysecret123"
LARGEST = Call("doctor", Prompt("x" * 4000, "y" * 4000))
HONOURED = json.dumps({"colour": "vorlimquat"})


def spec(provider: str, rest: str = "") -> LocationSpec:
    document = read_yaml(f"{{id: gpu, name: A, provider: {{{provider}}}{rest}}}", "f")
    return validate_value(document.data, LocationSpec, name="f", line=lambda _loc, _key: None)


CUSTOM = "type: custom, dialect: openai, model_id: m, endpoint: 'http://gpu.example.org/v1', api_key_env: GPU_KEY"


def server(
    *, text: str = HONOURED, model: str = "m", models: tuple[str, ...] = ("m",), n_ctx: int | None = 32768
) -> Callable[[HttpRequest], Scripted]:
    def answer(request: HttpRequest) -> Scripted:
        if request.url.endswith("/v1/models"):
            listed: list[JsonValue] = [{"id": each, "max_model_len": n_ctx} for each in models]
            return json_answer({"object": "list", "data": listed})
        if request.method == "GET":
            return json_answer({"error": {"message": "not found"}}, 404)
        choice: JsonValue = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage: JsonValue = {"prompt_tokens": 9, "completion_tokens": 5}
        return json_answer({"model": model, "choices": [choice], "usage": usage})

    return answer


def examined(
    answer: Callable[[HttpRequest], Scripted],
    location: LocationSpec | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    ledger: MemoryLedger | None = None,
) -> tuple[Diagnosis, FakeTransport]:
    transport = FakeTransport(answer)
    chosen = location or spec(CUSTOM)
    variables = {"GPU_KEY": KEY} if environ is None else environ

    async def run() -> Diagnosis:
        (seat,) = seats([chosen], environ=variables, transport=transport, prices={})
        gate = Allocator([seat], ledger or MemoryLedger(), SystemClock())
        return await examine_model(chosen, seat, gate, environ=variables, largest=LARGEST, timeout_s=5)

    return asyncio.run(run()), transport


def states(diagnosis: Diagnosis) -> dict[str, str]:
    return {check.what: check.state for check in diagnosis.checks}


def one(diagnosis: Diagnosis, what: str) -> Check:
    return next(check for check in diagnosis.checks if check.what == what)


def test_a_location_that_is_well() -> None:
    diagnosis, transport = examined(server())

    assert states(diagnosis) == {**dict.fromkeys(ORDER, "ok"), "price": "warn"}
    assert diagnosis.usable
    assert [request.method for request in transport.requests].count("POST") == 1
    assert one(diagnosis, "reachable").found == "http://gpu.example.org answers"


def test_every_check_that_is_not_well_says_what_to_do_and_shows_no_key() -> None:
    def refused(status: int, body: JsonValue) -> Callable[[HttpRequest], Scripted]:
        return lambda _request: json_answer(body, status)

    bad: list[Callable[[HttpRequest], Scripted]] = [
        lambda _request: HttpError("unreachable", "http://gpu.example.org: no connection: Connection refused"),
        refused(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
        refused(402, {"error": {"message": "no credit"}}),
        refused(404, {"error": {"message": "The model `m` does not exist", "code": "model_not_found"}}),
        refused(429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),
        refused(500, {"error": {"message": f"it broke over {KEY}"}}),
        refused(503, {"error": {"message": "Loading model"}}),
        server(text="blue"),
        server(model="other"),
        server(models=("other",)),
        server(n_ctx=1024),
    ]
    for answer in bad:
        diagnosis, _ = examined(answer)
        assert any(check.state in ("warn", "fail") for check in diagnosis.checks if check.what != "price")
        for check in diagnosis.checks:
            assert bool(check.remedy) == (check.state in ("warn", "fail")), check
            assert KEY not in f"{check}"


@pytest.mark.parametrize("kind", get_args(TroubleKind))
def test_every_trouble_has_its_check_and_a_remedy(kind: TroubleKind) -> None:
    trouble = Trouble(kind, "x")

    assert about(trouble) in ORDER
    assert remedy(trouble, spec(CUSTOM))


def test_a_server_that_is_not_there() -> None:
    diagnosis, transport = examined(lambda _request: HttpError("unreachable", "http://gpu: no connection"))

    assert states(diagnosis) == {**dict.fromkeys(ORDER, "skipped"), "reachable": "fail", "price": "warn"}
    assert len(transport.requests) == 1
    assert not diagnosis.usable


def test_a_variable_that_is_not_set_is_told_before_anything_is_sent() -> None:
    diagnosis, transport = examined(server(), environ={"GPU_KEY": " "})

    assert transport.requests == []
    assert one(diagnosis, "key") == Check(
        "key", "fail", "the variable GPU_KEY is not set", "export GPU_KEY=… with the key"
    )


def test_a_key_that_is_not_accepted() -> None:
    diagnosis, _ = examined(lambda _request: json_answer({"error": {"message": "Invalid API Key"}}, 401))

    assert (states(diagnosis)["reachable"], states(diagnosis)["key"], states(diagnosis)["model"]) == (
        "ok",
        "fail",
        "skipped",
    )
    assert "GPU_KEY" in one(diagnosis, "key").remedy


def test_a_model_that_is_not_there_is_named_with_what_to_type() -> None:
    location = spec("type: ollama, model_id: qwen3")
    diagnosis, _ = examined(lambda _request: json_answer({"error": "model 'qwen3' not found"}, 404), location)

    assert (states(diagnosis)["key"], states(diagnosis)["model"]) == ("ok", "fail")
    assert "ollama pull qwen3" in one(diagnosis, "model").remedy


def test_who_answers_is_compared_with_who_was_asked() -> None:
    diagnosis, _ = examined(server(model="qwen-small"))

    assert one(diagnosis, "model").state == "warn"
    assert one(diagnosis, "model").found == "m was asked, and qwen-small has answered"
    assert diagnosis.usable


@pytest.mark.parametrize(
    ("asked", "answered", "same"),
    [
        ("gpt-5-mini", "gpt-5-mini-2025-08-07", True),
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001", True),
        ("qwen3", "qwen3:latest", True),
        ("Qwen/Qwen3", "qwen/qwen3", True),
        ("gpt-5", "gpt-5-mini", False),
        ("qwen3:8b", "qwen3:30b", False),
        ("m", "other", False),
    ],
)
def test_a_version_is_the_same_model(asked: str, answered: str, same: bool) -> None:
    assert same_model(asked, answered) is same


def test_azure_answers_under_the_models_name_and_not_the_deployments() -> None:
    location = spec(
        "type: custom, dialect: openai, model_id: my-deployment, api_key_env: GPU_KEY, "
        "endpoint: 'https://acme.openai.azure.com/openai/v1'"
    )
    diagnosis, _ = examined(server(model="gpt-5-mini-2025-08-07"), location)

    assert states(diagnosis)["model"] == "ok"


def test_a_schema_that_is_taken_and_ignored_is_a_warning() -> None:
    diagnosis, _ = examined(server(text='{"colour": "blue"}'))

    assert one(diagnosis, "schema").state == "warn"
    assert "ignored" in one(diagnosis, "schema").found
    assert diagnosis.usable


def test_a_question_that_fails_after_the_server_was_found_well_fails_the_model() -> None:
    def answer(request: HttpRequest) -> Scripted:
        return server()(request) if request.method == "GET" else json_answer({"error": {"message": "oops"}}, 500)

    diagnosis, _ = examined(answer)

    assert (states(diagnosis)["reachable"], states(diagnosis)["model"]) == ("ok", "fail")
    assert not diagnosis.usable


def test_a_context_that_is_too_small_for_the_longest_question() -> None:
    diagnosis, _ = examined(server(n_ctx=2048))

    check = one(diagnosis, "context")
    assert check.state == "fail"
    assert check.found.startswith("2048 tokens, up to ")


def test_a_context_that_is_stated_and_not_there() -> None:
    diagnosis, _ = examined(server(n_ctx=16384), spec(f"{CUSTOM}, context_size: 65536"))

    assert one(diagnosis, "context").found == "the server has 16384 tokens, and context_size says 65536"
    assert one(diagnosis, "context").state == "warn"


def test_a_server_that_says_nothing_about_its_context() -> None:
    diagnosis, _ = examined(server(n_ctx=None))

    assert one(diagnosis, "context").state == "skipped"


def test_the_price_is_told_or_missed() -> None:
    told, _ = examined(server(), spec(CUSTOM, ", price: {tokens_in: 0.25, tokens_out: 2}"))
    missed, _ = examined(server())
    free, _ = examined(server(), spec("type: custom, dialect: openai, model_id: m, endpoint: 'http://localhost:1/v1'"))

    assert one(told, "price") == Check("price", "ok", "0.25 in, 2 out, US dollars for a million tokens")
    assert (one(missed, "price").state, one(missed, "price").found) == ("warn", "no price known")
    assert one(free, "price") == Check("price", "ok", "nothing: it runs on a machine of your own")


def test_every_question_counts_against_the_limits() -> None:
    ledger = MemoryLedger()
    diagnosis, transport = examined(server(), ledger=ledger)

    assert diagnosis.usable
    assert ledger.used("gpu", SystemClock().now()).hour_requests == len(transport.requests)


def test_a_quota_that_is_used_up_is_told() -> None:
    diagnosis, transport = examined(server(), spec(CUSTOM, ", limits: {hourly: 2}"))

    assert one(diagnosis, "limits").state == "fail"
    assert one(diagnosis, "limits").remedy
    assert len(transport.requests) <= 2


def test_a_ledger_that_cannot_be_used_lets_nothing_through() -> None:
    class Broken(MemoryLedger):
        def reserve(self, *_arguments: object, **_named: object) -> Reservation:
            raise LedgerError("the disk is full")

    location = spec(CUSTOM)

    async def run() -> tuple[Diagnosis, FakeTransport]:
        transport = FakeTransport(server())
        (seat,) = seats([location], environ={"GPU_KEY": KEY}, transport=transport, prices={})
        gate = Allocator([seat], Broken(), SystemClock())
        found = await examine_model(location, seat, gate, environ={"GPU_KEY": KEY}, largest=LARGEST, timeout_s=0.2)
        return found, transport

    diagnosis, transport = asyncio.run(run())
    assert (transport.requests, one(diagnosis, "limits").state) == ([], "fail")


def test_a_scripted_location_is_well_without_nonsense() -> None:
    location = spec("type: scripted, model_id: 'json:loads'")

    diagnosis, _ = examined(server(), location)
    assert (states(diagnosis)["reachable"], states(diagnosis)["schema"]) == ("ok", "skipped")
    assert diagnosis.usable


def test_nonsense_is_asked_for_without_a_word_about_it_in_the_prompt() -> None:
    _, transport = examined(server())

    (question,) = (json_of(request) for request in transport.requests if request.method == "POST")
    assert isinstance(question, dict)
    assert "vorlimquat" not in json.dumps(question["messages"])
    assert "vorlimquat" in json.dumps(question)


def test_an_analyser_is_found_with_its_version_or_not() -> None:
    found = examine_analyser(spec("type: local, model_id: ruff"), None)
    unknown = examine_analyser(spec("type: local, model_id: rufff"), None)

    assert (found.usable, found.checks[0].what) == (True, "program")
    assert "version" in found.checks[0].found
    assert unknown.checks == (Check("program", "fail", "there is no analyser rufff", "did you mean ruff?"),)
