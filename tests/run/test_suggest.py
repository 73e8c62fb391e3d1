"""Only fixes that were proved become suggestions."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from codedesigner.change.model import FileChange, Hunk, Line
from codedesigner.location.scripted import ScriptedReviewer
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source
from codedesigner.protocol.suggestion import Look
from codedesigner.run.examine import Looked, examine
from codedesigner.run.suggest import Candidate, Proved, prove

TEXT = "import os\nimport sys\nprint(sys.argv)\n"
FILE = FileChange(
    "m.py",
    None,
    "added",
    binary=False,
    added=3,
    removed=0,
    hunks=(Hunk(0, 0, 1, 3, "", tuple(Line("added", None, n + 1, t) for n, t in enumerate(TEXT.split("\n")[:3]))),),
    new=TEXT.encode(),
)
SOURCE = Source("new0", "m.py", "python", TEXT)
DELETE_FIRST = Fix((Edit(1, 1, 2, 1, ""),), safe=True)


def linter(source: Source) -> list[Issue]:
    """Complains about `import os`, about a `bad` name, and about an empty file."""
    issues = [
        Issue("unused-import", "F401", number, number, "os")
        for number, line in enumerate(source.text.split("\n"), 1)
        if line == "import os"
    ]
    if "bad" in source.text:
        issues.append(Issue("undefined-name", "F821", 1, 1, "bad"))
    return issues


def check(
    fixes: Sequence[Fix],
    *reviewers: ScriptedReviewer,
    parses: bool | None = True,
    complained: tuple[str, ...] = ("ruff",),
) -> Proved:
    async def run() -> Proved:
        ask = partial(examine, max_concurrent=2, timeout_s=5)
        heard: Looked = await ask(reviewers, {reviewer.id: [SOURCE] for reviewer in reviewers})
        candidates = [
            Candidate("F1", FILE, SOURCE, "unused-import", "ruff", fix, frozenset(complained)) for fix in fixes
        ]
        return await prove(candidates, reviewers, heard, parses=lambda _language, _text: parses, ask=ask)

    return asyncio.run(run())


def test_a_fix_that_removes_the_defect_is_offered_with_its_proofs() -> None:
    proved = check([DELETE_FIRST], ScriptedReviewer("ruff", linter), ScriptedReviewer("pylint", linter))

    suggestion = proved.suggestions["F1"]
    assert (suggestion.start_line, suggestion.end_line, suggestion.replacement) == (1, 1, "")
    assert suggestion.verified == ("applies", "parses", "reviewed")
    assert suggestion.source == "ruff"
    assert suggestion.looked == (Look("pylint", "clean"), Look("ruff", "satisfied"))
    assert proved.refused == {}


def test_whoever_had_not_answered_about_the_file_proves_nothing() -> None:
    dead = ScriptedReviewer("mypy", lambda _source: Answer("timeout"))

    proved = check([DELETE_FIRST], dead, ScriptedReviewer("ruff", linter))

    assert proved.suggestions["F1"].looked == (Look("ruff", "satisfied"),)


def test_without_a_grammar_nobody_claims_that_it_parses() -> None:
    proved = check([DELETE_FIRST], ScriptedReviewer("ruff", linter), parses=None)

    assert proved.suggestions["F1"].verified == ("applies", "reviewed")


def test_a_fix_that_breaks_the_syntax_is_refused() -> None:
    proved = check([DELETE_FIRST], ScriptedReviewer("ruff", linter), parses=False)

    assert proved.suggestions == {}
    assert "parse" in proved.refused["F1"]


def test_a_fix_that_leaves_the_defect_is_refused() -> None:
    lazy = Fix((Edit(3, 7, 3, 7, "1, "),), safe=True)

    assert check([lazy], ScriptedReviewer("ruff", linter)).refused == {"F1": "ruff still complains"}


def test_a_fix_that_brings_another_defect_is_refused_by_whoever_sees_it() -> None:
    worse = Fix((Edit(1, 1, 1, 10, "bad"),), safe=True)

    proved = check([worse], ScriptedReviewer("ruff"), ScriptedReviewer("pylint", linter), complained=())

    assert proved.refused == {"F1": "pylint sees a new defect in the result: undefined-name"}


def test_a_location_that_cannot_look_at_the_result_leaves_it_unproved() -> None:
    def dies_on_copies(source: Source) -> Answer | list[Issue]:
        return linter(source) if source.key == "new0" else Answer("failed", detail="crashed")

    proved = check([DELETE_FIRST], ScriptedReviewer("ruff", dies_on_copies))

    assert proved.refused == {"F1": "ruff could not look at the result"}


def test_edits_that_do_not_fit_are_refused_and_not_guessed() -> None:
    proved = check([Fix((Edit(40, 1, 41, 1, ""),), safe=True)], ScriptedReviewer("ruff", linter))

    assert proved.refused["F1"].startswith("does not apply")


def test_of_several_proved_fixes_the_smallest_wins() -> None:
    large = Fix((Edit(1, 1, 3, 16, "import sys\n\n\nprint(sys.argv)  # rewritten"),), safe=True)

    proved = check([large, DELETE_FIRST], ScriptedReviewer("ruff", linter))

    assert proved.suggestions["F1"].replacement == ""


def test_nobody_is_asked_where_there_is_nothing_to_prove() -> None:
    reviewer = ScriptedReviewer("ruff", linter)

    check([], reviewer)

    assert [source.key for source in reviewer.asked] == ["new0"]


def test_a_second_statement_that_is_taken_out_leaves_nothing_behind() -> None:
    text = "import sys; import os\r\nprint(sys.argv)\r\n"
    source = Source("new0", "m.py", "python", text)
    file = replace(FILE, new=text.encode())

    def sees(given: Source) -> list[Issue]:
        return [Issue("unused-import", "F401", 1, 1, "os")] if "import os" in given.text else []

    async def run() -> Proved:
        ask, ruff = partial(examine, max_concurrent=2, timeout_s=5), ScriptedReviewer("ruff", sees)
        heard: Looked = await ask([ruff], {"ruff": [source]})
        fix = Fix((Edit(1, 13, 1, 22, ""),), safe=True)
        made = Candidate("F1", file, source, "unused-import", "ruff", fix, frozenset({"ruff"}))
        return await prove([made], [ruff], heard, parses=lambda _language, _text: True, ask=ask)

    suggestion = asyncio.run(run()).suggestions["F1"]
    assert (suggestion.start_line, suggestion.end_line, suggestion.replacement) == (1, 1, "import sys\r\n")
