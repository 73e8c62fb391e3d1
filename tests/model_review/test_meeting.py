"""Models and analysers before one defect: one finding, with the votes of both."""

from __future__ import annotations

import pytest

from .studio import NOTHING, Studio, claims, issue, verdict

BEFORE = "def total(items):\n    return sum(items)\n"
CODE = "def total(items):\n    return sum(itemz)\n"
LINE = "return sum(itemz)"
SAID = "`itemz` is never defined: this raises a NameError for every order."


@pytest.fixture
def change(studio: Studio) -> Studio:
    studio.repo.commit({"cart.py": BEFORE})
    studio.repo.commit({"cart.py": CODE})
    return studio


def votes(finding: dict[str, object]) -> dict[str, tuple[str, str]]:
    ballots = finding["ballots"]
    assert isinstance(ballots, list)
    return {each["location"]: (each["vote"], each["how"]) for each in ballots}


def test_a_model_and_an_analyser_make_one_finding_of_the_analysers_kind(change: Studio) -> None:
    locations = change.models(
        one=[{"answer": claims(issue(LINE, SAID, "critical"))}],
        two=[{"when": f"> {LINE}", "answer": verdict("yes", "nothing of that name is there")}, {"answer": NOTHING}],
    )
    done = change.review(locations, "--location", "ruff", "--location", "pyflakes")
    (found,) = done.findings()
    assert (found["kind"], found["severity"], found["agreement"]) == ("undefined-name", "high", 1.0)
    assert votes(found) == {
        "one": ("yes", "proposed"),
        "two": ("yes", "cross_examined"),
        "ruff": ("yes", "proposed"),
        "pyflakes": ("yes", "proposed"),
    }
    assert "itemz" in found["body"]
    assert done.code == 1


def test_another_defect_of_the_same_line_is_another_finding(change: Studio) -> None:
    other = "Prices are summed up as floats, so cents get lost."
    no = [{"when": f"> {LINE}", "answer": verdict("no", "they are whole numbers")}]
    locations = change.models(one=[*no, {"answer": claims(issue(LINE, other))}], two=[*no, {"answer": NOTHING}])
    done = change.review(locations, "--location", "ruff")
    assert {each["kind"]: votes(each)["ruff"][0] for each in done.findings()} == {
        "undefined-name": "yes",
        "model/correctness": "abstain",
    }
