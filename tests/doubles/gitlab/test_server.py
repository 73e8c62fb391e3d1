"""Tokens, pages, redirects, TLS, breaches; merge requests and what is in a repository."""

from __future__ import annotations

from pathlib import Path

import gitlab
import pytest
from gitlab.exceptions import GitlabAuthenticationError, GitlabError, GitlabGetError, GitlabHttpError, RedirectError
from tests.doubles.git import Entry
from tests.doubles.gitlab import DEVELOPER, GitLab, tls
from tests.doubles.gitlab.conftest import NEW, OLD, Scene, build


def test_a_job_token_only_reads_merge_requests_and_notes(scene: Scene) -> None:
    client = gitlab.Gitlab(scene.world.address, job_token=scene.world.job_token(scene.project, scene.dev))
    page = client.projects.get(scene.project.id, lazy=True).mergerequests.get(1)
    assert page.notes.list(get_all=True) == []
    for refused in (
        lambda: page.notes.create({"body": "x"}),
        lambda: page.discussions.list(),
        lambda: page.diffs.list(),
        lambda: client.projects.get(scene.project.id),
        lambda: client.auth(),
    ):
        with pytest.raises(GitlabAuthenticationError):
            refused()
    wrong = scene.client(scene.world.job_token(scene.project, scene.dev))
    with pytest.raises(GitlabAuthenticationError):
        wrong.projects.get(1, lazy=True).mergerequests.get(1)


def test_what_a_token_may(scene: Scene) -> None:
    reader = scene.client(scene.world.token(scene.dev, "read_api"))
    reader.auth()
    assert reader.user is not None
    assert reader.user.username == "dev"
    page = reader.projects.get(scene.project.id).mergerequests.get(1)
    with pytest.raises(GitlabError, match="insufficient_scope") as caught:
        page.notes.create({"body": "x"})
    assert caught.value.response_code == 403
    with pytest.raises(GitlabAuthenticationError):
        scene.client("glpat-none").auth()
    other = scene.world.project("group/other", owner=scene.dev, public=False)
    for number in (other.id, 999_999):
        with pytest.raises(GitlabGetError, match="404 Project Not Found"):
            scene.client().projects.get(number)


def test_members_are_direct_and_all_are_inherited_ones_too(scene: Scene) -> None:
    owner = scene.world.user("owner")
    scene.project.inherited[owner.id] = DEVELOPER
    project = scene.client().projects.get(scene.project.id)
    with pytest.raises(GitlabGetError):
        project.members.get(owner.id)
    assert project.members_all.get(owner.id).access_level == DEVELOPER
    assert len(project.members_all.list(get_all=True)) == len(project.members.list(get_all=True)) + 1


def test_lists_have_pages(scene: Scene) -> None:
    page = scene.page
    for number in range(130):
        page.discussions.create({"body": str(number)})
    assert len(page.discussions.list(get_all=False)) == 20
    assert len(page.discussions.list(get_all=False, per_page=200)) == 100
    assert [each.attributes["notes"][0]["body"] for each in page.discussions.list(iterator=True)] == [
        str(number) for number in range(130)
    ]
    scene.world.counted_records = 100
    path = f"/projects/{scene.project.id}/merge_requests/1/discussions"
    third = scene.client().http_get(path, raw=True, query_data={"page": 3})
    assert not isinstance(third, dict)
    assert {third.headers[f"X-{name}-Page"] for name in ("Next", "Prev")} == {"4", "2"}
    assert "X-Total" not in third.headers
    assert third.links["next"]["url"].endswith("/discussions?page=4&per_page=20")


def test_a_new_merge_request_is_not_prepared(scene: Scene) -> None:
    scene.world.push(scene.project, "other", {"app.py": "x\n"})
    request = scene.world.open(scene.project, "other", scene.dev, prepared_after=30, unprepared_requests=1)
    requests = scene.client().projects.get(scene.project.id).mergerequests
    scene.world.clock.tick(60)
    page = requests.get(request.iid)
    shown = page.attributes
    assert (shown["diff_refs"], shown["changes_count"], shown["prepared_at"]) == (None, None, None)
    shown = requests.get(request.iid).attributes
    assert shown["diff_refs"] == request.versions[0].refs
    assert shown["prepared_at"] is not None
    assert "diff_refs" not in requests.list(state="opened", get_all=True)[0].attributes
    late = scene.world.open(scene.project, "other", scene.dev, prepared_after=30)
    late_page = requests.get(late.iid)
    assert (late_page.diff_refs, late_page.diffs.list()) == (None, [])


def test_diffs_are_collapsed_or_too_large(scene: Scene) -> None:
    scene.request.too_large.add("new.py")
    scene.world.push(scene.project, "feature", {"wide.py": "x" * 30_000 + "\n"})
    client = scene.client()
    path = f"/projects/{scene.project.id}/merge_requests/1"
    shown = client.http_list(f"{path}/diffs", get_all=True)
    states = {each["new_path"]: (each["collapsed"], each["too_large"], bool(each["diff"])) for each in shown}
    assert states == {
        "app.py": (False, False, True),
        "gone.py": (False, False, True),
        "new.py": (False, True, False),
        "there.py": (False, False, True),
        "wide.py": (True, False, False),
    }
    moved = next(each for each in shown if each["renamed_file"])
    assert (moved["old_path"], moved["diff"][:3]) == ("moved.py", "@@ ")
    raw = client.http_get(f"{path}/raw_diffs", raw=True)
    assert not isinstance(raw, dict)
    assert b"+++ b/app.py" in raw.content
    assert b"wide.py" not in raw.content
    newest = scene.page.diffs.list()[0]
    assert len(scene.page.diffs.get(newest.id).diffs) == 5


