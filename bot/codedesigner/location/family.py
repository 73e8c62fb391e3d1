"""Which models were taught alike: those of one family share their errors, so another family is the better judge."""

from __future__ import annotations

import re

from codedesigner.location.spec import LocationSpec

TAG = "family-"
"""How a tag starts that says what a name does not: `family-qwen` for a deployment that is called otherwise."""

# Part of a name -> whose it is, for names that do not begin with their family's.
_KNOWN = {
    "llama": "llama",
    "qwen": "qwen",
    "qwq": "qwen",
    "deepseek": "deepseek",
    "mistral": "mistral",
    "mixtral": "mistral",
    "ministral": "mistral",
    "magistral": "mistral",
    "codestral": "mistral",
    "devstral": "mistral",
    "gemma": "google",
    "gemini": "google",
    "claude": "claude",
    "gpt": "openai",
    "codex": "openai",
    "granite": "granite",
    "command": "command",
    "phi": "phi",
    "glm": "glm",
    "kimi": "kimi",
    "grok": "grok",
}
_WORD = re.compile(r"[a-z]+")
_REASONERS = re.compile(r"o[134](?:-|$)")


def family_of(spec: LocationSpec) -> str:
    """The family of a location's model: as a tag says, else by its name, which may be one of its own."""
    tagged = next((tag.removeprefix(TAG) for tag in spec.tags if tag.startswith(TAG)), "")
    if tagged:
        return tagged.lower()
    name = spec.provider.model_id.lower().rsplit("/", 1)[-1]
    if _REASONERS.match(name):
        return "openai"
    words = _WORD.findall(name)
    known = (_KNOWN[word] for word in words if word in _KNOWN)
    return next(known, name)
