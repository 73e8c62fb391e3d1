"""Whether a model's words mean what an analyser found: the same place, and the same defect said in words.

Both have to be so. Lines alone never join the two: what else is wrong on a line that an analyser has found something
on is a finding of its own. Where in doubt they stay two findings, as a defect that is swallowed by another is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from codedesigner.angle.kinds import kind_of
from codedesigner.angle.phrases import NAMED, phrases_of
from codedesigner.protocol.issue import Issue
from codedesigner.vote.wording import terms

NEAR_LINES = 2
"""Lines between where a model and an analyser put one defect, inside of one function."""
_COVERED = 0.75
"""The share of the words of an analyser's message that a text has to hold, where no phrase is known."""
_FEWEST_TERMS = 3  # of such a message; fewer say too little

BY_RULE = 100
"""The strength of words that call the finding by its analyser's rule."""

_DENIED = re.compile(
    r"(?:\b(?:no longer|no such|no|not|never|without|cannot|missing|lacks?|lacking)|n['’]t)\s+"
    r"(?:(?:yet|ever|being|be|been|actually|properly|a|an|the|any|its?|to)\s+)*([a-z]{3,})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[`'\"]([^`'\"\s]{1,80})[`'\"]")
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"`[^`\n]+`|\b(?=\w*(?:\d|_|[a-z][A-Z]))\w+\b")
# What an analyser recommends is not what it is about.
_ADVICE = re.compile(r"[;,.]\s+(?:consider|use|allows|did you mean)\b.*", re.IGNORECASE | re.DOTALL)
_KEYWORDS = frozenset(
    _WORD.findall(
        "except raise return none true false self cls this super import from lambda assert async await yield if else"
        " elif for while try catch finally with in is not and or new var let const function def class null undefined"
        " cond pass break continue switch case default str int float bool list dict tuple set object print"
    )
)

FunctionOf = Callable[[int], object]


def strength(words: str, found: Iterable[Issue]) -> int:
    """How surely the words mean what analysers found: 0 where they do not, else by how much they say of it."""
    issues = list(found)
    if any(_names_rule(words, issue.rule) for issue in issues):
        return BY_RULE
    if not _about_the_same_names(words, issues):
        return 0
    said = frozenset(_terms(words))
    return max((_strength(said, issue) for issue in issues), default=0)


def _strength(said: frozenset[str], issue: Issue) -> int:
    known = [len(phrase) for phrase in _phrases(issue.kind) if phrase <= said]
    if known:
        return max(known)
    message = frozenset(_terms(issue.message))
    covered = len(message & said)
    return covered if len(message) >= _FEWEST_TERMS and covered >= _COVERED * len(message) else 0


def at_same_place(claim: Issue, found: Issue, statement_of: FunctionOf, function_of: FunctionOf) -> bool:
    """Whether a model's claim stands where an analyser's does; what is about a function or file stands all over it."""
    scope = kind_of(found.kind).scope
    if scope == "file" or claim.line == found.line:
        return True
    if function_of(claim.line) != function_of(found.line):
        return False
    if scope == "function" or abs(claim.line - found.line) <= NEAR_LINES:
        return True
    statement = statement_of(found.line)
    return statement is not None and statement == statement_of(claim.line)


@lru_cache(maxsize=4096)
def _phrases(kind: str) -> tuple[frozenset[str], ...]:
    known = tuple(frozenset(_terms(phrase)) for phrase in phrases_of(kind))
    named, others = known[:NAMED], known[NAMED:]
    return (*(phrase for phrase in named if len(phrase) > 1), *others)


def _terms(text: str) -> list[str]:
    return terms(_DENIED.sub(r" un\1", text.replace("=", " = ")))


def _names_rule(words: str, rule: str) -> bool:
    """Whether it is called by its rule: a code such as F821, or a name of several parts."""
    telling = len(rule) > 2 and re.search(r"\d|-", rule)
    return bool(telling) and re.search(rf"(?<![\w-]){re.escape(rule)}(?![\w-])", words, re.IGNORECASE) is not None


def _about_the_same_names(words: str, found: Iterable[Issue]) -> bool:
    """Whether the words name what the analysers name; words without any name in them may mean whatever is there."""
    names = {name for issue in found for name in _names(issue.message)}
    if not names or not _CODE.search(words):
        return True
    return not names.isdisjoint(word.lower() for word in _WORD.findall(words))


def _names(message: str) -> set[str]:
    parts = {part.lower() for name in _QUOTED.findall(_ADVICE.sub("", message)) for part in _WORD.findall(name)}
    return parts - _KEYWORDS
