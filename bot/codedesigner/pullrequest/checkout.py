"""Reviews out of a clone: the one that the job has, or one that is fetched for it; else what the forge's API tells."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codedesigner.assembly.connect import Told, carried, reviewed, untold
from codedesigner.assembly.options import Given, ReviewOptions
from codedesigner.assembly.request import Prepared, prepare
from codedesigner.assembly.shared import Lending
from codedesigner.change.git import Git
from codedesigner.config.loader import REPO_FILE, RepoFile, load
from codedesigner.config.settings import Settings
from codedesigner.errors import ForgeError, RepositoryError
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.ports import ForgeReader
from codedesigner.publish.report import Report
from codedesigner.pullrequest.answers import Question, answered
from codedesigner.pullrequest.desk import Order
from codedesigner.pullrequest.linking import with_issues
from codedesigner.stages import SoFar, Stage

MOST_FILES = 3_000  # what GitHub's API lists of a pull request

Fetch = Callable[[Sequence[str]], Awaitable[Path | None]]
"""Fetches commits (full ids); the clone that then has them, None where that cannot be."""


@dataclass(frozen=True)
class Checkout:
    """Reviewing for one job. `options` is what the job asks for beside the commits; `say` takes a line for the log."""

    forge: ForgeReader
    options: ReviewOptions
    environ: Mapping[str, str]
    fetch: Fetch
    say: Callable[[str], None]
    lending: Lending | None = None
    told: Told = untold

    async def settings(self, pull: PullRequest) -> Settings:
        """The configuration at the tip of the target branch.

        Raises:
            ForgeError: it cannot be read.
            ConfigError: it is wrong.
        """
        data = await self.forge.file_at(pull.base, REPO_FILE)
        return load(_config(data, pull.base), None, self.environ, self.options.overrides()).settings

    async def prepare(self, order: Order) -> Prepared:
        """Everything that the review needs, from the commits where they can be had.

        Raises:
            CodedesignerError: neither git nor the forge can give the change, or its configuration is wrong.
        """
        options = replace(self.options, standing=order.standing, no_cache=self.options.no_cache or order.full)
        base = order.start or await self._base(order)
        repo = await self._clone([base, order.head])
        if repo is None:
            options = replace(options, given=await self._given(order, base))
        else:
            options = replace(options, repo=repo, base=base, head=order.head, exact=True)
        return replace(await asyncio.to_thread(prepare, options, self.environ), pull=order.pull)

    async def review(self, prepared: Prepared) -> Report:
        """The report; what the pull request's issue says is asked of the forge only now, as others need it not."""
        prepared = await with_issues(prepared, self.forge)
        return await reviewed(
            prepared, self.environ, no_cache=self.options.no_cache, lending=self.lending, told=self.told
        )

    async def advance(self, prepared: Prepared, so_far: SoFar, until: Stage, *, deep: bool = True) -> SoFar | Report:
        """The review from where it is to the end of a stage."""
        return await carried(
            prepared,
            self.environ,
            so_far,
            until,
            no_cache=self.options.no_cache,
            deep=deep,
            lending=self.lending,
            told=self.told,
        )

    async def answer(self, pull: PullRequest, question: Question) -> str | None:
        """The supervisor's answer."""
        return await answered(question, await self.settings(pull), self.options, self.environ, self.lending)

    async def _base(self, order: Order) -> str:
        """The merge base: from the clone, which has the whole history or does not say; else from the forge."""
        if order.start:
            return order.start
        if not (self.options.repo / ".git").exists():
            return await self.forge.merge_base(order.base, order.head)
        try:
            git = Git(self.options.repo)
            if not git.is_shallow() and git.try_resolve(order.base) and git.try_resolve(order.head):
                found = git.merge_base(order.base, order.head)
                if found is not None:
                    return found
        except RepositoryError as error:
            self.say(f"the clone cannot be used: {error.message}")
        return await self.forge.merge_base(order.base, order.head)

    async def _clone(self, commits: Sequence[str]) -> Path | None:
        if _has(self.options.repo, commits):
            return self.options.repo
        try:
            repo = await self.fetch(commits)
        except (ForgeError, RepositoryError) as error:
            self.say(f"the commits cannot be fetched: {error.message}")
            return None
        return repo if repo is not None and _has(repo, commits) else None

    async def _given(self, order: Order, base: str) -> Given:
        """The change as the forge's API tells it."""
        data = await self.forge.file_at(base, REPO_FILE)
        config = _config(data, base)
        limits = load(config, None, self.environ, self.options.overrides()).settings.limits
        change = await self.forge.change(order.pull, file_bytes=limits.file_bytes, most_files=MOST_FILES)
        return Given(change, config)


def _has(repo: Path, commits: Sequence[str]) -> bool:
    try:
        git = Git(repo)
        return all(git.try_resolve(commit) == commit for commit in commits)
    except RepositoryError:
        return False


def _config(data: bytes | None, sha: str) -> RepoFile | None:
    return None if data is None else RepoFile(data, f"{REPO_FILE} of {sha[:12]}")
