from __future__ import annotations

import asyncio

import pytest

from codedesigner.forge.memory import MemoryForge


@pytest.mark.parametrize(("forbidden", "name"), [("reply", "comments"), ("check", "check"), ("reopen", "resolve")])
def test_a_forge_in_memory_tells_what_it_refuses(forbidden: str, name: str) -> None:
    forge = MemoryForge("octo/shop", lambda: 0.0, forbidden=frozenset({forbidden}))

    rights = {str(right.name): right for right in asyncio.run(forge.rights(None))}

    assert [each for each in rights if rights[each].held != "yes"] == [name]
    assert forbidden in rights[name].found
    assert rights[name].remedy
    assert forge.writes == []
