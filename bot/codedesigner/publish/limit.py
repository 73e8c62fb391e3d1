"""Keeping a Markdown body under a forge's limit without leaving anything open."""

from __future__ import annotations

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_NOTE = "_This comment was cut: {count:,} more lines did not fit. The whole is in the report._"


def fits(body: str, limit: int) -> bool:
    """Whether a body has at most `limit` characters and a twelfth more bytes.

    GitHub's limit is given as 65,536, but whether characters or bytes are counted differs by endpoint; 60,000
    characters and 65,000 bytes are under both.
    """
    return len(body) <= limit and len(body.encode("utf-8", "replace")) <= limit + limit // 12


def cap(body: str, limit: int = 60_000) -> str:
    """`body` cut at the end of a line where it is too long, with fences and `<details>` closed and the cut told.

    Both are looked for at the beginning of a line, where this room's templates put them.
    """
    if fits(body, limit):
        return body
    lines = body.split("\n")
    kept: list[str] = []
    fence, depth, used, octets = "", 0, 0, 0
    for line in lines:
        # Room for closing all that may be open, and for the note.
        room = 200 + len(fence) + 12 * (depth + 1)
        used += len(line) + 1
        octets += len(line.encode("utf-8", "replace")) + 1
        if used + room > limit or octets + room > limit + limit // 12:
            break
        kept.append(line)
        fence = fence_after(fence, line)
        if not fence:
            depth = max(0, depth + line.startswith("<details") - line.startswith("</details"))
    closing = [*([fence] if fence else []), *["", "</details>"] * depth, "", _NOTE.format(count=len(lines) - len(kept))]
    return "\n".join([*kept, *closing]) + "\n"


def fence_after(fence: str, line: str) -> str:
    """The fence that is open after `line`; empty where none is."""
    match = _FENCE.match(line)
    if not fence:
        opens = match and not (match.group(1)[0] == "`" and "`" in line[match.end() :])
        return match.group(1) if match and opens else ""
    closes = match and match.group(1).startswith(fence) and not line[match.end() :].strip()
    return "" if closes else fence
