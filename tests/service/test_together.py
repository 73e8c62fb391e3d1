"""Many small transactions as few: each durable when it is answered, none hurt by another's failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, event, text

from codedesigner.service.database import Database, DatabaseError
from codedesigner.service.together import MOST, Together


def keeps(number: int) -> Callable[[Connection], int]:
    def work(db: Connection) -> int:
        db.execute(text("INSERT INTO kept VALUES ('m', :name, '', 0)"), {"name": str(number)})
        return number

    return work


def kept(database: Database) -> int:
    return int(database.do(lambda db: db.execute(text("SELECT count(*) FROM kept")).scalar_one()))


def test_all_that_wait_are_done_in_few_transactions(database: Database) -> None:
    began: list[object] = []
    event.listen(database._engine, "commit", began.append)

    async def scene() -> list[int]:
        together: Together[int] = Together(database)
        return await asyncio.gather(*(together.run(keeps(n)) for n in range(200)))

    assert asyncio.run(scene()) == list(range(200))
    assert kept(database) == 200
    if database.dialect == "sqlite":
        assert len(began) <= 200 / MOST + 4


def test_what_fails_fails_alone(database: Database) -> None:
    def breaks(db: Connection) -> int:
        db.execute(text("INSERT INTO nowhere VALUES (1)"))
        return 0

    async def scene() -> list[int | BaseException]:
        together: Together[int] = Together(database)
        works = [keeps(0), keeps(1), breaks, keeps(2)]
        return await asyncio.gather(*(together.run(work) for work in works), return_exceptions=True)

    came = asyncio.run(scene())
    assert came[:2] == [0, 1]
    assert came[3] == 2
    assert isinstance(came[2], DatabaseError)
    assert kept(database) == 3


def test_whoever_goes_away_hinders_nobody(database: Database) -> None:
    async def scene() -> int:
        together: Together[int] = Together(database)
        gone = asyncio.create_task(together.run(keeps(0)))
        await asyncio.sleep(0)
        gone.cancel()
        return await together.run(keeps(1))

    assert asyncio.run(scene()) == 1
    assert asyncio.run(scene_again(database)) == 2


async def scene_again(database: Database) -> int:
    """Another event loop, later."""
    return await Together[int](database).run(keeps(2))
