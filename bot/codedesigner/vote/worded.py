"""Whose words a finding has that several models put differently: those of its best member, or chosen from all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from codedesigner.plan.model import ExecutionPlan
from codedesigner.run.words import Offer, Worded
from codedesigner.vote.finding import Finding
from codedesigner.vote.headline import headline
from codedesigner.vote.judge import Verdict
from codedesigner.vote.standing import MODEL
from codedesigner.vote.unclear import item_of, items_by_file

MOST_SENTENCES = 16
"""Sentences that are offered of one finding; those of its best member come first."""

_END = re.compile(r"(?<=[.!?])\s+(?=[^a-z\s])|\n+")


def offers(verdicts: Sequence[Verdict], plan: ExecutionPlan) -> tuple[tuple[Finding, Offer], ...]:
    """The posted findings of models alone that were put in several ways, with what can be chosen from."""
    items = items_by_file(plan)
    found: list[tuple[Finding, Offer]] = []
    for finding in (finding for verdict in verdicts for finding in verdict.findings):
        if finding.disposition != "posted" or not finding.kind.startswith(MODEL):
            continue
        said = {" ".join(each.issue.message.split()) for each in finding.proposals}
        shows, sentences = item_of(finding, items[finding.path]), sentences_of(finding)
        if len(said) > 1 and len(sentences) > 1 and shows is not None:
            found.append((finding, Offer(shows, sentences)))
    return tuple(found)


def sentences_of(finding: Finding) -> tuple[str, ...]:
    """All that its members said, each sentence once, the best member's first."""
    texts = [finding.body, *sorted(each.issue.message for each in finding.proposals)]
    parts = (" ".join(part.split()) for text in texts for part in _END.split(text))
    return tuple(dict.fromkeys(part for part in parts if part))[:MOST_SENTENCES]


def with_words(verdicts: Sequence[Verdict], worded: Sequence[tuple[Finding, Worded]]) -> tuple[Verdict, ...]:
    """The verdicts with the words that were chosen; where none were, those of the best member stay."""
    new: Mapping[int, Finding] = {id(finding): _with(finding, one) for finding, one in worded if one.chosen}
    return tuple(
        Verdict(tuple(new.get(id(finding), finding) for finding in verdict.findings), verdict.preexisting)
        for verdict in verdicts
    )


def _with(finding: Finding, worded: Worded) -> Finding:
    body = " ".join(worded.chosen)
    return replace(finding, title=headline(body), body=body)
