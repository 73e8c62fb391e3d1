"""The one way for untrusted text into Markdown that a forge shows.

What a finding says may come from a model or from the change itself. On a forge such text could call people, close
issues, run commands with the bot's rights, load images that carry data away, or imitate the bot's own hidden marks.
Nothing is deleted in silence: each of these is shown as what it is, as inert characters or as a code span, where
neither GitHub nor GitLab looks for any of them.

`prose` for sentences, `code` for names, `html` for the few places where Markdown does not reach, `block_lines` for
the inside of a fence that quotes source. A suggestion's replacement must stay exact and goes through none of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from codedesigner.publish.plain import clipped, folded, visible
from codedesigner.publish.secrets import redact

# A command's line on GitLab, quoted or not; it runs with the rights of whoever posts it.
QUICK_ACTION = re.compile(r"^[\s>]*/[A-Za-z_]", re.MULTILINE)

# A word that a forge would turn into something: a mention or an address, a reference to an issue, merge request,
# snippet, milestone, label, epic or commit, a link, an entity, a formula.
_ACTIVE = re.compile(
    r"@|://|www\.|\bGH-\d|[#!%~&^$][\w\"{*-]|&#|\$|\b[0-9a-f]{7,64}\b|\[\[|javascript:|data:|mailto:", re.IGNORECASE
)
_BACKTICKS = re.compile(r"`+")
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_INLINE = re.compile(r"([\\`*_\[\]~|{}$])")
_BLOCK_START = re.compile(r"^([#+\-=>:]|\d{1,9}(?=[.)]))")
# Longer names and sentences are cut: nobody reads them in a comment, and matching code spans costs their square.
_NAME_LIMIT = 400
_PROSE_LIMIT = 4_000
_ENTITY = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def longest_backticks(text: str) -> int:
    """The length of the longest run of back-ticks."""
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)


def code(text: str, *, cell: bool = False) -> str:
    """`text` as a code span on one line, whatever back-ticks it holds; `cell`: inside a table."""
    content = clipped(_without_marks(folded(redact(visible(text, keep="\t\n")))), _NAME_LIMIT)
    if not content:
        return ""
    if cell:
        # A backslash before it would undo the escape of the bar; then a look-alike has to do.
        content = re.sub(r"(?<!\\)\|", r"\|", re.sub(r"(?<=\\)\|", "│", content))
    ticks = "`" * (longest_backticks(content) + 1)
    pad = " " if content[0] == "`" or content[-1] == "`" else ""
    return f"{ticks}{pad}{content}{pad}{ticks}"


def prose(text: str, *, cell: bool = False) -> str:
    """`text` as sentences: code spans kept, line ends kept unless `cell`, all other Markdown and HTML made literal."""
    clean = clipped(redact(visible(text, keep="\t\n")), _PROSE_LIMIT)
    lines = [folded(line) for line in clean.split("\n")]
    if cell:
        return _line(" ".join(filter(None, lines)), cell=True)
    return "\n".join(_line(line, cell=False) for line in lines).strip("\n")


def html(text: str) -> str:
    """`text` inside `<code>`, for headings of folded sections, which forges do not read as Markdown."""
    return f"<code>{escape(clipped(_without_marks(folded(redact(visible(text)))), _NAME_LIMIT))}</code>"


def block_lines(text: str) -> str:
    """Quoted source for the inside of a fence: visible, without secrets, without marks.

    The caller puts a gutter before each line, so that none begins with a command, and chooses the fence's length.
    """
    return _without_marks(redact(visible(text, keep="\t\n")))


def _without_marks(text: str) -> str:
    # Hidden state of the bot lies in HTML comments, and it is looked for in the raw body.
    return text.replace("<!--", "<!- -").replace("-->", "- ->")


def _line(text: str, *, cell: bool) -> str:
    parts: list[str] = []
    end = 0
    for match in _SPAN.finditer(text):
        parts.append(_words(text[end : match.start()], cell=cell))
        parts.append(code(match.group(2), cell=cell))
        end = match.end()
    parts.append(_words(text[end:], cell=cell))
    line = _joined(parts)
    return _BLOCK_START.sub(_escape_start, line)


def _joined(parts: Iterable[str]) -> str:
    """The parts as one; two code spans that touch would run together into one and let out what is between the next."""
    line = ""
    for part in parts:
        line += f" {part}" if line.endswith("`") and part.startswith("`") else part
    return line


def _escape_start(match: re.Match[str]) -> str:
    # A number is escaped at its dot: a backslash before a digit would be shown.
    start = match.group(1)
    return start + "\\" if start.isdigit() else "\\" + start


def _words(text: str, *, cell: bool) -> str:
    pieces = re.split(r"(\s+)", text)
    return "".join(_word(piece, cell=cell) for piece in pieces)


def _word(word: str, *, cell: bool) -> str:
    if _ACTIVE.search(word) or QUICK_ACTION.match(word):
        return code(word, cell=cell)
    escaped = re.sub("[&<>]", lambda match: _ENTITY[match.group()], word)
    return _INLINE.sub(r"\\\1", escaped)
