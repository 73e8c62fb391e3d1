"""The two forges, as a run sees them: pull requests with functions of their own, comments, hooks, what is published.

What is published is compared whole: every comment, thread, review, check and status with all its words. Ids, commits,
numbers and the run's own names differ from run to run and are replaced; so are times and durations.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from tests.doubles import github as gh
from tests.doubles import gitlab as gl
from tests.doubles.gitlab import noting

from codedesigner.service.intake import Delivery, Rejected, Secrets, receive_github, receive_gitlab

FUNCTIONS = 4
SECRET = "x" * 32
HELP = "/codedesigner help"
_VARIES = (
    (re.compile(r"<!--.*?-->", re.DOTALL), "<!-- mark -->"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "COMMIT"),
    (re.compile(r"\b\d+(?:\.\d+)?\s?(?:ms|s|min|seconds?|minutes?)\b"), "TIME"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "FORGE"),
    (re.compile(r"\b(pull|merge_requests)/\d+"), r"\1/NUMBER"),
    (re.compile(r"#(discussion_r|issuecomment-|pullrequestreview-|note_|r)\d+\b"), r"#\1ID"),
    # What the answers cost is said of those that were asked for in the end, not of those that were there already.
    (re.compile(r"[\d,]+ tokens(?: in, [\d,]+ out)?"), "TOKENS"),
    (re.compile(r"(All reviews of this \w+ request: )[\d,]+ model calls"), r"\1CALLS"),
)
_ASKED = re.compile(r"(\d+) model calls?(?:, (\d+) answered from store)?|(\d+) answered from store")


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook's request, and what the service's intake makes of it. It is sent `late` where reviews are under way."""

    id: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    taken: Callable[[], Delivery]
    late: bool = False


def function(n: int, run: str) -> str:
    """A changed function; a name that nothing defines in the first. `run` makes questions differ from run to run."""
    wrong = f"    return missing_{run}(values)\n" if n == 0 else f"    return values_{run}\n"
    return f"def work_{n}_{run}(values):\n    values_{run} = [value + {n} for value in values]\n{wrong}"


def source(run: str, functions: int) -> str:
    """A file of such functions."""
    return "\n\n".join(function(n, run) for n in range(functions))


def plain(words: str | None, run: str) -> str:
    """What is the same in every run."""
    said = _ASKED.sub(_together, (words or "").replace(run, "RUN"))
    for pattern, instead in _VARIES:
        said = pattern.sub(instead, said)
    return said


def _together(found: re.Match[str]) -> str:
    """Questions that were answered, be it now or before."""
    return f"{sum(int(each) for each in found.groups() if each)} model calls"


class Side(Protocol):
    """A forge's double for one run after the other."""

    name: str

    def settings(self) -> dict[str, Any]:
        """The forge's part of the service's file."""

    def token(self) -> str:
        """What the service writes with."""

    def story(self, run: str) -> tuple[Sequence[Any], Sequence[Hook]]:
        """Two pull requests and two comments; what their webhooks send."""

    def published(self, pulls: Sequence[Any], run: str) -> tuple[object, ...]:
        """All that a person sees of them."""


@dataclass
class GitHubSide:
    """GitHub's double."""

    github: gh.GitHub
    shop: gh.Project
    functions: int = FUNCTIONS
    name: str = "github"

    @classmethod
    def made(cls, folder: Path) -> GitHubSide:
        """With one repository."""
        github = gh.GitHub(folder)
        shop = github.project("octo/shop", {"a.py": "x = 1\n"})
        shop.collaborator("dev", "write")
        github.limits.limit = github.limits.remaining = 10_000_000
        return cls(github, shop)

    def settings(self) -> dict[str, Any]:
        """The forge's part of the service's file."""
        return {
            "api_url": self.github.api,
            "token_env": "FORGE_TOKEN",
            "webhook_secret_env": ["HOOK_SECRET"],
            "repositories": ["octo/*"],
        }

    def token(self) -> str:
        """What the service writes with."""
        return self.github.token(self.shop)

    def pull(self, run: str) -> gh.Pull:
        """A pull request with functions of its own."""
        return self.github.pull(
            self.shop, {f"work_{run}.py": source(run, self.functions)}, author="dev", branch=f"b-{run}"
        )

    def story(self, run: str) -> tuple[Sequence[Any], Sequence[Hook]]:
        """Two pull requests and two comments; what their webhooks send."""
        self.github.forget()
        pulls = [self.pull(f"{run}{letter}") for letter in "ab"]
        events = [gh.event(self.github, "pull_request", "opened", each) for each in pulls]
        for each in pulls:
            said = self.github.comment(each, "dev", HELP)
            events.append(gh.event(self.github, "issue_comment", "created", each, comment=said))
        return pulls, _in_turn([self.hook(one, f"{run}-{n}") for n, one in enumerate(events)], len(pulls))

    @staticmethod
    def hook(event: Any, name: str) -> Hook:
        """A delivery as GitHub sends it."""
        sent = event.delivery(SECRET, name)
        headers = {key.lower(): value for key, value in sent.headers.items()}
        taken = lambda: _taken(receive_github(headers, sent.body, Secrets((SECRET,))))  # noqa: E731
        return Hook(name, "/webhooks/github", headers, sent.body, taken)

    def published(self, pulls: Sequence[Any], run: str) -> tuple[object, ...]:
        """All that a person sees of them."""
        return tuple(self._seen(each, f"{run}{letter}") for each, letter in zip(pulls, "ab", strict=True))

    def _seen(self, pull: gh.Pull, run: str) -> tuple[object, ...]:
        seen = gh.look(self.github, pull)
        return (
            tuple(sorted((one.author, plain(one.body, run), one.minimized, one.reactions) for one in seen.comments)),
            tuple(
                sorted(
                    (plain(one.path, run), one.line or 0, one.side, one.authors, one.resolved, _all(one.bodies, run))
                    for one in (*seen.threads, *seen.outdated)
                )
            ),
            tuple(sorted((who, state, plain(body, run)) for who, state, body in seen.reviews)),
            seen.pending,
            tuple(
                (one.name, one.status, one.conclusion, plain(one.title, run), plain(one.summary, run), one.annotations)
                for one in seen.checks
            ),
            tuple(sorted(seen.statuses.items())),
            seen.labels,
        )


