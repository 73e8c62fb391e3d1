"""The ledger in memory keeps every promise of a ledger, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from codedesigner.pool.ledger import Caps, Ledger
from codedesigner.pool.memory import MemoryLedger

from .ledger_contract import NOW, LedgerContract


class TestMemoryLedger(LedgerContract):
    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        yield MemoryLedger()


def test_memory_does_not_grow_with_the_number_of_calls() -> None:
    ledger = MemoryLedger()
    sizes = []
    for day in range(3):
        for call in range(6000):
            ledger.reserve("a", tokens=10, deep=True, caps=Caps(), now=NOW + day * 86_400 + call * 14.4)
        usage = ledger._usage["a"]
        sizes.append(sum(map(len, (usage.minute_requests, usage.minute_tokens, usage.hour_requests, usage.day_deep))))
    assert sizes[1] == sizes[2]
    assert max(sizes) <= 450
