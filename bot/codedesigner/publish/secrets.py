"""Secrets by their looks, so that nothing that is published repeats one.

Only formats with a marker of their own: a guess by entropy would redact commit ids and hashes.
"""

from __future__ import annotations

import re

REDACTED = "[secret removed]"

_LOOKS = (
    r"gh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{30,}",
    r"gl(?:pat|ptt|dt|rt|cbt|ft|agent|oas|soat|imt)-[A-Za-z0-9_.\-]{16,}",  # GitLab
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",  # AWS
    r"AIza[A-Za-z0-9_\-]{35}",  # Google
    r"xox[abeoprs]-[A-Za-z0-9\-]{10,}",  # Slack
    r"sk-(?:ant-|proj-|or-)?[A-Za-z0-9_\-]{20,}",  # OpenAI, Anthropic, OpenRouter
    r"[rs]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_\-]{30,}",
    r"SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}",  # SendGrid
    r"eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}",  # JWT
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
    r"(?<=://)[^\s/:@]{1,200}:[^\s/@]{1,200}(?=@)",  # credentials in a URL
)
_SECRET = re.compile("|".join(_LOOKS))


def redact(text: str) -> str:
    """`text` with everything that looks like a secret replaced."""
    return _SECRET.sub(REDACTED, text)


def holds_secret(text: str) -> bool:
    """Whether something in `text` looks like a secret."""
    return _SECRET.search(text) is not None
