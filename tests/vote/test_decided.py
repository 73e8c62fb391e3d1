"""What becomes of unclear findings: the supervisor chooses among what was proposed, or a person does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionPlan
from codedesigner.protocol.issue import Issue
from codedesigner.publish.gate import Threshold, decide, severe
from codedesigner.publish.inputs import Coverage
from codedesigner.run.judgement import Choice, Opinion
from codedesigner.severity import SEVERITIES, rank
from codedesigner.vote.cluster import Proposal
from codedesigner.vote.decided import settled, with_decisions
from codedesigner.vote.finding import Ballot, Finding
from codedesigner.vote.judge import Verdict
from codedesigner.vote.unclear import Bar, Unclear, unclear, unclear_ones

LINES = ("def f(x):", "    y = 1 / x", "    return y")
FILE = FileChange("a.py", None, "modified", False, 1, 0, (), new="\n".join(LINES).encode())
BLOCKING = Threshold("high", 0.6)
MODELS = frozenset({"m1", "m2"})
CLAIM = Proposal("m1", Issue("model/c", "", 2, 2, "divides by zero", severity="high", angle="correctness"))
LOW = Proposal("m2", Issue("model/c", "", 3, 3, "returns inf", column=5, severity="low", angle="correctness"))


class Gate:
    fail_on = "high"
    min_agreement = 0.6
    coverage = 1.0
    on_inconclusive = "fail"


def finding(**changes: object) -> Finding:
    plain = Finding(
        path="a.py",
        function="f",
        line=2,
        end_line=2,
        side="RIGHT",
        angle="correctness",
        kind="model/c",
        severity="high",
        title="divides by zero",
        body="divides by zero",
        evidence=LINES[1],
        ballots=(Ballot("m1", "yes", "proposed"), Ballot("m2", "no", "cross_examined")),
        agreement=0.5,
        confidence=0.8,
        disposition="below_agreement",
        reason="1 of 2 that could judge it say yes; 0.6 of the weight is needed",
        proposals=(CLAIM,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def put(one: Finding) -> Unclear:
    return Unclear(one, "the vote is split", None)


def test_a_yes_posts_it_with_the_supervisors_reason_and_leaves_the_agreement_alone() -> None:
    done = settled(put(finding()), Opinion("defect", "f(0) is\n  reached", "high", 0.9), LINES)
    assert (done.disposition, done.decided, done.agreement, done.severity) == ("posted", "supervisor", 0.5, "high")
    assert done.reason == f"the supervisor decided: a defect: f(0) is reached; the vote: {finding().reason}"


def test_a_no_rejects_it() -> None:
    done = settled(put(finding(agreement=0.7, disposition="posted")), Opinion("no_defect", "x > 0", "high", 0.9), LINES)
    assert (done.disposition, done.decided) == ("rejected", "supervisor")
    assert done.reason.startswith("the supervisor decided: no defect: x > 0; the vote: ")


@pytest.mark.parametrize(
    ("opinion", "why"),
    [
        (Opinion("unsure", "cannot see the caller"), "the supervisor is unsure: cannot see the caller"),
        (Opinion(None, "timeout: after 30 s"), "the supervisor gave no answer: timeout: after 30 s"),
        (Opinion("other", "as I say"), "the supervisor chose a view that nobody holds"),
    ],
)
def test_else_it_is_for_a_person(opinion: Opinion, why: str) -> None:
    done = settled(put(finding()), opinion, LINES)
    assert (done.disposition, done.decided) == ("undecided", "nobody")
    assert done.reason == f"needs a person: the vote is split, and {why}"


def test_the_other_view_moves_it_to_where_and_what_others_said() -> None:
    held = finding(proposals=(CLAIM, LOW), ballots=(Ballot("m1", "yes", "proposed"), Ballot("m2", "yes", "proposed")))
    done = settled(put(held), Opinion("other", "it is inf", "critical", 0.9), LINES)
    assert (done.line, done.column, done.severity, done.body) == (3, 5, "low", "returns inf")
    assert done.evidence == LINES[2]
    assert done.disposition == "posted"


def test_a_lower_severity_is_told_and_a_higher_one_is_not_taken() -> None:
    lower = settled(put(finding()), Opinion("defect", "rare", "low", 0.9), LINES)
    assert lower.severity == "low"
    assert lower.reason.startswith("the supervisor decided: a defect, low where high was claimed: rare")
    assert settled(put(finding()), Opinion("defect", "bad", "critical", 0.9), LINES).severity == "high"


def test_a_long_reason_is_cut_and_says_so() -> None:
    done = settled(put(finding()), Opinion("unsure", "x" * 5000), LINES)
    assert len(done.reason) < 450
    assert done.reason.endswith("…")


findings_ = st.builds(
    lambda severity, agreed, disposition, other, vote: finding(
        severity=severity,
        agreement=agreed,
        disposition=disposition,
        proposals=(replace(CLAIM, issue=replace(CLAIM.issue, severity=severity)), *((LOW,) if other else ())),
        ballots=(
            Ballot("m1", "yes", "proposed"),
            Ballot("m2", "yes" if other else vote, "cross_examined"),
            Ballot("ruff", vote, "cross_examined"),
        ),
    ),
    st.sampled_from(SEVERITIES),
    st.floats(0, 1),
    st.sampled_from(["posted", "below_agreement", "outside_diff", "rejected"]),
    st.booleans(),
    st.sampled_from(["yes", "no", "abstain"]),
)
choices = st.sampled_from([*get_args(Choice), None])
opinions = st.builds(Opinion, choices, st.text(max_size=20), st.sampled_from([*SEVERITIES, None]), st.floats(0, 1))


def bar(one: Finding) -> Bar:
    return Bar(BLOCKING.min_agreement, severe(one, BLOCKING))


def judged(before: Sequence[Finding], said: Sequence[Opinion]) -> tuple[Finding, ...]:
    """The findings after a supervisor that says these things in turn."""
    verdict = Verdict(tuple(before), 3)
    plan = ExecutionPlan("p", 0.0, (), "exhaustive", 0)
    ones = unclear_ones([verdict], plan, {"a.py": FILE}, bar=bar, models=MODELS)
    (after,) = with_decisions([verdict], list(zip(ones, said, strict=False)), {"a.py": FILE})
    assert after.preexisting == 3
    return after.findings


@given(st.lists(findings_, max_size=4), st.lists(opinions, min_size=4, max_size=4))
def test_clear_findings_are_the_very_same_and_none_is_made(before: list[Finding], said: list[Opinion]) -> None:
    after = judged(before, said)
    assert len(after) == len(before)
    for old, new in zip(before, after, strict=True):
        if unclear(old, bar(old), MODELS) is None:
            assert new is old
        assert (new.path, new.kind, new.ballots, new.agreement) == (old.path, old.kind, old.ballots, old.agreement)
        assert new.line in {old.line, *(proposal.issue.line for proposal in old.proposals)}
        assert new.body in {old.body, *(proposal.issue.message for proposal in old.proposals)}
        assert rank(new.severity) <= rank(old.severity)


@given(findings_, opinions)
def test_nothing_but_a_choice_of_the_supervisor_settles_what_is_unclear(old: Finding, said: Opinion) -> None:
    (new,) = judged([old], [said])
    if new is old:
        return
    decision = decide([new], Coverage(1, 1, 1, 1), Gate())  # type: ignore[arg-type]
    if said.choice in (None, "unsure"):
        assert new.disposition == "undecided"
        assert decision.conclusion == ("inconclusive" if severe(old, BLOCKING) else "pass")
    assert (new.decided == "supervisor") == (new.disposition in ("posted", "rejected"))
    assert (new.decided == "nobody") == (new.disposition == "undecided")
    assert (decision.conclusion == "fail") == (new.disposition == "posted" and severe(new, BLOCKING))
    assert judged([old], [said]) == (new,)
