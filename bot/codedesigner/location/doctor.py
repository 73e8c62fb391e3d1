"""Whether locations can be asked: what the doctor looks at, and what it makes of what it finds."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from codedesigner.call.embedding import embedding_call, read_all
from codedesigner.call.model import Attempt, Call, Completion, Usage
from codedesigner.call.trouble import Trouble
from codedesigner.config.problems import did_you_mean
from codedesigner.location.diagnosis import Check, Diagnosis, State, What, about, remedy
from codedesigner.location.embeddings import is_embedder
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.model import ModelProvider
from codedesigner.location.prices import runs_here
from codedesigner.location.probe import Probed, probe
from codedesigner.location.secret import scrubbed
from codedesigner.location.spec import LocationSpec
from codedesigner.pool.gate import Demand, Denied, Gate
from codedesigner.pool.ledger import LedgerError
from codedesigner.pool.seat import Seat
from codedesigner.run.embedder import LONGEST

T = TypeVar("T")
ORDER: tuple[What, ...] = ("key", "reachable", "model", "limits", "schema", "context", "price")
_TOKENS = 4608
"""The most that one of the doctor's own questions uses, thoughts included."""
_UNASKED = "not looked at"
_SENTENCES = ("The lock is never released.", "A typing error in a comment.")
_LESSONS = 3
_NO_EMBEDDINGS = "start the server with embeddings on: llama-server --embeddings"
_DATED = re.compile(r"-20\d\d-?\d\d-?\d\d$", re.ASCII)


class _NotAllowedError(Exception):
    """The gate lets no call through."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The checks of one model. Each kind is found once; the first that is told about it stays."""

    spec: LocationSpec
    found: dict[What, Check] = field(default_factory=dict)

    def say(self, what: What, state: State, found: str, remedy: str = "") -> None:
        """What a check came to."""
        self.found.setdefault(what, Check(what, state, scrubbed(found), scrubbed(remedy)))

    def trouble(self, trouble: Trouble) -> None:
        """A question failed."""
        gone_soon = trouble.kind in ("rate_limited", "overloaded")
        # What was found well before stays so: then it is the model that fails.
        what = "model" if about(trouble) in self.found else about(trouble)
        self.say(what, "warn" if gone_soon else "fail", trouble.message, remedy(trouble, self.spec))

    def diagnosis(self) -> Diagnosis:
        """All checks, in their order."""
        checks = tuple(self.found.get(what, Check(what, "skipped", _UNASKED)) for what in ORDER)
        return Diagnosis(self.spec.id, self.spec.provider.type, self.spec.provider.model_id, checks)


async def examine_model(
    spec: LocationSpec, seat: Seat, gate: Gate, *, environ: Mapping[str, str], largest: Call, timeout_s: float
) -> Diagnosis:
    """Ask a model's server about itself, and the model for a word; every call passes the gate.

    `largest` is as long as the longest question that a review will ask.
    """
    examination = Examination(spec)
    _price(examination, seat)
    if not _key_is_there(examination, environ):
        return examination.diagnosis()
    through = _Through(gate, spec.id, min(_TOKENS, seat.limits.tokens_per_minute or _TOKENS), timeout_s)
    try:
        trouble = await through(lambda: seat.provider.check(timeout_s=timeout_s))
        if trouble is not None:
            _failed(examination, trouble)
            return examination.diagnosis()
        _there(examination, seat)
        if isinstance(seat.provider, ModelProvider) and is_embedder(spec):
            await _dimension(examination, seat.provider, through, timeout_s)
        elif isinstance(seat.provider, ModelProvider):
            probed = await probe(seat.provider, through, timeout_s=timeout_s)
            _schema(examination, probed)
            _model(examination, probed)
            _context(examination, seat.provider, largest)
        else:
            examination.say("schema", "skipped", "only servers are asked for nonsense")
            examination.say("context", "skipped", "it says nothing about its context")
        examination.say("model", "ok", f"{spec.provider.model_id} answers")
        examination.say("limits", "ok", "calls are let through")
    except _NotAllowedError as refused:
        examination.say("limits", "fail", str(refused), "wait, or raise the location's `limits`")
    except LedgerError as error:
        examination.say("limits", "fail", str(error), "make the state folder writable, or set CODEDESIGNER_STATE_DIR")
    return examination.diagnosis()


