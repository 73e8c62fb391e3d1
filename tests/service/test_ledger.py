"""Quotas in the service's database: every promise of a ledger, and one limit for all workers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.pool.ledger_contract import NOW, LedgerContract

from codedesigner.pool.ledger import Caps, Ledger, LedgerError, Reservation
from codedesigner.service.database import Database, open_database
from codedesigner.service.ledger import SqlLedger


class TestOnSqlite(LedgerContract):
    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        with tempfile.TemporaryDirectory() as folder:
            address = f"sqlite:///{folder}/service.sqlite"
            open_database(address, Path(folder)).close()
            ledger = SqlLedger(Database(address, durable=False))
            yield ledger
            ledger.close()


class TestOnPostgresql(LedgerContract):
    @pytest.fixture(autouse=True)
    def _server(self, postgres: Callable[[], str]) -> None:
        type(self).make = staticmethod(postgres)

    make: Callable[[], str]

    @contextmanager
    def opened(self) -> Iterator[Ledger]:
        address = type(self).make()
        open_database(address, Path()).close()
        ledger = SqlLedger(Database(address, durable=False))
        yield ledger
        ledger.close()


def test_several_workers_never_exceed_a_limit_together(address: str, tmp_path: Path) -> None:
    open_database(address, tmp_path).close()

    def worker(_n: int) -> int:
        ledger, got = SqlLedger(Database(address, durable=False)), 0
        for _ in range(15):
            try:
                got += isinstance(
                    ledger.reserve("a", tokens=1, deep=False, caps=Caps(minute_requests=20), now=NOW), Reservation
                )
            except LedgerError:
                continue  # somebody else is at it: the allocator tries again
        ledger.close()
        return got

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(worker, range(3))) == 20


def test_a_database_that_is_gone_lets_nobody_in(tmp_path: Path) -> None:
    ledger = SqlLedger(Database(f"sqlite:///{tmp_path / 'none' / 'x.sqlite'}", durable=False))
    with pytest.raises(LedgerError):
        ledger.used("a", NOW)
    ledger.close()
