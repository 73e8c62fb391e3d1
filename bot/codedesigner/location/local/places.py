"""Where on a page of code words are for people: comments and strings, told apart from the code around them."""

from __future__ import annotations

import re
from typing import Final, Literal

Place = Literal["comment", "string", "code"]

# Every alternative takes what it has begun to the end of the text if need be, so that no text is read twice.
_HASH: Final = r"(?P<comment>\#[^\n]*)"
_SLASHES: Final = r"(?P<comment>//[^\n]*|/\*(?s:.*?)(?:\*/|\Z))"
_SLASHES_HASH: Final = r"(?P<comment>//[^\n]*|\#[^\n]*|/\*(?s:.*?)(?:\*/|\Z))"
_DOUBLE: Final = r'"(?:\\.|[^"\\\n])*"?'
_SINGLE: Final = r"'(?:\\.|[^'\\\n])*'?"
_CHARACTER: Final = r"'(?:\\[^\n]{1,8}?|[^'\\\n])'"
_BACKTICK: Final = r"`(?s:\\.|[^`\\])*(?:`|\Z)"
_TRIPLE: Final = r'"""(?s:.*?)(?:"""|\Z)'
_TRIPLE_SINGLE: Final = r"'''(?s:.*?)(?:'''|\Z)"


def _tokens(comment: str, *strings: str) -> re.Pattern[str]:
    return re.compile(f"{comment}|(?P<string>{'|'.join(strings)})")


_C_LIKE: Final = _tokens(_SLASHES, _DOUBLE, _CHARACTER)
_SCRIPT: Final = _tokens(_SLASHES, _BACKTICK, _DOUBLE, _SINGLE)
_WITH_TEXT_BLOCKS: Final = _tokens(_SLASHES, _TRIPLE, _DOUBLE, _CHARACTER)
_CONFIGURATION: Final = _tokens(r"(?P<comment>(?:(?<=\s)|(?m:^))\#[^\n]*)", _DOUBLE, _SINGLE)

_LANGUAGES: Final[dict[str, re.Pattern[str]]] = {
    "python": _tokens(_HASH, _TRIPLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "tsx": _SCRIPT,
    "go": _tokens(_SLASHES, _BACKTICK, _DOUBLE, _CHARACTER),
    "rust": _C_LIKE,
    "c": _C_LIKE,
    "cpp": _C_LIKE,
    "java": _WITH_TEXT_BLOCKS,
    "csharp": _WITH_TEXT_BLOCKS,
    "kotlin": _WITH_TEXT_BLOCKS,
    "swift": _WITH_TEXT_BLOCKS,
    "scala": _WITH_TEXT_BLOCKS,
    "ruby": _tokens(_HASH, _DOUBLE, _SINGLE),
    "php": _tokens(_SLASHES_HASH, _DOUBLE, _SINGLE),
    "bash": _CONFIGURATION,
    "lua": _tokens(r"(?P<comment>--\[\[(?s:.*?)(?:\]\]|\Z)|--[^\n]*)", _DOUBLE, _SINGLE),
    "dockerfile": _CONFIGURATION,
    "yaml": _CONFIGURATION,
    "github-workflow": _CONFIGURATION,
    "toml": _tokens(_HASH, _TRIPLE, _TRIPLE_SINGLE, _DOUBLE, _SINGLE),
}

LANGUAGES: Final = frozenset(_LANGUAGES)
_SHOWN: Final = 500
_PART_OF_NAME: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Places:
    """The comments and strings of a text. A regular expression or a nested template may blur a line, not the rest."""

    def __init__(self, text: str, language: str) -> None:
        found = list(_LANGUAGES[language].finditer(text))
        self._spans: Final = [(match.start(), match.end(), match.lastgroup or "") for match in found]
        self._text: Final = text

    def at(self, offset: int) -> tuple[Place, str]:
        """What stands at a code point offset, and the beginning of that comment or string (empty for code).

        A string that begins its line stands for nothing but its words: a docstring; it counts as a comment.
        """
        low, high = 0, len(self._spans)
        while low < high:
            middle = (low + high) // 2
            if self._spans[middle][1] <= offset:
                low = middle + 1
            else:
                high = middle
        if low == len(self._spans) or self._spans[low][0] > offset:
            return "code", ""
        start, end, group = self._spans[low]
        text = self._text[start : min(end, start + _SHOWN)]
        if group == "comment" or (text.startswith('"""') and self._begins_line(start)):
            return "comment", text
        return "string", text

    def names(self) -> frozenset[str]:
        """The words, in small letters, that the names in the code are made of."""
        ends = [0, *(end for _, end, _ in self._spans)]
        starts = [*(start for start, _, _ in self._spans), len(self._text)]
        return frozenset(
            part.lower()
            for end, start in zip(ends, starts, strict=True)
            for part in _PART_OF_NAME.findall(self._text, end, start)
        )

    def _begins_line(self, offset: int) -> bool:
        return self._text[self._text.rfind("\n", 0, offset) + 1 : offset].strip(" \trRuU") == ""
