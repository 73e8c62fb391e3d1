"""The service with a real inference server, which still computes when the worker that asked it is killed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from bench.flat import Traffic, children
from bench.llama.fetch import UnavailableError
from bench.llama.process import Llama, running
from bench.webhooks import served
from prometheus_client.parser import text_string_to_metric_families
from tests.doubles.github import GitHub, checks_of, event
from tests.service.test_run import left

from codedesigner.service.modules.documenter import PUBLISHING

CONFIG = "angles: [correctness]\nmax_passes: 2\nearly_exit: {enabled: false}\n"
CODE = "def total(values):\n    return sum(values) / len(values)\n\n\ndef first(values):\n    return values[1]\n"
SURE_S = 1.0
"""What was answered so long before a worker was killed was surely written down."""


@pytest.fixture(scope="module")
def llama() -> Iterator[Llama]:
    """One that takes prompts as long as a review's."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(context=12_000))
        except UnavailableError as error:
            pytest.skip(str(error))
        yield server


def test_a_review_ends_whose_worker_was_killed_while_the_server_computed(llama: Llama, tmp_path: Path) -> None:
    github = GitHub(tmp_path / "github")
    shop = github.project("octo/shop", {".codedesigner.yml": CONFIG, "a.py": "x = 1\n"})
    shop.collaborator("ann", "write")
    pull = github.pull(shop, {"a.py": CODE}, author="ann", branch="b")
    given, log = {"locations_file": str(locations(tmp_path, llama))}, Log(tmp_path / "log")
    with (
        github.running(),
        served(tmp_path, github, github.token(shop), given, {"LLAMA_KEY": llama.key}) as (url, serve),
    ):
        traffic = Traffic(github, shop, url)
        log.until(lambda: log.of("recovery.complete"))
        traffic.deliver(event(github, "pull_request", "opened", pull))
        log.until(lambda: len(log.of("llm.answered")) >= 2 and busy(llama))
        os.kill(children(serve.pid)[0], signal.SIGKILL)
        killed_at = time.time()
        log.until(lambda: any(one["task_type"] in PUBLISHING for one in log.of("task.scheduled")))
        log.until(lambda: left(tmp_path) == 0)
        metrics = traffic.ask("GET", "/metrics")[1].decode()
    kept = {
        one["call"] for one in log.of("llm.answered") if when(one) < killed_at - SURE_S and one["outcome"] == "answered"
    }
    again = {one["call"] for one in log.of("llm.allocated") if when(one) > killed_at}
    assert again, "there was something left to ask"
    assert not kept & again
    assert len(log.of("recovery.complete")) == 2
    families = {family.name: family for family in text_string_to_metric_families(metrics)}
    asked = {one.labels["location"]: one.value for one in families["codedesigner_llm_requests_24h"].samples}
    assert asked.keys() == {"cool", "warm"}
    assert sum(asked.values()) >= 4
    (check,) = checks_of(shop, pull.head_sha)
    assert check.conclusion in ("success", "failure", "action_required"), "noise may say anything, but it ends"
    assert busy(llama) == 0


@dataclass(frozen=True)
class Log:
    """What the service and its worker have told so far."""

    path: Path

    def of(self, name: str) -> list[dict[str, Any]]:
        """The lines of one event."""
        lines = self.path.read_text().split("\n")[:-1]
        return [line for line in map(json.loads, lines) if line["event"] == name]

    def until(self, holds: Callable[[], object], seconds: float = 240.0) -> None:
        """Wait for it."""
        late = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < late, self.path.read_text()[-3000:]
            time.sleep(0.02)


def busy(llama: Llama) -> int:
    """How many of the server's slots are at work."""
    return sum(slot["is_processing"] for slot in json.loads(llama.get("/slots")[1]))


def when(line: dict[str, Any]) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(line["time"]).timestamp()


def locations(folder: Path, llama: Llama) -> Path:
    """The server under two names, with a temperature each: two voters."""
    reached = {
        "type": "custom",
        "dialect": "openai",
        "model_id": "noise",
        "endpoint": f"{llama.address}/v1",
        "api_key_env": "LLAMA_KEY",
    }
    rows = [
        {"id": name, "name": name, "provider": reached, "parameters": {"max_tokens": 200, "temperature": heat}}
        for name, heat in (("cool", 0.2), ("warm", 1.0))
    ]
    file = folder / "locations.yaml"
    file.write_text(json.dumps({"shipped": False, "locations": rows}))
    return file
