"""From answers to findings: what is posted, what is only counted, and who voted."""

from __future__ import annotations

from codedesigner.change.model import FileChange, Hunk, Line, Span, Unit
from codedesigner.protocol.issue import Answer, AnswerStatus, Edit, Fix, Issue
from codedesigner.vote.finding import Finding
from codedesigner.vote.judge import AS_WEIGHED, Case, Heard, Verdict, judge
from codedesigner.vote.strategies.ballots import Rule

OLD = b"import os\n\n\ndef f(a):\n    return a\n\n\ndef g():\n    return os\n"
NEW = b"import os\n\n\ndef f(a):\n    return b\n\n\ndef g():\n    return 1\n"
FILE = FileChange(
    "m.py",
    None,
    "modified",
    binary=False,
    added=2,
    removed=2,
    hunks=(
        Hunk(5, 1, 5, 1, "", (Line("removed", 5, None, "    return a"), Line("added", None, 5, "    return b"))),
        Hunk(9, 1, 9, 1, "", (Line("removed", 9, None, "    return os"), Line("added", None, 9, "    return 1"))),
    ),
    old=OLD,
    new=NEW,
)
UNITS = (
    Unit("m.py", "f", "function", "RIGHT", Span(4, 5), (5,), "python", (Span(4, 4), Span(5, 5))),
    Unit("m.py", "g", "function", "RIGHT", Span(8, 9), (9,), "python", (Span(8, 8), Span(9, 9))),
)
UNDEFINED = Issue("undefined-name", "F821", 5, 5, "Undefined name `b`", column=12)
UNUSED = Issue("unused-import", "F401", 1, 1, "`os` imported but unused", column=8)


def said(*issues: Issue, status: AnswerStatus = "answered", detail: str = "") -> Answer:
    return Answer(status, issues, detail)


def heard(
    location: str, after: Answer, before: Answer | None = None, *, judges: bool = True, weight: float = 1.0
) -> Heard:
    why_not = None if judges else "does not judge this kind"
    return Heard(location, weight, after, before or said(), lambda _kind, _line, _angle: why_not)


def run(
    *answers: Heard, min_agreement: float = 0.5, angles: frozenset[str] | None = None, rule: Rule = AS_WEIGHED
) -> Verdict:
    return judge(
        Case(
            file=FILE,
            units=UNITS,
            heard=answers,
            asked=lambda _line, angle: angles is None or angle in angles,
            function_at=lambda line: "f" if line in (4, 5) else "g" if line in (8, 9) else None,
            min_agreement=lambda _angle: min_agreement,
            rule=rule,
        )
    )


def only(verdict: Verdict) -> Finding:
    assert len(verdict.findings) == 1
    return verdict.findings[0]


def votes(finding: Finding) -> dict[str, str]:
    return {ballot.location: ballot.vote for ballot in finding.ballots}


def test_locations_that_agree_are_one_finding_on_its_line_with_its_evidence() -> None:
    other = Issue("undefined-name", "E0602", 5, 5, "Undefined variable 'b'")
    finding = only(run(heard("ruff", said(UNDEFINED)), heard("pylint", said(other))))

    assert (finding.line, finding.function, finding.angle, finding.severity) == (5, "f", "correctness", "high")
    assert finding.evidence == "    return b"
    assert finding.agreement == 1.0
    assert finding.disposition == "posted"
    assert finding.body == "Undefined name `b`"  # the one that names the column
    assert [ballot.rule for ballot in finding.ballots] == ["E0602", "F821"]


def test_a_competent_location_that_saw_nothing_votes_no_and_others_abstain_with_a_reason() -> None:
    finding = only(
        run(
            heard("ruff", said(UNDEFINED)),
            heard("pyflakes", said()),
            heard("bandit", said(), judges=False),
            heard("mypy", said(status="timeout", detail="after 120 s")),
        )
    )

    assert votes(finding) == {"ruff": "yes", "pyflakes": "no", "bandit": "abstain", "mypy": "abstain"}
    assert finding.agreement == 0.5
    assert finding.disposition == "posted"
    assert {ballot.location: ballot.reason for ballot in finding.ballots}["mypy"] == "after 120 s"


