"""Threads, plain comments, quick actions, suggestions, drafts, emoji, limits."""

from __future__ import annotations

import pytest
from gitlab.exceptions import GitlabCreateError, GitlabHttpError, GitlabUpdateError
from tests.doubles.gitlab import DEVELOPER, REPORTER, look, noting, quickactions
from tests.doubles.gitlab.conftest import NEW, Scene
from tests.doubles.gitlab.world import GHOST


def test_threads_block_and_plain_comments_do_not(scene: Scene) -> None:
    scene.project.threads_must_be_resolved = True
    page = scene.page
    page.notes.create({"body": "a remark"})
    assert look(scene.world, scene.request).merge_status == "mergeable"
    thread = page.discussions.create({"body": "a defect", "position": scene.position(new_line=6)})
    assert scene.page.attributes["detailed_merge_status"] == "discussions_not_resolved"
    reply = thread.notes.create({"body": "why"})
    assert reply.attributes["resolvable"]
    thread.resolved = True
    thread.save()
    shown = page.discussions.get(thread.id).attributes["notes"]
    assert [(each["resolved"], each["resolved_by"]["id"]) for each in shown] == [(True, scene.bot.id)] * 2
    assert scene.page.attributes["blocking_discussions_resolved"]
    assert [each.attributes["individual_note"] for each in page.discussions.list()] == [True, False]
    assert [each.body for each in page.notes.list()] == ["why", "a defect", "a remark"]


def test_who_may_resolve_and_change(scene: Scene) -> None:
    thread = scene.page.discussions.create({"body": "x"})
    reporter = scene.world.user("rita")
    scene.project.members[reporter.id] = REPORTER
    other = scene.client(scene.world.token(reporter)).projects.get(scene.project.id).mergerequests.get(1)
    theirs = other.discussions.get(thread.id)
    theirs.resolved = True
    with pytest.raises(GitlabUpdateError, match="403"):
        theirs.save()
    with pytest.raises(GitlabUpdateError, match="403"):
        other.notes.update(scene.request.notes[0].id, {"body": "mine"})
    scene.project.inherited[reporter.id] = DEVELOPER
    theirs.save()
    assert look(scene.world, scene.request).discussions == ((scene.bot.username, "x", True),)


def test_a_note_takes_exactly_one_of_body_and_resolved(scene: Scene) -> None:
    thread = scene.page.discussions.create({"body": "x"})
    path = f"/projects/{scene.project.id}/merge_requests/1/discussions/{thread.id}/notes/{scene.request.notes[0].id}"
    with pytest.raises(GitlabHttpError, match="mutually exclusive"):
        scene.client().http_put(path, post_data={"body": "y", "resolved": True})
    with pytest.raises(GitlabHttpError, match="exactly one"):
        scene.client().http_put(path)
    assert scene.client().http_put(path, query_data={"resolved": "true"})["resolved"]  # type: ignore[index]


def test_quick_actions_are_done_with_the_rights_of_the_token(scene: Scene) -> None:
    scene.page.notes.create({"body": 'fine\n```\n  /approve\n```\n/label ~bug ~"a b"\n/usr/bin is a path'})
    seen = look(scene.world, scene.request)
    assert seen.comments[0][1] == "fine\n```\n```\n/usr/bin is a path"
    assert (seen.approved_by, seen.labels) == ((scene.bot.username,), ("bug", "a b"))
    assert [each.rpartition(": ")[2] for each in seen.executed] == ["/approve", '/label ~bug ~"a b"']
    assert seen.suspicious == ("/usr/bin is a path",)
    with pytest.raises(GitlabCreateError, match=r"Note \{\}"):
        scene.page.notes.create({"body": "/close"})
    assert (scene.request.state, len(scene.request.notes)) == ("closed", 1)


def test_a_stranger_has_no_quick_actions(scene: Scene) -> None:
    noting.comment(scene.world, scene.request, scene.world.user("stranger"), "x\n/approve")
    assert (scene.request.approved_by, scene.world.executed[0].allowed) == ([], False)
    assert quickactions.resembling("> /close\n\t/x\n a /b\n//c") == ["> /close", "\t/x"]


def test_a_suggestion_is_applied_in_the_name_of_who_made_it(scene: Scene) -> None:
    body = "x\n````suggestion:-1+1\n```\nsix\n````\n"
    scene.page.discussions.create({"body": body, "position": scene.position(new_line=7)})
    (made,) = scene.request.notes[0].suggestions
    assert (made.first, made.last, made.old, made.new) == (6, 8, "added a\nadded b\nline 6\n", "```\nsix\n")
    noting.apply(scene.world, scene.dev, made.id)
    text = scene.project.repository.read(scene.request.head, "app.py")
    assert text == NEW.replace("added a\nadded b\nline 6\n", "```\nsix\n").encode()
    assert scene.project.repository.git("log", "-1", "--format=%an", scene.request.head) == "codedesigner"
    (thread,) = look(scene.world, scene.request).outdated
    assert (thread.resolved, thread.resolved_by) == (True, "dev")
    assert scene.world.outbox[-1].payload["object_attributes"]["oldrev"]


