"""Which question fails, and how."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

KINDS = {
    "hang": "no answer, ever",
    "slow": "the answer comes so many seconds later (5)",
    "drop": "the connection ends without an answer",
    "drop_mid": "the connection ends in the middle of the answer",
    "garbled": "status 200 with a body that is not JSON",
    "malformed": "a sound answer whose text is not JSON",
    "fenced": "a sound answer whose text has a fence and words around the JSON",
    "truncated": "half of the text, cut off at the limit on its length",
    "empty": "a sound answer without text",
    "refusal": "the model declines",
    "overflow": "the prompt is longer than the context",
}
_RULE = re.compile(r"(?P<kind>\d{3}|[a-z_]+)(?::(?P<value>[\d.]+))?(?:%(?P<share>[\d.]+))?(?:x(?P<times>\d+))?")


@dataclass(frozen=True, slots=True)
class Failure:
    """`kind` is a status or one of `KINDS`. `value` are its seconds: Retry-After of a status, the time of `slow`.

    It meets `share` (0..1) of all questions, each at most the first `times` times that it is asked (0: every time).
    """

    kind: str
    value: float | None = None
    share: float = 1.0
    times: int = 0


def failures(text: str) -> tuple[Failure, ...]:
    """The failures of `KIND[:SECONDS][%SHARE][xTIMES], …`, such as `429:0.1%5,hang%5x1`; the share in percent.

    Raises:
        ValueError: a rule cannot be read, or all shares together are more than 100.
    """
    found = []
    for rule in filter(None, (part.strip() for part in text.split(","))):
        match = _RULE.fullmatch(rule)
        if match is None or not (match["kind"].isdigit() or match["kind"] in KINDS):
            raise ValueError(f"{rule!r} is no failure; there are statuses (429) and {', '.join(KINDS)}")
        value = float(match["value"]) if match["value"] else None
        found.append(Failure(match["kind"], value, float(match["share"] or 100) / 100, int(match["times"] or 0)))
    if sum(each.share for each in found) > 1:
        raise ValueError(f"{text!r} lets more than all questions fail")
    return tuple(found)


def drawn(rules: Sequence[Failure], seed: int, question: bytes, asked: int) -> Failure | None:
    """What befalls the question (a digest of it) when it is asked for the `asked`th time, from 1.

    Decided by the question and not by the order in which questions come, so that concurrency changes nothing.
    A rule without `times` draws anew each time.
    """
    once = _chance(seed, question, 0)
    anew = _chance(seed, question, asked)
    below = 0.0
    for rule in rules:
        chance = once if rule.times else anew
        if below <= chance < below + rule.share and (not rule.times or asked <= rule.times):
            return rule
        below += rule.share
    return None


def _chance(seed: int, question: bytes, asked: int) -> float:
    digest = hashlib.blake2b(question, digest_size=8, key=f"{seed}/{asked}".encode()).digest()
    return int.from_bytes(digest, "big") / 2**64
