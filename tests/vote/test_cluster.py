"""Which proposals are one finding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from codedesigner.protocol.issue import Issue
from codedesigner.vote.cluster import Cluster, Proposal, cluster


def issue(kind: str, line: int, message: str = "", *, column: int = 0, end: int | None = None) -> Issue:
    return Issue(kind, "R1", line, end or line, message, column=column)


def merged(*proposals: tuple[str, Issue], statements: dict[int, int] | None = None) -> tuple[Cluster, ...]:
    return cluster(
        [Proposal(location, said) for location, said in proposals],
        statement_of=(statements or {}).get,
        function_of=lambda line: "f" if line < 50 else "g",
    )


def test_the_same_kind_on_the_same_line_is_one_finding() -> None:
    found = merged(("ruff", issue("undefined-name", 4)), ("pylint", issue("undefined-name", 4)))

    assert [item.locations for item in found] == [{"ruff", "pylint"}]


def test_overlapping_lines_alone_never_merge() -> None:
    found = merged(("ruff", issue("undefined-name", 4)), ("bandit", issue("sql-injection", 4)))

    assert [item.kind for item in found] == ["sql-injection", "undefined-name"]


def test_lines_of_one_statement_are_one_place() -> None:
    proposals = (("ruff", issue("call-arguments", 10)), ("mypy", issue("call-arguments", 16)))

    assert len(merged(*proposals, statements=dict.fromkeys(range(10, 18), 1))) == 1
    assert len(merged(*proposals)) == 2


def test_a_defect_that_spans_lines_meets_a_report_just_inside_it() -> None:
    span, inside, far = issue("bare-except", 10, end=30), issue("bare-except", 11), issue("bare-except", 20)

    found = merged(("ruff", span), ("pylint", inside), ("bandit", far))

    assert [(item.line, sorted(item.locations)) for item in found] == [(10, ["pylint", "ruff"]), (20, ["bandit"])]


def test_two_names_on_one_line_stay_two_findings_and_each_draws_its_own_votes() -> None:
    found = merged(
        ("ruff", issue("undefined-name", 4, "Undefined name `foo`", column=5)),
        ("ruff", issue("undefined-name", 4, "Undefined name `bar`", column=9)),
        ("pylint", issue("undefined-name", 4, "Undefined variable 'bar'")),
        ("mypy", issue("undefined-name", 4, 'Name "foo" is not defined')),
    )

    assert [sorted(item.locations) for item in found] == [["mypy", "ruff"], ["pylint", "ruff"]]


def test_a_name_said_without_quotes_finds_its_finding() -> None:
    found = merged(
        ("ruff", issue("unused-import", 1, "`os` imported but unused", column=8)),
        ("ruff", issue("unused-import", 1, "`sys` imported but unused", column=12)),
        ("pylint", issue("unused-import", 1, "Unused import sys")),
    )

    assert [sorted(item.locations) for item in found] == [["ruff"], ["pylint", "ruff"]]


def test_two_rules_of_one_location_on_one_spot_are_one_vote() -> None:
    found = merged(
        ("ruff", issue("hardcoded-secret", 3, "x", column=2)),
        ("ruff", issue("hardcoded-secret", 3, "y", column=2)),
    )

    assert len(found) == 1


def test_what_is_about_a_function_is_one_finding_per_function() -> None:
    found = merged(
        ("ruff", issue("too-complex", 10)), ("lizard", issue("too-complex", 8)), ("lizard", issue("too-complex", 60))
    )

    assert [sorted(item.locations) for item in found] == [["lizard", "ruff"], ["lizard"]]


proposals = st.lists(
    st.builds(
        Proposal,
        st.sampled_from(["a", "b", "c"]),
        st.builds(
            lambda kind, line, length, column, name: Issue(kind, "r", line, line + length, f"`{name}`", column=column),
            st.sampled_from(["undefined-name", "unused-import", "too-complex"]),
            st.integers(1, 12),
            st.integers(0, 4),
            st.integers(0, 3),
            st.sampled_from("xyz"),
        ),
    ),
    max_size=14,
)


@given(proposals, st.randoms(use_true_random=False))
def test_every_proposal_is_in_exactly_one_cluster_whatever_the_order(said: list[Proposal], random: object) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    def run(order: list[Proposal]) -> tuple[Cluster, ...]:
        return cluster(order, statement_of=lambda _: None, function_of=lambda line: line // 5)

    found = run(said)

    assert sorted(map(repr, said)) == sorted(repr(member) for item in found for member in item.proposals)
    assert all(item.proposals and item.kind == item.proposals[0].issue.kind for item in found)
    assert found == run(shuffled)


NULL = "`user` may be None here, and its name is read without a check"
NULL_TOO = "Missing null check: user.name raises AttributeError when the user is None"
LOOP = "The loop skips the last element, because range ends at len(items) - 1"


def test_models_meet_on_neighbouring_lines_where_they_say_the_same() -> None:
    found = merged(("a", issue("model/correctness", 4, NULL)), ("b", issue("model/correctness", 6, NULL_TOO)))

    assert [item.locations for item in found] == [{"a", "b"}]


def test_models_that_say_different_things_of_one_line_stay_apart() -> None:
    found = merged(("a", issue("model/correctness", 4, NULL)), ("b", issue("model/correctness", 4, LOOP)))

    assert sorted(map(sorted, (item.locations for item in found))) == [["a"], ["b"]]


def test_models_never_meet_in_two_functions() -> None:
    found = merged(("a", issue("model/correctness", 49, NULL)), ("b", issue("model/correctness", 50, NULL)))

    assert len(found) == 2


def test_a_model_and_an_analyser_meet_where_they_mean_the_same() -> None:
    (found,) = merged(
        ("ruff", issue("undefined-name", 4, "Undefined name `itemz`", column=9)),
        ("a", issue("model/correctness", 4, "`itemz` is never defined, this raises a NameError")),
        ("b", issue("model/style", 5, "NameError: `itemz` does not exist")),
    )

    assert (found.kind, found.line, sorted(found.locations)) == ("undefined-name", 4, ["a", "b", "ruff"])


def test_what_a_model_says_else_of_the_line_stays_a_finding_of_its_own() -> None:
    found = merged(
        ("ruff", issue("undefined-name", 4, "Undefined name `itemz`")),
        ("a", issue("model/correctness", 4, "Prices are summed up as floats, which loses cents")),
    )

    assert [(item.kind, sorted(item.locations)) for item in found] == [
        ("model/correctness", ["a"]),
        ("undefined-name", ["ruff"]),
    ]


def test_of_two_names_on_a_line_a_model_joins_the_one_that_it_names() -> None:
    found = merged(
        ("ruff", issue("undefined-name", 4, "Undefined name `foo`", column=5)),
        ("ruff", issue("undefined-name", 4, "Undefined name `bar`", column=9)),
        ("a", issue("model/correctness", 4, "`bar` is not defined")),
    )

    assert [sorted(item.locations) for item in found] == [["ruff"], ["a", "ruff"]]


def test_a_model_that_names_two_lines_means_two_defects() -> None:
    found = merged(
        ("ruff", issue("bare-except", 4, "Do not use bare `except`")),
        ("a", issue("model/correctness", 4, "A bare except catches too much")),
        ("a", issue("model/correctness", 6, "Another bare except: it catches too much as well")),
    )

    assert [(item.kind, item.line, sorted(item.locations)) for item in found] == [
        ("bare-except", 4, ["a", "ruff"]),
        ("model/correctness", 6, ["a"]),
    ]
