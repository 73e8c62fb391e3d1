"""Whether a short text plainly says no: some servers have no field for it."""

from __future__ import annotations

import re

LONGEST = 600  # characters; a refusal is short, and an answer that holds its words is not
_BEFORE = r"(?:(?:i['’]?m|i am)(?: \w+)? sorry|sorry|unfortunately|i apologi[sz]e|as an ai[\w ]{0,40}|but|however)"
_CANNOT = (
    r"(?:i|we) (?:can ?not|can['’]?t|won['’]?t|will not|(?:am|are|['’]?m|['’]?re) (?:not able|unable) to|must decline)"
)
_CONTRACTED = r"i['’]m (?:not able|unable) to"
_DO = (
    r"(?:to )?(?:assist|help(?! but)|comply|fulfil+|engage|participate|support|continue|provide|answer|discuss|do that"
    r"|do this|complete|process|review|analy[sz]e|generate|produce|share|offer)"
)
_REFUSAL = re.compile(rf"(?:{_BEFORE}[\s,.:;!-]+)*(?:{_CANNOT}|{_CONTRACTED})(?:\W*$|\W+{_DO}\b)", re.IGNORECASE)


def is_refusal(text: str) -> bool:
    """Whether `text` begins with "I'm sorry, but I can't help with that" or the like, is short and holds no JSON."""
    text = text.strip()
    return len(text) <= LONGEST and "{" not in text and _REFUSAL.match(text) is not None
