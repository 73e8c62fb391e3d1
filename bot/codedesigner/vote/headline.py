"""The title of what somebody has found in words of its own."""

from __future__ import annotations

import re

from codedesigner.change.visible import visible

MOST_TITLE = 80

_SENTENCE = re.compile(r"(.+?)[.!?](?:\s+(?=[^a-z\s])|$)")


def headline(text: str) -> str:
    """The first sentence on one line, in at most 80 characters, with nothing invisible in it."""
    first = next((line for line in text.split("\n") if line.strip()), "")
    said = " ".join(visible(first).split())
    found = _SENTENCE.match(said)
    title = found[1] if found else said
    if len(title) <= MOST_TITLE:
        return title
    cut = title[: MOST_TITLE - 1]
    words, _, _ = title[:MOST_TITLE].rpartition(" ")
    return (words if len(words) > MOST_TITLE // 2 else cut).rstrip() + "…"
