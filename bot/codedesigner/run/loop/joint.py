"""Suggestions that overlap. A reader can take over only one of them, so they are made one, or one is offered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from codedesigner.change.model import Span
from codedesigner.protocol.issue import Edit, Fix
from codedesigner.protocol.suggestion import Look, Suggestion
from codedesigner.run.fix import apply_edits, lines_with_ends
from codedesigner.run.loop.lines import opcodes
from codedesigner.run.loop.problem import Attempt, Ended, attempt_of

MOST_TOGETHER = 6
"""More suggestions than this are not made one: nobody would read what that is."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A finding's suggestion and the attempt that came to it."""

    ended: Ended
    suggestion: Suggestion

    @property
    def finding(self) -> str:
        """The finding's name."""
        return self.ended.attempt.problem.finding

    @property
    def lines(self) -> Span:
        """The lines that it replaces."""
        return Span(self.suggestion.start_line, self.suggestion.end_line)

    def overlaps(self, other: Offer) -> bool:
        """Whether both replace a line, so that a forge cannot apply both."""
        mine, theirs = self.ended.attempt.problem.file.path, other.ended.attempt.problem.file.path
        return mine == theirs and self.lines.overlaps(other.lines)


def heaps(offers: Sequence[Offer]) -> list[list[Offer]]:
    """The offers that overlap, also by way of others, together; only those of which there are two or more. In order."""
    found: list[list[Offer]] = []
    for offer in offers:
        touched = [heap for heap in found if any(offer.overlaps(other) for other in heap)]
        found = [heap for heap in found if heap not in touched]
        found.append([*(each for heap in touched for each in heap), offer])
    place = {offer.finding: at for at, offer in enumerate(offers)}
    ordered = (sorted(heap, key=lambda offer: place[offer.finding]) for heap in found if len(heap) > 1)
    return sorted(ordered, key=lambda heap: place[heap[0].finding])


def joined(old: str, texts: Sequence[str]) -> str | None:
    """`old` with everything that makes it each of `texts`; None where two change the same line in different ways."""
    before = lines_with_ends(old)
    changes: dict[tuple[int, int, tuple[str, ...]], None] = {}
    for text in texts:
        after = lines_with_ends(text)
        for tag, old_start, old_end, new_start, new_end in opcodes(before, after):
            if tag != "equal":
                changes[old_start, old_end, tuple(after[new_start:new_end])] = None
    done = sorted(changes)
    for (_, end, _), (start, until, _) in pairwise(done):
        # What is put in right where something else is changed may belong before or behind it.
        if start < end or (start == end and (start == until or (end, end) in {each[:2] for each in done})):
            return None
    for start, end, lines in reversed(done):
        before[start:end] = lines
    return "".join(before)


def made_one(heap: Sequence[Offer]) -> list[Attempt] | None:
    """Attempts at the same text, one for each finding, which is that of all of them.

    Each is proved by itself: that its own defect is gone, and that all who looked at it before are content with all.
    None where there is no such text, or where it is proved already, as all of them are alike.
    """
    if len(heap) > MOST_TOGETHER or all(alike(heap[0], offer) for offer in heap):
        return None
    old = heap[0].ended.attempt.problem.source.text
    text = _all_edits(old, heap) or joined(old, [_applied(old, offer.suggestion) for offer in heap])
    if text is None:
        return None
    regions = [offer.ended.attempt.region for offer in heap]
    region = Span(min(each.start for each in regions), max(each.end for each in regions))
    after = lines_with_ends(text)
    behind = len(lines_with_ends(old)) - region.end
    new = "".join(after[region.start - 1 : len(after) - behind])
    fix = Fix(
        (Edit(region.start, 1, region.end + 1, 1, new),),
        safe=all(offer.suggestion.safe for offer in heap),
        message="all of them at once",
    )
    kinds = [offer.ended.attempt.problem.kind for offer in heap]
    return [
        attempt_of(
            replace(one.problem, gone=kinds.count(one.problem.kind)), one.maker, region, fix=fix, checkers=one.checkers
        )
        for one in (offer.ended.attempt for offer in heap)
    ]


def _all_edits(old: str, heap: Sequence[Offer]) -> str | None:
    """`old` with all that analysers would edit, which may be in one line; None where that is not all, or overlaps."""
    fixes = [offer.ended.attempt.fix for offer in heap]
    edits = dict.fromkeys(edit for fix in fixes if fix is not None for edit in fix.edits)
    made = None if None in fixes else apply_edits(old, list(edits))
    return made if isinstance(made, str) else None


def _applied(text: str, suggestion: Suggestion) -> str:
    lines = lines_with_ends(text)
    lines[suggestion.start_line - 1 : suggestion.end_line] = [suggestion.replacement]
    return "".join(lines)


def as_one(ended: Sequence[Ended]) -> Suggestion | None:
    """The suggestion that repairs all of them; None unless it was proved for each."""
    made = [one.suggestion for one in ended]
    proved = [each for each in made if each is not None]
    if not proved or len(proved) < len(made):
        return None
    looked: dict[str, Look] = {}
    for look in (look for each in proved for look in each.looked):
        if look.location not in looked or look.verdict == "satisfied":
            looked[look.location] = look
    sources = dict.fromkeys(each.source for each in proved)
    proofs = [proof for proof in proved[0].verified if all(proof in each.verified for each in proved)]
    return replace(
        proved[0],
        source=" and ".join(sources),
        verified=tuple(proofs),
        looked=tuple(looked[name] for name in sorted(looked)),
    )


def alike(one: Offer, other: Offer) -> bool:
    """Whether both make the same of the same lines."""
    return one.lines == other.lines and one.suggestion.replacement == other.suggestion.replacement


def apart(offers: Sequence[Offer]) -> list[tuple[Offer, Offer]]:
    """Those that cannot be offered, each with the earlier one that keeps it from that. No two of the others overlap."""
    kept: list[Offer] = []
    without: list[tuple[Offer, Offer]] = []
    for offer in offers:
        rival = next((other for other in kept if offer.overlaps(other)), None)
        if rival is None:
            kept.append(offer)
        else:
            without.append((offer, rival))
    return without
