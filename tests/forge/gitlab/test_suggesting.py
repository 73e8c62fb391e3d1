"""Suggestions as GitLab reads them out of a posted note, and as it applies them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.doubles.gitlab import noting
from tests.forge.contract.world import gitlab_world

from codedesigner.publish.discussion import Anchor, NewThread, Place
from codedesigner.publish.suggestion import fence


@pytest.mark.parametrize("text", ["a ``` b\n```\nc\n", "plain\n", "````\nlong\n````\n", "", "/* c */\n", "é\t x\n"])
def test_T_GL_10_a_suggestion_is_applied_byte_for_byte(tmp_path: Path, text: str) -> None:
    with gitlab_world(tmp_path / "g", fork="") as world:
        body = f"Words.\n\n{fence(text, 'suggestion:-1+0')}\n\n<!-- key-s -->"
        place = Place("a.py", "a.py", "RIGHT", Anchor("context", 12, 12), Anchor("added", 14, 13))
        thread = NewThread(place, body, "<!-- key-s -->")

        async def posting() -> None:
            written = await world.forge.post(await world.forge.pull(1), [thread], body="r", key="r")
            assert len(written.placed) == 1

        asyncio.run(posting())
        (note,) = [one for one in world.opened.notes if one.suggestions]
        noting.apply(world.gitlab, world.ann, note.suggestions[0].id)
        content = (world.project.repository.read(world.opened.head, "a.py") or b"").decode()
        old = "".join(f"line {n}\n" for n in range(1, 12))
        assert content.startswith(f"{old}{text}line 14\n")

        async def looking() -> bool:
            pull = await world.forge.pull(1)
            return (await world.forge.discussion(pull)).threads[0].resolved

        assert asyncio.run(looking())
