"""Several angles asked as one question."""

from __future__ import annotations

import pytest

from .studio import NOTHING, Studio, claims, issue, verdict

CODE = "def pay(total, count):\n    return total / count\n\n\ndef run(text):\n    return eval(text)\n"
DIVIDES, RUNS = "return total / count", "return eval(text)"


def test_it_is_one_call_and_a_finding_carries_the_angle_that_the_model_names(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    one = [
        {"when": "def pay", "answer": claims(issue(DIVIDES, "Division by zero.", angle="correctness"))},
        {"when": "def run", "answer": claims(issue(RUNS, "Runs any code.", angle="security"))},
    ]
    two = [
        {"when": f"> {DIVIDES}", "answer": verdict("yes", "So it is.")},
        {"when": f"> {RUNS}", "answer": verdict("yes", "So it is.")},
        {"when": 'Put into "angle" the one', "answer": NOTHING},
    ]
    done = studio.review(studio.models(one=one, two=two), "--angle", "correctness+security")
    assert done.report["usage"]["model_calls"] == 2 + 2 + 2
    assert done.report["coverage"]["items_planned"] == 2
    found = {one["angle"]: (one["kind"], one["line"], one["agreement"]) for one in done.findings("posted")}
    assert found == {"correctness": ("model/correctness", 2, 1.0), "security": ("model/security", 6, 1.0)}


@pytest.mark.parametrize("named", ["nonsense", None])
def test_without_a_named_angle_it_is_the_first(studio: Studio, named: str | None) -> None:
    studio.repo.commit({"pay.py": CODE})
    free = [{"when": "def pay", "answer": claims(issue(DIVIDES, "Division by zero.", angle="security"))}]
    odd = claims(issue(RUNS, "Runs any code.", **({} if named is None else {"angle": named})))
    done = studio.review(studio.models(one=[*free, {"answer": odd}]), "--angle", "correctness+security")
    # The answer does not fit its schema, so it is none: nothing is guessed.
    assert [one["angle"] for one in done.findings()] == ["security"]
    assert done.code in (1, 3)
    assert [one["function"] for one in done.report["coverage"]["not_reviewed"]] == ["run"]


def test_analysers_answer_a_composed_question_from_the_angle_they_know(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE.replace("total /", "totals /")})
    locations = studio.models(one=[{"answer": NOTHING}])
    done = studio.review(
        locations, "--angle", "correctness+security", "--max-passes", "2", "--no-cache", asked=("one", "ruff")
    )
    found = {one["kind"]: one["angle"] for one in done.findings()}
    assert found["undefined-name"] == "correctness"
    assert done.report["coverage"]["items_answered"] == done.report["coverage"]["items_planned"]
    by = {ballot["location"]: ballot["how"] for one in done.findings() for ballot in one["ballots"]}
    assert by == {"one": "cross_examined", "ruff": "proposed"}


@pytest.mark.parametrize(
    ("angles", "said"),
    [
        ("[correctness+style]", "correctness can only be combined with"),
        ("[correctness, correctness+security]", "correctness would be asked twice"),
        ("[correctness+secrity]", "there is no angle secrity"),
        ("[correctness+]", "angles"),
        ("[fast+safe]", "fast conflicts with safe"),
    ],
)
def test_what_cannot_be_asked_as_one_is_refused_where_it_stands(studio: Studio, angles: str, said: str) -> None:
    definition = (
        "name: x\n    description: x\n    version: 1.0.0\n    system_prompt: x\n"
        "    focus_areas: [{id: a, name: A, indicators: [x], severity_if_violated: low}]\n"
    )
    config = (
        f"seed: 1\nangles: {angles}\nangle_definitions:\n  - id: fast\n    conflicts_with: [safe]\n    {definition}"
        f"  - id: safe\n    {definition}"
    )
    studio.repo.commit({".codedesigner.yml": config})
    studio.repo.commit({"pay.py": CODE})
    refused = studio.review(studio.models(one=[{"answer": NOTHING}]), angles=False)
    assert refused.code == 2
    assert said in refused.err
    assert ".codedesigner.yml" in refused.err
    assert ":2" in refused.err
