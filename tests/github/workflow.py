"""A repository on GitHub's double whose workflow runs `codedesigner ci`: events in, and what stands afterwards."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.github import GitHub, Project, Pull, Seen, event, look

from codedesigner.commands.job import run_job
from codedesigner.commands.jobforge import JobForge
from codedesigner.forge.attempts import Timing
from codedesigner.forge.fetching import fetcher
from codedesigner.forge.github.connect import connect_from

# Two quick analysers; the others are tried elsewhere.
QUICK = (
    "shipped: false\nlocations:\n"
    "  - {id: ruff, name: ruff, provider: {type: local, model_id: ruff}, tags: [local]}\n"
    "  - {id: pyflakes, name: pyflakes, provider: {type: local, model_id: pyflakes}, tags: [local]}\n"
)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a job left behind."""

    code: int
    out: str
    summary: str
    outputs: str


@dataclass
class Workflow:
    """Runs a job for each event. `token` is the job's GITHUB_TOKEN; `patience_s` is how long a run waits for limits.

    `fresh`: nothing is kept from one job to the next, as on a runner without a cache.
    """

    github: GitHub
    project: Project
    folder: Path
    capfd: Any
    token: str
    patience_s: float = 900.0
    inputs: dict[str, str] = field(default_factory=dict)
    fresh: bool = False
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def on(self, name: str, action: str, pull: Pull, **more: Any) -> Ran:
        """What an event's job does."""
        happened = event(self.github, name, action, pull, **more)
        return self.job(happened)

    def job(self, happened: Any, *, token: str | None = None, checkout: Path | None = None) -> Ran:
        """The job of an event that was made already, as another token or in another checkout."""
        folder = self.folder / f"run{next(self._runs)}"
        given = {"locations": QUICK, **self.inputs}
        environ = happened.environment(folder, self.token if token is None else token, **given)
        Path(environ["GITHUB_WORKSPACE"]).mkdir(exist_ok=True)
        environ["CODEDESIGNER_STATE_DIR"] = str((folder if self.fresh else self.folder) / "state")
        repo = checkout or Path(environ["GITHUB_WORKSPACE"])
        payload = Path(environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8")
        self.capfd.readouterr()
        code = asyncio.run(run_job(repo, environ, payload, forges=self.forges))
        out, err = self.capfd.readouterr()
        return Ran(
            code,
            out + err,
            Path(environ["GITHUB_STEP_SUMMARY"]).read_text(encoding="utf-8"),
            Path(environ["GITHUB_OUTPUT"]).read_text(encoding="utf-8"),
        )

    @contextmanager
    def forges(self, environ: Mapping[str, str]) -> Iterator[JobForge | None]:
        """As `jobforge.forge_of`, by the double's clock: nobody really waits."""
        token = environ.get("INPUT_TOKEN") or environ.get("GITHUB_TOKEN") or ""
        if not token:
            yield None
            return
        clock = self.github.clock

        async def sleep(seconds: float) -> None:
            clock.tick(seconds)

        timing = Timing(lambda: clock.now.timestamp(), sleep, 0.0, self.patience_s)
        forge = connect_from({**environ, "GITHUB_TOKEN": token}, timing)
        try:
            yield JobForge(forge, fetcher(forge, Path(environ["RUNNER_TEMP"]) / "clone"), "run")
        finally:
            forge.close()

    def opened(self, pull: Pull) -> Ran:
        """The pull request was opened."""
        return self.on("pull_request", "opened", pull)

    def pushed(self, pull: Pull) -> Ran:
        """Its branch was pushed to."""
        return self.on("pull_request", "synchronize", pull)

    def says(self, pull: Pull, who: str, body: str) -> Ran:
        """Somebody commented."""
        comment = self.github.comment(pull, who, body)
        return self.on("issue_comment", "created", pull, comment=comment)

    def see(self, pull: Pull) -> Seen:
        """The pull request as a person sees it."""
        return look(self.github, pull)
