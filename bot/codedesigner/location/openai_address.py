"""Where servers that speak OpenAI's dialect are called, however their address was written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import quote, urlsplit

_VERSION = re.compile(r"v[0-9]+(?:beta[0-9]*)?")
_CHAT = "/chat/completions"
_EMBEDDINGS = "/embeddings"
_AZURE = ("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com")


@dataclass(frozen=True, slots=True)
class OpenAiAddress:
    """`chat`, `models` and `embeddings` are whole URLs; `root` is what the server's own pages (such as `/health`) hang
    from.

    `azure`: its models are deployments, which its list of models does not name, and its key has a header of its own.
    """

    chat: str
    models: str
    root: str
    embeddings: str
    azure: bool = False


def openai_address(endpoint: str, model: str, api_version: str | None) -> OpenAiAddress:
    """The URLs of a base address that may end in `/`, `/v1`, `/chat/completions`, `/embeddings` or nothing of it.

    An Azure address with an `api_version` is of the old kind, which names the deployment in the path.
    """
    base = endpoint.rstrip("/").removesuffix(_CHAT).removesuffix(_EMBEDDINGS)
    parts = urlsplit(base)
    root = f"{parts.scheme}://{parts.netloc}"
    azure = any(fnmatchcase((parts.hostname or "").casefold(), pattern) for pattern in _AZURE)
    segments = [segment for segment in parts.path.split("/") if segment]
    if azure and api_version is not None and segments[-1:] != ["v1"]:
        deployment = base if "deployments" in segments else f"{root}/openai/deployments/{quote(model, safe='')}"
        query = f"?api-version={quote(api_version, safe='')}"
        models, embeddings = f"{root}/openai/models{query}", f"{deployment}{_EMBEDDINGS}{query}"
        return OpenAiAddress(f"{deployment}{_CHAT}{query}", models, root, embeddings, azure=True)
    if azure and segments in ([], ["openai"]):
        base = f"{root}/openai/v1"
    elif not any(_VERSION.fullmatch(segment) for segment in segments):
        base = f"{base}/v1"
    query = f"?api-version={quote(api_version, safe='')}" if api_version is not None else ""
    models, embeddings = f"{base}/models{query}", f"{base}{_EMBEDDINGS}{query}"
    return OpenAiAddress(f"{base}{_CHAT}{query}", models, base.removesuffix("/v1"), embeddings, azure)