async def _dimension(examination: Examination, provider: ModelProvider, through: _Through, timeout_s: float) -> None:
    """Ask for two vectors of one text each; there is no answer to hold to a schema, and no context to fill."""
    attempt = Attempt(embedding_call("doctor", _SENTENCES), "text")
    for _ in range(_LESSONS):
        answer = await through(lambda: provider.send(attempt, timeout_s=timeout_s))
        if not isinstance(answer, Trouble) or answer.retry != "adapted":
            break
    none = "it makes vectors, and writes nothing"
    if isinstance(answer, Trouble):
        off = answer.kind == "feature_off"
        known = None if not off else Check("model", "fail", scrubbed(answer.message), _NO_EMBEDDINGS)
        if known is not None:
            examination.found.setdefault("model", known)
        else:
            examination.trouble(answer)
    else:
        vectors = read_all(answer.text) or ((),)
        found = f"{examination.spec.provider.model_id} makes vectors of {len(vectors[0])} dimensions"
        if len(set(vectors)) < len(_SENTENCES):
            advice = "load a model for embeddings of sentences at the server, or set its pooling"
            examination.say("model", "fail", f"{found}, the same for every text", advice)
        examination.say("model", "ok", found)
    examination.say("schema", "skipped", none)
    examination.say("context", "skipped", f"each text has at most {LONGEST} characters")


def examine_analyser(spec: LocationSpec, repository: Path | None) -> Diagnosis:
    """Whether an analyser's program is there, and which version; nothing is started."""
    name = spec.provider.model_id
    if name not in ANALYSERS:
        check = Check("program", "fail", f"there is no analyser {name}", did_you_mean(name, ANALYSERS))
    else:
        reviewer = LocalReviewer(ANALYSERS[name], location=spec.id, repository=repository)
        if reviewer.program is None:
            advice = "pip install 'codedesigner[analysers]', or switch the location off with enabled: false"
            check = Check("program", "fail", f"{reviewer.analyser.program} is not installed", advice)
        else:
            check = Check("program", "ok", f"{reviewer.program}, version {reviewer.version}")
    return Diagnosis(spec.id, spec.provider.type, name, (check,))


def same_model(asked: str, answered: str) -> bool:
    """Whether the name in an answer is the one that was asked, but for the date of its version or the like."""
    return _plain(asked) == _plain(answered)


@dataclass(frozen=True, slots=True)
class _Through:
    """Implements `location.probe.Through`: each network call waits for the gate as any other call does."""

    gate: Gate
    location: str
    tokens: int
    wait_s: float

    async def __call__(self, call: Callable[[], Awaitable[T]], /) -> T:
        """What the call gives. Raises `_NotAllowedError` and `LedgerError`."""
        demand = Demand(f"doctor:{self.location}", (self.location,), tokens=self.tokens, wait_s=self.wait_s)
        grant = await self.gate.acquire(demand)
        if isinstance(grant, Denied):
            raise _NotAllowedError(f"no call is let through: {grant.detail or grant.outcome}")
        usage: Usage | None = None
        try:
            result = await call()
            if isinstance(result, Trouble) and result.kind == "rate_limited":
                self.gate.limited(self.location, result.retry_after_s)
            else:
                usage = result.usage if isinstance(result, Completion) else Usage(calls=1)
            return result
        finally:
            grant.release(usage)


def _price(examination: Examination, seat: Seat) -> None:
    price = seat.price
    if price is None:
        advice = "name it in the location's `price` or in `prices`: US dollars for a million tokens"
        examination.say("price", "warn", "no price known", advice)
    elif runs_here(examination.spec) and not (price.tokens_in or price.tokens_out):
        examination.say("price", "ok", "nothing: it runs on a machine of your own")
    else:
        told = f"{price.tokens_in:g} in, {price.tokens_out:g} out, US dollars for a million tokens"
        examination.say("price", "ok", told)


