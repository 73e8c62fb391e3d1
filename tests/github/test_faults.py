"""Whatever GitHub does to a run, the next one leaves what an undisturbed one would have left."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.github import (
    Event,
    Fault,
    GitHub,
    Pull,
    Request,
    event,
    not_permitted,
    primary_limit,
    secondary_limit,
)
from tests.doubles.github.model import PERMISSIONS
from tests.doubles.server import is_write

from codedesigner.assembly.request import Prepared
from codedesigner.errors import CodedesignerError
from codedesigner.publish.report import Report
from codedesigner.pullrequest.checkout import Checkout
from codedesigner.pullrequest.desk import Order

from .conftest import CART, running
from .test_story import FIXED, PLANTED, cart
from .workflow import Workflow

RESOLVING = {"cart.py": CART, ".codedesigner.yml": "forge:\n  resolve_threads: true\n"}
BEFORE = cart(**PLANTED)
AFTER = cart(**FIXED, **{name: text for name, text in PLANTED.items() if name not in FIXED})

WRITES = {
    "review": ("POST", r"/pulls/\d+/reviews$"),
    "review edited": ("PUT", r"/pulls/\d+/reviews/\d+$"),  # the summary, which a first run with findings has there
    "comment": ("POST", r"/issues/\d+/comments$"),  # answers
    "thread edited": ("PATCH", "/pulls/comments/"),
    "thread resolved": ("POST", "/graphql$"),
    "check made": ("POST", "/check-runs$"),
    "check completed": ("PATCH", "/check-runs/"),
    "reaction": ("POST", "/reactions$"),
}
MOST_WRITES = {"opened": 3, "pushed": 5, "rechecked": 4, "dismissed": 6}
"""How many writes a step has at least: fewer would mean that nobody was killed."""


STEPS = ("opened", "pushed", "rechecked", "dismissed")


def plain(body: str) -> str:
    """A body without what differs from run to run: marks, durations, addresses, commits."""
    body = re.sub(r"<!-- .*? -->|\d+\.\d s|\(http[^)]*\)", "", body)
    return re.sub(r"[0-9a-f]{7,40}", "…", body).strip()


def standing(workflow: Workflow, pull: Pull) -> dict[str, Any]:
    """The pull request as a person sees it."""
    seen = workflow.see(pull)
    threads = sorted(
        (one.path, one.line or 0, one.resolved, *map(plain, one.bodies)) for one in (*seen.threads, *seen.outdated)
    )
    return {
        "comments": [(one.author, plain(one.body), sorted(one.reactions)) for one in seen.comments],
        "threads": threads,
        "reviews": [(state, plain(body)) for _, state, body in seen.reviews],
        "pending": seen.pending,
        "checks": [(one.name, one.status, one.conclusion, one.title, one.annotations) for one in seen.checks],
    }


@dataclass
class Story:
    """A pull request with six defects: opened, two of them fixed by a push, looked at again, and one dismissed."""

    workflow: Workflow
    pull: Pull = field(init=False)

    def __post_init__(self) -> None:
        self.pull = self.workflow.github.pull(self.workflow.project, {"cart.py": BEFORE}, author="bob")

    def event(self, step: str) -> Event:
        """What the people do in a step."""
        github, pull = self.workflow.github, self.pull
        if step == "opened":
            return event(github, "pull_request", "opened", pull)
        if step == "pushed":
            pull.push({"cart.py": AFTER})
            return event(github, "pull_request", "synchronize", pull)
        words = {"rechecked": "/codedesigner recheck", "dismissed": "/codedesigner dismiss F4 it is meant"}
        return event(github, "issue_comment", "created", pull, comment=github.comment(pull, "ann", words[step]))

    def go(self, steps: Sequence[str] = STEPS) -> Pull:
        """All of it."""
        for step in steps:
            self.workflow.job(self.event(step))
        return self.pull


@dataclass
class Kill:
    """A run that is gone when its `nth` write is about to be sent: nothing of it reaches GitHub any more."""

    github: GitHub
    nth: int
    dead: bool = False
    _writes: int = 0

    def __enter__(self) -> None:
        self.github.before = self._before

    def __exit__(self, *_: object) -> None:
        self.github.before = lambda _request: None
        self.github.heal()

    def _before(self, request: Request) -> None:
        self._writes += is_write(request) and not request.path.endswith("git-upload-pack")
        if self._writes == self.nth and not self.dead:
            self.dead = True
            self.github.fail(Fault("*", "", nth=0, cut=True))


def rewound(story: Story) -> Callable[[], None]:
    """Brings GitHub back to what it is now. Git's own objects stay, and nothing names them."""
    github = story.workflow.github
    names = ("projects", "users", "apps", "tokens", "clock", "_last")
    kept = copy.deepcopy({name: getattr(github, name) for name in names}, {id(github): github})

    def again() -> None:
        for name, value in copy.deepcopy(kept, {id(github): github}).items():
            setattr(github, name, value)
        story.workflow.project = github.projects["octo/shop"]
        story.pull = story.workflow.project.pulls[story.pull.number]

    return again


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is the same is looked at once: reviewing itself is not what these tests are about."""
    prepared: dict[str, Prepared] = {}
    reports: dict[int, Report] = {}
    prepare, review = Checkout.prepare, Checkout.review

    async def prepare_once(self: Checkout, order: Order) -> Prepared:
        key = repr((order.base, order.head, order.standing, order.full))
        if key not in prepared:
            prepared[key] = await prepare(self, order)
        return prepared[key]

    async def review_once(self: Checkout, given: Prepared) -> Report:
        if id(given) not in reports:
            reports[id(given)] = await review(self, given)
        return reports[id(given)]

    monkeypatch.setattr(Checkout, "prepare", prepare_once)
    monkeypatch.setattr(Checkout, "review", review_once)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workflow]:
    """A workflow whose token may resolve threads."""
    with running(tmp_path, RESOLVING, contents="write") as workflow:
        yield workflow


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What stands after each step where nothing goes wrong."""
    found = {}
    with running(tmp_path_factory.mktemp("undisturbed"), RESOLVING, contents="write") as workflow:
        story = Story(workflow)
        for step in STEPS:
            workflow.job(story.event(step))
            found[step] = standing(workflow, story.pull)
    return found


