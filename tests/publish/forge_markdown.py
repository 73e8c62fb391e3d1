"""What a forge reads in a comment's body, by the reader that GitHub and GitLab use: cmark-gfm."""

from __future__ import annotations

import re
from html import unescape

import cmarkgfm  # type: ignore[import-untyped]
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]

_BLOCK = re.compile(r'<pre lang="([^"]*)"><code>(.*?)</code></pre>', re.DOTALL)


def rendered(body: str) -> str:
    """The body as HTML; comments stay in it, to see whether they are still comments."""
    html: str = cmarkgfm.github_flavored_markdown_to_html(body, Options.CMARK_OPT_UNSAFE)
    return html


def blocks(body: str) -> list[tuple[str, str]]:
    """Every fenced block that says what it holds: the word behind its fence, and its exact text."""
    return [(unescape(word), unescape(text)) for word, text in _BLOCK.findall(rendered(body))]
