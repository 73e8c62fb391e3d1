"""An unused import goes only where nobody can be taking it from there."""

from __future__ import annotations

import pytest

from codedesigner.change.model import FileChange
from codedesigner.run.imports import nobody_relies_on


def file(path: str, old: str | None, new: str) -> FileChange:
    return FileChange(
        path,
        None,
        "added" if old is None else "modified",
        binary=False,
        added=1,
        removed=0,
        hunks=(),
        old=None if old is None else old.encode(),
        new=new.encode(),
    )


NEW_NAME = file("app/compat.py", "x = 1\n", "from queue import Queue\nx = 1\n")


@pytest.mark.parametrize("message", ["`queue.Queue` imported but unused", "'queue.Queue' imported but unused"])
def test_a_name_that_is_new_in_the_file_may_go(message: str) -> None:
    assert nobody_relies_on(message, NEW_NAME, [NEW_NAME])
    assert nobody_relies_on(message, file("app/compat.py", None, "from queue import Queue\n"), [])


def test_a_name_that_was_there_before_may_be_wanted_by_a_file_that_is_not_seen() -> None:
    before = file("app/compat.py", "from queue import Queue\nQueue()\n", "from queue import Queue\n")

    assert not nobody_relies_on("`queue.Queue` imported but unused", before, [before])


@pytest.mark.parametrize(
    "user", ["from .compat import (\n    Queue,\n)\n", "from app import compat\n\ncompat.Queue()\n"]
)
def test_a_name_that_the_change_takes_elsewhere_stays(user: str) -> None:
    other = file("app/b.py", None, user)

    assert not nobody_relies_on("`queue.Queue` imported but unused", NEW_NAME, [NEW_NAME, other])
    assert nobody_relies_on("`queue.Queue` imported but unused", NEW_NAME, [file("app/b.py", None, "import queue\n")])


def test_the_bound_name_counts_and_a_message_without_one_keeps_the_import() -> None:
    renamed = file("m.py", "json = 1\n", "import simplejson as json\n")

    assert not nobody_relies_on("`simplejson as json` imported but unused", renamed, [])
    assert not nobody_relies_on("Unused import", NEW_NAME, [])
