"""What a check of a location found, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codedesigner.call.trouble import Trouble, TroubleKind
from codedesigner.location.spec import LocationSpec

State = Literal[
    "ok",
    "warn",  # it can be used, with less than is asked for
    "fail",  # it cannot be used
    "skipped",  # something else has to work first, or there is nothing to check
]
What = Literal["key", "reachable", "model", "limits", "schema", "context", "price", "program"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `found` and `remedy` are one line each; a warning or failure has a remedy."""

    what: str
    state: State
    found: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything that was looked at of one location."""

    location: str
    type: str
    model: str
    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool:
        """Whether it can be asked."""
        return all(check.state != "fail" for check in self.checks)


# Which check a trouble fails. What is not here says that the server does not work as it should.
_ABOUT: dict[TroubleKind, What] = {
    "unauthorised": "key",
    "no_credit": "key",
    "quota_exhausted": "key",
    "no_such_model": "model",
    "rate_limited": "limits",
    "content_filter": "schema",
    "feature_off": "schema",
    "schema_rejected": "schema",
    "unsupported_parameter": "schema",
    "context_overflow": "context",
    "too_large": "context",
}
_REMEDIES: dict[TroubleKind, str] = {
    "unreachable": "start the server, or correct provider.endpoint",
    "disconnected": "look into the server's log: it closes the connection",
    "timeout": "try again once the model is loaded, with more seconds for --timeout; raise provider.timeout_ms",
    "no_credit": "add credit to the account, or use the key of another",
    "quota_exhausted": "wait until the account's quota is renewed, or raise it there",
    "rate_limited": "wait and try again; lower `limits` if it happens in reviews",
    "overloaded": "wait and try again; it is the server's load, not yours",
    "loading": "wait until the model is loaded, and try again",
    "server_error": "look into the server's log",
    "garbled": "check that provider.endpoint is the base address of such a server, and the dialect its own",
    "bad_request": "check provider.extra, parameters and the dialect; the server does not take the question",
    "content_filter": "use another model, or a deployment without that filter",
    "feature_off": "switch the feature on at the server, or state less in provider.capabilities",
    "schema_rejected": "set provider.capabilities.schema_mode to a weaker mode",
    "unsupported_parameter": "remove the parameter, or state it in provider.capabilities",
    "context_overflow": "raise provider.context_size, and the server's own context",
    "too_large": "lower max_tokens, or raise the account's tokens per minute",
}


def about(trouble: Trouble) -> What:
    """The check that it fails."""
    return _ABOUT.get(trouble.kind, "reachable")


def remedy(trouble: Trouble, spec: LocationSpec) -> str:
    """What to do about it."""
    provider = spec.provider
    if trouble.kind == "unauthorised":
        if provider.api_key_env is None:
            return "put a key into an environment variable and name that in provider.api_key_env"
        return f"put a valid key into the environment variable {provider.api_key_env}"
    if trouble.kind == "no_such_model":
        if provider.type == "ollama" or provider.dialect == "ollama":
            return f"ollama pull {provider.model_id}, or correct provider.model_id"
        return "correct provider.model_id to a model that the server has"
    return _REMEDIES[trouble.kind]