@dataclass
class GitLabSide:
    """GitLab's double."""

    gitlab: gl.GitLab
    app: gl.Project
    dev: gl.User
    secret: str
    functions: int = FUNCTIONS
    name: str = "gitlab"

    @classmethod
    def made(cls, folder: Path) -> GitLabSide:
        """With one project."""
        gitlab = gl.GitLab(folder)
        dev = gitlab.user("dev")
        app = gitlab.project("group/app", {"a.py": "x = 1\n"}, owner=dev)
        _, token = gitlab.project_token(app)
        return cls(gitlab, app, dev, token)

    def settings(self) -> dict[str, Any]:
        """The forge's part of the service's file."""
        return {
            "url": self.gitlab.address,
            "token_env": "FORGE_TOKEN",
            "webhook_secret_env": ["HOOK_SECRET"],
            "repositories": ["group/*"],
        }

    def token(self) -> str:
        """What the service writes with."""
        return self.secret

    def story(self, run: str) -> tuple[Sequence[Any], Sequence[Hook]]:
        """Two merge requests and two comments; what their webhooks send."""
        self.gitlab.forget()
        self.gitlab.outbox.clear()
        requests = []
        for letter in "ab":
            name = f"{run}{letter}"
            self.gitlab.push(self.app, f"b-{name}", {f"work_{name}.py": source(name, self.functions)})
            requests.append(self.gitlab.open(self.app, f"b-{name}", self.dev))
        events = list(self.gitlab.outbox)
        for each in requests:
            said = noting.comment(self.gitlab, each, self.dev, HELP)
            events.append(self.gitlab.emit("note", each, self.dev, note=said))
        return requests, _in_turn([self.hook(one, f"{run}-{n}") for n, one in enumerate(events)], len(requests))

    @staticmethod
    def hook(event: Any, name: str) -> Hook:
        """A delivery as GitLab sends it."""
        sent = event.delivery(token=SECRET, delivery_id=name)
        headers = {key.lower(): value for key, value in sent.headers.items()}
        taken = lambda: _taken(receive_gitlab(headers, sent.body, Secrets((), (SECRET,)), now=0.0))  # noqa: E731
        return Hook(name, "/webhooks/gitlab", headers, sent.body, taken)

    def published(self, pulls: Sequence[Any], run: str) -> tuple[object, ...]:
        """All that a person sees of them."""
        return tuple(self._seen(each, f"{run}{letter}") for each, letter in zip(pulls, "ab", strict=True))

    def _seen(self, request: gl.MergeRequest, run: str) -> tuple[object, ...]:
        seen = gl.look(self.gitlab, request)
        return (
            tuple(sorted((who, plain(body, run)) for who, body in seen.comments)),
            tuple(sorted((who, plain(body, run), resolved) for who, body, resolved in seen.discussions)),
            tuple(
                sorted(
                    (plain(one.path, run), one.line or 0, one.side, one.author, one.resolved, _all(one.bodies, run))
                    for one in (*seen.threads, *seen.outdated)
                )
            ),
            seen.drafts,
            tuple(sorted((*seen.statuses.items(), *seen.checks.items()))),
            tuple(sorted((name, who) for _, name, who in seen.awards)),
            seen.labels,
            seen.approved_by,
            seen.suspicious,
        )


def _in_turn(hooks: Sequence[Hook], pulls: int) -> Sequence[Hook]:
    """Comments come while the pull requests are being reviewed."""
    return [replace(hook, late=n >= pulls) for n, hook in enumerate(hooks)]


def _all(bodies: Sequence[str], run: str) -> tuple[str, ...]:
    return tuple(plain(each, run) for each in bodies)


def _taken(found: Delivery | Rejected) -> Delivery:
    if isinstance(found, Rejected):
        raise TypeError(found.reason)
    return found
