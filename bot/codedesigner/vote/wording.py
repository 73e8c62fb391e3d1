"""The words of a remark as terms that can be counted: stems, whole identifiers, and runs of four letters."""

from __future__ import annotations

import re
from functools import lru_cache

# Letters outside of English stand beside names without a gap in scripts that have no blanks.
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*|\d+|[^\W\dA-Za-z_]+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_OTHER = re.compile(r"[^\w]+|_")
_QUOTE = re.compile(r"[`'\"]")
_LINE = re.compile(r"\blines? \d+(?:\s*[-–]\s*\d+)?", re.IGNORECASE)
# A name of several parts, or a number: what a word of the language never is.
_NAMED = re.compile(r"\b(?=\w*(?:\d|_|[a-z][A-Z]))\w+\b")
_ENDINGS = (
    "ization",
    "ations",
    "ation",
    "ingly",
    "ings",
    "ing",
    "edly",
    "ied",
    "ies",
    "ers",
    "er",
    "ed",
    "ly",
    "es",
    "s",
    "e",
)
_SHORTEST_STEM = 3
_RUN = 4
# More of a text than this adds nothing to what it is about, and one long text must not cost what all others do.
LONGEST = 4000

# What nearly every remark says, whatever it is about.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a an the is are was were be been being to of in on at for from by with without and or but not no this that"
        " these those it its as if when which while will would should could can may might must than then so into out"
        " up over under instead rather does do did has have had because since there their they them he she we you your"
        " i also only just any all each both either such via per line lines code issue causing cause causes potential",
    )
)


def terms(text: str) -> list[str]:
    """Stems of the words, the parts of an identifier each by itself, then `#` and each identifier of several parts."""
    stems: list[str] = []
    whole: list[str] = []
    for name in _NAME.findall(text[:LONGEST]):
        found, compound = _taken_apart(name)
        stems += found
        whole += compound
    return stems + whole


def runs(text: str) -> list[str]:
    """Every run of four characters of the text in small letters, all that is no letter or digit as one blank."""
    flat = f" {' '.join(_OTHER.sub(' ', text[:LONGEST].lower()).split())} "
    return [flat[start : start + _RUN] for start in range(len(flat) - _RUN + 1)]


def skeleton(text: str) -> tuple[str, str]:
    """The text with a blank for every name and number in it, and the text as it is; both without quotes and lines.

    Two remarks of one skeleton that are not the same say one thing about two names.
    """
    plain = " ".join(_QUOTE.sub(" ", _LINE.sub(" ", text[:LONGEST])).split())
    return _NAMED.sub("_", plain), plain


@lru_cache(maxsize=50_000)
def _taken_apart(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    parts = _PART.findall(name) if name.isascii() else [name]
    small = [part.lower() for part in parts]
    stems = tuple(_stem(part) for part in small if part not in _EMPTY and (len(part) > 1 or part.isdigit()))
    return stems, (f"#{name.lower()}",) if len(parts) > 1 else ()


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORTEST_STEM and word[-1] == word[-2] else word
