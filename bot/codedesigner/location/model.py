"""A model behind a server: sends attempts in the server's dialect and learns what it does not take."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

from codedesigner.call.model import Attempt, Call, Completion, Mode, Prompt
from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask, asked
from codedesigner.location.capabilities import Capability, Learned, Remembered, RememberedHere, capability
from codedesigner.location.dialect import Found, JsonObject, Reader, Speaker, Wire, used
from codedesigner.location.http import HttpError, HttpRequest, HttpResponse, Opened, Transport, origin
from codedesigner.location.incoming import GARBLED, Event, Incoming, object_of
from codedesigner.location.learning import lesson
from codedesigner.location.modelfacts import facts_about
from codedesigner.location.refusals import error_in_body, trouble_of
from codedesigner.location.secret import HIDDEN, SHORTEST_HIDDEN, Secret, scrubbed
from codedesigner.location.size import Sizes
from codedesigner.location.spec import LocationSpec
from codedesigner.location.waits import rate_state
from codedesigner.plan.cost import CHARACTERS_PER_TOKEN, tokens_of
from codedesigner.pool.clock import Clock, SystemClock
from codedesigner.pool.provider import Beat, no_beat

SILENT_S = 75.0
"""Between two parts of an answer: servers that think for longer send a sign of life every 30 seconds."""
MOST_BLANK = 4000
"""Blank characters in a row, after which a model has lost itself and what it says is not waited for."""
_LESSONS = 4


class ModelProvider:
    """Implements `pool.provider.Provider` for a location, over a dialect and a transport.

    `remembered` keeps what was learned for the next process. Closing it closes the transport, which opens anew where
    it is used again.
    """

    def __init__(
        self,
        spec: LocationSpec,
        speaker: Speaker,
        transport: Transport,
        *,
        key: Secret | None = None,
        remembered: Remembered | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.spec = spec
        self.speaker = speaker
        self._transport = transport
        self._clock: Clock = clock or SystemClock()
        self._key = key
        self._scrub = partial(scrubbed, secrets=() if key is None else (key,))
        self._remembered: Remembered = remembered or RememberedHere()
        chat = speaker.check().url
        self.endpoint = origin(chat)
        self._facts = facts_about(speaker.name, spec.provider.model_id, _host(chat))
        self._memory_key = f"{spec.id} {speaker.name} {self.endpoint} {spec.provider.model_id}"
        self._sizes = Sizes()
        self._own_name: tuple[str, str] = ("", "")
        self.learned = Learned.from_json(self._remembered.get(self._memory_key))
        self.can: Capability = self._capability()

    @property
    def id(self) -> str:
        """The location's id."""
        return self.spec.id

    @property
    def modes(self) -> tuple[Mode, ...]:
        """How it can be asked for a schema, the strictest first."""
        return self.can.modes

    def tokens(self, attempt: Attempt) -> int:
        """About how many tokens the attempt uses at most."""
        return self._sizes.prompt(attempt, self.spec.parameters) + self._asked(attempt).max_tokens

    async def send(self, attempt: Attempt, *, timeout_s: float, beat: Beat = no_beat) -> Completion | Trouble:
        """One request, one answer. Raises nothing but `asyncio.CancelledError`."""
        return await self._exchange(self._asked(attempt), timeout_s, beat)

    async def send_bare(self, attempt: Attempt, *, timeout_s: float) -> Completion | Trouble:
        """As `send`, with nothing about the schema in the prompt: shows whether the server honours it."""
        return await self._exchange(self._asked(attempt, bare=True), timeout_s, no_beat)

    async def check(self, *, timeout_s: float) -> Trouble | None:
        """Whether the server is there, takes the key and has the model; without asking the model, where possible."""
        wire: Wire | None = self.speaker.check()
        while wire is not None:
            page = await self.page(wire, timeout_s=timeout_s)
            if isinstance(page, Trouble):
                # Not every server has such a page: then the model itself is asked, for a word.
                return await self._word(timeout_s) if page.status in (404, 405, 501) else page
            answer = self.speaker.read_check(page)
            if isinstance(answer, Trouble):
                return answer
            wire = answer
        return None

    async def look(self, wire: Wire, *, timeout_s: float) -> Found | Trouble:
        """What the server says of itself when it is asked one of the dialect's questions."""
        page = await self.page(wire, timeout_s=timeout_s)
        return page if isinstance(page, Trouble) else self.speaker.found(page)

    async def page(self, wire: Wire, *, timeout_s: float) -> JsonObject | Trouble:
        """The object that a request gives."""
        try:
            response = await self._transport.send(self._http(wire), timeout_s=timeout_s)
        except HttpError as error:
            return Trouble(error.kind, error.message)
        return self._object(response)

    def learn(self, learned: Learned) -> None:
        """From now on this is what is known of the server."""
        if learned != self.learned:
            self.learned = learned
            self.can = self._capability()
            self._remembered.put(self._memory_key, learned.as_json())

    async def close(self) -> None:
        """Close all connections."""
        await self._transport.close()

    async def _exchange(self, ask: Ask, timeout_s: float, beat: Beat) -> Completion | Trouble:
        too_long = self._too_long(ask)
        if too_long is not None:
            return too_long
        started = self._clock.monotonic()
        wire = self.speaker.request(ask)
        try:
            result = await (self._in_parts if ask.stream else self._whole)(wire, ask, timeout_s, beat)
        except HttpError as error:
            result = Trouble(error.kind, error.message)
        latency_ms = (self._clock.monotonic() - started) * 1000
        if isinstance(result, Completion):
            return replace(self._complete(result, ask), latency_ms=latency_ms)
        result, learned = lesson(result, ask, wire, self.speaker, self.learned)
        self.learn(learned)
        return replace(result, message=self._scrub(result.message), latency_ms=latency_ms)

    async def _whole(self, wire: Wire, ask: Ask, timeout_s: float, _beat: Beat) -> Completion | Trouble:
        return self._read(await self._transport.send(self._http(wire), timeout_s=timeout_s), ask)

    async def _in_parts(self, wire: Wire, ask: Ask, timeout_s: float, beat: Beat) -> Completion | Trouble:
        # Ollama says nothing until it begins to answer, and sends no sign of life.
        idle_s = timeout_s if self.speaker.name == "ollama" else min(timeout_s, SILENT_S)
        started = self._clock.monotonic()
        async with self._transport.open(self._http(wire), timeout_s=timeout_s, idle_s=idle_s) as opened:
            kind = opened.headers.get("content-type", "")
            if not 200 <= opened.status < 300 or kind.startswith("application/json"):
                return self._read(HttpResponse(opened.status, opened.headers, await opened.read()), ask)
            result, first = await self._put_together(opened, ask, beat)
        if isinstance(result, Trouble):
            return result
        first_ms = None if first is None else (first - started) * 1000
        return replace(result, first_ms=first_ms, rate=rate_state(opened.headers, self._clock.now()))

    async def _put_together(self, opened: Opened, ask: Ask, beat: Beat) -> tuple[Completion | Trouble, float | None]:
        incoming, reader, first = Incoming(self.speaker.name), self.speaker.reader(ask), None
        failure: Trouble | None = None
        try:
            async for part in opened.chunks():
                first = self._clock.monotonic() if first is None else first
                failure = self._feed(reader, incoming.feed(part))
                if failure is not None:
                    return failure, first
                if reader.blank > MOST_BLANK:
                    return reader.end(stopped=True), first
                beat(min(1.0, reader.length / (CHARACTERS_PER_TOKEN * ask.max_tokens)))
            failure = self._feed(reader, incoming.finish())
        except HttpError as error:
            failure = Trouble(error.kind, error.message)
            whole = reader.end()
            # What came before the connection broke may be all there was to come.
            if error.kind == "disconnected" and isinstance(whole, Completion):
                return whole, first
        return failure or reader.end(), first

    def _feed(self, reader: Reader, events: list[Event | Trouble]) -> Trouble | None:
        for event in events:
            if isinstance(event, Trouble):
                return event
            name, data = event
            failure = error_in_body(data, now=self._clock.now(), scrub=self._scrub)
            if failure is None and name == "error":
                failure = Trouble("server_error", "the server broke the answer off", 200)
            failure = failure or reader.feed(name, data)
            if failure is not None:
                return failure
        return None

    def _read(self, response: HttpResponse, ask: Ask) -> Completion | Trouble:
        body = self._object(response)
        if isinstance(body, Trouble):
            return body
        try:
            result = self.speaker.read(body, ask)
        except RecursionError:
            return GARBLED
        if isinstance(result, Trouble):
            return result
        return replace(result, rate=rate_state(response.headers, self._clock.now()))

    def _object(self, response: HttpResponse) -> JsonObject | Trouble:
        now = self._clock.now()
        if not 200 <= response.status < 300:
            return trouble_of(response.status, response.headers, response.body, now=now, scrub=self._scrub)
        body = object_of(response.body)
        if body is None:
            return GARBLED
        # An error comes before everything else: some are told with a good status.
        return error_in_body(body, now=now, headers=response.headers, scrub=self._scrub) or body

    def _complete(self, said: Completion, ask: Ask) -> Completion:
        """With its usage estimated where the server tells none: nobody's limits are spared by not counting."""
        usage = said.usage
        if not usage.tokens_in and not usage.tokens_out:
            tokens_in = self._sizes.prompt(ask.attempt, self.spec.parameters)
            tokens_out = tokens_of(said.text) + tokens_of(said.reasoning)
            usage = used(tokens_in, ask.max_tokens if said.finish == "length" else tokens_out)
        refusal = None if said.refusal is None else self._scrub(said.refusal)
        return replace(
            said,
            text=self._without_key(said.text),
            reasoning=self._without_key(said.reasoning),
            usage=usage,
            refusal=refusal,
            model=self._shown(said.model),
        )

    def _without_key(self, text: str) -> str:
        key = "" if self._key is None else self._key.reveal()
        return text.replace(key, HIDDEN) if len(key) >= SHORTEST_HIDDEN and key in text else text

    def _shown(self, model: str | None) -> str | None:
        if model is None:
            return None
        if model != self._own_name[0]:
            self._own_name = (model, self._scrub(model))
        return self._own_name[1]

    async def _word(self, timeout_s: float) -> Trouble | None:
        attempt = Attempt(Call("check", Prompt("", "Say yes."), max_tokens=16), "text")
        trouble: Trouble | None = None
        for _ in range(_LESSONS):
            result = await self.send(attempt, timeout_s=timeout_s)
            trouble = result if isinstance(result, Trouble) else None
            if trouble is None or trouble.retry != "adapted":
                break
        return trouble

    def _asked(self, attempt: Attempt, *, bare: bool = False) -> Ask:
        wanted = self.can.stream if self.spec.provider.stream is None else self.spec.provider.stream
        stream = wanted and self.can.takes("stream")
        ask = asked(attempt, self.spec.parameters, self.can, stream=stream, bare=bare)
        return replace(ask, stream=True) if not stream and self.speaker.streams(ask) else ask

    def _too_long(self, ask: Ask) -> Trouble | None:
        size = self.spec.provider.context_size
        if size is None:
            return None
        needed = self._sizes.prompt(ask.attempt, self.spec.parameters) + ask.max_tokens
        if needed <= size:
            return None
        message = f"prompt and answer have up to about {needed} tokens, the location's context_size is {size}"
        return Trouble("context_overflow", message)

    def _http(self, wire: Wire) -> HttpRequest:
        provider = self.spec.provider
        headers = {"accept": "application/json", **self.speaker.headers, **provider.headers}
        if self._key is not None:
            name = (provider.auth_header or self.speaker.key_header).lower()
            value = self._key.reveal()
            headers[name] = f"Bearer {value}" if name == "authorization" else value
        if wire.body is None:
            return HttpRequest(wire.method, wire.url, headers)
        headers["content-type"] = "application/json"
        return HttpRequest(wire.method, wire.url, headers, json.dumps(wire.body).encode())

    def _capability(self) -> Capability:
        provider = self.spec.provider
        return capability(
            self.speaker.name,
            self._facts,
            provider.capabilities,
            self.learned,
            context_size=provider.context_size,
        )


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
