"""What a review's page says about the research."""

from __future__ import annotations

import asyncio

from codedesigner.service.database import Database
from codedesigner.service.modules.research import Brief, Findings, Questions, Wanted, to_text
from codedesigner.service.task import Task, TaskType, Work
from codedesigner.service.web.researched import RESEARCH, research

from .conftest import House
from .scene import HOSTILE, Scene
from .test_site import looked

QUESTIONS = Questions((Wanted("cart.py", "total", 1, 2, ("users", "issue"), (HOSTILE,)),), ("1 name left out",))
FINDINGS = Findings((Brief("cart.py", "total", 1, 2, f"| called by: {HOSTILE}"),))
LEFT: dict[TaskType, str] = {
    "generate_questions": to_text(QUESTIONS),
    "synthesize_findings": to_text(FINDINGS),
}


def done(kind: TaskType) -> Task:
    task = Task.create(kind, Work("github", "octo/shop", 1, "a" * 40, "review"), {}, name=kind, now=0.0)
    return task.started("w", 1.0, 1.0).completed(2.0)


def test_questions_and_briefs_are_shown() -> None:
    html = research(LEFT, [done(kind) for kind in RESEARCH]).html
    for words in (
        "cart.py: total",
        "who calls it, what the linked issue wants",
        "1 name left out",
        "| called by:",
    ):
        assert words in html
    assert "<script>" not in html
    assert "\u202e" not in html


def test_nothing_yet_and_what_is_forgotten_are_said() -> None:
    assert "Nothing has been asked" in research({}, []).html
    html = research({"generate_questions": to_text(QUESTIONS)}, [done("synthesize_findings")]).html
    assert "was forgotten once the review had ended" in html


def test_results_of_another_version_break_no_page() -> None:
    assert (
        "Nothing has been asked" in research(dict.fromkeys(RESEARCH, '{"research": "Questions", "format": 0}'), []).html
    )


def test_a_review_has_it_on_its_page(small: Database, house: House) -> None:
    async def scene() -> Task:
        here = Scene(small, house.clock)
        first = await here.asked("octo/shop", 15)
        running = await here.begun(first)
        assert await here.store.change(
            running, running.completed(house.clock()), "task.completed", result=LEFT["generate_questions"]
        )
        return await here.next_of(first, "evaluate_source")

    page = looked(house, f"/tasks/{asyncio.run(scene()).id}").text
    assert 'id="research"' in page or "research-title" in page
    assert "cart.py: total" in page
