"""Names in code: which there are, and which are called, without comments and strings. Pure; for every language alike.

No syntax tree is needed: a name is called where a bracket follows it, or, in languages that call without brackets,
wherever it stands. What a name means is not known here; `callers` compares names with definitions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"[^\W\d]\w*")
_NAME_BYTES: Final = re.compile(rb"[A-Za-z_\x80-\xff][0-9A-Za-z_\x80-\xff]*")
_CALL: Final = re.compile(r"\s*!?(?:<[\w\s,.*&:\[\]?]{1,80}>)?\s*\(")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")

_WITHOUT_BRACKETS: Final = frozenset({"ruby", "bash", "scala", "lua"})
_HASHED: Final = frozenset({"python", "ruby", "bash", "php", "yaml", "toml", "dockerfile", "github-workflow"})
_SLASHED: Final = frozenset(
    [
        "c",
        "cpp",
        "csharp",
        "java",
        "javascript",
        "typescript",
        "tsx",
        "go",
        "rust",
        "kotlin",
        "swift",
        "scala",
        "php",
        "json",
    ]
)
# There a quote begins a character, or a lifetime, or a label, but no longer string.
_CHARACTERS: Final = frozenset(["c", "cpp", "csharp", "java", "go", "rust", "kotlin", "swift", "scala"])


class Mention(NamedTuple):
    """A name at a place: 1-based line, whether it belongs to something (`a.name`), whether it is called there."""

    name: str
    line: int
    dotted: bool
    called: bool


def names(text: str) -> frozenset[str]:
    """All names in a text, those in comments and strings included."""
    return frozenset(_NAME.findall(text))


def names_in_bytes(data: bytes) -> frozenset[bytes]:
    """The same for undecoded text."""
    return frozenset(_NAME_BYTES.findall(data))


def parts(name: str) -> tuple[str, ...]:
    """The words that a name is made of, in small letters: `loadHTTPCart_2` is load, http, cart, 2."""
    return tuple(part.lower() for part in _PART.findall(name))


def last(name: str) -> str:
    """The last part of a qualified name: `total` of `Cart.total`."""
    return name.rpartition(".")[2]


def masked(text: str, language: str | None) -> str:
    """The text with comments and the insides of strings blank; as long as before, and with the same lines."""
    pattern = _noise(language)
    return text if pattern is None else pattern.sub(_blank, text)


def uncommented(text: str, language: str | None) -> str:
    """The text with comments blank and strings as they are; what documents a definition counts as a comment."""
    pattern = _noise(language)
    if pattern is None:
        return text

    def kept(match: re.Match[str]) -> str:
        string = match[0][0] in "\"'`" or match[0].startswith("[[")
        before = text[: match.start()].rstrip() if match[0].startswith(('"""', "'''")) else ""
        if string and not (language == "python" and before.endswith(":")):
            return match[0]
        return "\n".join(" " * len(line) for line in match[0].split("\n"))

    return pattern.sub(kept, text)


def mentions(code: str, language: str | None, wanted: frozenset[str]) -> Iterator[Mention]:
    """Every place of a wanted name in masked code, in order."""
    bare = language in _WITHOUT_BRACKETS
    for number, line in enumerate(code.split("\n"), start=1):
        if wanted.isdisjoint(_NAME.findall(line)):
            continue
        for match in _NAME.finditer(line):
            if match[0] in wanted:
                before = line[max(0, match.start() - 3) : match.start()].rstrip()  # a line may be very long
                dotted = before.endswith((".", "->", "::"))
                called = bare or before.endswith("@") or _CALL.match(line, match.end()) is not None
                yield Mention(match[0], number, dotted, called)


def _blank(match: re.Match[str]) -> str:
    found = match[0]
    if "\n" in found:
        return "\n".join(" " * len(part) for part in found.split("\n"))
    if found[0] in "\"'`" and len(found) > 1 and found[-1] == found[0]:
        return f"{found[0]}{' ' * (len(found) - 2)}{found[0]}"
    return " " * len(found)


@cache
def _noise(language: str | None) -> re.Pattern[str] | None:
    """Comments and strings. Each alternative takes time in proportion to what it covers."""
    kinds: list[str] = []
    if language in {"python", "kotlin", "swift", "scala", "java"}:
        kinds += [r'"""(?:[^\\]|\\.)*?(?:"""|\Z)']
    if language == "python":
        kinds += [r"'''(?:[^\\]|\\.)*?(?:'''|\Z)"]
    if language == "lua":
        kinds += [r"--\[\[.*?(?:\]\]|\Z)", r"--[^\n]*", r"\[\[.*?(?:\]\]|\Z)"]
    if language in _SLASHED:
        kinds += [r"//[^\n]*", r"/\*.*?(?:\*/|\Z)"]
    if language in _HASHED:
        # In a shell `$#` and `a#b` are no comments.
        kinds += [r"(?<![^\s;])\#[^\n]*" if language == "bash" else r"\#[^\n]*"]
    if not kinds:
        return None
    if language in {"javascript", "typescript", "tsx", "go", "ruby"}:
        kinds += [r"`(?:[^`\\]|\\.)*(?:`|\Z)"]
    kinds += [r'"(?:[^"\\\n]|\\.)*"?']
    kinds += [r"'(?:[^'\\\n]|\\[^\n][^'\n]{0,8})'" if language in _CHARACTERS else r"'(?:[^'\\\n]|\\.)*'?"]
    return re.compile("|".join(kinds), re.DOTALL)