def test_odd_files_have_empty_diffs(scene: Scene) -> None:
    odd: dict[str, str | bytes | Entry] = {
        "link": Entry("/etc/passwd", "120000"),
        "empty": "",
        "sub": Entry("1" * 40, "160000"),
        "bin": b"\0\1",
    }
    scene.world.push(scene.project, "odd", {**odd, 'é "q" \n.py': "x\n"}, parents=(scene.request.versions[0].base,))
    request = scene.world.open(scene.project, "odd", scene.dev)
    shown = scene.client().http_list(f"/projects/{scene.project.id}/merge_requests/{request.iid}/diffs", get_all=True)
    by_path = {each["new_path"]: each for each in shown}
    assert by_path["link"]["b_mode"] == "120000"
    assert (by_path["empty"]["diff"], by_path["bin"]["diff"]) == ("", "")
    assert by_path['é "q" \n.py']["diff"] == "@@ -0,0 +1 @@\n+x\n"


def test_the_repository(scene: Scene) -> None:
    project = scene.client().projects.get(scene.project.path)
    file = project.files.get("app.py", ref="feature")
    assert file.decode() == NEW.encode()
    assert project.files.raw("app.py", ref="main") == OLD.encode()
    assert project.repository_raw_blob(file.blob_id) == NEW.encode()
    with pytest.raises(GitlabGetError, match="404 File Not Found"):
        project.files.get("none.py", ref="main")
    base, head = scene.request.versions[0].base, scene.request.head
    compared = project.repository_compare(base, head)
    assert len(compared["diffs"]) == 4  # type: ignore[index]
    assert project.repository_merge_base(["main", "feature"])["id"] == base  # type: ignore[index]
    tree = {each["path"]: each["mode"] for each in project.repository_tree(ref="feature", get_all=True)}
    assert tree == {"app.py": "100644", "new.py": "100644", "there.py": "100644"}
    assert project.branches.get("feature").commit["id"] == head
    assert project.commits.get(head).parent_ids == [base]


def test_a_fork(scene: Scene) -> None:
    stranger = scene.world.user("stranger")
    fork = scene.world.fork(scene.project, stranger)
    head = scene.world.push(fork, "patch-1", {"app.py": "theirs\n"})
    request = scene.world.open(scene.project, "patch-1", stranger, source=fork)
    shown = scene.client().projects.get(scene.project.id).mergerequests.get(request.iid)
    assert (shown.source_project_id, shown.target_project_id, shown.sha) == (fork.id, scene.project.id, head)
    assert scene.project.repository.sha(f"refs/merge-requests/{request.iid}/head") == head
    base = scene.request.versions[0].base
    forced = scene.world.push(fork, "patch-1", {"app.py": "again\n"}, parents=(base,))
    assert [each.head for each in request.versions] == [forced, head]


def test_a_redirect_is_no_place_to_post_to(scene: Scene, tmp_path: Path) -> None:
    plain = GitLab(tmp_path / "plain")
    plain.redirect_to = scene.world.address
    with plain.running():
        client = gitlab.Gitlab(plain.address, private_token=scene.token)
        with pytest.raises(RedirectError, match="redirect"):
            client.projects.get(scene.project.id, lazy=True).mergerequests.get(1, lazy=True).notes.create({"body": "x"})
    assert scene.request.notes == []


def test_a_private_ca(tmp_path: Path) -> None:
    scene = build(tmp_path)
    file = tls.secure(scene.world)
    with scene.world.running():
        assert scene.world.api.startswith("https://127.0.0.1:")
        assert scene.client(ssl_verify=str(file)).projects.get(scene.project.id).path == "app"
        with pytest.raises(OSError, match="certificate verify failed"):
            scene.client().projects.get(scene.project.id)


def test_limits_are_told(scene: Scene) -> None:
    answer = scene.client().http_get("/user", raw=True)
    assert not isinstance(answer, dict)
    assert int(answer.headers["RateLimit-Remaining"]) < int(answer.headers["RateLimit-Limit"])


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("get", "/projects/{id}/issues", "no operation"),
        ("get", "/projects/{id}/merge_requests/1/changes", "no operation"),
        ("post", "/projects/{id}/merge_requests/1/approve", "was asked for"),
        ("put", "/projects/{id}/merge_requests/1/merge", "was asked for"),
    ],
)
def test_what_nobody_may_ask_for_fails_the_test(tmp_path: Path, method: str, path: str, told: str) -> None:
    scene = build(tmp_path)
    statuses: list[int | None] = []

    def ask() -> None:
        with scene.world.running():
            send = getattr(scene.client(), f"http_{method}")
            try:
                send(path.format(id=scene.project.id))
            except GitlabHttpError as error:
                statuses.append(error.response_code)

    with pytest.raises(AssertionError, match=told):
        ask()
    assert statuses == ([404] if method == "get" else [])


def test_an_undeclared_parameter_fails_the_test(tmp_path: Path) -> None:
    scene = build(tmp_path)

    def ask() -> None:
        with scene.world.running():
            scene.page.discussions.create({"body": "x", "positon": {}})

    with pytest.raises(AssertionError, match="no parameter `positon`"):
        ask()


def test_a_new_double_is_empty(tmp_path: Path) -> None:
    world = GitLab(tmp_path)
    with world.running():
        assert world.requests == []