@pytest.mark.parametrize("reach", ["-7+0", "-0+99", "-101+0"])
def test_a_suggestion_beyond_its_file_is_a_breach(scene: Scene, reach: str) -> None:
    body = f"```suggestion:{reach}\nx\n```"
    scene.page.discussions.create({"body": body, "position": scene.position(new_line=7)})
    assert not scene.request.notes[0].suggestions[0].appliable
    assert [each for each in scene.world.violations if "reaches" in each]
    scene.world.violations.clear()


def test_all_own_drafts_are_published_at_once(scene: Scene) -> None:
    page = scene.page
    page.draft_notes.create({"note": "left over"})
    thread = page.discussions.create({"body": "old"})
    page.draft_notes.create({"note": "new", "position": scene.position(new_line=6)})
    page.draft_notes.create({"note": "done", "in_reply_to_discussion_id": thread.id, "resolve_discussion": True})
    theirs = scene.client(scene.world.token(scene.dev)).projects.get(scene.project.id).mergerequests.get(1)
    theirs.draft_notes.create({"note": "not mine"})
    assert len(page.draft_notes.list(get_all=True)) == 3
    scene.world.notifications.clear()
    page.draft_notes.bulk_publish()
    seen = look(scene.world, scene.request)
    assert seen.at("app.py", 6)[0].bodies == ("new",)
    assert seen.discussions == ((scene.bot.username, "old", True), (scene.bot.username, "left over", False))
    assert seen.drafts == (("dev", "not mine"),)
    assert scene.world.notifications == [(scene.bot.username, 3)]
    kept = page.draft_notes.create({"note": "away"})
    kept.delete()
    assert page.draft_notes.list(get_all=True) == []


def test_a_draft_for_a_line_that_is_not_in_the_diff_is_taken_and_lost(scene: Scene) -> None:
    page = scene.page
    assert page.draft_notes.create({"note": "good", "position": scene.position(new_line=6)}).line_code.endswith("_6_6")
    assert page.draft_notes.create({"note": "bad", "position": scene.position(new_line=12)}).line_code is None
    page.draft_notes.create({"note": "beside", "position": scene.position(new_line=6, head_sha="")})
    page.draft_notes.bulk_publish()
    seen = look(scene.world, scene.request)
    assert ([each.bodies for each in seen.threads], seen.discussions[0][1]) == ([("good",)], "beside")
    assert [each.body for each in scene.world.lost] == ["bad"]
    assert scene.world.violations
    scene.world.violations.clear()


def test_answers_as_drafts(scene: Scene) -> None:
    page = scene.page
    thread = page.discussions.create({"body": "old"})
    thread.resolved = True
    thread.save()
    page.draft_notes.create({"note": "one", "in_reply_to_discussion_id": thread.id})
    with pytest.raises(GitlabCreateError, match="has already been taken"):
        page.draft_notes.create({"note": "two", "in_reply_to_discussion_id": thread.id})
    with pytest.raises(GitlabCreateError, match="Thread to reply to cannot be found"):
        page.draft_notes.create({"note": "two", "in_reply_to_discussion_id": "0" * 40})
    page.draft_notes.bulk_publish()
    assert not look(scene.world, scene.request).discussions[0][2]


def test_emoji(scene: Scene) -> None:
    page = scene.page
    note = page.notes.create({"body": "x"})
    award = note.awardemojis.create({"name": "eyes"})
    with pytest.raises(GitlabCreateError, match="already been taken"):
        note.awardemojis.create({"name": "eyes"})
    with pytest.raises(GitlabCreateError, match="not a valid emoji"):
        note.awardemojis.create({"name": "no such"})
    assert look(scene.world, scene.request).awards == ((note.id, "eyes", scene.bot.username),)
    award.delete()
    assert note.awardemojis.list(get_all=True) == []


def test_limits(scene: Scene) -> None:
    page = scene.page
    with pytest.raises(GitlabCreateError, match="can't be blank"):
        page.notes.create({"body": " "})
    with pytest.raises(GitlabCreateError, match="too long"):
        page.notes.create({"body": "x" * 1_000_001})
    page.notes.create({"body": "x" * 1_000_000})
    scene.world.most_notes = 2
    page.notes.create({"body": "x"})
    with pytest.raises(GitlabCreateError, match="Maximum number of comments"):
        page.notes.create({"body": "x"})
    scene.world.most_notes = 5000
    scene.world.notes_per_minute, scene.world.retry_after = 1, 3600
    page.notes.create({"body": "x"})
    with pytest.raises(GitlabCreateError) as caught:
        page.notes.create({"body": "x"}, obey_rate_limit=False)
    assert caught.value.response_code == 429
    scene.world.clock.tick(61)
    page.notes.create({"body": "x"})


def test_what_a_deleted_user_wrote_is_the_ghosts(scene: Scene) -> None:
    stranger = scene.world.user("stranger")
    noting.comment(scene.world, scene.request, stranger, "hello")
    scene.world.delete(stranger)
    assert scene.page.notes.list()[0].author["username"] == "ghost"
    assert scene.request.notes[0].author is GHOST
