"""Who is asked about a claim where a budget does not suffice for all."""

from __future__ import annotations

from typing import Any

from .studio import NOTHING, Studio, claims, issue, verdict

CODE = "".join(f"def f{number}(total, count):\n    return total / count - {number}\n\n\n" for number in range(3))


def line(number: int) -> str:
    return f"return total / count - {number}"


def answering(said: str) -> list[dict[str, Any]]:
    asked = [{"when": f"> {line(number)}", "answer": verdict(said, "well")} for number in range(3)]
    return [*asked, {"answer": NOTHING}]


def test_the_worst_is_put_first_and_to_another_family_and_the_rest_is_silent(studio: Studio) -> None:
    studio.repo.commit({"pay.py": CODE})
    severities = ["low", "critical", "medium"]
    found = [
        {"when": f"def f{number}", "answer": claims(issue(line(number), f"Fails for {number}.", severity))}
        for number, severity in enumerate(severities)
    ]
    locations = studio.models(
        maker={"rules": found, "tags": ["family-qwen"]},
        alike={"rules": answering("yes"), "tags": ["family-qwen"]},
        other={"rules": answering("yes"), "tags": ["family-llama"]},
        pool={"max_concurrent": 1},
    )
    # Nine calls to look at three functions, and three that are left for what was claimed.
    done = studio.review(locations, "--budget-calls", "12")
    how = {each["severity"]: {one["location"]: one["how"] for one in each["ballots"]} for each in done.findings()}
    assert done.report["usage"]["model_calls"] == 12
    assert how == {
        "critical": {"maker": "proposed", "alike": "cross_examined", "other": "cross_examined"},
        "medium": {"maker": "proposed", "alike": "silent", "other": "cross_examined"},
        "low": {"maker": "proposed", "alike": "silent", "other": "silent"},
    }