def test_below_the_threshold_a_finding_is_kept_but_not_posted() -> None:
    finding = only(run(heard("a", said(UNDEFINED)), heard("b", said()), heard("c", said())))

    assert finding.disposition == "below_agreement"
    assert finding.agreement == 0.3333
    assert "1 of 3" in finding.reason


def test_weights_decide_between_heads() -> None:
    finding = only(run(heard("a", said(UNDEFINED), weight=3.0), heard("b", said()), heard("c", said())))

    assert finding.agreement == 0.6
    assert finding.disposition == "posted"


def test_a_defect_that_the_change_caused_elsewhere_is_posted() -> None:
    finding = only(run(heard("ruff", said(UNUSED))))

    assert (finding.line, finding.function, finding.disposition) == (1, None, "posted")
    assert finding.reason.startswith("introduced")


def test_an_old_defect_outside_every_touched_function_is_counted_and_not_proposed() -> None:
    verdict = run(heard("ruff", said(UNUSED), said(UNUSED)))

    assert verdict == Verdict((), 1)


def test_an_old_defect_inside_a_touched_function_is_shown_as_outside_the_diff() -> None:
    old = Issue("unused-argument", "ARG001", 4, 4, "Unused argument `a`")
    finding = only(run(heard("ruff", said(old), said(old))))

    assert finding.disposition == "outside_diff"


def test_what_cannot_be_dated_is_never_posted() -> None:
    finding = Issue("unused-argument", "ARG001", 4, 4, "Unused argument `a`")
    verdict = run(heard("ruff", said(finding), said(status="unparsed", detail="syntax error")))

    assert only(verdict).disposition == "outside_diff"


def test_an_angle_that_was_not_asked_brings_no_finding() -> None:
    assert run(heard("ruff", said(UNDEFINED)), angles=frozenset({"style"})) == Verdict((), 0)


def test_a_place_beyond_the_file_is_not_a_finding() -> None:
    nowhere = Issue("undefined-name", "F821", 10**9, 10**9, "")

    assert run(heard("ruff", said(nowhere))).findings == ()


def test_a_kind_of_its_own_keeps_the_angle_and_the_words_of_its_maker() -> None:
    own = Issue("zizmor/artipacked", "artipacked", 5, 5, "credential persistence", angle="security", severity="medium")
    finding = only(run(heard("zizmor", said(own))))

    assert (finding.angle, finding.severity, finding.title) == ("security", "medium", "credential persistence")


def test_every_fix_that_came_with_a_proposal_is_a_candidate() -> None:
    fix = Fix((Edit(5, 12, 5, 13, "a"),), safe=True)
    with_fix = Issue("undefined-name", "F821", 5, 5, "x", fix=fix)

    assert only(run(heard("ruff", said(with_fix)), heard("pylint", said(UNDEFINED)))).fixes == (("ruff", fix),)


def test_a_tie_is_posted_unless_it_is_to_go_against() -> None:
    halves = [heard("a", said(UNDEFINED)), heard("b", said())]
    lost = only(run(*halves, rule=Rule(tie_breaker="against")))

    assert only(run(*halves)).disposition == "posted"
    assert (lost.disposition, lost.agreement) == ("below_agreement", 0.5)
    assert lost.reason == "1 of 2 that could judge it say yes; the tie went against it"


def test_a_rule_of_heads_does_not_look_at_weights() -> None:
    votes = [heard("a", said(UNDEFINED), weight=9.0), heard("b", said()), heard("c", said())]

    assert only(run(*votes)).disposition == "posted"
    assert only(run(*votes, rule=Rule("majority_vote"))).disposition == "below_agreement"


def test_what_nobody_of_any_weight_claims_is_not_posted() -> None:
    finding = only(run(heard("a", said(UNDEFINED), weight=0.0)))

    assert (finding.disposition, finding.agreement) == ("below_agreement", 0.0)
