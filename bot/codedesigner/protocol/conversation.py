"""Who said what to whom: whether a message fits those before it."""

from __future__ import annotations

from hashlib import sha256

from codedesigner.protocol.refused import Refusal, foreign
from codedesigner.protocol.strictjson import written
from codedesigner.protocol.wire import REQUESTS, Envelope


class _Asked:
    """A request. It may be put again, in the same words, and then has an answer each time."""

    __slots__ = ("digest", "open", "worker")

    def __init__(self, worker: str | None, digest: bytes) -> None:
        self.worker = worker
        self.digest = digest
        self.open = 0


class Conversation:
    """Checks a stream of messages, in order."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}

    def take(self, envelope: Envelope) -> None:
        """Nothing, where the message fits.

        Raises:
            Refusal: it answers what nobody asked, or asked somebody else, or it has the name of another request.
        """
        if envelope.message_type in REQUESTS:
            self._ask(envelope)
        elif envelope.correlation_id is not None:
            self._answer(envelope, envelope.correlation_id)

    def _ask(self, envelope: Envelope) -> None:
        digest = sha256(written([envelope.message_type, envelope.payload.model_dump()]).encode()).digest()
        known = self._asked.setdefault(envelope.message_id, _Asked(envelope.worker, digest))
        if (known.worker, known.digest) != (envelope.worker, digest):
            raise Refusal("AMBIGUOUS_INPUT", "is the name of another request", "message_id")
        known.open += 1

    def _answer(self, envelope: Envelope, request: str) -> None:
        known = self._asked.get(request)
        if known is None:
            raise Refusal("INVALID_REQUEST", "names no request that was made", "correlation_id")
        if envelope.worker != known.worker:
            asked = foreign(known.worker or "nobody")
            raise Refusal("INVALID_REQUEST", f"the request went to {asked}", "worker")
        if not known.open:
            raise Refusal("AMBIGUOUS_INPUT", "names a request that has its answer", "correlation_id")
        if envelope.message_type != "heartbeat":
            known.open -= 1
