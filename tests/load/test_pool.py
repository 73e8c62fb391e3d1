"""The whole pool against a server that counts: what it may see, and what becomes of calls when it fails or we do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from bench.load.calls import ANGLES, apart, review
from bench.load.kill import kill_and_run_again
from bench.load.rig import Hurried, Settings, Tally, rig, run
from bench.model_server.process import Server, serving

from codedesigner.call.model import GOOD, Call
from codedesigner.pool.clock import Clock
from codedesigner.pool.health import WorkerHealth
from codedesigner.pool.manager import PoolConfig, PoolManager
from codedesigner.pool.seat import LocationLimits


def play(
    servers: Sequence[Server], calls: Iterable[Call], folder: Path, settings: Settings, clock: Clock | None = None
) -> Tally:
    async def scene() -> Tally:
        async with rig(servers, folder, settings, clock) as pool:
            return await run(pool, calls)

    return asyncio.run(scene())


def good(tally: Tally) -> int:
    return sum(count for outcome, count in tally.outcomes.items() if outcome in GOOD)


def test_every_call_is_asked_once_and_answered_once(tmp_path: Path) -> None:
    with serving(latency=0.005) as servers:
        tally = play(servers, apart(300, kept=True), tmp_path, Settings(16, 16))
        again = play(servers, apart(300, kept=True), tmp_path, Settings(16, 16))
        stats = servers[0].stats()
    assert (tally.outcomes, tally.twice, tally.stored) == ({"answered": 300}, 0, 0)
    assert (again.outcomes, again.twice, again.stored) == ({"answered": 300}, 0, 300)
    assert (stats["calls"], stats["distinct"], stats["most_in_flight"]) == (300, 300, 16)


def test_a_fifth_of_all_requests_fails_and_every_call_has_one_end(tmp_path: Path) -> None:
    with serving(latency=0.005, inject="500%7,hang%6,malformed%7") as servers:
        tally = play(servers, apart(300), tmp_path, Settings(32, 32, timeout_s=0.5))
        stats = servers[0].stats()
    assert len(tally.ids) == tally.outcomes.total() == 300
    assert good(tally) > 280
    assert tally.outcomes["re_asked"] > 0
    assert set(stats["failures"]) == {"500", "hang", "malformed"}
    assert stats["calls"] == tally.attempts


def test_calls_that_are_refused_as_too_many_come_through_later(tmp_path: Path) -> None:
    # A minute is a tenth of a second: what refusals teach holds for minutes.
    with serving(latency=0.005, inject="429:0.1%5x1") as servers:
        tally = play(servers, apart(100), tmp_path, Settings(16, 16), Hurried(600))
        stats = servers[0].stats()
    assert tally.outcomes == {"answered": 100}
    assert stats["calls"] == tally.attempts == 100 + stats["failures"]["429"]


def test_one_of_four_is_dead_until_it_comes_back_and_one_is_flaky(tmp_path: Path) -> None:
    config = PoolConfig(health_check_interval_ms=20_000, heartbeat_interval_ms=1_000)
    with serving() as (dead,):
        pass

    async def scene(others: Sequence[Server]) -> tuple[Tally, dict[str, WorkerHealth], Tally, int]:
        async with rig([dead, *others], tmp_path, Settings(16, 4, kept=False), Hurried(50)) as pool:
            manager = PoolManager(pool.executor, pool.gate, pool.seats, config, clock=pool.clock)
            first = await run(pool, review(60))
            health = {each.location_id: each for each in manager.health_check().workers}
            with serving(port=urlsplit(dead.address).port or 0, latency=0.005) as (back,):
                while manager.health_check().offline_workers:  # noqa: ASYNC110 - checks are nobody's to await
                    await asyncio.sleep(0.01)
                second = await run(pool, review(60))
                answered: int = back.stats()["answered"]
            await manager.close()
            return first, health, second, answered

    with serving(endpoints=3, latency=0.005) as others:
        others[0].set(inject="500%90")
        first, health, second, answered = asyncio.run(scene(others))
    assert len(first.ids) == first.outcomes.total() == good(first) == 60 * len(ANGLES)
    assert {location: each.status for location, each in health.items()} == {
        "l0": "offline",
        "l1": "degraded",
        "l2": "idle",
        "l3": "idle",
    }
    assert "unreachable" in health["l0"].reason
    assert "attempts failed" in health["l1"].reason
    assert good(second) == 60 * len(ANGLES)
    assert answered > 0


def test_no_limit_is_exceeded_by_the_count_of_the_server(tmp_path: Path) -> None:
    # Twenty times as fast: a minute is three seconds. The server looks at two of them, as questions may be on their
    # way for up to the third.
    limits = {
        "l0": LocationLimits(requests_per_minute=60, concurrent=3),
        "l1": LocationLimits(tokens_per_minute=30_000),
    }
    with serving(endpoints=2, latency=0.02, window=2.0) as servers:
        tally = play(servers, apart(180), tmp_path, Settings(6, 4, limits), Hurried(20))
        first, second = (server.stats() for server in servers)
    assert tally.outcomes == {"answered": 180}
    assert first["most_calls_in_window"] <= 60 < first["calls"]
    assert second["most_tokens_in_window"] <= 30_000 < second["tokens"]
    assert first["most_in_flight"] <= 3
    assert second["most_in_flight"] <= 4
    assert first["overall"]["most_in_flight"] <= 6


def test_a_run_that_is_killed_asks_nothing_again(tmp_path: Path) -> None:
    with serving(latency=0.02) as (server,):
        killed = kill_and_run_again(server, tmp_path, calls=300, after=100)
    assert 100 <= len(killed.got) < 300
    assert len(killed.all) == 300
    assert killed.asked_again == set()
    assert killed.stats["distinct_answered"] == 300
    # What was on its way when the run was killed counts, and was asked anew.
    assert killed.asked_by_then <= killed.used.hour_requests <= killed.asked_by_then + 32
    assert killed.stats["calls"] <= killed.used_after.hour_requests <= killed.stats["calls"] + 32
