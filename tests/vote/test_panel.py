"""The models before the vote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from codedesigner.change.model import FileChange
from codedesigner.plan.model import ExecutionItem, ExecutionPlan, FunctionRef
from codedesigner.protocol.issue import Issue
from codedesigner.run.passes import Asked
from codedesigner.run.questions import ItemAnswer, Unplaced
from codedesigner.vote.finding import Ballot, Disposition, Finding, How, Vote
from codedesigner.vote.judge import Heard
from codedesigner.vote.panel import Panel

FILE = FileChange("a.py", None, "added", False, 9, 0, (), new=b"".join(b"line %d\n" % n for n in range(1, 31)))
OUTER, INNER = FunctionRef("a.py", "f", 1, 20), FunctionRef("a.py", "f.g", 5, 10)
OTHER = FunctionRef("a.py", "h", 22, 30)


def item(ref: FunctionRef, number: int = 1, angle: str = "correctness", term: str | None = None) -> ExecutionItem:
    name = f"{ref.name}{angle}{term or ''}"
    return ExecutionItem(f"{name}-{number}", ref, term, angle, number, locations=("one", "two"))


def issue(line: int, angle: str = "correctness", confidence: float = 0.8) -> Issue:
    return Issue(f"model/{angle}", "", line, line, f"wrong at {line}", confidence=confidence, angle=angle)


def said(*issues: Issue, unplaced: tuple[Unplaced, ...] = ()) -> ItemAnswer:
    return ItemAnswer("answered", issues, unplaced)


def panel(
    answers: Mapping[ExecutionItem, Mapping[str, ItemAnswer]], families: Mapping[str, str] | None = None
) -> Panel:
    plan = ExecutionPlan("p", 0.0, tuple(answers), "exhaustive", len(answers))
    return Panel(
        {"two": 1.0, "one": 2.0}, plan, Asked({each.id: given for each, given in answers.items()}), families or {}
    )


def heard(made: Panel, location: str = "one") -> Heard:
    return next(each for each in made.heard("a.py") if each.location == location)


def finding(line: int, *ballots: Ballot, angle: str = "correctness", disposition: Disposition = "posted") -> Finding:
    return Finding(
        path="a.py",
        function="f",
        line=line,
        end_line=line,
        side="RIGHT",
        angle=angle,
        kind=f"model/{angle}",
        severity="high",
        title="t",
        body="b",
        evidence="e",
        ballots=ballots,
        agreement=1.0,
        confidence=1.0,
        disposition=disposition,
        reason="",
        column=3,
    )


def ballot(location: str, vote: Vote = "no", how: How = "silent") -> Ballot:
    return Ballot(location, vote, how)


def test_every_model_that_was_asked_about_a_file_is_heard_in_order() -> None:
    made = panel({item(OUTER): {"two": said(), "one": said(issue(3))}})
    assert [(each.location, each.weight, each.silent) for each in made.heard("a.py")] == [
        ("one", 2.0, True),
        ("two", 1.0, True),
    ]
    assert made.heard("b.py") == []


def test_what_is_found_in_few_passes_is_held_less_surely() -> None:
    passes = {item(OUTER, number): {"one": said(*([issue(3)] if number == 2 else []))} for number in range(1, 5)}
    (found,) = heard(panel(passes)).after.issues
    assert found.confidence == 0.2


def test_who_looked_for_one_thing_alone_does_not_make_another_less_sure() -> None:
    made = panel({item(OUTER): {"one": said(issue(3))}, item(OUTER, term="money"): {"one": said()}})
    assert heard(made).after.issues[0].confidence == 0.8


def test_a_pass_that_failed_says_nothing_about_how_sure() -> None:
    made = panel({item(OUTER): {"one": said(issue(3))}, item(OUTER, 2): {"one": ItemAnswer("timeout")}})
    assert heard(made).after.issues[0].confidence == 0.8


def test_who_was_not_asked_or_failed_abstains_and_says_why() -> None:
    made = panel({item(OUTER): {"one": said()}, item(OTHER): {"one": ItemAnswer("failed", detail="refused: no")}})
    abstains = heard(made).abstains
    assert abstains("model/correctness", 3, "correctness") is None
    assert abstains("model/correctness", 25, "correctness") == "refused: no"
    assert abstains("model/security", 3, "security") == "was not asked about this code from this angle"
    assert abstains("model/correctness", 21, "correctness") == "was not asked about this code from this angle"


def test_one_pass_that_was_answered_is_enough_to_have_a_vote() -> None:
    made = panel({item(OUTER): {"one": ItemAnswer("failed", detail="x")}, item(OUTER, 2): {"one": said()}})
    assert heard(made).abstains("k", 3, "correctness") is None


def test_a_composed_question_is_one_from_each_of_its_angles() -> None:
    made = panel({item(OUTER, angle="correctness+security"): {"one": said(issue(3, "security"))}})
    abstains = heard(made).abstains
    assert abstains("k", 3, "correctness") is None
    assert abstains("k", 3, "security") is None
    assert abstains("k", 3, "style") is not None
    assert heard(made).after.issues[0].confidence == 0.8
    (claim,) = made.claims([finding(3, ballot("one"), angle="security")])
    assert claim.item.angle_id == "correctness+security"


def test_a_finding_is_put_to_who_was_silent_about_its_code() -> None:
    made = panel({item(OUTER): {"one": said(), "two": said(issue(3))}})
    (claim,) = made.claims([finding(3, ballot("one"), ballot("two", "yes", "proposed"), ballot("ruff"))])
    assert (claim.location, claim.item.id) == ("one", "fcorrectness-1")
    assert (claim.issue.line, claim.issue.column, claim.issue.message) == (3, 3, "b")


def test_what_is_settled_already_is_put_to_nobody() -> None:
    made = panel({item(OUTER): {"one": said()}})
    settled: tuple[Disposition, ...] = ("outside_diff", "rejected", "suppressed", "duplicate")
    assert made.claims(finding(3, ballot("one"), disposition=each) for each in settled) == []
    assert len(made.claims([finding(3, ballot("one"), disposition="below_agreement")])) == 1
    assert made.claims([finding(3, ballot("one", "no", "cross_examined"), ballot("two", "abstain"))]) == []


def test_a_claim_is_asked_about_the_smallest_code_around_it_and_about_no_term() -> None:
    made = panel(
        {
            item(INNER, term="money"): {"one": said()},
            item(OUTER): {"one": said()},
            item(INNER): {"one": said()},
            item(INNER, angle="security"): {"one": said()},
        }
    )
    (claim,) = made.claims([finding(7, ballot("one"))])
    assert claim.item.id == "f.gcorrectness-1"
    only = panel({item(INNER, term="money"): {"one": said()}})
    assert only.claims([finding(7, ballot("one"))])[0].item.term == "money"


def test_the_worst_findings_are_put_first() -> None:
    from dataclasses import replace

    made = panel({item(OUTER): {"one": said()}})
    low, high = replace(finding(3, ballot("one")), severity="low"), finding(4, ballot("one"))
    assert [claim.issue.line for claim in made.claims([low, high])] == [4, 3]


def test_of_equals_each_is_put_to_one_before_any_is_put_to_a_second_and_other_families_are_asked_first() -> None:
    answers = {name: said() for name in ("a", "b", "c")}
    made = panel({item(OUTER): answers}, {"maker": "qwen", "a": "qwen", "b": "llama", "c": "llama"})
    cast = (ballot("maker", "yes", "proposed"), *map(ballot, answers))
    low = replace(finding(5, *cast), severity="low")
    put = made.claims([low, finding(3, *cast), finding(4, *cast)])
    assert [(claim.issue.line, claim.location) for claim in put] == [
        (3, "b"),
        (4, "b"),
        (3, "c"),
        (4, "c"),
        (3, "a"),
        (4, "a"),
        (5, "b"),
        (5, "c"),
        (5, "a"),
    ]


def test_a_claim_that_stands_nowhere_is_rejected_once_with_all_who_made_it() -> None:
    nowhere = Unplaced("All wrong. Really.", "high", "quotes no line of the code that it was shown")
    other = Unplaced("Else.", "low", "quotes no line of the code that it was shown")
    made = panel(
        {
            item(OUTER): {"one": said(unplaced=(nowhere,)), "two": said(unplaced=(nowhere, other))},
            item(OUTER, 2): {"one": said(unplaced=(nowhere,))},
            item(OTHER, angle="security+style"): {"one": said(unplaced=(other,))},
        }
    )
    found = made.rejected({"a.py": FILE})
    assert [(each.title, each.function, each.angle, each.severity, each.line) for each in found] == [
        ("All wrong", "f", "correctness", "high", 1),
        ("Else", "h", "security", "low", 22),
        ("Else", "f", "correctness", "low", 1),
    ]
    assert [one.location for one in found[0].ballots] == ["one", "two"]
    assert {(each.disposition, each.agreement) for each in found} == {("rejected", 0.0)}
    assert found[1].kind == "model/security"
