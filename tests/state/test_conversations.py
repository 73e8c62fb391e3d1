"""Conversations between runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from codedesigner.run.conversation import Conversation, Message, begun
from codedesigner.state.conversations import ConversationStore
from codedesigner.state.folder import StoreError


def grown(said: Conversation, turn: int) -> Conversation:
    return said.then(Message("assistant", f"answer {turn} ".ljust(500, ".")), Message("user", f"question {turn}"))


def stored_bytes(store: ConversationStore) -> int:
    with closing(sqlite3.connect(store.path)) as db:
        return int(db.execute("SELECT sum(length(text)) FROM message").fetchone()[0])


def test_a_long_conversation_grows_by_what_is_new_and_keeps_its_head(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    said = begun("rules", "the seed", location="one")
    written, sizes = [store.keep("c", said)], []
    for turn in range(1, 201):
        said = grown(said, turn)
        if turn % 10 == 0:
            said = said.summed_up(f"up to {turn}")
        written.append(store.keep("c", said))
        if turn % 50 == 0:
            sizes.append(stored_bytes(store))

    assert written == [2] + [2] * 200
    steps = [later - earlier for earlier, later in pairwise(sizes)]
    assert max(steps) - min(steps) < 200  # the numbers have more digits
    assert store.path.stat().st_size < 4 * sizes[-1]
    found = ConversationStore(tmp_path).find("c")
    assert found == said
    assert found is not None
    shown = found.shown()
    assert [message.text for message in shown.messages[:3]] == [
        "rules",
        "Summary of what was said so far:\nup to 200",
        "the seed",
    ]
    assert shown.messages[-1].text == "question 200"


def test_nothing_new_writes_no_message(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    said = begun("a", "b")
    assert (store.keep("c", said), store.keep("c", said)) == (2, 0)


def test_another_conversation_does_not_go_on_under_the_name(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    store.keep("c", grown(begun("a", "b"), 1))
    with pytest.raises(StoreError, match="another conversation"):
        store.keep("c", begun("a", "b"))
    with pytest.raises(StoreError, match="another conversation"):
        store.keep("c", grown(grown(begun("a", "b"), 2), 3))
    store.forget("c")
    assert store.keep("c", begun("a", "b")) == 2


def test_one_that_grows_too_large_is_not_kept_further(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path, largest=1_000)
    said = begun("a", "b")
    store.keep("c", said)
    with pytest.raises(StoreError, match="more than 1000 bytes"):
        store.keep("c", said.then(Message("user", "x" * 1_000)))
    assert store.find("c") == said


def test_the_oldest_make_room(tmp_path: Path) -> None:
    now = iter(range(100))
    store = ConversationStore(tmp_path, most=3, clock=lambda: float(next(now)))
    for name in "abc":
        store.keep(name, begun("s", name))
    store.keep("a", begun("s", "a").then(Message("assistant", "x")))
    store.keep("d", begun("s", "d"))

    assert [name for name in "abcd" if store.find(name)] == ["a", "d"]


def test_bytes_make_room_too_and_never_the_one_that_is_kept(tmp_path: Path) -> None:
    now = iter(range(100))
    store = ConversationStore(tmp_path, most_bytes=1_000, clock=lambda: float(next(now)))
    store.keep("a", begun("s", "x" * 600))
    store.keep("b", begun("s", "y" * 700))

    assert store.find("a") is None
    assert store.find("b") is not None


def test_text_that_is_no_utf8_is_kept_as_far_as_it_can_be(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    said = begun("s", "caf\udce9")
    store.keep("c", said)
    assert store.keep("c", grown(said, 1)) == 2
    found = store.find("c")
    assert found is not None
    assert found.messages[1].text == "caf?"


def test_what_cannot_be_read_is_not_there(tmp_path: Path) -> None:
    store = ConversationStore(tmp_path)
    store.keep("c", begun("s", "b"))
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute("UPDATE message SET role = 'robot' WHERE nth = 1")
    assert store.find("c") is None
    assert store.find("d") is None
    store.path.write_bytes(b"no database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError):
        store.find("c")