@pytest.mark.parametrize("how", [{"stored": True}, {"stored": False}, {"stored": True, "cut": True}, {"cut": True}])
def test_T_GH_55_no_answer_to_any_write_leaves_nothing_twice_and_nothing_out(
    shop: Workflow, undisturbed: dict[str, dict[str, Any]], how: dict[str, Any]
) -> None:
    met: set[tuple[str, str]] = set()
    story = Story(shop)

    def strike(request: Request) -> None:
        for what, (method, path) in WRITES.items():
            here = is_write(request) and request.method == method and re.search(path, request.path)
            if here and (step, what) not in met:
                met.add((step, what))
                shop.github.fail(Fault(method, path, **how))  # this very request

    shop.github.before = strike
    for step in STEPS:
        shop.job(story.event(step))
        assert standing(shop, story.pull) == undisturbed[step], step
    assert {what for _, what in met} == set(WRITES)
    assert ("dismissed", "comment") in met


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("step", STEPS)
def test_T_GH_11_a_run_that_is_killed_between_any_two_writes_is_made_good_by_the_next(
    shop: Workflow, undisturbed: dict[str, dict[str, Any]], step: str
) -> None:
    story = Story(shop)
    story.go(STEPS[: STEPS.index(step)])
    happened = story.event(step)
    again = rewound(story)
    for nth in itertools.count(1):
        again()
        kill = Kill(shop.github, nth)
        with kill:
            try:
                shop.job(happened)
            except CodedesignerError:
                assert kill.dead
        if not kill.dead:
            break
        shop.job(happened)
        assert standing(shop, story.pull) == undisturbed[step], f"killed before write {nth}"
    assert nth > MOST_WRITES[step]


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (secondary_limit("POST", "/reviews$", retry_after=7), 7),
        (secondary_limit("POST", "/reviews$"), 60),
        (secondary_limit("PATCH", "/check-runs/", status=429), 60),
        (secondary_limit("PUT", r"/reviews/\d+$", status=429, retry_after=7), 7),
    ],
    ids=["403-in-7-s", "403", "T_GH_53-429", "429-in-7-s"],
)
def test_T_GH_52_a_secondary_limit_is_waited_for(
    shop: Workflow, undisturbed: dict[str, dict[str, Any]], limit: Fault, seconds: float
) -> None:
    shop.github.fail(limit)
    start = shop.github.clock.now

    pull = Story(shop).go(STEPS[:1])

    assert (shop.github.clock.now - start).total_seconds() >= seconds
    assert standing(shop, pull) == undisturbed["opened"]


