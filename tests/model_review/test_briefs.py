"""Briefs are made while others are at work."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path

from codedesigner.assembly.connect import connected
from codedesigner.assembly.options import ReviewOptions
from codedesigner.assembly.request import prepare
from codedesigner.plan.model import ExecutionItem
from codedesigner.publish.report import Report
from codedesigner.review import review

from .studio import NOTHING, Studio


def options(studio: Studio, locations: Path) -> ReviewOptions:
    return ReviewOptions(
        repo=studio.repo.path,
        base="HEAD~1",
        head="HEAD",
        max_passes=2,
        locations_file=locations,
        location=("one",),
        angle=("correctness",),
        no_cache=True,
    )


def test_while_the_first_briefs_are_made_the_loop_goes_on(studio: Studio) -> None:
    studio.repo.commit({"a.py": "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n"})
    prepared = prepare(options(studio, studio.models(one=[{"answer": NOTHING}])), os.environ)
    going, waited, made = threading.Event(), list[bool](), list[str]()

    def brief(item: ExecutionItem) -> str:
        if threading.current_thread() is not threading.main_thread():
            waited.append(going.wait(20))
            made.append(item.function_ref.name)
        else:
            waited.append(going.is_set())
        return ""

    async def reviewed() -> Report:
        async with connected(prepared, os.environ) as request:
            asyncio.get_running_loop().call_later(0.05, going.set)
            return await review(replace(request, brief=brief))

    report = asyncio.run(reviewed())
    assert sorted(made) == ["f", "g"]
    assert all(waited)
    assert report.coverage.items_answered == report.coverage.items_planned == 4
