from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from codedesigner.assembly.pool import executor_config, model_pool, pool_config
from codedesigner.call.model import Call, Prompt, Reply
from codedesigner.config.settings import Settings
from codedesigner.config.yamlfile import read_yaml
from codedesigner.errors import ConfigError
from codedesigner.location.fake_http import FakeTransport
from codedesigner.location.poolsettings import PoolSettings
from codedesigner.location.registry import LocationRegistry, read_locations
from codedesigner.pool.task import Task

CALL = Call("c1", Prompt("You answer.", "def pay(): ..."), key="k1")


def registry(folder: Path, answers: str = "rules:\n  - answer: {ok: true}\n") -> LocationRegistry:
    (folder / "answers.yaml").write_text(answers)
    return read_locations(
        read_yaml(
            "locations:\n"
            f"  - {{id: told, name: Told, provider: {{type: scripted, model_id: '{folder}/answers.yaml'}}}}\n"
            "  - {id: ruff, name: Ruff, provider: {type: local, model_id: ruff}}\n",
            "f",
        )
    )


def asked(folder: Path, found: LocationRegistry, *, no_cache: bool = False, tell: list[str] | None = None) -> Reply:
    transport = FakeTransport([])
    environ = {"CODEDESIGNER_STATE_DIR": str(folder / "state")}

    async def run() -> Reply:
        async with model_pool(
            found.list(),
            Settings(),
            found.pool,
            environ,
            prices=found.prices,
            no_cache=no_cache,
            transport=transport,
            tell=None if tell is None else tell.append,
        ) as pool:
            assert [worker.location_id for worker in pool.workers.values()] == ["told"]
            return await pool.submit(Task("t1", "analyze", CALL)).result()

    reply = asyncio.run(run())
    assert transport.closed
    return reply


def test_a_question_goes_through_the_whole_pool(tmp_path: Path) -> None:
    reply = asked(tmp_path, registry(tmp_path))

    assert (reply.outcome, reply.location, reply.usd, reply.from_store) == ("answered", "told", 0.0, False)


def test_an_answer_is_kept_for_the_next_run_unless_nothing_is_to_be_kept(tmp_path: Path) -> None:
    found = registry(tmp_path)
    asked(tmp_path, found)

    assert asked(tmp_path, found).from_store
    assert not asked(tmp_path, found, no_cache=True).from_store


def test_what_was_used_is_kept_for_the_next_run(tmp_path: Path) -> None:
    asked(tmp_path, registry(tmp_path))

    assert (tmp_path / "state" / "quotas.sqlite").is_file()


def test_models_that_cannot_be_reached_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        asked(tmp_path, registry(tmp_path, "rules: []\n"))


def test_the_settings_reach_executor_and_pool() -> None:
    own = PoolSettings(
        max_concurrent=9,
        per_endpoint_limit=3,
        min_workers=2,
        max_workers=5,
        health_check_interval_ms=1000,
        worker_timeout_ms=2000,
        load_balancing_strategy="round_robin",
        degradation_threshold=0.7,
        total_batch_ms=4000,
    )
    executor, pool = executor_config(Settings(), own), pool_config(own)

    assert (executor.max_concurrent, executor.per_endpoint_limit, executor.total_timeout_s) == (9, 3, 4.0)
    assert (pool.min_workers, pool.max_workers, pool.load_balancing_strategy) == (2, 5, "round_robin")
    assert (pool.health_check_interval_ms, pool.worker_timeout_ms, pool.degradation_threshold) == (1000, 2000, 0.7)
    assert executor_config(Settings(max_concurrent=6), PoolSettings()).max_concurrent == 6
