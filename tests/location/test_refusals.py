"""Refusals as the vendors word them, and bodies of any shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.call.trouble import RETRY, Trouble, TroubleKind
from codedesigner.location.refusals import error_in_body, trouble_of
from codedesigner.location.secret import Secret, scrubbed

NOW = 1_795_262_400.0
Parameter = str | None


def openai(message: str, code: object = None, param: Parameter = None, kind: str = "invalid_request_error") -> Any:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def anthropic(kind: str, message: str) -> Any:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def llama(message: str, code: int = 400, kind: str = "invalid_request_error", **more: Any) -> Any:
    return {"error": {"code": code, "message": message, "type": kind, **more}}


def fastapi(*found: dict[str, Any]) -> Any:
    return {"detail": list(found)}


def refused(status: int, body: Any = b"", **headers: str) -> Trouble:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return trouble_of(status, named, written, now=NOW)


OVERFLOWS = [
    openai("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.")
    | {"x": 1},
    openai("Your input exceeds the context window of this model.", code="context_length_exceeded"),
    anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    anthropic("invalid_request_error", "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"),
    llama(
        "request (9000 tokens) exceeds the available context size (8192 tokens), try increasing it",
        kind="exceed_context_size_error",
        n_prompt_tokens=9000,
        n_ctx=8192,
    ),
    {"error": "the prompt is longer than the context length"},
    {"error": "input length exceeds the context length"},
    openai("Trying to keep the first 9000 tokens when context overflows. However, the number of tokens to keep from the"
           " initial prompt is greater than the context length"),
    {"object": "error", "message": "This model's maximum context length is 4096 tokens.", "code": 400},
    openai("'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 4096"
           " tokens and your request has 200 input tokens"),
    openai("Input tokens exceed the configured limit of 272000 tokens."),
    [{"error": {"code": 400, "status": "INVALID_ARGUMENT",
                "message": "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."}}],
    openai("This model's maximum prompt length is 131072 but the request contains 140000 tokens."),
]  # fmt: skip


@pytest.mark.parametrize("status", [400, 413, 422, 500])
@pytest.mark.parametrize("body", OVERFLOWS)
def test_a_prompt_that_does_not_fit(body: Any, status: int) -> None:
    assert refused(status, body).kind == "context_overflow"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (openai("Invalid 'messages[1].content': string too long. Expected a string with maximum length 10485760.",
                code="string_above_max_length", param="messages[1].content"), "too_large"),
        (openai("Invalid 'user': string too long, maximum context length is 64.", code="string_above_max_length",
                param="user"), "bad_request"),
    ],
)  # fmt: skip
def test_a_string_beyond_its_limit_is_no_overflow(body: Any, kind: TroubleKind) -> None:
    assert refused(400, body).kind == kind


PARAMETERS: list[tuple[int, Any, str]] = [
    (400, openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'"
                 " instead.", code="unsupported_parameter", param="max_tokens"), "max_tokens"),
    (400, openai("Unsupported parameter: 'temperature'"), "temperature"),
    (400, openai("Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is"
                 " supported.", code="unsupported_value", param="temperature"), "temperature"),
    (400, openai("Unsupported value: 'temperature' does not support 0.2 with this model."), "temperature"),
    (400, openai("Unrecognized request argument supplied: reasoning_effort"), "reasoning_effort"),
    (400, openai("Unknown parameter: 'prompt_cache_key'.", code="unknown_parameter", param="prompt_cache_key"),
     "prompt_cache_key"),
    (400, openai("Unknown parameter: 'reasoning.effort'."), "reasoning"),
    (400, openai("temperature is not supported"), "temperature"),
    (400, openai("logprobs are not supported with reasoning models."), "logprobs"),
    (400, openai("property 'stream_options' is unsupported, did you mean 'stream'?"), "stream_options"),
    (400, openai("`reasoning_effort` is not supported with this model"), "reasoning_effort"),
    (400, {"code": "Client specified an invalid argument", "error": "Argument not supported on this model: stop"},
     "stop"),
    (400, {"error": "Model grok-4 does not support parameter presence_penalty."}, "presence_penalty"),
    (400, anthropic("invalid_request_error", "`temperature` is deprecated for this model."), "temperature"),
    (400, anthropic("invalid_request_error", "top_k: Extra inputs are not permitted"), "top_k"),
    (400, anthropic("invalid_request_error", "thinking.budget_tokens: Extra inputs are not permitted"), "thinking"),
    (400, anthropic("invalid_request_error", "`temperature` and `top_p` cannot both be specified for this model."),
     "top_p"),
    (400, anthropic("invalid_request_error", "`temperature` may only be set to 1 when thinking is enabled."),
     "temperature"),
    (400, anthropic("invalid_request_error", '"thinking.type.enabled" is not supported for this model. Use'
                    ' "thinking.type.adaptive".'), "thinking"),
    (400, anthropic("invalid_request_error", "adaptive thinking is not supported on this model"), "thinking"),
    (400, {"error": '"tinyllama" does not support thinking'}, "think"),
    (400, {"error": 'think value "high" is not supported for this model'}, "think"),
    (400, {"error": {"message": 'json: unknown field "min_p"'}}, "min_p"),
    (400, {"error": {"message": "Additional properties are not allowed ('seed' was unexpected)"}}, "seed"),
    (422, fastapi({"type": "extra_forbidden", "loc": ["body", "temperature"], "msg": "Extra inputs are not permitted",
                   "input": 0.2}), "temperature"),
    (422, fastapi({"type": "value_error.extra", "loc": ["body", "top_k"], "msg": "extra fields not permitted"}),
     "top_k"),
    (500, openai("create() got an unexpected keyword argument 'seed'", kind="internal_server_error"), "seed"),
    (400, openai("litellm.UnsupportedParamsError: x does not support parameters: ['temperature'], for model=y"),
     "temperature"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "parameter"), PARAMETERS)
def test_a_parameter_that_is_not_taken(status: int, body: Any, parameter: str) -> None:
    trouble = refused(status, body)
    assert (trouble.kind, trouble.parameter, trouble.retry) == ("unsupported_parameter", parameter, "adapted")


SCHEMAS: list[tuple[int, Any]] = [
    (400, openai("Invalid schema for response_format 'answer': 'additionalProperties' is required to be supplied and to"
                 " be false.", param="response_format", code="invalid_json_schema")),
    (400, openai("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.")),
    (400, openai("This response_format type is unavailable now")),
    (400, openai("Unsupported parameter: 'response_format'", code="unsupported_parameter", param="response_format")),
    (400, openai("'response_format.type' must be 'json_schema' or 'text'")),
    (400, anthropic("invalid_request_error", "output_config.format: Extra inputs are not permitted")),
    (400, anthropic("invalid_request_error", "tools.0.custom.strict: Extra inputs are not permitted")),
    (400, anthropic("invalid_request_error", "Compiled grammar is too large")),
    (400, anthropic("invalid_request_error", "Thinking may not be enabled when tool_choice forces tool use.")),
    (400, llama("Failed to parse grammar")),
    (400, llama("JSON schema conversion failed: Unrecognized schema")),
    (400, {"error": "registry.ollama.ai/library/gemma:2b does not support tools"}),
    (500, {"error": "failed to load model vocabulary required for format"}),
    (500, openai("[{'type': 'literal_error', 'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be"
                 " 'text' or 'json_object'\", 'input': 'json_schema'}]", kind="internal_server_error")),
    (422, fastapi({"type": "literal_error", "loc": ["body", "response_format", "type"], "msg": "Input should be 'text'",
                   "input": "json_schema"})),
    (404, {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}}),
    (404, {"error": {"message": "No endpoints found that support tool use.", "code": 404}}),
    (503, {"error": {"message": "No provider can handle the requested parameters", "code": 503}}),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body"), SCHEMAS)
def test_a_schema_that_is_not_taken(status: int, body: Any) -> None:
    trouble = refused(status, body)
    assert (trouble.kind, trouble.parameter, trouble.retry) == ("schema_rejected", None, "adapted")


KINDS: list[tuple[int, Any, TroubleKind]] = [
    # The question.
    (400, openai("Invalid 'messages': empty array."), "bad_request"),
    (400, openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                 code="unsupported_value", param="messages[0].role"), "bad_request"),
    (400, anthropic("invalid_request_error", "This model does not support assistant message prefill."), "bad_request"),
    (400, anthropic("invalid_request_error", "max_tokens: 100000 > 8192, which is the maximum"), "bad_request"),
    (405, {"detail": "Method Not Allowed"}, "bad_request"),
    (413, anthropic("request_too_large", "Request exceeds the maximum size"), "too_large"),
    (413, b"<html><head><title>413 Request Entity Too Large</title></head></html>", "too_large"),
    (413, openai("Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 7000",
                 code="rate_limit_exceeded", kind="tokens"), "too_large"),
    (400, {"error": {"code": "content_filter", "message": "The response was filtered", "param": "prompt", "status": 400,
                     "innererror": {"code": "ResponsibleAIPolicyViolation",
                                    "content_filter_result": {"hate": {"filtered": True}}}}}, "content_filter"),
    (400, {"error": {"message": "x", "innererror": {"content_filter_result": {}}}}, "content_filter"),
    (403, {"error": {"code": 403, "message": "Your input was flagged",
                     "metadata": {"reasons": ["x"], "flagged_input": "y"}}}, "content_filter"),
    # The account.
    (401, openai("Incorrect API key provided: sk-a***b.", code="invalid_api_key"), "unauthorised"),
    (401, anthropic("authentication_error", "invalid x-api-key"), "unauthorised"),
    (401, llama("Invalid API Key", 401, "authentication_error"), "unauthorised"),
    (403, anthropic("permission_error", "no permission"), "unauthorised"),
    (403, b"<!DOCTYPE html><title>Just a moment...</title>", "unauthorised"),
    (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.",
                      "status": "INVALID_ARGUMENT"}}], "unauthorised"),
    (402, {"error": {"message": "Insufficient credits", "code": 402}}, "no_credit"),
    (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}},
     "no_credit"),
    (400, anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
     "no_credit"),
    (429, openai("You exceeded your current quota, please check your plan and billing details.",
                 code="insufficient_quota", kind="insufficient_quota"), "quota_exhausted"),
    (403, openai("x", code="insufficient_quota"), "quota_exhausted"),
    (400, openai("Billing hard limit has been reached", code="billing_hard_limit_reached"), "quota_exhausted"),
    (429, {"error": "you've reached your weekly usage limit, please upgrade to continue"}, "quota_exhausted"),
    # The model.
    (404, {"error": "model 'nemotron' not found"}, "no_such_model"),
    (404, openai("The model `x` does not exist", code="model_not_found"), "no_such_model"),
    (404, anthropic("not_found_error", "model: claude-9"), "no_such_model"),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, "no_such_model"),
    (404, b"404 page not found", "no_such_model"),
    (400, {"error": {"message": "x/y is not a valid model ID", "code": 400}}, "no_such_model"),
    (410, b"", "no_such_model"),
    # Too much at once.
    (429, openai("Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 1318."
                 " Please try again in 636ms.", code="rate_limit_exceeded", kind="tokens"), "rate_limited"),
    (429, openai("Request too large for gpt-4o on tokens per min (TPM): Limit 12000, Requested 15318.",
                 code="rate_limit_exceeded", kind="tokens"), "too_large"),
    (429, anthropic("rate_limit_error", "This request would exceed your organization's rate limit of 50,000 input"
                    " tokens per minute"), "rate_limited"),
    (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "You exceeded your current quota, please"
                      " check your plan and billing details. Please retry in 36.5s."}}], "rate_limited"),
    (429, openai("The engine is currently overloaded, please try again later", kind="engine_overloaded"), "overloaded"),
    (429, b"Too Many Requests", "rate_limited"),
    (429, b"", "rate_limited"),
    (529, anthropic("overloaded_error", "Overloaded"), "overloaded"),
    (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, "overloaded"),
    (503, llama("Loading model", 503, "unavailable_error"), "loading"),
    (503, {"error": "Model x is currently loading", "estimated_time": 20.0}, "loading"),
    (503, b"<html><title>503 Service Temporarily Unavailable</title>", "overloaded"),
    # The server.
    (500, anthropic("api_error", "Internal server error"), "server_error"),
    (500, {"error": "model requires more system memory (8.4 GiB) than is available (2.1 GiB)"}, "server_error"),
    (500, openai("The model is not available right now", kind="server_error"), "server_error"),
    (500, llama("[json.exception.parse_error.101] parse error", 500, "server_error"), "server_error"),
    (500, openai("1 validation error for Request: messages: Field required", kind="internal_server_error"),
     "bad_request"),
    (502, b"<html><head><title>502 Bad Gateway</title></head></html>", "server_error"),
    (502, {"error": {"code": 502, "message": "Provider returned error", "metadata": {"raw": "upstream"}}},
     "server_error"),
    (504, b"", "timeout"),
    (524, b"", "timeout"),
    (408, b"", "timeout"),
    (409, b"", "server_error"),
    (499, b"", "disconnected"),
    (501, llama("This server does not support embeddings.", 501, "not_supported_error"), "feature_off"),
    (599, b"", "server_error"),
    (204, b"", "garbled"),
    (0, b"", "garbled"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), KINDS)
def test_kinds(status: int, body: Any, kind: TroubleKind) -> None:
    trouble = refused(status, body)
    assert (trouble.kind, trouble.status, trouble.parameter) == (kind, status, None)


# Waiting.


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait"),
    [
        (429, b"", {"retry_after": "7"}, 7.0),
        (429, b"", {"retry_after_ms": "250", "retry_after": "7"}, 0.25),
        (503, b"", {"retry_after": "7"}, 7.0),
        (402, b"", {"retry_after": "7"}, 7.0),
        (429, b"", {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "6m0s"}, 360.0),
        (429, b"", {"x_ratelimit_remaining_requests": "3", "x_ratelimit_reset_requests": "6m0s"}, None),
        (429, openai("Please try again in 20s."), {}, 20.0),
        (429, openai("Please try again in 20s."), {"retry_after": "7"}, 7.0),
        (429, openai("x", code="insufficient_quota"), {"retry_after": "7"}, None),
        (400, b"", {"retry_after": "7"}, None),
        (429, {"error": {"message": "x", "metadata": {"headers": {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW + 9) * 1000)}}}}, {}, 9.0),
    ],
)  # fmt: skip
def test_waits(status: int, body: Any, headers: dict[str, str], wait: float | None) -> None:
    assert refused(status, body, **headers).retry_after_s == wait


def test_a_402_with_a_wait_is_not_final() -> None:
    assert refused(402, b"", retry_after="3").kind == "rate_limited"
    assert refused(402, b"Please try again in 3s").kind == "no_credit"


def test_the_servers_own_word_wins() -> None:
    assert refused(500, b"", x_should_retry="false").retry == "never"
    assert refused(400, b"", x_should_retry="true").retry == "again"
    assert refused(500, b"").retry == "again"


# What is shown, and what is not believed.


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (400, openai("no"), "400: no"),
        (400, {"error": {"code": 400, "type": "strange_error"}}, "400: strange_error"),
        (422, fastapi({"loc": ["body", "messages", 0, "role"], "msg": "Field required", "type": "missing"}),
         "422: messages.role: Field required"),
        (502, b"<html><head><title>502 Bad&nbsp;Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        (503, b"<p>Down <b>for</b> now</p><script>x</script>", "503: Down for now"),
        (500, b"", "500: Internal Server Error"),
        (599, b"{}", "599: an error without a word"),
        (500, b"\x1b[31mline\n two\xff", "500: line two\ufffd"),
        (502, {"error": {"message": "Provider returned error", "metadata": {"raw": '{"error":{"message":"why"}}'}}},
         "502: Provider returned error; why"),
    ],
)  # fmt: skip
def test_messages(status: int, body: Any, message: str) -> None:
    assert refused(status, body).message == message


def test_a_key_in_a_refusal_is_not_shown() -> None:
    key = Secret("sk-abcdefgh")
    body = json.dumps(openai("Incorrect API key provided: sk-abcdefgh " + "x" * 500)).encode()
    trouble = trouble_of(401, {}, body, now=NOW, scrub=lambda text: scrubbed(text, [key]))
    assert "abcdefgh" not in trouble.message
    assert len(trouble.message) == 300


def test_a_redirect_names_where_to_and_no_more() -> None:
    trouble = refused(308, b"", location="https://user:pw@other.example/v1?key=1")
    assert trouble.kind == "bad_request"
    assert "https://other.example," in trouble.message
    assert "pw" not in trouble.message
    assert "elsewhere" in refused(302, b"", location="/login").message


def test_the_question_in_a_refusal_is_not_believed() -> None:
    question = "maximum context length is; insufficient_quota; incorrect api key; response_format; model x not found"
    body = fastapi({"type": "missing", "loc": ["body", "n"], "msg": "Field required", "input": {"message": question}})
    trouble = refused(422, body)
    assert (trouble.kind, trouble.message) == ("bad_request", "422: n: Field required")


def test_a_word_of_plain_english_is_no_parameter() -> None:
    assert refused(400, openai("This user is not permitted, and the text is unsupported")).kind == "bad_request"


# Errors in answers that claim to be none.


@pytest.mark.parametrize(
    ("parsed", "kind", "status"),
    [
        ({"error": {"code": 502, "message": "Provider returned error"}, "user_id": "u"}, "server_error", 502),
        ({"error": {"code": 429, "message": "x"}}, "rate_limited", 429),
        ({"error": {"code": "429", "message": "x"}}, "rate_limited", 429),
        ({"choices": [{"error": {"code": 502, "message": "x"}, "finish_reason": "error"}]}, "server_error", 502),
        ({"error": "an error was encountered while running the model: CUDA error"}, "server_error", 200),
        ({"error": {"message": "tokens to keep from the initial prompt is greater than the context length"}},
         "context_overflow", 200),
        (anthropic("overloaded_error", "Overloaded"), "overloaded", 200),
        (anthropic("rate_limit_error", "slow down"), "rate_limited", 200),
        (anthropic("invalid_request_error", "prompt is too long"), "context_overflow", 200),
        (openai("x", code="insufficient_quota"), "quota_exhausted", 200),
        ({"object": "error", "message": "bad", "code": 400}, "bad_request", 400),
        ([{"error": {"code": 503, "message": "The model is overloaded."}}], "overloaded", 503),
        ({"error": True}, "server_error", 200),
    ],
)  # fmt: skip
def test_an_error_in_an_answer(parsed: Any, kind: TroubleKind, status: int) -> None:
    trouble = error_in_body(parsed)
    assert trouble is not None
    assert (trouble.kind, trouble.status) == (kind, status)
    assert trouble.message


@pytest.mark.parametrize(
    "parsed",
    [
        {"choices": [{"message": {"content": "error"}}]},
        {"error": None, "choices": []},
        {"error": "", "choices": []},
        {"choices": [{"error": None}]},
        {"choices": ["error"]},
        {"choices": {}},
        {"type": "message"},
        *([], {}, None, 3, "error", [[]], [1], [{"error": "a"}, {"error": "b"}]),
    ],
)
def test_an_answer_without_an_error(parsed: Any) -> None:
    assert error_in_body(parsed) is None


# Anything at all.

NAMES = st.sampled_from(
    [
        *(
            "error",
            "message",
            "type",
            "code",
            "param",
            "detail",
            "msg",
            "loc",
            "innererror",
            "errors",
            "metadata",
            "raw",
        ),
        *("headers", "status", "object", "choices"),
    ]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


def assert_fit(trouble: Trouble) -> None:
    assert trouble.kind in RETRY
    assert 0 < len(trouble.message) <= 300
    assert "\n" not in trouble.message
    assert (trouble.parameter is not None) == (trouble.kind == "unsupported_parameter")
    assert trouble.retry_after_s is None or trouble.retry_after_s >= 0


@given(st.integers(0, 1000), ANY_JSON, st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=3))
def test_no_shape_is_believed_blindly(status: int, body: Any, headers: dict[str, str]) -> None:
    assert_fit(trouble_of(status, headers, json.dumps(body).encode(), now=NOW))
    trouble = error_in_body(body)
    if trouble is not None:
        assert_fit(trouble)


@given(st.sampled_from([200, 400, 413, 422, 429, 500, 503]), st.binary(max_size=200) | st.text().map(str.encode))
def test_no_bytes_are_believed_blindly(status: int, body: bytes) -> None:
    assert_fit(trouble_of(status, {}, body, now=NOW))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"error":' * 100_000,
        b'{"error":' * 400 + b'"deep"' + b"}" * 400,
        b"1" * 10_000,
        b'{"error":{"code":' + b"9" * 4000 + b"}}",
        b"<" * 2_000_000,
        b"<a" * 500_000,
        b"<title>" * 200_000,
        b'{"error":{"message":"' + b"limit 1 " * 200_000 + b'"}}',
        b'{"error":{"message":"' + b"`a` and `" * 100_000 + b'"}}',
        json.dumps({"error": {"metadata": {"raw": "[" * 100_000}}}).encode(),
        b"\xff\xfe" + '{"error":"x"}'.encode("utf-16-le"),
        b'{"error":"\\ud800"}',
    ],
    ids=range(13),
)
def test_monsters(body: bytes) -> None:
    for status in (400, 429, 500):
        assert_fit(trouble_of(status, {}, body, now=NOW))
