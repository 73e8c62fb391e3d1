"""One defect, said once: of findings that mean the same from several angles, one is told, and tells of the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from codedesigner.publish.fingerprint import in_order_of_numbers
from codedesigner.vote.across import same_defects
from codedesigner.vote.finding import Disposition, Finding
from codedesigner.vote.likeness import SHIPPED, Likeness

_TOLD: frozenset[Disposition] = frozenset({"posted", "undecided", "suppressed"})


def one_each(findings: Sequence[Finding], likeness: Likeness = SHIPPED) -> tuple[Finding, ...]:
    """The findings in the order given; of those that mean one defect, the first in the order of numbers stands for all.

    That is the worst of them. The others become `duplicate` and stay in its `also`, as they were, for whoever tells or
    decides: the gate asks each of them. Only findings with one disposition meet, so that what a person accepted hides
    nothing that stands, and what waits for a person goes on waiting. They carry their fingerprints already.
    """
    # Those that are duplicates already are looked at again, so that doing it twice finds what doing it once has found.
    told = [index for index, one in enumerate(findings) if one.disposition in _TOLD or one.duplicate_of]
    settled = list(findings)
    for group in same_defects([findings[index] for index in told], likeness):
        alike: dict[tuple[str, str], list[Finding]] = defaultdict(list)
        for place in group:
            one = findings[told[place]]
            if not one.duplicate_of:
                alike[one.disposition, one.reason if one.disposition == "suppressed" else ""].append(one)
        places = {findings[told[place]].fingerprint: told[place] for place in group}
        for members in alike.values():
            first, *others = sorted(members, key=in_order_of_numbers)
            settled[places[first.fingerprint]] = replace(first, also=(*first.also, *others))
            for other in others:
                settled[places[other.fingerprint]] = replace(
                    other, disposition="duplicate", duplicate_of=first.fingerprint
                )
    return tuple(settled)


def why_duplicate(name: str, angle: str, reason: str) -> str:
    """Why a finding is a duplicate of the one that is called `name`; its own `reason` stays behind it."""
    return f"{_beginning(name)} from {angle}; {reason}"


def renamed(reason: str, name: str, now: str) -> str:
    """The reason of a duplicate of `name`, which is called `now` from here on."""
    return _beginning(now) + reason.removeprefix(_beginning(name))


def _beginning(name: str) -> str:
    return f"the same defect as {name}, seen"
