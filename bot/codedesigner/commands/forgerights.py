"""What `codedesigner doctor` looks at on a forge: who we are there, what can be read, and what may be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from codedesigner.commands.jobforge import JobForge, forge_at, forge_of
from codedesigner.commands.pulladdress import pull_address
from codedesigner.config.environment import GITLAB_TOKEN
from codedesigner.config.loader import REPO_FILE, RepoFile, load
from codedesigner.config.problems import flat
from codedesigner.config.settings import Settings
from codedesigner.errors import ConfigError, ForgeError
from codedesigner.event.environment import read_event
from codedesigner.forge.attempts import Timing
from codedesigner.location.diagnosis import Check, State
from codedesigner.publish.discussion import PullRequest
from codedesigner.publish.ports import Forge
from codedesigner.publish.rights import Held, Right

Forges = Callable[[Mapping[str, str]], AbstractContextManager[JobForge | None]]

_AGAIN: Final = "try again; look at the forge's status page if it lasts"
_STATES: Final[Mapping[Held, State]] = {"yes": "ok", "less": "warn", "unknown": "warn", "no": "fail"}


@dataclass(frozen=True, slots=True)
class ForgeDiagnosis:
    """Everything that was looked at of one forge."""

    kind: str
    checks: tuple[Check, ...]

    @property
    def usable(self) -> bool:
        """Whether it can be read, and written as the configuration asks."""
        return all(check.state != "fail" for check in self.checks)


async def examine_forge(
    environ: Mapping[str, str], url: str | None, settings: Settings, patience_s: float, forges: Forges | None = None
) -> ForgeDiagnosis | None:
    """The forge at `url`, else the one that the environment names; None where there is none.

    `settings` hold where there is no pull request whose base has its own. `forges` stands in for the network.

    Raises:
        UsageError: `url` is not the address of a pull request.
    """
    kind, number, opened = _named(environ, url, Timing(between_writes_s=0.0, patience_s=patience_s), forges)
    if kind is None:
        return None
    try:
        with opened(environ) as job:
            if job is None:
                return ForgeDiagnosis(kind, (_tokenless(kind),))
            return ForgeDiagnosis(kind, await _examined(job.forge, number, settings, environ))
    except ConfigError as error:
        wrong = [Check("account", "fail", str(each), each.hint or "correct it") for each in flat([error])]
        return ForgeDiagnosis(kind, tuple(wrong))


def _named(
    environ: Mapping[str, str], url: str | None, timing: Timing, forges: Forges | None
) -> tuple[str | None, int | None, Forges]:
    if url is not None:
        address = pull_address(url)
        return address.forge, address.number, forges or (lambda given: forge_at(address, given, timing))
    opened = forges or (lambda given: forge_of(given, timing))
    if environ.get("GITHUB_ACTIONS") == "true":
        return "github", _number(environ), opened
    if environ.get("GITLAB_CI") == "true":
        return "gitlab", _number(environ), opened
    return None, None, opened


def _number(environ: Mapping[str, str]) -> int | None:
    """The pull request that the job is about, as far as its event or its input says."""
    said = environ.get("INPUT_PULL_REQUEST", "").strip()
    if said.isascii() and said.isdigit() and len(said) <= 10:
        return int(said)
    path = environ.get("GITHUB_EVENT_PATH")
    try:
        payload = Path(path).read_text(encoding="utf-8") if path else None
    except (OSError, UnicodeDecodeError):
        payload = None
    number = getattr(read_event(environ, payload), "number", None)
    return number if isinstance(number, int) else None


def _tokenless(kind: str) -> Check:
    remedy = (
        f"set {GITLAB_TOKEN} to a project access token with the scope `api` and the role Developer; "
        "CI_JOB_TOKEN can only read"
        if kind == "gitlab"
        else "leave the input `token` at its default, or set GITHUB_TOKEN to `${{ github.token }}`"
    )
    return Check("account", "fail", "there is no token, so nothing can be posted", remedy)


async def _examined(
    forge: Forge, number: int | None, settings: Settings, environ: Mapping[str, str]
) -> tuple[Check, ...]:
    try:
        me = await forge.me()
    except ForgeError as error:
        rest = ("change", "base", "comments", "check", "people")
        skipped = [Check(what, "skipped", "it has to be known who the token is first") for what in rest]
        return (_failed("account", error), *skipped)
    checks = [Check("account", "ok", f"{me.login}{' (a bot)' if me.bot else ''}")]
    pull = await _change(forge, number, checks)
    if pull is not None:
        settings = await _base(forge, pull, settings, environ, checks)
    wanted = settings.forge.resolve_threads
    rights = await forge.rights(pull)
    checks += [_check(right) for right in rights if wanted or right.name != "resolve"]
    return tuple(checks)


async def _change(forge: Forge, number: int | None, checks: list[Check]) -> PullRequest | None:
    if number is None:
        remedy = "name a pull request with --pr, or run it in the job of one"
        checks.append(Check("change", "warn", "there is no pull request to look at", remedy))
        return None
    try:
        pull = await forge.pull(number)
        await forge.merge_base(pull.base, pull.head)
    except ForgeError as error:
        checks.append(_failed("change", error))
        return None
    checks.append(Check("change", "ok", f"{pull.repo} {number} can be read, at {pull.head[:12]}"))
    return pull


async def _base(
    forge: Forge, pull: PullRequest, settings: Settings, environ: Mapping[str, str], checks: list[Check]
) -> Settings:
    """The settings that the review will obey."""
    name = f"{REPO_FILE} of {pull.base[:12]}"
    try:
        data = await forge.file_at(pull.base, REPO_FILE)
        loaded = load(None if data is None else RepoFile(data, name), None, environ, {})
    except ForgeError as error:
        checks.append(_failed("base", error))
        return settings
    except ConfigError as error:
        checks += [Check("base", "fail", str(each), each.hint or "correct it") for each in flat([error])]
        return settings
    checks.append(Check("base", "ok", f"no {name}: the defaults" if data is None else name))
    return loaded.settings


def _check(right: Right) -> Check:
    """Commands that are refused are less than a review needs; what the configuration asks to write is not."""
    state = "warn" if right.name == "people" and right.held == "no" else _STATES[right.held]
    return Check(right.name, state, _line(right.found), right.remedy)


def _failed(what: str, error: ForgeError) -> Check:
    return Check(what, "fail", _line(error.message), error.hint or _AGAIN)


def _line(text: str) -> str:
    """A forge's words may quote what strangers wrote, and a job's log obeys commands in it."""
    return " ".join(text.split()).replace("::", ": :")
