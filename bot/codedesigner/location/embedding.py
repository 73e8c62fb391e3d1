"""Asking servers for vectors in place of words: `/v1/embeddings` of OpenAI's dialect, `/api/embed` of Ollama's."""

from __future__ import annotations

from pydantic import JsonValue

from codedesigner.call.embedding import Vector, texts_of, vector_of, written_all
from codedesigner.call.model import Completion
from codedesigner.call.trouble import Trouble
from codedesigner.location.ask import Ask
from codedesigner.location.dialect import JsonObject, Wire, count, items, laid_over, part, text, used, without
from codedesigner.location.ollama import KEEP_ALIVE, Ollama
from codedesigner.location.openai import OpenAi
from codedesigner.plan.cost import tokens_of

_NOT_ONE_EACH = "the answer does not hold one vector for each text"


class OpenAiEmbeddings(OpenAi):
    """OpenAI, Azure, llama.cpp's server with `--embeddings`, vLLM, and who else has `/v1/embeddings`."""

    droppable = frozenset({"encoding_format"})
    mode_parameters: frozenset[str] = frozenset()

    def request(self, ask: Ask) -> Wire:
        """All texts at once. Without a format, some clients' servers answer in base64."""
        body: dict[str, JsonValue] = {
            "model": self._model,
            "input": list(texts_of(ask.attempt.call)),
            "encoding_format": "float",
        }
        body = laid_over(without(body, ask.can.refused & self.droppable), self._extra)
        return Wire("POST", self._address.embeddings, body, frozenset(body) - frozenset(self._extra))

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """The vectors, in the order of the texts, whatever the order of the answer."""
        texts, data = texts_of(ask.attempt.call), items(body, "data")
        found: list[JsonValue] = [None] * len(texts)
        for place, each in enumerate(data):
            index = count(each, "index") if isinstance(each, dict) and "index" in each else place
            if index is None or index >= len(texts) or found[index] is not None:
                return Trouble("garbled", _NOT_ONE_EACH, 200)
            found[index] = each.get("embedding") if isinstance(each, dict) else None
        return _completion(found, texts, text(body, "model"), count(part(body, "usage"), "prompt_tokens"))


class OllamaEmbeddings(Ollama):
    """Ollama's `/api/embed`, which would cut what is too long without a word."""

    droppable = frozenset({"keep_alive"})
    mode_parameters: frozenset[str] = frozenset()

    def request(self, ask: Ask) -> Wire:
        """All texts at once, none of them cut."""
        body: dict[str, JsonValue] = {
            "model": self._model,
            "input": list(texts_of(ask.attempt.call)),
            "truncate": False,
            "keep_alive": KEEP_ALIVE,
        }
        body = laid_over(without(body, ask.can.refused & self.droppable), self._extra)
        return Wire("POST", f"{self._base}/api/embed", body, frozenset(body) - frozenset(self._extra))

    def read(self, body: JsonObject, ask: Ask) -> Completion | Trouble:
        """The vectors, in the order of the texts."""
        texts = texts_of(ask.attempt.call)
        return _completion(items(body, "embeddings"), texts, text(body, "model"), count(body, "prompt_eval_count"))


def _completion(
    numbers: list[JsonValue], texts: tuple[str, ...], model: str | None, tokens: int | None
) -> Completion | Trouble:
    found = [vector_of(each) for each in numbers]
    vectors: list[Vector] = [each for each in found if each is not None]
    if len(vectors) != len(texts) or len(found) != len(texts):
        return Trouble("garbled", _NOT_ONE_EACH, 200)
    if len({len(each) for each in vectors}) > 1:
        return Trouble("garbled", "the vectors are of several dimensions", 200)
    spent = used(tokens or sum(map(tokens_of, texts)), 0)
    return Completion(written_all(vectors), "stop", usage=spent, model=model)