def test_T_GH_52_a_primary_limit_that_ends_soon_is_waited_for(
    shop: Workflow, undisturbed: dict[str, dict[str, Any]]
) -> None:
    reset = shop.github.clock.now.timestamp() + 20
    shop.github.fail(primary_limit("GET", "/pulls/1$", int(reset)))

    pull = Story(shop).go(STEPS[:1])

    assert shop.github.clock.now.timestamp() >= reset
    assert standing(shop, pull) == undisturbed["opened"]


def test_T_GH_52_one_that_lasts_longer_than_the_run_may_wait_is_red(workflow: Workflow) -> None:
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="bob")
    reset = int(workflow.github.clock.now.timestamp()) + 3_000
    workflow.github.fail(primary_limit("POST", "/graphql", reset, nth=0))

    with pytest.raises(Exception, match="limit"):
        workflow.opened(pull)

    (check,) = workflow.see(pull).checks
    assert check.conclusion == "failure"
    assert check.title is not None
    assert check.title.startswith("The reviewer broke")


RIGHTS = {
    "pull_requests": "pull-requests: write",
    "checks": "checks: write",
}


@pytest.mark.parametrize("missing", RIGHTS)
def test_a_token_without_a_permission_says_which(workflow: Workflow, missing: str) -> None:
    given = {"contents": "read", "pull_requests": "write", "checks": "write"} | {missing: "read"}
    given = dict.fromkeys(PERMISSIONS, "none") | given  # as `permissions:` in a workflow file
    workflow.token = workflow.github.token(workflow.project, **given)
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="bob")

    ran = workflow.opened(pull)

    assert ran.code == 1
    assert RIGHTS[missing] in ran.out
    assert "Name is not defined" in ran.summary


def test_without_the_right_to_write_checks_a_status_is_set(workflow: Workflow) -> None:
    given = {"contents": "read", "pull_requests": "write", "checks": "read", "statuses": "write"}
    workflow.token = workflow.github.token(workflow.project, **given)
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="bob")

    workflow.opened(pull)

    state, description = workflow.see(pull).statuses["codedesigner"]
    assert state == "failure"
    assert 0 < len(description) <= 140


def test_without_contents_nothing_is_reviewed_and_the_run_is_red(workflow: Workflow) -> None:
    workflow.token = workflow.github.token(workflow.project, contents="none", pull_requests="write", checks="write")
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="bob")

    with pytest.raises(Exception, match=r"."):
        workflow.opened(pull)

    (check,) = workflow.see(pull).checks
    assert check.conclusion == "failure"


def test_T_GH_41_a_fork_with_a_token_that_reads_reports_to_its_job(workflow: Workflow) -> None:
    workflow.token = workflow.github.token(workflow.project, **dict.fromkeys(PERMISSIONS, "read"))
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="mallory", fork="mallory")

    ran = workflow.opened(pull)

    assert ran.code == 1
    assert "Name is not defined" in ran.summary
    assert [write.path for write in workflow.github.writes if not write.path.endswith("git-upload-pack")]  # it tried
    assert workflow.see(pull).comments == ()


def test_what_the_api_does_not_permit_at_all_ends_nothing(workflow: Workflow) -> None:
    workflow.github.fail(not_permitted("POST", "/check-runs$"))
    workflow.github.fail(not_permitted("POST", "/statuses/"))
    pull = workflow.github.pull(workflow.project, {"cart.py": BEFORE}, author="bob")

    ran = workflow.opened(pull)

    assert ran.code == 1
    assert len(workflow.see(pull).threads) == 6
