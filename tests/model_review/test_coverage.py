"""A large change is covered to its last function, and the report proves it."""

from __future__ import annotations

from .studio import NOTHING, Studio, claims, issue

FILES, EACH = 30, 30


def code(file: int) -> str:
    return "\n\n".join(f"def f{file}_{number}(x):\n    return x + {number}\n" for number in range(EACH))


def test_every_one_of_nine_hundred_functions_is_asked_about(studio: Studio) -> None:
    base = studio.repo.commit({"README": "x\n"})
    studio.repo.commit({f"p{file}.py": code(file) for file in range(FILES)})
    last = f"f{FILES - 1}_{EACH - 1}"
    planted = claims(issue(f"return x + {EACH - 1}", "It adds too much."))
    rules = [{"when": f"def {last}(x)", "answer": planted}, {"answer": NOTHING}]
    said = studio.review(studio.models(one=rules), "--base", base)
    assert said.report["change"]["functions"] == FILES * EACH
    coverage = said.report["coverage"]
    assert (coverage["items_planned"], coverage["items_answered"]) == (FILES * EACH, FILES * EACH)
    assert (coverage["ballots_asked"], coverage["not_reviewed"]) == (FILES * EACH, [])
    assert said.report["usage"]["model_calls"] == FILES * EACH
    assert said.finding["function"] == last


def test_one_function_that_is_not_answered_is_named_among_nine_hundred(studio: Studio) -> None:
    base = studio.repo.commit({"README": "x\n"})
    studio.repo.commit({f"p{file}.py": code(file) for file in range(FILES)})
    rules = [{"when": "def f7_11(x)", "refusal": "I cannot help with that."}, {"answer": NOTHING}]
    said = studio.review(studio.models(one=rules), "--base", base)
    assert said.code == 3
    assert said.report["coverage"]["items_answered"] == FILES * EACH - 1
    assert [(each["path"], each["function"]) for each in said.report["coverage"]["not_reviewed"]] == [
        ("p7.py", "f7_11")
    ]
