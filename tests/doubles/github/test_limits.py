"""Rate limits, pages, faults, redirects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from github.GithubException import GithubException, RateLimitExceededException
from requests.exceptions import ConnectionError as Cut
from tests.doubles.github import Fault, Request, look, not_permitted, primary_limit, secondary_limit
from tests.doubles.github.conftest import Scene, headers


def test_the_primary_limit(own: Scene) -> None:
    own.github.limits.remaining, own.github.limits.reset_in = 2, 20
    own.page()
    with pytest.raises(RateLimitExceededException) as refused:
        own.repo()
    assert headers(refused)["x-ratelimit-remaining"] == "0"
    assert int(headers(refused)["x-ratelimit-reset"]) == int(own.github.clock.now.timestamp()) + 20
    own.github.clock.tick(20)
    own.repo()


def test_the_limit_on_creating_content(own: Scene) -> None:
    page = own.page()
    own.github.limits.content_per_minute, own.github.limits.retry_after = 2, 7
    for body in ("one", "two"):
        page.create_issue_comment(body)
    with pytest.raises(RateLimitExceededException, match="secondary rate limit") as refused:
        page.create_issue_comment("three")
    assert (refused.value.status, headers(refused)["retry-after"]) == (403, "7")
    own.github.limits.retry_after = 0
    with pytest.raises(RateLimitExceededException) as refused:
        page.create_issue_comment("three")
    assert "retry-after" not in headers(refused)
    own.github.clock.tick(60)
    page.create_issue_comment("three")
    assert [each.body for each in look(own.github, own.pull).comments] == ["one", "two", "three"]


def test_faults_before_and_after_storing(own: Scene) -> None:
    page = own.page()
    own.github.fail(Fault("POST", "/comments$", stored=True), Fault("POST", "/reviews$", status=429))
    with pytest.raises(GithubException) as refused:
        page.create_issue_comment("stored")
    assert refused.value.status == 502
    with pytest.raises(GithubException) as refused:
        own.review()
    assert refused.value.status == 429
    own.github.fail(Fault("POST", "/check-runs$", cut=True, stored=True))
    with pytest.raises(Cut):
        own.ask("POST", "/repos/octo/shop/check-runs", {"name": "x", "head_sha": own.pull.head_sha})
    seen = look(own.github, own.pull)
    assert [each.body for each in seen.comments] == ["stored"]
    assert [each.name for each in seen.checks] == ["x"]
    assert seen.reviews == ()


def test_faults_in_githubs_words(own: Scene) -> None:
    page = own.page()
    own.github.fail(
        secondary_limit("POST", "/comments$", retry_after=7),
        secondary_limit("POST", "/comments$", nth=2, status=429),
        primary_limit("POST", "/comments$", 1_800_000_000, nth=3),
        not_permitted("POST", "/reviews$"),
    )
    told = []
    for _ in range(3):
        with pytest.raises(GithubException) as refused:
            page.create_issue_comment("b")
        found = headers(refused)
        told.append((refused.value.status, found.get("retry-after"), found["x-ratelimit-remaining"]))
    assert told == [(403, "7", "4321"), (429, None, "4321"), (403, None, "0")]
    for _ in range(2):
        with pytest.raises(GithubException, match="Resource not accessible by integration"):
            own.review()
    page.create_issue_comment("b")


def test_a_push_between_two_requests(own: Scene) -> None:
    old = own.page().head.sha

    def push(request: Request) -> None:
        if request.method == "POST":
            own.github.before = lambda _request: None
            own.pull.push({"a.py": "all new\n"})

    own.github.before = push
    own.review({"path": "a.py", "line": 12, "body": "b"}, commit_id=old)
    (thread,) = look(own.github, own.pull).outdated
    assert (thread.line, thread.bodies) == (None, ("b",))


def test_pages(own: Scene) -> None:
    for number in range(135):
        own.github.comment(own.pull, "ann", str(number))
    found = own.page().get_issue_comments()
    assert [each.body for each in found] == [str(number) for number in range(135)]
    assert [each.query.get("page") for each in own.github.asked("GET", "/comments$")] == [None, "2", "3", "4", "5"]
    path = f"/repos/octo/shop/issues/{own.pull.number}/comments"
    assert len(own.ask("GET", f"{path}?per_page=100")) == 100
    assert len(own.ask("GET", f"{path}?per_page=100&page=2")) == 35


def test_comments_since_a_moment(own: Scene) -> None:
    for body in ("one", "two", "three"):
        own.github.line_comment(own.pull, "ann", "a.py", 12, body)
    own.github.edit(own.pull.comments[0], "ann", "one again")
    page, since = own.page(), own.github.clock.now - timedelta(seconds=1)
    found = page.get_review_comments(sort="updated", direction="desc", since=since)
    assert [each.body for each in found] == ["one again", "three"]
    assert [each.body for each in page.get_review_comments()] == ["one again", "two", "three"]


def test_a_moved_repository_redirects(own: Scene) -> None:
    own.github.move(own.shop, "store")
    assert own.page().base.repo.full_name == "octo/store"


def test_what_the_double_does_not_know(own: Scene) -> None:
    with own.github.excused() as excuses:
        for method, path, body in (
            ("GET", "/repos/octo/shop/hooks", None),
            ("POST", f"/repos/octo/shop/issues/{own.pull.number}/comments", {"body": "b", "lines": 1}),
            ("POST", f"/repos/octo/shop/pulls/{own.pull.number}/reviews", {"event": "LGTM", "body": "b"}),
            ("GET", f"/repos/octo/shop/pulls/{own.pull.number}/files?size=3", None),
        ):
            with pytest.raises(GithubException):
                own.ask(method, path, body)
    assert len(excuses) == 4
    assert "knows no such operation" in excuses[0]
    assert "lines" in excuses[1]
    assert "unknown parameter size" in excuses[3]


def test_reactions_are_made_once(own: Scene) -> None:
    comment = own.github.comment(own.pull, "ann", "/codedesigner recheck")
    found = own.page().get_issue_comment(comment.id)
    found.create_reaction("eyes")
    found.create_reaction("eyes")
    assert [each.status for each in own.github.exchanges if each.request.path.endswith("/reactions")] == [201, 200]
    assert look(own.github, own.pull).comments[0].reactions == (("github-actions[bot]", "eyes"),)
    own.page().as_issue().create_reaction("rocket")
    own.page().as_issue().add_to_labels("reviewed")
    assert look(own.github, own.pull).labels == ("reviewed",)
