"""Jobs of pipelines on GitLab's double: the environment that a runner gives, a checkout, and what is left behind."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doubles.gitlab import GitLab, MergeRequest, Project, Seen, User, jobs, look, noting

from codedesigner.commands.job import run_job
from codedesigner.commands.jobforge import JobForge
from codedesigner.event.gitlab import read
from codedesigner.event.model import Event
from codedesigner.forge.attempts import Timing
from codedesigner.forge.fetching import fetcher
from codedesigner.forge.gitlab.connect import connect_from
from codedesigner.pullrequest.handling import handle

# Two quick analysers; the others are tried elsewhere.
QUICK = (
    "shipped: false\nlocations:\n"
    "  - {id: ruff, name: ruff, provider: {type: local, model_id: ruff}, tags: [local]}\n"
    "  - {id: pyflakes, name: pyflakes, provider: {type: local, model_id: pyflakes}, tags: [local]}\n"
)
CART = '''"""A cart."""


def total(prices):
    """The sum."""
    result = 0
    for price in prices:
        result += price
    return result
'''
BAD = f"{CART}\n\ndef tax(prices):\n    return total(prices) * rate_of_nobody\n"
REPORT = "gl-code-quality-report.json"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a job left behind."""

    code: int
    out: str
    quality: list[dict[str, Any]]


@dataclass
class Jobs:
    """Runs a job for a pipeline. `token` is CODEDESIGNER_GITLAB_TOKEN.

    `fresh`: nothing is kept from one job to the next, as on a runner without a cache.
    """

    world: GitLab
    project: Project
    ann: User
    bob: User
    bot: User
    token: str
    folder: Path
    capfd: Any
    patience_s: float = 900.0
    locations: str = QUICK
    fresh: bool = False
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def opened(self, files: Mapping[str, str | None], *, fork: bool = False) -> MergeRequest:
        """A merge request of bob's."""
        source = self.world.fork(self.project, self.bob) if fork else self.project
        self.world.push(source, "feature", files)
        return self.world.open(self.project, "feature", self.bob, source=source)

    def variables(self, environ: Mapping[str, str], *, token: str | None = None) -> tuple[dict[str, str], Path]:
        """The job's variables with those of the project, and the checkout that a runner makes."""
        folder = self.folder / f"run{next(self._runs)}"
        owner = next(each for each in self.world.projects if str(each.id) == environ["CI_PROJECT_ID"])
        repo = jobs.checkout(owner, environ["CI_COMMIT_SHA"], folder)
        (self.folder / "locations.yaml").write_text(self.locations)
        given = {
            **environ,
            "CODEQUALITY_FILE": str(folder / REPORT),
            "CODEDESIGNER_STATE_DIR": str((folder if self.fresh else self.folder) / "state"),
            "CODEDESIGNER_LOCATIONS_FILE": str(self.folder / "locations.yaml"),
        }
        wanted = self.token if token is None else token
        return ({**given, "CODEDESIGNER_GITLAB_TOKEN": wanted} if wanted else given), repo

    def run(self, environ: Mapping[str, str], *, token: str | None = None) -> Ran:
        """The job."""
        given, repo = self.variables(environ, token=token)
        self.capfd.readouterr()
        code = asyncio.run(run_job(repo, given, None, forges=self.forges))
        out, err = self.capfd.readouterr()
        report = Path(given["CODEQUALITY_FILE"])
        return Ran(code, out + err, json.loads(report.read_bytes()) if report.exists() else [])

    @contextmanager
    def forges(self, environ: Mapping[str, str]) -> Iterator[JobForge | None]:
        """As `jobforge.forge_of`, by the double's clock: nobody really waits."""
        if not environ.get("CODEDESIGNER_GITLAB_TOKEN"):
            yield None
            return
        clock = self.world.clock

        async def sleep(seconds: float) -> None:
            clock.tick(seconds)

        forge = connect_from(environ, Timing(lambda: clock.now.timestamp(), sleep, 0.0, self.patience_s))
        try:
            yield JobForge(forge, fetcher(forge, self.folder / f"clone{next(self._runs)}"), "run")
        finally:
            forge.close()

    def says(self, request: MergeRequest, who: User, body: str) -> Event:
        """Somebody comments: the event that the webhook's payload is."""
        noting.comment(self.world, request, who, body)
        return read(self.world.outbox[-1].payload)

    def handled(self, event: Event, environ: Mapping[str, str]) -> int:
        """What a service does about an event: as a job does, but told by a webhook."""
        from codedesigner.assembly.options import ReviewOptions
        from codedesigner.commands.job import _desk

        given, repo = self.variables(environ)
        with self.forges(given) as forge:
            assert forge is not None
            return asyncio.run(handle(event, _desk(forge, ReviewOptions(repo=repo), given))).exit_code

    def see(self, request: MergeRequest) -> Seen:
        """The merge request as a person sees it."""
        return look(self.world, request)
