"""What the researcher asked, found and wrote, as a part of a review's page. Pure: results were read before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from codedesigner.publish.page import said
from codedesigner.service.modules.research import (
    Brief,
    Extract,
    Findings,
    Questions,
    Wanted,
    from_text,
)
from codedesigner.service.task import Task, TaskType
from codedesigner.service.web.regions import Region
from codedesigner.text import render

MOST: Final = 50  # functions that are listed
RESEARCH: Final[tuple[TaskType, ...]] = ("generate_questions", "extract_content", "synthesize_findings")
"""Types whose results are shown here; the sources have a part of their own."""
_ASKED: Final[Mapping[str, str]] = {
    "types": "its types",
    "users": "who calls it",
    "tests": "which tests name it",
    "calls": "what it calls",
    "documents": "which documents name it",
    "issue": "what the linked issue wants",
}


def research(left: Mapping[TaskType, str], tasks: Sequence[Task]) -> Region:
    """All of it, as far as it has come. `left` are results by type; of what was published, pieces of code are gone."""
    done = {task.task_type for task in tasks if task.state == "completed"}
    questions = from_text(Questions, left.get("generate_questions", ""))
    extract = from_text(Extract, left.get("extract_content", ""))
    findings = from_text(Findings, left.get("synthesize_findings", ""))
    notes = [note for each in (questions, extract, findings) if each is not None for note in each.notes]
    facts: dict[str, object] = {
        "functions": [] if questions is None else [_function(one) for one in questions.functions[:MOST]],
        "more": 0 if questions is None else max(0, len(questions.functions) - MOST),
        "briefs": [] if findings is None else [_brief(one) for one in findings.briefs[:MOST] if one.text],
        "read": _read(extract),
        "notes": list(dict.fromkeys(notes)),
        "gone": findings is None and "synthesize_findings" in done,
        "begun": questions is not None,
    }
    html = render("service/research.html.j2", {key: said(one) for key, one in facts.items()})
    return Region("research", "Questions and briefs", html)


def _function(one: Wanted) -> dict[str, object]:
    return {
        "place": f"{one.file}: {one.name}",
        "asks": ", ".join(_ASKED.get(each, each) for each in one.asks) or "nothing by name",
        "terms": list(one.terms),
    }


def _read(extract: Extract | None) -> str:
    """How much was found."""
    if extract is None or not extract.functions:
        return ""
    known = [one for one in extract.functions if one.known.parts]
    count = sum(len(part.entries) + part.more for one in known for part in one.known.parts)
    issue = f", and {len(extract.beside)} linked issues" if extract.beside else ""
    return f"Something is known of {len(known):,} of {len(extract.functions):,} functions: {count:,} entries{issue}."


def _brief(one: Brief) -> dict[str, str]:
    return {"place": f"{one.file}: {one.name}", "text": one.text}
