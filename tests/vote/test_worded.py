"""What the supervisor can choose from."""

from __future__ import annotations

from dataclasses import replace

from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Issue
from codedesigner.run.words import Worded
from codedesigner.vote.cluster import Proposal
from codedesigner.vote.finding import Finding
from codedesigner.vote.judge import Verdict
from codedesigner.vote.worded import MOST_SENTENCES, offers, sentences_of, with_words

ITEM = ExecutionItem("i", FunctionRef("a.py", "f", 1, 9), None, "correctness", 1)
PLAN = ExecutionPlan("p", 0.0, (ITEM,), "exhaustive", 1)


def finding(*messages: str, kind: str = "model/correctness") -> Finding:
    return Finding(
        path="a.py",
        function="f",
        line=2,
        end_line=2,
        side="RIGHT",
        angle="correctness",
        kind=kind,
        severity="high",
        title="t",
        body=messages[0],
        evidence="",
        ballots=(),
        agreement=1.0,
        confidence=1.0,
        disposition="posted",
        reason="",
        proposals=tuple(
            Proposal(f"m{number}", Issue(kind, "", 2, 2, message)) for number, message in enumerate(messages)
        ),
    )


def test_every_sentence_is_offered_once_the_best_members_first() -> None:
    said = sentences_of(finding("Z fails. It is lost.", "A fails e.g. here. It  is lost."))
    assert said == ("Z fails.", "It is lost.", "A fails e.g. here.")
    many = finding(" ".join(f"Part {number}." for number in range(99)), "Else.")
    assert len(sentences_of(many)) == MOST_SENTENCES


def test_only_what_models_alone_put_differently_and_is_posted_is_put() -> None:
    wanted = finding("One.", "Two.")
    others = (
        finding("One.", "One."),
        finding("One."),
        finding("One.", "Two.", kind="undefined-name"),
        replace(finding("One.", "Two."), disposition="below_agreement"),
        replace(finding("One.", "Two."), path="b.py"),
    )
    ((put, offer),) = offers([Verdict((*others, wanted), 0)], PLAN)
    assert put is wanted
    assert (offer.item, offer.sentences) == (ITEM, ("One.", "Two."))


def test_nothing_but_the_words_changes() -> None:
    first, second = finding("One.", "Two."), finding("Three.", "Four.")
    (verdict,) = with_words([Verdict((first, second), 3)], [(first, Worded(("Two.", "One."))), (second, Worded())])
    assert verdict.findings[0] == replace(first, body="Two. One.", title="Two")
    assert verdict.findings[1] is second
    assert verdict.preexisting == 3
