"""What is no answer leaves its question unanswered, and the review without a verdict."""

from __future__ import annotations

from typing import Any

import pytest

from .studio import NOTHING, Studio, claims, issue

CODE = "def pay(total, count):\n    return total / count\n"
LINE = "return total / count"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"refusal": "I cannot review this."}, "refused: I cannot review this."),
        ({"text": "I'm sorry, but I can't assist with that."}, "refused: "),
        ({"text": ""}, "unparseable: "),
        ({"text": "   \n"}, "unparseable: "),
        ({"text": "<think>nothing wrong here</think>"}, "unparseable: "),
        ({"text": "The code looks good to me."}, "unparseable: "),
        ({"answer": {}}, "unparseable: "),
        ({"answer": {"summary": "fine"}}, "unparseable: "),
        ({"text": '{"issues": [', "finish": "length"}, "truncated: "),
        ({"text": "{}", "finish": "filter"}, "filtered: "),
        ({"text": "", "finish": "context"}, "too_long: "),
        ({"trouble": "timeout"}, "timeout: "),
        ({"answer": NOTHING, "delay_ms": 60_000}, "timeout: "),
        ({"trouble": "server_error"}, "failed: "),
        ({"trouble": "unreachable"}, "offline: "),
        ({"trouble": "no_such_model"}, "offline: "),
        ({"trouble": "bad_request"}, "rejected: "),
    ],
)
def test_no_answer_is_never_green(studio: Studio, rule: dict[str, Any], said: str) -> None:
    studio.repo.commit({"pay.py": CODE})
    locations = studio.models(one={"rules": [rule], "provider": {"timeout_ms": 1000}})
    done = studio.review(locations)
    assert (done.code, done.report["gate"]["conclusion"]) == (3, "inconclusive")
    assert done.report["coverage"]["items_answered"] == 0
    assert done.report["coverage"]["not_reviewed"] == [
        {"path": "pay.py", "function": "pay", "reason": "location_failed"}
    ]
    (location,) = done.report["locations"]
    assert location["detail"].startswith(said)
    assert location["status"] in ("degraded", "offline")
    assert done.findings() == []


def test_an_empty_list_is_an_answer(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    done = studio.review(studio.models(one=[{"answer": NOTHING}]))
    assert (done.code, done.report["coverage"]["items_answered"]) == (0, 1)


def test_who_fails_on_a_claim_abstains_and_who_is_unsure_does_too(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    found = [{"answer": claims(issue(LINE, "Division by zero."))}]
    locations = studio.models(
        one=found,
        two=[{"when": f"> {LINE}", "refusal": "No."}, {"answer": NOTHING}],
        three=[{"when": f"> {LINE}", "text": ""}, {"answer": NOTHING}],
    )
    done = studio.review(locations)
    assert {ballot["location"]: ballot["vote"] for ballot in done.finding["ballots"]} == {
        "one": "yes",
        "two": "abstain",
        "three": "abstain",
    }
    assert (done.code, done.finding["disposition"]) == (3, "undecided")  # one of one says yes
    assert done.finding["reason"].startswith("needs a person: only one location could judge it; the vote: ")
    failed = {location["id"]: location["requests_failed"] for location in done.report["locations"]}
    assert failed == {"one": 0, "two": 1, "three": 1}


def test_a_pass_that_nobody_answers_is_no_pass_without_news(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    flaky = [
        {"times": 1, "answer": claims(issue(LINE, "Division by zero."))},
        {"times": 1, "refusal": "No."},
        {"answer": NOTHING},
    ]
    done = studio.review(studio.models(one=flaky), "--max-passes", "8")
    assert done.report["usage"]["model_calls"] == 4  # found, refused, and twice nothing new
    assert done.code != 0
    dead = studio.review(studio.models(one=[{"refusal": "No."}]), "--max-passes", "8", "--no-cache")
    assert dead.report["usage"]["model_calls"] == 2
    assert dead.report["coverage"]["items_answered"] == 0


def test_a_question_may_take_no_longer_than_the_configuration_says(studio: Studio) -> None:
    studio.repo.commit({".codedesigner.yml": "timeout_per_item_ms: 50\n", "a.py": "x = 1\n"})
    studio.repo.commit({"a.py": "def f(x):\n    return x\n"})
    locations = studio.models(one=[{"answer": NOTHING, "delay_ms": 60_000}])
    said = studio.review(locations)
    assert said.code == 3
    assert {each["reason"] for each in said.report["coverage"]["not_reviewed"]} == {"location_failed"}
