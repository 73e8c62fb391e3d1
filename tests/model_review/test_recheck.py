"""A second review asks only about what is new, and leaves the rest as it stands."""

from __future__ import annotations

from typing import Any

from .studio import NOTHING, Studio, claims, issue, verdict

FUNCTIONS = 50


def code(touched: str = "") -> str:
    """Fifty functions; in each, the same line stands twice, and the second one is wrong."""
    parts = []
    for number in range(FUNCTIONS):
        more = touched if number == 3 else ""
        parts.append(
            f"def f{number}(x):\n{more}    y = x + {number}\n    y = step(y)\n    if y:\n        y = step(y)\n"
            f"    return y / {number}\n"
        )
    return "\n\n".join(parts)


def second(number: int) -> dict[str, Any]:
    """Says that the second of two equal lines is wrong, by the number that it has in the first review."""
    return {**issue("y = step(y)", f"f{number} steps twice."), "location": {"line": number * 8 + 5}}


def standing(said: dict[str, Any]) -> dict[str, tuple[str, str, float, int]]:
    found = {}
    for one in said["findings"]:
        start = int(one["function"][1:]) * 8
        found[one["function"] + one["title"]] = (
            one["fingerprint"],
            one["disposition"],
            one["agreement"],
            one["line"] - start,
        )
    return found


def test_only_the_touched_function_is_asked_about_again(studio: Studio) -> None:
    base = studio.repo.commit({"many.py": "\n"})
    studio.repo.commit({"many.py": code()})
    rules = [{"when": f"def f{number}(x)", "answer": claims(second(number))} for number in range(0, FUNCTIONS, 5)]
    other = [{"when": "> y = step(y)", "answer": verdict("yes", "It does.")}, {"answer": NOTHING}]
    locations = studio.models(one=[*rules, {"answer": NOTHING}], two=other)
    passes = ("--max-passes", "3", "--base", base, "--head", "HEAD")
    first = studio.review(locations, *passes)
    assert first.report["usage"]["model_calls"] == FUNCTIONS * 2 * 3 + 10
    assert len(first.findings("posted")) == 10

    studio.repo.commit({"many.py": code(touched='    """Now with a word about it,\n    on two lines."""\n')})
    again = studio.review(locations, *passes)
    assert again.report["usage"]["model_calls"] * 40 <= first.report["usage"]["model_calls"]
    assert again.report["usage"]["cached_calls"] == first.report["usage"]["model_calls"] - 6
    # Everything below the touched function stands two lines further down, and is the same finding.
    shifted = {
        name: (fingerprint, disposition, agreement, place + (0 if name.startswith("f0") else 2))
        for name, (fingerprint, disposition, agreement, place) in standing(first.report).items()
    }
    assert standing(again.report) == shifted


def test_another_seed_asks_anew(studio: Studio) -> None:
    base = studio.repo.commit({"many.py": "\n"})
    studio.repo.commit({"many.py": "def f(x):\n    return x\n"})
    locations = studio.models(one=[{"answer": NOTHING}])

    def calls() -> int:
        return int(studio.review(locations, "--base", base).report["usage"]["model_calls"])

    assert [calls(), calls()] == [1, 0]
    (studio.repo.path / ".codedesigner.yml").write_text("seed: 7\n", encoding="utf-8")
    assert [calls(), calls()] == [2, 0]  # the new file, too
