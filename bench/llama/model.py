"""A model of half a megabyte: random weights, one token a byte, nothing downloaded.

Its weights are noise but for one direction, which is constant and gives every token a likelihood of its own. So texts
end, lists end and answers end, as they do in a model that has learned something.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from pathlib import Path

from bench.llama.gguf import Tensor, write

_WIDTH, _HEADS, _INNER, _LAYERS = 64, 4, 128, 2
_SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_NORMAL_TOKEN, _CONTROL_TOKEN = 1, 3
_END = 256 + _SPECIAL.index("<|im_end|>") + 1  # after the bytes and the one merged token
_CONSTANT = 4.0  # of the first number of every token's embedding
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def make(path: Path, seed: int = 0, context: int = 32_768) -> None:
    """Write the model. The same seed gives the same file; `context` is what it claims to be trained for, in tokens."""
    shown = _shown_bytes()
    tokens = [*shown, shown[ord(" ")] * 2, *_SPECIAL]
    settings: dict[str, bool | int | float | str | list[str] | list[int]] = {
        "general.architecture": "llama",
        "general.name": "noise",
        "general.file_type": 0,
        "llama.context_length": context,
        "llama.embedding_length": _WIDTH,
        "llama.block_count": _LAYERS,
        "llama.feed_forward_length": _INNER,
        "llama.attention.head_count": _HEADS,
        "llama.attention.head_count_kv": _HEADS,
        "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "llama.rope.dimension_count": _WIDTH // _HEADS,
        "llama.vocab_size": len(tokens),
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "gpt-2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [_NORMAL_TOKEN] * 257 + [_CONTROL_TOKEN] * len(_SPECIAL),
        "tokenizer.ggml.merges": [f"{shown[ord(' ')]} {shown[ord(' ')]}"],
        "tokenizer.ggml.bos_token_id": 257,
        "tokenizer.ggml.eos_token_id": _END,
        "tokenizer.ggml.padding_token_id": 257,
        "tokenizer.ggml.add_bos_token": False,
        "tokenizer.chat_template": _TEMPLATE,
    }
    write(path, settings, dict(_tensors(random.Random(seed), len(tokens))))  # noqa: S311 - noise, no secret


def _tensors(chance: random.Random, vocabulary: int) -> Iterator[tuple[str, Tensor]]:
    embedding = _noise(chance, vocabulary, _WIDTH, 0.5)
    for token in range(vocabulary):
        embedding.weights[token * _WIDTH] = _CONSTANT
    yield "token_embd.weight", embedding
    usual = 1 / math.sqrt(_WIDTH)
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        yield f"{block}.attn_norm.weight", _ones()
        for part in ("q", "k", "v"):
            yield f"{block}.attn_{part}.weight", _noise(chance, _WIDTH, _WIDTH, usual)
        yield f"{block}.attn_output.weight", _silent_first(_noise(chance, _WIDTH, _WIDTH, 0.3 * usual))
        yield f"{block}.ffn_norm.weight", _ones()
        yield f"{block}.ffn_gate.weight", _noise(chance, _INNER, _WIDTH, usual)
        yield f"{block}.ffn_up.weight", _noise(chance, _INNER, _WIDTH, usual)
        down = _noise(chance, _WIDTH, _INNER, 0.3 / math.sqrt(_INNER))
        yield f"{block}.ffn_down.weight", _silent_first(down)
    yield "output_norm.weight", _ones()
    output = _noise(chance, vocabulary, _WIDTH, 0.25)
    # About what the normalisation leaves of the constant number.
    scale = _CONSTANT / math.sqrt((_CONSTANT**2 + (_WIDTH - 1) * 0.35) / _WIDTH)
    for token in range(vocabulary):
        output.weights[token * _WIDTH] = _liking(token) / scale
    yield "output.weight", output


def _liking(token: int) -> float:
    """How much likelier than others a token is: quotes and brackets close, odd bytes stay away."""
    if token == _END:
        return 2.2
    if token > 256:
        return -8.0
    character = " " if token == 256 else chr(token)
    if token >= 0x80 and token != 256:
        return -6.0
    if character == "\\" or token < 0x20:
        return -4.0
    if character in '"}':
        return 2.2
    if character in "]{,":
        return 1.2
    return 0.6 if character.isalpha() or character == " " else 0.0 if character.isdigit() else -1.5


def _noise(chance: random.Random, rows: int, columns: int, spread: float) -> Tensor:
    return Tensor((rows, columns), array("f", (chance.gauss(0.0, spread) for _ in range(rows * columns))))


def _ones() -> Tensor:
    return Tensor((_WIDTH,), array("f", [1.0] * _WIDTH))


def _silent_first(tensor: Tensor) -> Tensor:
    """Without influence on the constant number."""
    columns = tensor.shape[1]
    tensor.weights[:columns] = array("f", [0.0] * columns)
    return tensor


def _shown_bytes() -> list[str]:
    """Every byte as the printable character that stands for it in vocabularies of GPT-2's kind."""
    themselves = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in themselves else chr(next(others)) for byte in range(256)]
