"""Several things wrong with a configuration at once, and the name that was probably meant."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from codedesigner.errors import ConfigError

Loc = tuple[str | int, ...]

MAX_WORD = 80  # what is longer is no slip of a known word, and comparing it would take long


class CollectedConfigError(ConfigError):
    """More than one thing is wrong with the configuration.

    The message has one line for each; `errors` holds them one by one, in file order.
    """

    def __init__(self, errors: Sequence[ConfigError]) -> None:
        super().__init__("\n".join(f"{each}; {each.hint}" if each.hint else str(each) for each in errors))
        self.errors: tuple[ConfigError, ...] = tuple(errors)


def raise_all(errors: Sequence[ConfigError]) -> None:
    """Nothing for no error, the error itself for one, `CollectedConfigError` for more, ordered by file and line."""
    ordered = sorted(flat(errors), key=lambda error: (error.path or "", error.line or sys.maxsize))
    if len(ordered) == 1:
        raise ordered[0]
    if ordered:
        raise CollectedConfigError(ordered)


def flat(errors: Iterable[ConfigError]) -> list[ConfigError]:
    """The single errors, whether they came alone or together."""
    return [
        single for error in errors for single in (error.errors if isinstance(error, CollectedConfigError) else (error,))
    ]


def dotted(loc: Loc) -> str:
    """`("path_rules", 1, "paths")` as `path_rules[1].paths`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is most likely a slip of, or None where nothing is near."""
    if len(word) > MAX_WORD:
        return None
    folded = {_fold(candidate): candidate for candidate in sorted(known)}
    close = get_close_matches(_fold(word), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them where none is near."""
    names = sorted(known)
    near = nearest(word, names)
    if near is not None:
        return f"did you mean {near}?"
    return f"known: {', '.join(names)}" if names else "nothing is known here"


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_")
