from __future__ import annotations

from pathlib import Path

from codedesigner.protocol.issue import Answer
from codedesigner.state.answers import AnswerStore
from codedesigner.state.memory import Memory

OK = Answer("answered")


def test_a_store_that_works_is_used(tmp_path: Path) -> None:
    told: list[str] = []
    memory = Memory(AnswerStore(tmp_path), told.append)
    memory.put({"a": OK})
    assert memory.known(["a", "b"]) == {"a"}
    assert memory.get(["a", "b"]) == {"a": OK}
    assert told == []


def test_trouble_is_told_once_in_one_line_and_then_nothing_is_known(tmp_path: Path) -> None:
    for first in ("known", "get", "put"):
        folder = tmp_path / first
        store = AnswerStore(folder)
        store.put({"a": OK})
        store.path.write_bytes(b"broken" * 1000)
        told: list[str] = []
        memory = Memory(store, told.append)

        if first == "put":
            memory.put({"b": OK})
        else:
            assert not (memory.known(["a"]) if first == "known" else memory.get(["a"]))
        store.path.unlink()
        store.put({"a": OK})  # healed; but in this run the decision has fallen

        assert (memory.known(["a"]), memory.get(["a"])) == (frozenset(), {})
        memory.put({"b": OK})
        assert store.known(["b"]) == frozenset()
        (line,) = told
        assert line.startswith(f"going on without the answers of earlier reviews: {store.path} cannot be used: ")
        assert "\n" not in line
