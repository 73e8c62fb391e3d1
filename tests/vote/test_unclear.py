"""Which findings the vote leaves unclear, and the views of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Issue
from codedesigner.severity import SEVERITIES, Severity, rank
from codedesigner.vote.cluster import Proposal
from codedesigner.vote.finding import Ballot, Disposition, Finding, How, Vote
from codedesigner.vote.judge import Verdict
from codedesigner.vote.strategies.ballots import agreement
from codedesigner.vote.unclear import Bar, alternatives, less_or_elsewhere, unclear, unclear_ones, unjudged

LINES = ("def f(x):", "    y = 1 / x", "    return y")
FILE = FileChange("a.py", None, "modified", False, 1, 0, (), new="\n".join(LINES).encode())
MODELS = frozenset({"m1", "m2", "m3", "m4", "m5"})
BAR = Bar(0.6, severe=True)


def ballot(location: str, vote: Vote, how: How | None = None, reason: str = "", weight: float = 1.0) -> Ballot:
    return Ballot(location, vote, how or ("proposed" if vote == "yes" else "cross_examined"), 0.8, weight, "", reason)


def claimed(location: str, line: int = 2, severity: Severity = "high", message: str = "divides by zero") -> Proposal:
    return Proposal(location, Issue("model/c", "", line, line, message, severity=severity, angle="correctness"))


def found(ballots: Sequence[Ballot], *proposals: Proposal, disposition: Disposition | None = None) -> Finding:
    share = round(agreement(ballots), 4)
    return Finding(
        path="a.py",
        function="f",
        line=2,
        end_line=2,
        side="RIGHT",
        angle="correctness",
        kind="model/correctness",
        severity="high",
        title="divides by zero",
        body="divides by zero",
        evidence=LINES[1],
        ballots=tuple(ballots),
        agreement=share,
        confidence=0.8,
        disposition=disposition or ("posted" if share >= 0.6 else "below_agreement"),
        reason="touched by this change",
        proposals=proposals or (claimed("m1"),),
    )


def split(yes: int, no: int, *more: Ballot) -> Finding:
    names = sorted(MODELS)
    votes = [ballot(name, "yes") for name in names[:yes]] + [ballot(name, "no") for name in names[yes : yes + no]]
    return found([*votes, *more])


@pytest.mark.parametrize(
    ("yes", "no", "why"),
    [
        (1, 1, "its agreement of 0.50 is too near to the 0.6 that is needed"),
        (2, 1, "its agreement of 0.67 is too near to the 0.6 that is needed"),
        (3, 2, "its agreement of 0.60 is too near to the 0.6 that is needed"),
        (2, 3, "the vote is split, with an agreement of 0.40"),
        (1, 0, "only one location could judge it"),
        (2, 0, None),
        (4, 1, None),
        (1, 2, None),
        (1, 4, None),
    ],
)
def test_what_is_near_to_the_threshold_split_or_the_word_of_one_is_unclear(yes: int, no: int, why: str | None) -> None:
    assert unclear(split(yes, no), BAR, MODELS) == why


def test_the_margin_is_inclusive() -> None:
    votes = [ballot("m1", "yes", weight=3.0), ballot("m2", "no")]
    assert unclear(found(votes), BAR, MODELS) is not None
    assert unclear(found(votes), BAR, MODELS, margin=0.149) is None
    assert unclear(found(votes), Bar(0.9, severe=True), MODELS) is not None


def test_with_the_widest_margin_every_dispute_is_unclear_and_no_unanimous_vote() -> None:
    assert unclear(split(1, 4), BAR, MODELS, margin=1) == "somebody disputes it, with an agreement of 0.20"
    assert unclear(split(2, 0), BAR, MODELS, margin=1) is None


def test_the_word_of_one_is_enough_for_what_does_not_block() -> None:
    assert unclear(split(1, 0), Bar(0.6, severe=False), MODELS) is None


def test_who_was_not_asked_has_not_judged() -> None:
    finding = split(1, 0, *(ballot(name, "no", "silent") for name in ("m3", "m4", "m5")))
    assert finding.disposition == "below_agreement"
    assert unclear(finding, BAR, MODELS) == "3 that could not be asked would decide it"
    assert unclear(finding, Bar(0.6, severe=False), MODELS) is None


def test_how_many_have_to_judge_is_the_callers_and_an_analysers_word_is_enough() -> None:
    two = split(2, 0)
    assert unclear(two, Bar(0.6, severe=True, voters=3), MODELS) == "only 2 locations could judge it, where 3 have to"
    assert unclear(split(1, 0), Bar(0.6, severe=True, voters=1), MODELS) is None
    assert unjudged(replace(split(1, 0), kind="undefined-name"), BAR) is None
    assert unjudged(split(1, 2, ballot("ruff", "abstain")), BAR) is None


def test_who_abstains_decides_nothing() -> None:
    finding = found([ballot("m1", "yes"), ballot("m2", "abstain"), ballot("ruff", "abstain")])
    assert unclear(finding, BAR, MODELS) == "only one location could judge it"


def test_a_unanimous_vote_is_clear_however_near_the_threshold_is() -> None:
    assert unclear(split(3, 0), Bar(1.0, severe=True), MODELS) is None


def test_what_is_not_open_to_the_vote_is_never_unclear() -> None:
    for disposition in ("outside_diff", "rejected", "suppressed", "capped", "duplicate", "undecided"):
        assert unclear(replace(split(1, 1), disposition=disposition), BAR, MODELS) is None


votes = st.lists(
    st.tuples(
        st.sampled_from(["m1", "m2", "m3", "ruff", "mypy"]),
        st.sampled_from(["yes", "no", "abstain"]),
        st.sampled_from(["proposed", "cross_examined", "silent"]),
        st.floats(0.1, 5),
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda vote: vote[0],
)
bars = st.builds(Bar, st.floats(0, 1), st.booleans())


def of(cast: Sequence[tuple[str, Vote, How, float]]) -> Finding:
    return found([ballot(name, vote, how, weight=weight) for name, vote, how, weight in cast])


@given(votes, bars)
def test_it_is_the_same_every_time_and_in_every_order(cast: Sequence[tuple[str, Vote, How, float]], bar: Bar) -> None:
    why = unclear(of(cast), bar, MODELS)
    assert why == unclear(of(cast), bar, MODELS)
    assert why == unclear(replace(of(cast), ballots=of(cast).ballots[::-1]), bar, MODELS)


@given(votes, bars)
def test_what_analysers_alone_decided_is_never_unclear(cast: Sequence[tuple[str, Vote, How, float]], bar: Bar) -> None:
    alone = [(name, "abstain" if name in MODELS else vote, how, weight) for name, vote, how, weight in cast]
    assert unclear(of(alone), bar, MODELS) is None
    assert unclear(of(cast), bar, frozenset()) is None


def test_the_views_have_counts_and_reasons_and_no_names() -> None:
    finding = found(
        [
            ballot("m1", "yes"),
            ballot("m2", "yes", "cross_examined", "x comes from the user"),
            ballot("m3", "no", reason="callers check x"),
            ballot("m4", "no", "silent"),
        ],
        claimed("m1"),
    )
    defect, none = alternatives(finding, LINES)
    assert (defect.view, defect.supporters, defect.reasons) == ("defect", 2, ("x comes from the user",))
    assert defect.claim is not None
    assert (defect.claim.evidence, defect.claim.severity) == (LINES[1], "high")
    assert (none.view, none.supporters, none.silent, none.reasons) == ("no_defect", 1, 1, ("callers check x",))
    assert none.claim is None


def test_a_lower_severity_or_another_line_is_a_view_of_its_own() -> None:
    low, elsewhere = claimed("m2", severity="low", message="only odd"), claimed("m3", line=3, message="returns inf")
    finding = found([ballot("m1", "yes"), ballot("m2", "yes"), ballot("m3", "yes", weight=2.0)], claimed("m1"), low)
    defect, other, none = alternatives(replace(finding, proposals=(claimed("m1"), low, elsewhere)), LINES)
    assert (defect.supporters, other.supporters, none.supporters) == (2, 1, 0)  # m2 has less weight behind it
    assert defect.reasons == ("only odd",)
    assert other.claim is not None
    assert (other.claim.location.line, other.claim.evidence) == (3, LINES[2])


def test_a_rule_that_would_name_its_analyser_is_not_shown() -> None:
    proposal = Proposal("ruff", Issue("division", "F1", 3, 3, "x", severity="low", url="https://ruff"))
    finding = found([ballot("ruff", "yes"), ballot("m1", "yes"), ballot("m2", "no")], claimed("m1"), proposal)
    assert "ruff" not in "".join(each.model_dump_json() for each in alternatives(finding, LINES))


@given(
    st.lists(st.tuples(st.sampled_from(["m1", "m2", "m3"]), st.integers(1, 3), st.sampled_from(SEVERITIES)), max_size=6)
)
def test_every_view_is_one_that_somebody_proposed(made: Sequence[tuple[str, int, Severity]]) -> None:
    proposals = tuple(claimed(name, line, severity) for name, line, severity in made)
    finding = replace(found([ballot(name, "yes") for name in ("m1", "m2", "m3")]), proposals=proposals)
    other = less_or_elsewhere(finding)
    if other is not None:
        assert other in [proposal.issue for proposal in proposals]
        assert other.severity is not None
        assert rank(other.severity) <= rank(finding.severity)
    views = alternatives(finding, LINES)
    assert sum(each.supporters for each in views) == 3
    assert len({each.view for each in views}) == len(views) <= 3


def plan(*items: ExecutionItem) -> ExecutionPlan:
    return ExecutionPlan("p", 0.0, items, "exhaustive", len(items))


def test_the_code_of_a_dispute_is_that_of_an_item_from_its_angle_without_a_term() -> None:
    ref = FunctionRef("a.py", "f", 1, 3)
    items = [
        ExecutionItem("a", ref, None, "security", 1),
        ExecutionItem("b", ref, "x", "correctness", 1),
        ExecutionItem("c", ref, None, "correctness", 2),
        ExecutionItem("d", ref, None, "correctness", 1),
        ExecutionItem("e", FunctionRef("a.py", "g", 9, 9), None, "correctness", 1),
    ]
    verdict = Verdict((split(1, 1), split(2, 0)), 0)
    (one,) = unclear_ones([verdict], plan(*items), {"a.py": FILE}, bar=lambda _: BAR, models=MODELS)
    assert one.finding is verdict.findings[0]
    assert one.dispute is not None
    assert one.dispute.item.id == "d"


def test_the_most_severe_are_put_first_and_what_is_in_no_item_cannot_be_put() -> None:
    low = replace(split(1, 1), severity="low")
    put = unclear_ones([Verdict((low, split(1, 1)), 0)], plan(), {"a.py": FILE}, bar=lambda _: BAR, models=MODELS)
    assert [(one.finding.severity, one.dispute) for one in put] == [("high", None), ("low", None)]


def test_the_margin_is_the_callers() -> None:
    said = [Verdict((split(1, 4), split(4, 1)), 0)]

    assert unclear_ones(said, plan(), {"a.py": FILE}, bar=lambda _: BAR, models=MODELS) == ()
    assert len(unclear_ones(said, plan(), {"a.py": FILE}, bar=lambda _: BAR, models=MODELS, margin=1)) == 2
