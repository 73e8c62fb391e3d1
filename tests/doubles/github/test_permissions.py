"""What a token may not, and how that is said."""

from __future__ import annotations

from collections.abc import Callable

import jwt
import pytest
from github import Auth, GithubIntegration
from github.GithubException import GithubException
from tests.doubles.github.apps import private_key
from tests.doubles.github.conftest import Scene, headers

REFUSED = "Resource not accessible by integration"
WRITES: list[tuple[str, Callable[[Scene, str], object]]] = [
    ("pull_requests", lambda scene, token: scene.review(token=token)),
    ("checks", lambda scene, token: scene.repo(token).create_check_run("x", scene.pull.head_sha)),
    (
        "statuses",
        lambda scene, token: scene.ask(
            "POST", f"/repos/octo/shop/statuses/{scene.pull.head_sha}", {"state": "success"}, token
        ),
    ),
]
READS: list[tuple[str, Callable[[Scene, str], object]]] = [
    ("pull_requests", lambda scene, token: scene.page(token)),
    ("contents", lambda scene, token: scene.repo(token).get_contents("a.py")),
    ("checks", lambda scene, token: scene.ask("GET", "/repos/octo/shop/commits/main/check-runs", token=token)),
    ("statuses", lambda scene, token: scene.ask("GET", "/repos/octo/shop/commits/main/status", token=token)),
]


@pytest.mark.parametrize(("permission", "act"), WRITES)
@pytest.mark.parametrize("level", ["none", "read"])
def test_without_write(scene: Scene, permission: str, act: Callable[[Scene, str], object], level: str) -> None:
    with pytest.raises(GithubException) as refused:
        act(scene, scene.github.token(scene.shop, **{permission: level}))
    assert (refused.value.status, refused.value.data["message"]) == (403, REFUSED)
    assert headers(refused)["x-accepted-github-permissions"] == f"{permission}=write"


@pytest.mark.parametrize(("permission", "act"), READS)
def test_without_read(scene: Scene, permission: str, act: Callable[[Scene, str], object]) -> None:
    act(scene, scene.github.token(scene.shop, **{permission: "read"}))
    with pytest.raises(GithubException) as refused:
        act(scene, scene.github.token(scene.shop, **{permission: "none"}))
    assert (refused.value.status, refused.value.data["message"]) == (403, REFUSED)


def test_a_comment_needs_either_permission(own: Scene) -> None:
    path = f"/repos/octo/shop/issues/{own.pull.number}/comments"
    for more in ({"issues": "none"}, {"pull_requests": "none"}):
        own.ask("POST", path, {"body": "b"}, own.github.token(own.shop, **more))
    with pytest.raises(GithubException, match=REFUSED):
        own.ask("POST", path, {"body": "b"}, own.github.token(own.shop, issues="read", pull_requests="read"))


def test_an_app_changes_its_own_comments_only(own: Scene) -> None:
    hers = own.github.comment(own.pull, "ann", "<!-- marker -->")
    theirs = own.github.line_comment(own.pull, "ann", "a.py", 12, "why?")
    for found in (own.page().get_issue_comment(hers.id), own.page().get_review_comment(theirs.id)):
        for act in (lambda found=found: found.edit("x"), found.delete):
            with pytest.raises(GithubException) as refused:
                act()
            assert refused.value.status == 403
    ann = own.github.user_token("ann")
    mine = own.page().create_issue_comment("mine")
    own.page(ann).get_issue_comment(mine.id).edit("hers now")
    assert own.shop.comments[-1].edits == [("ann", "mine")]


def test_who_is_unknown_sees_nothing(scene: Scene) -> None:
    with pytest.raises(GithubException) as refused:
        scene.page("ghs_nobody")
    assert (refused.value.status, refused.value.data["message"]) == (401, "Bad credentials")
    for token in (scene.github.user_token("eve"), scene.github.token(app="elsewhere")):
        with pytest.raises(GithubException) as refused:
            scene.page(token)
        assert refused.value.status == 404


def test_collaborators(scene: Scene) -> None:
    repo = scene.repo()
    scene.shop.collaborator("olga", "release-manager", permission="write")
    for login, permission, role in (("tom", "read", "triage"), ("olga", "write", "release-manager")):
        assert (repo.get_collaborator_permission(login), repo.get_collaborator_role_name(login)) == (permission, role)
    scene.github.user("eve")
    assert repo.get_collaborator_permission("eve") == "none"
    scene.github.user("gone", deleted=True)
    for login in ("nobody", "gone"):
        with pytest.raises(GithubException) as refused:
            repo.get_collaborator_permission(login)
        assert refused.value.status == 404


def test_a_deleted_author_is_null(own: Scene) -> None:
    own.github.comment(own.pull, "gone", "bye")
    own.github.user("gone", deleted=True)
    (comment,) = own.page().get_issue_comments()
    assert comment.raw_data["user"] is None


def test_an_app_signs_in(own: Scene) -> None:
    app = own.github.app("codedesigner", checks="write", pull_requests="write", contents="read")
    auth = Auth.AppAuth(app.id, private_key())
    integration = GithubIntegration(
        auth=auth, base_url=own.github.api, seconds_between_requests=None, seconds_between_writes=None
    )
    installation = integration.get_repo_installation("octo", "shop")
    token = integration.get_access_token(installation.id).token
    assert own.repo(token).create_check_run("codedesigner", own.pull.head_sha).app.slug == "codedesigner"
    with pytest.raises(GithubException, match="not granted to this installation"):
        integration.get_access_token(installation.id, permissions={"contents": "write"})
    forged = jwt.encode({"iss": str(app.id)}, "x" * 32, algorithm="HS256")
    with pytest.raises(GithubException, match="could not be decoded"):
        own.ask("GET", "/app", token=forged)
    with pytest.raises(GithubException) as refused:
        own.ask("GET", "/app")
    assert refused.value.status == 401
