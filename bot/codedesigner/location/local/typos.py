"""typos: words that are misspelt, in prose, comments and strings."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final, Literal, NotRequired, TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, column_of_byte, is_test
from codedesigner.location.local.places import LANGUAGES, Places
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source

_KINDS: Final = frozenset({"misspelling"})
_PROSE: Final = frozenset({"markdown", "text"})
_FOUND: Final = 2

# Other languages, other people's words, and lists.
_UNREAD: Final = re.compile(
    r"\.(?:po|pot|csv|tsv|svg|lock|sum|map|dic|aff)\Z|[.-]min\.|lock\.(?:json|ya?ml)\Z"
    r"|(?:^|/)(?:locales?|i18n|l10n|translations?|lang|vendor|node_modules|third_party|fixtures)/"
    r"|(?:^|/)(?:authors|contributors|copying|licen[cs]e|notice|thanks|credits)[^/]*\Z|(?:words?|names)\.txt\Z"
    r"|(?:^|/)(?:[a-z]{2}[-_][A-Za-z]{2}|ar|cs|da|de|el|es|fa|fi|fr|he|hi|hu|id|it|ja|ko|nl|no|pl|pt|ro|ru|sv|th|tr|uk"
    r"|vi|zh)/|[._-](?:[a-z]{2}[-_][A-Za-z]{2,4}|ar|cs|de|es|fa|fr|id|it|ja|ko|nl|pl|pt|ru|tr|uk|vi|zh)\.(?:md|rst|txt)\Z",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z]+\Z")
_LEAST_LETTERS: Final = 4
# Words of the trade, whatever the dictionary says.
_ACCEPTED: Final = frozenset({"referer", "referers", "writeable", "seeked", "ands", "nexted"})
# What touches a word and makes it part of a name, a path, an address or an escape.
_JOINED_BEFORE: Final = re.compile(r"[\w./\\@#$%&=:<~+`-]\Z|[\"'({\[]\Z(?<=[.=:]['\"({\[])")
_JOINED_AFTER: Final = re.compile(r"[\w@/\\=(\[{<`$+&~-]|[.:]\w|::|\.\.\.")
_INLINE_CODE: Final = re.compile(r"`[^`]+`|\b\w{1,20}://\S+|<[^<>\s][^<>]*>|\]\([^()\[]*\)")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)")
_INDENTED_CODE: Final = re.compile(r"(?: {4}|\t)")
_ENGLISH: Final = re.compile(r"(?i:\b(?:the|a|an|and|of|to|is|in|for|that|this|it|with|be|are|on|or|not|as|if|from)\b)")
_LEAST_ENGLISH: Final = 0.08
_LONGEST_LINE: Final = 2000  # what is longer was written by a program
_SOME_WORDS: Final = 60
_MOST_PER_WORDS: Final = 0.03
_LEAST_WORDS_IN_STRING: Final = 3
_BEGINS_SENTENCE: Final = re.compile(r"(?:[.!?:]\s+|^[\s#/*>;\"'!-]*)\Z")


class _Typo(TypedDict):
    type: str
    path: str
    line_num: NotRequired[int]
    byte_offset: NotRequired[int]
    typo: NotRequired[str]
    corrections: NotRequired[list[str]]


def _reads(path: str, language: str | None) -> bool:
    return (language in _PROSE or language in LANGUAGES) and _UNREAD.search(path) is None


def _kinds(_path: str, _language: str | None) -> frozenset[str]:
    return _KINDS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--isolated", "--no-ignore", "--hidden", "--no-check-filenames", "--format", "json", "--sort",
        "--threads", "1", "--color", "never", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        messages: list[_Typo] = [json.loads(line) for line in result.stdout.splitlines()]
        by_name: dict[str, list[_Typo]] = {}
        for message in messages:
            if message["type"] == "typo":
                by_name.setdefault(message["path"], []).append(message)
            elif message["type"] != "binary_file":
                raise GarbageError(f"typos says {message['type']}: {result.last_words}")
        if bool(by_name) != (result.returncode == _FOUND):
            raise GarbageError(f"typos ended with code {result.returncode} and {len(by_name)} files with findings")
        return {name: Answer("answered", _issues(found, files[name])) for name, found in by_name.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"typos printed something else than its JSON lines ({error!r})") from error


def _issues(found: Sequence[_Typo], source: Source) -> tuple[Issue, ...]:
    page = _page(source)
    issues = [
        _issue(typo["typo"], line, column_of_byte(page.lines[line - 1], typo["byte_offset"]), typo["corrections"], page)
        for typo in found
        if 0 < (line := typo["line_num"]) <= len(page.lines) and len(page.lines[line - 1]) <= _LONGEST_LINE
    ]
    kept = tuple(issue for issue in issues if issue is not None)
    return kept if page.is_english(len(kept)) else ()


@dataclass(frozen=True, slots=True)
class _Page:
    """A source, and how to tell what stands at a place of it. `places` is None for prose."""

    text: str
    lines: list[str]
    starts: list[int]
    places: Places | None
    names: frozenset[str]
    code_lines: frozenset[int]
    is_test: bool

    def is_english(self, misspelt: int) -> bool:
        """Whether prose is in English; of code, that is assumed."""
        words = len(re.findall(r"\w+", self.text)) if self.places is None else 0
        if words < _SOME_WORDS:
            return True
        return len(_ENGLISH.findall(self.text)) >= words * _LEAST_ENGLISH and misspelt <= words * _MOST_PER_WORDS

    def sentence(self, line: int, column: int) -> tuple[Literal["prose", "string"], str] | None:
        """What kind of writing the place is in and what stands before it there, or None where it is code."""
        before = self.lines[line - 1][: column - 1]
        if self.places is None:
            return None if self._is_quoted(line, column) else ("prose", before)
        place, token = self.places.at(self.starts[line - 1] + column - 1)
        if place == "code" or (place == "string" and len(token.split()) < _LEAST_WORDS_IN_STRING):
            return None
        if self._is_quoted(line, column) or before.lstrip(" \t*/#").startswith((">>>", "...", "$ ")):
            return None
        return ("prose" if place == "comment" else "string"), before

    def _is_quoted(self, line: int, column: int) -> bool:
        text = self.lines[line - 1]
        return line in self.code_lines or any(
            match.start() < column <= match.end() for match in _INLINE_CODE.finditer(text)
        )


def _page(source: Source) -> _Page:
    lines = source.text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    places = Places(source.text, source.language) if source.language in LANGUAGES else None
    # A word that the code uses as a name is meant as that in comments, too.
    names = places.names() if places else frozenset()
    return _Page(
        source.text, lines, starts, places, names, frozenset() if places else _code_lines(lines), is_test(source.path)
    )


def _code_lines(lines: Sequence[str]) -> frozenset[int]:
    found: set[int] = set()
    fenced = False
    for number, line in enumerate(lines, 1):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or _INDENTED_CODE.match(line):
            found.add(number)
    return frozenset(found)


def _issue(word: str, line: int, column: int, corrections: Sequence[str], page: _Page) -> Issue | None:
    text = page.lines[line - 1]
    end = column + len(word)
    if not _is_plain_word(word, corrections) or text[column - 1 : end - 1] != word:
        return None
    if _JOINED_BEFORE.search(text[max(0, column - 4) : column - 1]) or _JOINED_AFTER.match(text[end - 1 :]):
        return None
    where = page.sentence(line, column)
    if where is None or (where[0] == "string" and page.is_test) or word.lower() in page.names:
        return None
    if word[0].isupper() and not _BEGINS_SENTENCE.search(where[1][-80:]):
        return None
    fix = None
    if where[0] == "prose" and len(corrections) == 1:
        fix = Fix((Edit(line, column, line, end, corrections[0]),), safe=True, message=f"Write `{corrections[0]}`")
    meant = " or ".join(f"`{correction}`" for correction in corrections[:3])
    return Issue("misspelling", "typo", line, line, f"`{word}` should be {meant}.", column, fix=fix)


def _is_plain_word(word: str, corrections: Sequence[str]) -> bool:
    return (
        len(word) >= _LEAST_LETTERS
        and _WORD.match(word) is not None
        and (word.islower() or word.istitle())
        and word.lower() not in _ACCEPTED
        and bool(corrections)
    )


TYPOS = Analyser(
    id="typos",
    program="typos",
    distribution="typos",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    ok_codes=frozenset({0, _FOUND}),
    batch_files=200,
)
