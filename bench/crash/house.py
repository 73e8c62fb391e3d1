"""What all runs share: a forge's double, model servers that count, and the service's file."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.crash.sides import FUNCTIONS, SECRET, GitHubSide, GitLabSide
from bench.model_server.process import Server, serving
from tests.doubles.github import GitHub, Pull

LATENCY_S = 0.05
LEASE_S = 4.0
STOP_S = 5
PRELOAD = [
    "codedesigner.service.working",
    "codedesigner.forge.github.connect",
    "codedesigner.forge.gitlab.connect",
    "codedesigner.location.http",
    "codedesigner.review",
    "codedesigner.location.local",
    "sqlalchemy",
    "psycopg",
    "aiohttp",
    "github",
    "gitlab",
]


def worker(folder: str, url: str, file: str, environ: Mapping[str, str], slots: int) -> None:
    """One worker, in a process of its own; whatever takes time takes a tenth or less of what it does as shipped."""
    from codedesigner.forge.attempts import Timing
    from codedesigner.service import database, ending, host, task
    from codedesigner.service.held import hold
    from codedesigner.service.logs import silent
    from codedesigner.service.settings import read_settings
    from codedesigner.service.worker import WorkerConfig
    from codedesigner.service.working import work

    os.setsid()
    os.environ.update(environ)
    database._BUSY_S = host._REPLIES_BUSY_S = 0.3
    host._REPLIES_AGAIN_S = ending._SOON_S = 0.3
    for module in (ending, task):
        setattr(module, "RETRY_DELAY_S", 1.0)  # noqa: B010 -- it is imported by name
    settings, document = read_settings(Path(file))
    held = hold(settings, document, environ)
    config = WorkerConfig(slots=slots, lease_s=LEASE_S, beat_s=0.3, tick_s=0.05, grace_s=STOP_S, parked_s=0.1)
    asyncio.run(
        work(
            settings,
            held,
            silent,
            database_url=url,
            folder=Path(folder),
            environ=environ,
            slots=slots,
            config=config,
            timing=Timing(between_writes_s=0.0),
        )
    )


@dataclass
class House:
    """Everything that is there before a run. `count` is how many runs there were."""

    folder: Path
    side: GitHubSide | GitLabSide
    servers: Sequence[Server]
    context: Any = field(default_factory=lambda: multiprocessing.get_context("forkserver"))
    count: int = 0

    def __post_init__(self) -> None:
        self.context.set_forkserver_preload(PRELOAD)
        self.token = self.side.token()
        locations = self.folder / "locations.yaml"
        models = [
            {
                "id": name,
                "name": name,
                "provider": {"type": "openai", "model_id": name, "endpoint": f"{server.address}/v1"},
            }
            for name, server in zip(("one", "two"), self.servers, strict=True)
        ]
        local = [
            {
                "id": "pyflakes",
                "name": "pyflakes",
                "provider": {"type": "local", "model_id": "pyflakes"},
                "tags": ["local"],
            }
        ]
        locations.write_text(json.dumps({"shipped": False, "locations": [*models, *local]}))
        self.file = self.folder / "service.yaml"
        said = {
            "forges": {self.side.name: self.side.settings()},
            "dashboard": {"token_env": "LOGIN"},
            "limits": {"stop_seconds": STOP_S},
            "network": {"private": ["127.0.0.0/8"]},
            "locations_file": str(locations),
        }
        self.file.write_text(json.dumps(said))

    @property
    def github(self) -> GitHub:
        """The double, where it is GitHub's."""
        assert isinstance(self.side, GitHubSide)
        return self.side.github

    def pull(self, run: str) -> Pull:
        """A pull request with functions of its own on GitHub."""
        assert isinstance(self.side, GitHubSide)
        return self.side.pull(run)

    def stats(self) -> Counter[str]:
        """The servers' counts together. Each asks for itself: the same question to two models is two questions."""
        counts: Counter[str] = Counter()
        for server in self.servers:
            counts.update({name: value for name, value in server.stats().items() if isinstance(value, int)})
        return counts

    def environ(self, folder: Path) -> dict[str, str]:
        """A worker's."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CODEDESIGNER_STATE_DIR": str(folder / "state"),
            "OPENAI_API_KEY": "none",
            "FORGE_TOKEN": self.token,
            "HOOK_SECRET": SECRET,
            "LOGIN": SECRET,
        }

    def start(self, folder: Path, url: str, slots: int = 2) -> Any:
        """A worker that has begun."""
        (folder / "state").mkdir(mode=0o700, parents=True, exist_ok=True)
        process = self.context.Process(
            target=worker, args=(str(folder / "state"), url, str(self.file), self.environ(folder), slots)
        )
        process.start()
        return process


@contextmanager
def house(forge: str = "github", functions: int = FUNCTIONS) -> Iterator[House]:
    """Everything that runs share, while it runs; each pull request changes so many functions."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crash-")))
        side: GitHubSide | GitLabSide
        if forge == "github":
            side = GitHubSide.made(folder / "github")
            stack.enter_context(side.github.running())
        else:
            side = GitLabSide.made(folder / "gitlab")
            stack.enter_context(side.gitlab.running())
        side.functions = functions
        servers = stack.enter_context(serving(2, latency=LATENCY_S))
        yield House(folder, side, servers)
