"""The words by which servers are recognised to say what the status does not: codes first, then sentences.

A sentence may repeat the question, code under review included, so it only ever decides between what the status
leaves open.
"""

from __future__ import annotations

import re

from codedesigner.location.refusal_bodies import Said
from codedesigner.location.refusal_parameters import carries_schema

OVERFLOW = frozenset({"context_length_exceeded", "exceed_context_size_error", "model_context_window_exceeded"})
FILTER = frozenset(
    {"content_filter", "content_policy_violation", "responsibleaipolicyviolation", "prohibited_content", "cyber_policy"}
)
QUOTA = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exhausted"})
CREDIT = frozenset({"billing_error", "insufficient_balance", "insufficient_credits", "payment_required"})
KEY = frozenset({"invalid_api_key", "api_key_invalid", "authentication_error", "invalid_authentication"})
MODEL = frozenset(
    {"model_not_found", "model_not_found_error", "deploymentnotfound", "invalid_model", "model_not_exist"}
)
SCHEMA = frozenset({"invalid_json_schema", "json_schema_invalid", "schema_validation_error"})
TOO_LONG_A_STRING = "string_above_max_length"

_OVERFLOW_TEXT = re.compile(
    r"context_length_exceeded|maximum context length|prompt is too long|exceeds? the available context size"
    r"|longer than the (?:model's )?context length|tokens to keep from the initial prompt is greater than the context"
    r"|input tokens exceed the configured limit|input length exceeds"
    r"|exceeds? (?:the )?(?:model's )?(?:maximum )?context (?:length|window|size|limit)"
    r"|maximum prompt length is|input is too long"
    r"|input token count \(?\d{0,12}\)? exceeds|`inputs` (?:tokens|must have less)|prompt contains \d{1,12} tokens"
    r"|exceed_context_size_error"
)
_SCHEMA_TEXT = re.compile(
    r"response_format|json[ _]?schema|invalid schema|schema (?:is )?(?:too|not|invalid)|unsupported schema"
    r"|output_config|required for format|structured[ _]outputs?"
    r"|grammar|tool_choice|does not support tools|support tool use|\btools\.\d"
    r"|can handle the requested parameters|guided_(?:json|decoding)|additionalproperties"
)
_MODEL_TEXT = re.compile(
    r"\bmodel\b.{0,150}?(?:not found|does not exist|doesn't exist|not exist|not available|no longer)"
    r"|not a valid model|unknown model|try pulling it|no models? loaded|deployment .{0,100}does not exist"
)
_KEY_TEXT = re.compile(r"api key not valid|(?:incorrect|invalid|missing) (?:x-)?api[ -]key|invalid bearer token")
_CREDIT_TEXT = re.compile(
    r"credit balance is too low|insufficient (?:balance|credits?)|requires more credits|out of credits"
)
_QUOTA_TEXT = re.compile(
    r"exceeded your current quota|quota (?:is )?exhausted"
    r"|(?:hourly|daily|weekly|monthly|session) (?:usage )?(?:limit|quota)"
)
_LOADING_TEXT = re.compile(r"loading (?:the )?model|(?:is|still) (?:currently )?loading|model is (?:starting|warming)")
_TOO_MUCH_TEXT = re.compile(
    r"request too large|request_too_large|request (?:entity|body) (?:is )?too large|payload too large"
)
_LIMIT_AND_NEED = re.compile(r"limit:? ?([\d,]{1,15})\b.{0,60}?requested:? ?([\d,]{1,15})")
_CLIENT_TEXT = re.compile(
    r"literal_error|validation error|input should be|invalid_request_error|extra_forbidden|field required|bad request"
)


def overflows(said: Said) -> bool:
    """Whether the prompt is longer than the context. A single string beyond a limit is something else."""
    if TOO_LONG_A_STRING in said.codes or TOO_LONG_A_STRING in said.matched:
        return False
    return bool(said.codes & OVERFLOW or _OVERFLOW_TEXT.search(said.matched))


def filtered(said: Said) -> bool:
    """Whether a content filter declines."""
    return said.filtered or bool(said.codes & FILTER)


def too_much(said: Said) -> bool:
    """Whether this one request is beyond what any minute allows, or has too many bytes."""
    if TOO_LONG_A_STRING in said.codes:
        return (said.parameter or "messages").startswith(("messages", "input", "contents"))
    found = _LIMIT_AND_NEED.search(said.matched)
    if found is not None:
        limit, needed = (int(number.replace(",", "") or 0) for number in found.groups())
        return needed > limit
    return "request_too_large" in said.codes or bool(_TOO_MUCH_TEXT.search(said.matched))


def no_credit(said: Said) -> bool:
    """Whether the account has no money."""
    return bool(said.codes & CREDIT or _CREDIT_TEXT.search(said.matched))


def quota_by_code(said: Said) -> bool:
    """Whether the account's quota is used up, for certain."""
    return bool(said.codes & QUOTA)


def quota_by_text(said: Said) -> bool:
    """Whether the account's quota seems used up: some use the same words for a minute's."""
    return bool(_QUOTA_TEXT.search(said.matched))


def bad_key(said: Said) -> bool:
    """Whether the key is not accepted, where the status does not say so."""
    return bool(said.codes & KEY or _KEY_TEXT.search(said.matched))


def no_model(said: Said) -> bool:
    """Whether the model is not there, where the status does not say so."""
    return bool(said.codes & MODEL or _MODEL_TEXT.search(said.matched))


def loading(said: Said) -> bool:
    """Whether the model is on its way."""
    return bool(_LOADING_TEXT.search(said.matched))


def clients_fault(said: Said) -> bool:
    """Whether an error that claims to be the server's is about the question."""
    return "invalid_request_error" in said.codes or bool(_CLIENT_TEXT.search(said.matched))


def schema_rejected(said: Said) -> bool:
    """Whether it is the schema, or the way in which it is told, that is not taken."""
    return bool(said.codes & SCHEMA or carries_schema(said.parameter) or _SCHEMA_TEXT.search(said.matched))
