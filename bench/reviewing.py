"""The whole command on a repository, against the model server: what it took, and what the server was shown."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.measure import processor_seconds, tree_resident
from bench.model_server.process import Server, serving

LOOK_S = 0.02  # between two looks at the memory of the processes


@dataclass(frozen=True, slots=True)
class Asked:
    """A review as it went: wall and processor seconds, the most bytes that all its processes held together.

    `shown` is what the server was told, a text for each call; `report` the review's own.
    """

    wall_s: float
    cpu_s: float
    memory: int
    shown: tuple[str, ...]
    report: Mapping[str, object]

    @property
    def calls(self) -> int:
        """How many calls came to the server."""
        return len(self.shown)

    @property
    def prompt_tokens(self) -> int:
        """Tokens of all prompts, four characters each."""
        return sum(len(text) for text in self.shown) // 4


class Review(Protocol):
    """One review with options of the command and, as environment, further settings."""

    def __call__(self, options: Sequence[str], **settings: str) -> Asked:
        """Raises `RuntimeError` where the review could not be made."""


def locations_file(folder: Path, server: Server, at_once: int, names: Sequence[str] = ("model",)) -> Path:
    """A file with a location on the server for each name; `at_once` calls altogether."""
    file = folder / "locations.yaml"
    models = [
        {
            "id": name,
            "name": name,
            "provider": {"type": "openai", "model_id": name, "endpoint": f"{server.address}/v1"},
        }
        for name in names
    ]
    pool = {"max_concurrent": at_once, "per_endpoint_limit": at_once}
    file.write_text(json.dumps({"locations": models, "pool": pool}))
    return file


@contextmanager
def asking(folder: Path, repository: Path, *, at_once: int, latency: float) -> Iterator[Review]:
    """A server, and reviews of the newest commit of `repository` by its model; they keep their answers in `folder`."""
    log = folder / "asked.jsonl"
    log.write_bytes(b"")
    with serving(latency=latency, log=str(log)) as (server,):
        locations = locations_file(folder, server, at_once)

        def review(options: Sequence[str], **settings: str) -> Asked:
            before = log.stat().st_size
            report = folder / "report.json"
            command = [sys.executable, "-m", "codedesigner", "review", "--repo", str(repository)]
            command += ["--base", "HEAD~1", "--head", "HEAD", "--locations-file", str(locations), *options]
            command += ["--format", "json", "--output", str(report)]
            ends = {"CODEDESIGNER_STATE_DIR": str(folder / "state"), "OPENAI_API_KEY": "none", **settings}
            wall_s, cpu_s, memory = _run(command, {**os.environ, **ends})
            shown = tuple(json.loads(line) for line in log.read_bytes()[before:].splitlines())
            return Asked(wall_s, cpu_s, memory, shown, json.loads(report.read_text()))

        yield review


def _run(command: Sequence[str], environ: Mapping[str, str]) -> tuple[float, float, int]:
    most, before = 0, processor_seconds()
    started = time.perf_counter()
    with subprocess.Popen(command, env=dict(environ), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            most = max(most, tree_resident(process.pid))
            time.sleep(LOOK_S)
        wall_s = time.perf_counter() - started
        assert process.stdout is not None
        said = process.stdout.read().decode()
    if process.returncode not in (0, 1):
        raise RuntimeError(said)
    return wall_s, processor_seconds() - before, most
