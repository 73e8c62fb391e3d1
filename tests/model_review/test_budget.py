"""What a budget keeps: every call counts, what did not fit is named, and it is never green."""

from __future__ import annotations

import pytest

from .studio import NOTHING, Studio, claims, issue, verdict

CODE = "\n\n".join(f"def f{number}(x):\n    return x / {number}\n" for number in range(10))
FOUND = [
    {"when": f"def f{number}(x)", "answer": claims(issue(f"return x / {number}", "It divides."))}
    for number in range(10)
]


def budget_ones(report: dict[str, object]) -> set[str]:
    coverage = report["coverage"]
    assert isinstance(coverage, dict)
    return {one["function"] for one in coverage["not_reviewed"] if one["reason"] == "budget"}


def test_calls_end_at_the_budget_and_what_did_not_fit_is_named(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    done = studio.review(studio.models(one=[{"answer": NOTHING}]), "--budget-calls", "4")
    assert done.report["usage"]["model_calls"] == 4
    assert (done.code, done.report["coverage"]["items_answered"]) == (3, 4)
    assert len(budget_ones(done.report)) == 6
    assert "budget" in done.report["gate"]["reason"]
    assert done.report["locations"][0]["status"] == "idle"


def test_a_budget_that_suffices_changes_nothing(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    done = studio.review(studio.models(one=[{"answer": NOTHING}]), "--budget-calls", "10")
    assert (done.code, done.report["coverage"]["not_reviewed"]) == (0, [])


def test_retries_and_questions_asked_again_count(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    retried = {
        "rules": [{"when": "def f0", "times": 2, "trouble": "server_error"}, {"answer": NOTHING}],
        "provider": {"retry_config": {"max_retries": 2, "backoff_base_ms": 1}},
    }
    done = studio.review(studio.models(one=retried), "--budget-calls", "10")
    assert done.report["usage"]["model_calls"] == 10
    assert done.code == 3
    assert len(budget_ones(done.report)) in (1, 2)  # one, if the others have had their turn before it is tried again
    garbled = [{"when": "def f0", "times": 2, "text": "well"}, {"answer": NOTHING}]
    done = studio.review(studio.models(one=garbled), "--budget-calls", "10", "--no-cache")
    assert done.report["usage"]["model_calls"] == 10
    assert done.code == 3
    assert len(budget_ones(done.report)) in (1, 2)


def test_a_claim_that_nobody_could_pay_for_stays_silent(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    other = [{"when": "> return", "answer": verdict("yes", "So it is.")}, {"answer": NOTHING}]
    done = studio.review(studio.models(one=FOUND, two=other), "--budget-calls", "23")
    assert done.report["usage"]["model_calls"] == 23
    said = [ballot["how"] for one in done.findings() for ballot in one["ballots"] if ballot["location"] == "two"]
    assert (said.count("cross_examined"), said.count("silent")) == (3, 7)
    silent = [one for one in done.findings() if one["ballots"][1]["how"] == "silent"]
    assert {one["ballots"][1]["vote"] for one in silent} == {"no"}
    assert {location["status"] for location in done.report["locations"]} == {"idle"}


def test_what_early_exit_saves_goes_to_what_the_plan_had_left_out(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    locations = studio.models(one=[{"answer": NOTHING}])
    # The plan would make eight passes of each function: it keeps 40 of 80 items. Three passes of each are 30 calls.
    done = studio.review(locations, "--max-passes", "8", "--budget-calls", "40")
    assert done.report["usage"]["model_calls"] == 30
    assert (done.code, done.report["coverage"]["not_reviewed"]) == (0, [])
    # Every function is seen before any is seen a second time.
    done = studio.review(locations, "--max-passes", "8", "--budget-calls", "12", "--no-cache")
    assert done.report["usage"]["model_calls"] == 12
    assert done.code == 3


@pytest.mark.parametrize("tokens", [3_000, 20_000])
def test_tokens_end_at_the_budget(studio: Studio, tokens: int) -> None:
    studio.repo.commit({"many.py": CODE})
    locations = studio.models(one={"rules": [{"answer": NOTHING}], "parameters": {"max_tokens": 500}})
    done = studio.review(locations, "--budget-tokens", str(tokens))
    usage = done.report["usage"]
    assert 0 < usage["tokens_in"] + usage["tokens_out"] <= tokens
    assert (done.code == 3) == bool(budget_ones(done.report))
    assert len(budget_ones(done.report)) == 10 - usage["model_calls"]


def test_money_ends_at_the_budget_and_needs_a_price(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    priced = {"rules": [{"answer": NOTHING}], "price": {"tokens_in": 100, "tokens_out": 100}}
    priced["parameters"] = {"max_tokens": 500}
    done = studio.review(studio.models(one=priced), "--budget-usd", "0.5")
    spent = done.report["locations"][0]["cost_usd"]
    assert 0 < spent <= 0.5
    assert done.code == 3
    assert len(budget_ones(done.report)) == 10 - done.report["usage"]["model_calls"]


def test_what_is_kept_costs_nothing(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    locations = studio.models(one=[{"answer": NOTHING}])
    assert studio.review(locations).code == 0
    done = studio.review(locations, "--budget-calls", "1")
    assert (done.code, done.report["usage"]["model_calls"], done.report["usage"]["cached_calls"]) == (0, 0, 10)


def test_what_is_found_where_the_plan_had_left_out_the_function_counts(studio: Studio) -> None:
    studio.repo.commit({"many.py": CODE})
    locations = studio.models(one={"rules": FOUND, "parameters": {"max_tokens": 4000}})
    done = studio.review(locations, "--budget-tokens", "20000")
    calls = done.report["usage"]["model_calls"]
    assert calls > 4  # as many as the plan would dare: 5,000 tokens each
    assert len(done.findings("undecided")) == calls