def _key_is_there(examination: Examination, environ: Mapping[str, str]) -> bool:
    variable = examination.spec.provider.api_key_env
    if variable is None or environ.get(variable, "").strip():
        return True
    examination.say("key", "fail", f"the variable {variable} is not set", f"export {variable}=… with the key")
    return False


def _failed(examination: Examination, trouble: Trouble) -> None:
    """What the first question says, also about what came before it failed."""
    where = about(trouble)
    if where == "reachable" and examination.spec.provider.api_key_env is None:
        examination.say("key", "skipped", "none is configured")
    if where != "reachable":
        examination.say("reachable", "ok", "the server answers")
        if where != "key":
            _accepted(examination)
    examination.trouble(trouble)


def _there(examination: Examination, seat: Seat) -> None:
    examination.say("reachable", "ok", f"{seat.provider.endpoint} answers")
    _accepted(examination)


def _accepted(examination: Examination) -> None:
    variable = examination.spec.provider.api_key_env
    if variable is None:
        examination.say("key", "ok", "none is configured, and none is asked for")
    else:
        examination.say("key", "ok", f"that in {variable} is accepted")


def _schema(examination: Examination, probed: Probed) -> None:
    weaker = f"; answers are asked for in mode {probed.modes[0]}, and checked all the same"
    advice = f"use a server that honours schemas, or set provider.capabilities.schema_mode: {probed.modes[0]}"
    if probed.schema == "honoured":
        examination.say("schema", "ok", f"honoured, in mode {probed.modes[0]}")
    elif probed.schema == "ignored":
        examination.say("schema", "warn", f"taken and ignored{weaker}", advice)
    elif probed.schema == "refused":
        examination.say("schema", "warn", f"refused{weaker}", advice)
    elif probed.trouble is not None:
        examination.trouble(probed.trouble)
    elif probed.answered_by is None:
        examination.say("schema", "skipped", "no mode with a schema is configured or known of it")
    else:
        more = "say provider.capabilities.thinking: true if it thinks first"
        examination.say("schema", "warn", "the answer was cut off or declined, and shows nothing", more)


def _model(examination: Examination, probed: Probed) -> None:
    provider = examination.spec.provider
    if (urlsplit(provider.url or "").hostname or "").endswith(".azure.com"):
        return  # a deployment is asked, and its model answers
    answered, models = probed.answered_by, probed.models or ()
    if answered is not None and not same_model(provider.model_id, answered):
        found = f"{provider.model_id} was asked, and {answered} has answered"
        examination.say("model", "warn", found, "correct provider.model_id, or load that model at the server")
    elif models and not any(same_model(provider.model_id, model) for model in models):
        found = f"the server answers as {provider.model_id}, and lists only {', '.join(models[:5])}"
        examination.say("model", "warn", found, "correct provider.model_id to the model that is there")


def _context(examination: Examination, provider: ModelProvider, largest: Call) -> None:
    needed = provider.tokens(Attempt(largest, provider.modes[0]))
    stated, told = examination.spec.provider.context_size, provider.learned.n_ctx
    if provider.speaker.name == "ollama":
        told = None if stated else told  # what is loaded now is loaded anew with what is stated
    sizes = [size for size in (stated, told) if size is not None]
    if not sizes:
        examination.say("context", "skipped", f"the server does not say it; up to {needed} tokens are needed")
        return
    size = min(sizes)
    found = f"{size} tokens, up to {needed} are needed"
    if size < needed:
        examination.say(
            "context", "fail", found, "raise the context, at the server and in context_size, or lower max_tokens"
        )
    elif stated is not None and size < stated:
        found = f"the server has {size} tokens, and context_size says {stated}"
        examination.say("context", "warn", found, f"set provider.context_size: {size}, or raise it at the server")
    else:
        examination.say("context", "ok", found)


def _plain(model: str) -> str:
    return _DATED.sub("", model.casefold().removesuffix(":latest"))
