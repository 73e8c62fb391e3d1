"""What a pull request changes, and where GitHub leaves something out."""

from __future__ import annotations

import pytest
from github.GithubException import GithubException
from tests.doubles.git import Entry
from tests.doubles.github.conftest import NEW, Scene


def test_patches_that_are_missing(own: Scene) -> None:
    own.github.largest_patch = 100
    own.pull.push({"b.bin": b"\0", "large.py": "x = 1\n" * 50, "link": Entry("/etc/passwd", "120000"), "empty.py": ""})
    found = {each.filename: each for each in own.page().get_files()}
    assert {name: (each.status, each.patch is not None, each.changes) for name, each in found.items()} == {
        "a.py": ("modified", False, 5),
        "b.bin": ("added", False, 0),
        "empty.py": ("added", False, 0),
        "large.py": ("added", False, 50),
        "link": ("added", True, 1),
        "new.py": ("added", True, 1),
        "old.py": ("removed", True, 1),
    }


def test_a_renamed_file(own: Scene) -> None:
    pull = own.github.pull(own.shop, {"a.py": None, "moved.py": own.shop.repo.read("main", "a.py")}, branch="rename")
    (file,) = own.page(pull=pull).get_files()
    assert (file.filename, file.previous_filename, file.status) == ("moved.py", "a.py", "renamed")
    assert "patch" not in file.raw_data


def test_more_files_than_github_shows(own: Scene) -> None:
    many = own.github.pull(own.shop, {f"f{n:04}": "x\n" for n in range(3500)}, branch="many")
    page = own.page(pull=many)
    assert page.changed_files == 3500
    path = f"/repos/octo/shop/pulls/{many.number}/files?per_page=100&page="
    assert [len(own.ask("GET", f"{path}{number}")) for number in (1, 30, 31)] == [100, 100, 0]
    with pytest.raises(GithubException) as refused:
        own.diff(many)
    assert (refused.value.status, refused.value.data["errors"][0]["code"]) == (406, "too_large")
    assert own.diff(own.pull) == own.shop.diffs.text(own.pull.merge_base(), own.pull.head_sha)


def test_a_moved_base_shows_only_the_own_change(own: Scene) -> None:
    for number in range(3):
        own.pull.move_base({f"other{number}.py": "x\n"})
    assert {each.filename for each in own.page().get_files()} == {"a.py", "new.py", "old.py"}
    assert own.page().base.sha == own.shop.repo.sha("main")
    own.pull.move_base({"a.py": NEW.replace("twelve", "douze")})
    own.page()
    assert own.page().raw_data["mergeable"] is False


def test_a_deleted_fork(own: Scene) -> None:
    pull = own.github.pull(own.shop, {"b.py": "b\n"}, fork="mallory", draft=True)
    assert own.page(pull=pull).head.repo.fork
    pull.delete_fork()
    shown = own.page(pull=pull).raw_data
    assert (shown["head"]["repo"], shown["head"]["label"], shown["draft"]) == (None, "mallory:feature", True)
    assert own.repo().get_git_ref(f"pull/{pull.number}/head").object.sha == pull.head_sha
    assert pull.push({"b.py": "c\n"}) == own.page(pull=pull).head.sha


def test_content_of_every_kind(own: Scene) -> None:
    link, submodule = Entry("a.py", "120000"), Entry("d" * 40, "160000")
    own.shop.repo.commit("main", {"big": b"x" * 1_000_001, "link": link, "sub": submodule, "d/e.py": "e\n"})
    path = "/repos/octo/shop/contents"
    shown = {name: own.ask("GET", f"{path}/{name}") for name in ("big", "link", "sub", "d")}
    assert (shown["big"]["content"], shown["big"]["encoding"], shown["big"]["size"]) == ("", "none", 1_000_001)
    assert (shown["link"]["type"], shown["link"]["target"]) == ("symlink", "a.py")
    assert shown["sub"]["type"] == "submodule"
    assert [each["path"] for each in shown["d"]] == ["d/e.py"]
    assert own.repo().get_git_blob(shown["big"]["sha"]).size == 1_000_001
    assert own.repo().get_commit("main").files
    assert own.repo().get_branch("main").commit.sha == own.shop.repo.sha("main")
    for missing in (f"{path}/nothing", "/repos/octo/shop/git/blobs/" + "d" * 40, f"{path}/a.py?ref=nothing"):
        with pytest.raises(GithubException) as refused:
            own.ask("GET", missing)
        assert refused.value.status == 404
