"""Which models are taken to be taught alike."""

from __future__ import annotations

import pytest

from codedesigner.location.family import family_of
from codedesigner.location.spec import LocationSpec


def spec(model: str, *tags: str) -> LocationSpec:
    provider = {"type": "openai", "model_id": model, "api_key_env": "KEY"}
    return LocationSpec.model_validate({"id": "x", "name": "x", "provider": provider, "tags": tags})


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("qwen3-coder:30b", "qwen"),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen"),
        ("deepseek/deepseek-v3.2", "deepseek"),
        ("deepseek-r1-distill-llama-70b", "deepseek"),
        ("Meta-Llama-3.1-8B", "llama"),
        ("codestral-2501", "mistral"),
        ("claude-opus-4-5", "claude"),
        ("gpt-5-mini", "openai"),
        ("o3-mini", "openai"),
        ("gemini-2.5-pro", "google"),
        ("my-deployment", "my-deployment"),
    ],
)
def test_the_name_tells_the_family(model: str, family: str) -> None:
    assert family_of(spec(model)) == family


def test_a_tag_knows_better() -> None:
    assert family_of(spec("my-deployment", "model", "family-gpt")) == "gpt"
