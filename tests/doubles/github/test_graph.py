"""GraphQL: what only it can do, and refusals inside of 200."""

from __future__ import annotations

from typing import Any

import pytest
from github.GithubException import GithubException
from tests.doubles.github import look
from tests.doubles.github.conftest import Scene
from tests.doubles.github.render import node

FORBIDDEN = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
THREADS = """query($n: Int!, $first: Int, $after: String) { repository(owner: "octo", name: "shop") {
  pullRequest(number: $n) { headRefOid reviewThreads(first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { id path line isOutdated
      comments(first: 1) { nodes { body author { __typename login } } } } } } } }"""


def graph(scene: Scene, query: str, variables: dict[str, Any], token: str = "") -> Any:
    """The raw answer, with its errors."""
    before = len(scene.github.exchanges)
    requester = scene.github.client(token or scene.token).requester
    _, found = requester.requestJsonAndCheck(
        "POST", requester.graphql_url, input={"query": query, "variables": variables}
    )
    assert [each.status for each in scene.github.exchanges[before:]] == [200]
    return found


def act(scene: Scene, name: str, shown: str, token: str = "", **given: object) -> Any:
    """A mutation."""
    type_ = f"{name[0].upper()}{name[1:]}Input!"
    return graph(scene, f"mutation($input: {type_}) {{ {name}(input: $input) {{ {shown} }} }}", {"input": given}, token)


def test_resolving_needs_the_right_to_write_contents(own: Scene) -> None:
    own.github.line_comment(own.pull, "ann", "a.py", 12, "why?")
    thread = own.pull.threads[0].node
    refused = act(own, "resolveReviewThread", "thread { isResolved }", threadId=thread)
    assert refused["data"] == {"resolveReviewThread": None}
    (error,) = refused["errors"]
    assert {key: error[key] for key in FORBIDDEN} == FORBIDDEN
    assert error["path"] == ["resolveReviewThread"]
    assert not look(own.github, own.pull).threads[0].resolved
    able = own.github.token(own.shop, contents="write")
    done = act(own, "resolveReviewThread", "thread { isResolved resolvedBy { login } }", able, threadId=thread)
    by = {"login": "github-actions"}
    assert done["data"]["resolveReviewThread"]["thread"] == {"isResolved": True, "resolvedBy": by}
    assert look(own.github, own.pull).threads[0].resolved_by == "github-actions[bot]"
    act(own, "unresolveReviewThread", "thread { isResolved }", able, threadId=thread)
    assert not look(own.github, own.pull).threads[0].resolved
    comment = node("PRRC", own.pull.comments[0].id)
    assert act(own, "resolveReviewThread", "thread { id }", able, threadId=comment)["errors"][0]["type"] == "NOT_FOUND"


def test_comments_are_folded_away(own: Scene) -> None:
    comment = own.page().create_issue_comment("old")
    comment.minimize("OUTDATED")
    assert look(own.github, own.pull).comments[0].minimized == "OUTDATED"
    issues_only = own.github.token(own.shop, pull_requests="none")
    shown = "minimizedComment { isMinimized }"
    refused = act(own, "minimizeComment", shown, issues_only, subjectId=comment.node_id, classifier="SPAM")
    assert refused["errors"][0]["type"] == "FORBIDDEN"
    comment.unminimize()
    assert look(own.github, own.pull).comments[0].minimized == ""


def test_a_place_outside_the_diff_is_accepted_in_silence(own: Scene) -> None:
    given = {"pullRequestId": node("PR", own.pull.id), "path": "a.py", "body": "lost"}
    done = act(own, "addPullRequestReviewThread", "thread { id path line }", line=30, **given)
    assert "errors" not in done
    assert done["data"]["addPullRequestReviewThread"]["thread"]["line"] is None
    act(own, "addPullRequestReviewThread", "thread { id line }", line=12, **given)
    assert look(own.github, own.pull).pending == ("github-actions[bot]",)
    (pending,) = own.page().get_reviews()
    path = f"/repos/octo/shop/pulls/{own.pull.number}/reviews/{pending.id}/events"
    own.ask("POST", path, {"event": "COMMENT", "body": "b"})
    assert [(each.line, each.hidden) for each in look(own.github, own.pull).threads] == [(None, True), (12, False)]


def test_pages_of_conversations(own: Scene) -> None:
    for number in range(5):
        own.github.line_comment(own.pull, "ann", "a.py", 12, str(number))
    bodies, after = [], None
    while True:
        found = graph(own, THREADS, {"n": own.pull.number, "first": 2, "after": after})
        threads = found["data"]["repository"]["pullRequest"]["reviewThreads"]
        bodies += [each["comments"]["nodes"][0]["body"] for each in threads["nodes"]]
        after = threads["pageInfo"]["endCursor"]
        if not threads["pageInfo"]["hasNextPage"]:
            break
    assert bodies == ["0", "1", "2", "3", "4"]
    for first, kind in ((None, "MISSING_PAGINATION_BOUNDARIES"), (101, "EXCESSIVE_PAGINATION")):
        assert graph(own, THREADS, {"n": own.pull.number, "first": first})["errors"][0]["type"] == kind


def test_what_cannot_be_seen(own: Scene) -> None:
    blind = own.github.token(own.shop, pull_requests="none")
    assert graph(own, THREADS, {"n": own.pull.number, "first": 1}, blind)["errors"][0]["type"] == "FORBIDDEN"
    assert graph(own, THREADS, {"n": 99, "first": 1})["errors"][0]["type"] == "NOT_FOUND"
    with pytest.raises(GithubException):
        own.github.client(own.token).requester.graphql_query(THREADS, {"n": 99, "first": 101})


def test_a_query_that_github_would_not_understand_is_a_breach(own: Scene) -> None:
    with own.github.excused() as excuses:
        assert "data" not in graph(own, "{ repository(owner: 1) { colour } }", {})
    assert any("colour" in each for each in excuses)
