"""Where GitLab lets a thread be, and how it refuses."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabError
from tests.doubles.gitlab import look
from tests.doubles.gitlab.conftest import NEW, Scene

LINE_CODE = 'Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'


def hashed(path: str) -> str:
    return hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize(
    ("paths", "lines", "code"),
    [
        ((), {"new_line": 6}, "_6_6"),  # added: the old counter runs on
        ((), {"new_line": 7}, "_6_7"),
        ((), {"old_line": 20}, "_20_22"),  # removed
        ((), {"old_line": 25}, "_25_26"),
        ((), {"new_line": 26}, "_26_26"),
        ((), {"old_line": 10, "new_line": 12}, "_10_12"),  # unchanged, after an insertion
        ((), {"old_line": 1, "new_line": 1}, "_1_1"),  # unchanged, far from the hunks
        (("new.py", "new.py"), {"new_line": 23}, "_0_23"),
        (("gone.py", "gone.py"), {"old_line": 2}, "_2_0"),
        (("moved.py", "there.py"), {"new_line": 9}, "_10_9"),
    ],
)
def test_lines_that_are_in_the_diff(shared: Scene, paths: tuple[str, ...], lines: dict[str, int], code: str) -> None:
    old, new = paths or ("app.py", "app.py")
    thread = shared.page.discussions.create(
        {"body": "x", "position": shared.position(old_path=old, new_path=new, **lines)}
    )
    assert thread.attributes["notes"][0]["type"] == "DiffNote"
    assert thread.attributes["notes"][0]["position"]["new_path"] == new
    assert shared.request.notes[-1].line_code == hashed(new) + code


@pytest.mark.parametrize(
    "wrong",
    [
        {"new_line": 6, "old_line": 6},  # both for an added line
        {"new_line": 22, "old_line": 20},  # both for a removed one
        {"new_line": 12},  # one for an unchanged one
        {"old_line": 10},
        {"new_line": 12, "old_line": 12},  # both, but not a pair
        {"new_line": 99},
        {"new_line": 6, "new_path": "none.py"},
        {"new_line": 1, "new_path": "new.py", "old_path": "/dev/null"},
        {"new_line": 9, "new_path": "there.py", "old_path": "there.py"},  # a rename needs both real paths
        {"new_line": 6, "start_sha": "1" * 40},
    ],
)
def test_what_does_not_fit_the_diff_is_said_to_be_a_line_code(shared: Scene, wrong: dict[str, Any]) -> None:
    before = len(shared.request.notes)
    with pytest.raises(GitlabCreateError, match="line_code") as caught:
        shared.page.discussions.create({"body": "x", "position": shared.position(**wrong)})
    assert caught.value.response_code == 400
    assert LINE_CODE in str(caught.value.error_message)
    assert len(shared.request.notes) == before


@pytest.mark.parametrize(
    ("wrong", "code", "told"),
    [
        ({"new_line": 6, "old_path": None}, 400, "is incomplete"),
        ({}, 400, "is incomplete"),
        ({"new_line": 6, "head_sha": ""}, 500, "500 Internal Server Error"),
        ({"new_line": 6, "position_type": "line"}, 400, "position[position_type] does not have a valid value"),
        ({"new_line": "six"}, 400, "position[new_line] is invalid"),
        ({"new_line": 7, "line_range": {"start": {"new_line": 6}, "end": {}}}, 400, "must be a valid json schema"),
    ],
)
def test_other_refusals(shared: Scene, wrong: dict[str, Any], code: int, told: str) -> None:
    with pytest.raises(GitlabCreateError) as caught:
        shared.page.discussions.create({"body": "x", "position": shared.position(**wrong)})
    assert caught.value.response_code == code
    assert told in str(caught.value.error_message)


def test_what_is_missing_is_named(shared: Scene) -> None:
    position = shared.position(new_line=6)
    del position["base_sha"], position["head_sha"]
    with pytest.raises(GitlabCreateError, match=r"position\[base_sha\] is missing, position\[head_sha\] is missing"):
        shared.page.discussions.create({"body": "x", "position": position})


def test_a_whole_file(scene: Scene) -> None:
    scene.page.discussions.create({"body": "x", "position": scene.position(position_type="file")})
    assert [(each.path, each.line) for each in look(scene.world, scene.request).threads] == [("app.py", None)]


def spread(scene: Scene, start: str, end: str, kinds: tuple[str, str] = ("new", "new")) -> dict[str, Any]:
    ends = {
        name: {"line_code": hashed("app.py") + code, "type": kind}
        for name, code, kind in (("start", start, kinds[0]), ("end", end, kinds[1]))
    }
    return scene.position(new_line=7, line_range=ends)


def test_several_lines(scene: Scene) -> None:
    scene.page.discussions.create({"body": "x", "position": spread(scene, "_6_6", "_6_7")})
    (thread,) = look(scene.world, scene.request).at("app.py", 7)
    assert (thread.first, thread.line, thread.text) == (6, 7, "added b")


@pytest.mark.parametrize(
    ("start", "end", "kinds", "told"),
    [
        ("_0_6", "_6_7", ("new", "new"), "which no line has"),
        ("_6_6", "_6_7", ("old", "new"), "has the type 'old'"),
        ("_6_6", "_6_6", ("new", "new"), "is not the line of the position"),
        ("_6_8", "_6_7", ("old", "new"), "ends before it starts"),
    ],
)
def test_a_range_that_gitlab_would_show_wrongly_is_a_breach(
    scene: Scene, start: str, end: str, kinds: tuple[str, str], told: str
) -> None:
    scene.page.discussions.create({"body": "x", "position": spread(scene, start, end, kinds)})
    assert any(told in each for each in scene.world.violations)
    scene.world.violations.clear()


def test_after_a_push_notes_follow_their_line_or_are_outdated(scene: Scene) -> None:
    page = scene.page
    for lines in ({"new_line": 7}, {"new_line": 26}, {"old_line": 20}):
        page.discussions.create({"body": str(lines), "position": scene.position(**lines)})
    before = scene.request.head
    text = scene.project.repository.read(before, "app.py")
    assert text is not None
    newer = b"top\n" + text.replace(b"changed\n", b"changed again\n")
    scene.world.push(scene.project, "feature", {"app.py": newer})
    seen = look(scene.world, scene.request)
    assert [(each.line, each.side, each.text) for each in seen.threads] == [
        (8, "new", "added b"),
        (20, "old", "line 20"),
    ]
    assert [each.bodies for each in seen.outdated] == [("{'new_line': 26}",)]
    shown = {each.attributes["notes"][0]["position"]["head_sha"] for each in page.discussions.list()}
    assert shown == {before, scene.request.head}
    versions = page.diffs.list()
    assert [each.head_commit_sha for each in versions] == [scene.request.head, before]
    # a position of the older version is still taken
    older = {**scene.position(new_line=6), **scene.request.versions[1].refs}
    page.discussions.create({"body": "late", "position": older})
    assert look(scene.world, scene.request).at("app.py", 7)[-1].bodies == ("late",)
    scene.world.replies_need_their_line = True
    with pytest.raises(GitlabCreateError, match="line_code"):
        page.discussions.get(seen.outdated[0].id).notes.create({"body": "x"})


def test_code_that_looks_like_a_hunk_moves_no_note(scene: Scene) -> None:
    scene.page.discussions.create({"body": "x", "position": scene.position(new_line=7)})
    scene.world.push(scene.project, "feature", {"app.py": "@@ -1 +1,9 @@\n-- a\n@@ -3 +9 @@\n" + NEW})
    (thread,) = look(scene.world, scene.request).threads
    assert (thread.line, thread.text) == (10, "added b")


def test_a_note_may_be_kept_and_the_answer_be_500(scene: Scene) -> None:
    from tests.doubles.server import Fault

    scene.world.fail(Fault("POST", "/discussions$", status=500, stored=True))
    with pytest.raises(GitlabError):
        scene.page.discussions.create({"body": "x", "position": scene.position(new_line=6)})
    assert len(scene.page.discussions.list(get_all=True)) == 1
