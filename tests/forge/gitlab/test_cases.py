"""Cases of GitLab that a forge's client has to stand, over the double that refuses as GitLab does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.gitlab import REPORTER, look
from tests.doubles.gitlab.model import Note
from tests.doubles.server import Fault
from tests.forge.contract.world import GitLabWorld, gitlab_world, thread

from codedesigner.errors import (
    ConflictError,
    ForbiddenError,
    LimitedError,
)
from codedesigner.publish.discussion import Anchor, NewThread, Place


def at(key: str, start: Anchor, end: Anchor | None = None, *, path: str = "a.py", old_path: str = "") -> NewThread:
    """A thread on a place of its own."""
    side: Any = "LEFT" if (end or start).kind == "removed" else "RIGHT"
    return NewThread(Place(path, old_path or path, side, start, end or start), f"Words.\n\n<!-- {key} -->", key)


def sent(world: GitLabWorld) -> list[dict[str, Any]]:
    """The positions that were sent."""
    return [each.json["position"] for each in world.gitlab.asked("POST", "/draft_notes$")]


def post(world: GitLabWorld, *threads: NewThread) -> Any:
    """A review with these threads."""

    async def posting() -> Any:
        return await world.forge.post(await world.forge.pull(1), threads, body="review", key="review")

    return asyncio.run(posting())


def test_T_GL_01_each_kind_of_line_has_its_own_numbers(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        text = "".join(f"line {n}\n" for n in range(1, 51))
        files = {"a.py": text.replace("line 5\n", "line 5\nadded\nmore\n").replace("line 20\n", "")}
        world.gitlab.push(world.opened.source, "feature", files)
        threads = [
            at("added", Anchor("added", 6, 6)),
            at("removed", Anchor("removed", 20, 22)),
            at("context", Anchor("context", 8, 10)),
        ]
        written = post(world, *threads)
        assert [one.key for one in written.placed] == ["added", "removed", "context"]
        numbers = [{name: one[name] for name in ("old_line", "new_line") if name in one} for one in sent(world)]
        assert numbers == [{"new_line": 6}, {"old_line": 20}, {"old_line": 8, "new_line": 10}]
        seen = {(one.side, one.line): one.text for one in look(world.gitlab, world.opened).threads}
        assert seen == {("new", 6): "added", ("old", 20): "line 20", ("new", 10): "line 8"}
        assert len({one[1] for one in world.gitlab.notifications}) == 1
        found = asyncio.run(discussion(world)).threads
        assert [(one.side, one.line) for one in found] == [("RIGHT", 6), ("LEFT", 20), ("RIGHT", 10)]


async def discussion(world: GitLabWorld) -> Any:
    """What stands."""
    return await world.forge.discussion(await world.forge.pull(1))


def test_T_GL_02_new_and_renamed_files_have_both_paths(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        text = "".join(f"row {n}\n" for n in range(1, 30))
        world.gitlab.push(world.project, "main", {"was.py": text})
        files = {"new.py": "n\n", "is.py": text.replace("row 9\n", "nine\n"), "was.py": None}
        world.gitlab.push(world.project, "moved", {"zzz": "1\n"})
        world.gitlab.push(world.project, "moved", files)
        world.opened.state = "closed"
        second = world.gitlab.open(world.project, "moved", world.ann)
        threads = [
            at("new", Anchor("added", 0, 1), path="new.py"),
            at("moved", Anchor("added", 10, 9), path="is.py", old_path="was.py"),
        ]

        async def posting() -> Any:
            return await world.forge.post(await world.forge.pull(second.iid), threads, body="r", key="r")

        written = asyncio.run(posting())
        assert [one.key for one in written.placed] == ["new", "moved"]
        assert [(one["old_path"], one["new_path"]) for one in sent(world)] == [
            ("new.py", "new.py"),
            ("was.py", "is.py"),
        ]


@pytest.mark.parametrize("refused", [False, True], ids=["draft without a line code", "400"])
def test_T_GL_05_a_line_that_gitlab_does_not_take_costs_no_other(tmp_path: Path, refused: bool) -> None:
    with gitlab_world(tmp_path / "g") as world:
        if refused:
            said = {"message": '400 Bad request - Note {:line_code=>["can\'t be blank", "must be a valid line code"]}'}
            world.gitlab.fail(Fault("POST", "/draft_notes$", 2, 400, said))
        written = post(world, thread("a", 13), thread("b", 10 if refused else 99), thread("c", 42))
        assert [one.key for one in written.placed] == ["a", "c"]
        assert [(one.thread.key, "no such line" in one.reason) for one in written.refused] == [("b", True)]
        seen = look(world.gitlab, world.opened)
        assert (len(seen.threads), seen.drafts) == (2, ())


def test_T_GL_07_a_range_names_line_codes_and_nothing_else(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        written = post(world, thread("a", 13, start=11))
        (position,) = sent(world)
        assert [set(end) for end in position["line_range"].values()] == [{"line_code", "type"}] * 2
        assert [end["type"] for end in position["line_range"].values()] == ["old", "new"]
        assert len(written.placed) == 1
        (only,) = asyncio.run(discussion(world)).threads
        assert (only.start_line, only.line) == (11, 13)


def test_T_GL_08_a_line_code_has_the_running_counters(tmp_path: Path) -> None:
    import hashlib

    with gitlab_world(tmp_path / "g") as world:
        text = "".join(f"line {n}\n" for n in range(1, 51))
        added = "".join(f"new {n}\n" for n in range(1, 10))
        world.gitlab.push(world.opened.source, "feature", {"a.py": text.replace("line 5\n", f"line 5\n{added}")})
        post(world, at("a", Anchor("added", 6, 13), Anchor("added", 6, 14)))
        (position,) = sent(world)
        code = position["line_range"]["end"]["line_code"]
        assert code == f"{hashlib.sha1(b'a.py', usedforsecurity=False).hexdigest()}_6_14"
        assert look(world.gitlab, world.opened).threads[0].line == 14


def test_T_GL_11_own_left_over_drafts_are_deleted_and_others_stay(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        path = f"{world.forge.client.address.path}/merge_requests/1/draft_notes"
        asyncio.run(world.forge.client.repeat("POST", path, {"note": "half of a run"}, what="a draft"))
        noted = len(world.opened.drafts)
        written = post(world, thread("a", 13))
        bodies = [note.body for note in world.opened.notes]
        assert (noted, len(written.placed), len(world.opened.drafts)) == (1, 1, 0)
        assert "half of a run" not in bodies


def test_T_GL_13_what_need_not_be_resolved_is_a_plain_note(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.project.threads_must_be_resolved = True
        written = post(world, replace(thread("a", 13), resolvable=False))
        seen = look(world.gitlab, world.opened)
        assert (len(written.placed), seen.threads, len(seen.comments)) == (1, (), 1)
        assert seen.comments[0][1].startswith("`a.py:13`")
        assert seen.merge_status != "discussions_not_resolved"
        assert asyncio.run(discussion(world)).threads == ()
        assert len(post(world, replace(thread("a", 13), resolvable=False)).placed) == 1
        assert len(look(world.gitlab, world.opened).comments) == 1


def test_T_GL_29_an_hour_of_limit_ends_the_review_and_loses_nothing(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        files = {"new.py": "".join(f"n {n}\n" for n in range(1, 100))}
        world.gitlab.push(world.opened.source, "feature", files)
        limit = Fault("POST", "/draft_notes$", 0, 429, {"message": {"error": "too many"}}, {"Retry-After": "3600"})
        threads = [at(f"k{n:02}", Anchor("added", 0, n), path="new.py") for n in range(1, 91)]
        world.gitlab.before = lambda request: (
            world.gitlab.fail(limit)
            if request.path.endswith("/draft_notes")
            and request.method == "POST"
            and len(world.opened.drafts) == 20
            and not world.gitlab._faults
            else None
        )
        written = post(world, *threads)
        assert (len(written.placed), len(written.refused)) == (20, 70)
        assert len(look(world.gitlab, world.opened).threads) == 20
        assert sum(world.paused) < 3600


def test_T_GL_29_a_review_stays_below_sixty_notes_a_minute(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.notes_per_minute, world.gitlab.retry_after = 60, 3600
        world.gitlab.push(world.opened.source, "feature", {"new.py": "".join(f"n {n}\n" for n in range(1, 100))})
        threads = [at(f"k{n:02}", Anchor("added", 0, n), path="new.py") for n in range(1, 91)]
        written = post(world, *threads)
        assert (len(written.placed), len(written.refused)) == (50, 40)
        assert world.gitlab.lost == []


def test_a_limit_longer_than_the_run_may_wait(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        world.gitlab.notes_per_minute, world.gitlab.retry_after = 0, 3600
        with pytest.raises(LimitedError) as limit:
            asyncio.run(world.forge.comment(pull, "x", key="x"))
        assert (limit.value.retry_after_s, world.paused) == (3600.0, [])


def test_T_GL_32_every_discussion_is_read_before_anything_is_posted(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        for n in range(65):
            world.says(f"early {n}")
        assert len(post(world, thread("a", 13)).placed) == 1
        for n in range(65):
            world.says(f"late {n}")
        assert len(asyncio.run(discussion(world)).comments) == 130
        assert len(post(world, thread("a", 13)).placed) == 1
        assert len(asyncio.run(discussion(world)).threads) == 1


@pytest.mark.parametrize("path", ["/draft_notes$", "/bulk_publish$"])
def test_a_500_after_it_was_stored_posts_nothing_twice(tmp_path: Path, path: str) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.fail(Fault("POST", path, 1, 500, stored=True))
        written = post(world, thread("a", 13), thread("b", 42))
        assert len(written.placed) == 2
        assert len(look(world.gitlab, world.opened).threads) == 2
        assert len(world.gitlab.asked("POST", path)) == (2 if "draft" in path and "bulk" not in path else 1)


def test_a_place_at_which_gitlab_fails_costs_no_other(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        first = [Fault("POST", "/draft_notes$", n, 500) for n in range(1, 5)]
        world.gitlab.fail(*first)
        written = post(world, thread("a", 13), thread("b", 42))
        assert ([one.key for one in written.placed], [one.thread.key for one in written.refused]) == (["b"], ["a"])


def test_a_token_that_can_only_read_says_what_it_lacks(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g", kind="read_api") as world:
        pull = asyncio.run(world.forge.pull(1))
        assert asyncio.run(world.forge.me()).bot
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(world.forge.comment(pull, "x", key="x"))
        assert "`api`" in str(refused.value.hint)
        assert len(world.gitlab.asked("POST", "/notes$")) == 1
        token = asyncio.run(world.forge.token())
        assert token not in f"{refused.value!r}{refused.value.__dict__}{world.forge!r}{vars(world.forge.client)!r}"


def test_resolving_without_the_right_is_forbidden(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g", level=REPORTER) as world:
        post(world, thread("a", 13))
        pull = asyncio.run(world.forge.pull(1))
        (only,) = asyncio.run(discussion(world)).threads
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(world.forge.resolve(pull, only))
        assert "Developer" in str(refused.value.hint)


@pytest.mark.parametrize("line", ["/approve", "  /merge", "> /close", "/Assign @x", "```\n/label ~x\n```"])
def test_T_SEC_17_what_gitlab_would_run_is_never_sent(tmp_path: Path, line: str) -> None:
    with gitlab_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        body = f"words\n{line}\nmore"
        mine = asyncio.run(world.forge.comment(pull, "mine", key="mine"))
        post(world, thread("a", 13))
        (only,) = asyncio.run(discussion(world)).threads
        before = len(world.gitlab.writes)
        for attempt in (
            world.forge.comment(pull, body, key="k"),
            world.forge.edit(pull, mine, body),
            world.forge.reply(pull, only, body, key="k"),
        ):
            with pytest.raises(ConflictError):
                asyncio.run(attempt)
        written = asyncio.run(world.forge.post(pull, [replace(thread("key-b", 42), body=body)], body="r", key="r"))
        assert [one.thread.key for one in written.refused] == ["key-b"]
        assert len(world.gitlab.writes) == before
        assert look(world.gitlab, world.opened).executed == ()


def test_an_answer_in_a_thread_whose_line_is_gone_stands_beside_it(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        post(world, thread("a", 13))
        world.gitlab.push(world.opened.source, "feature", {"a.py": "all new\n"})
        world.gitlab.replies_need_their_line = True
        pull = asyncio.run(world.forge.pull(1))
        (only,) = asyncio.run(discussion(world)).threads
        assert only.line is None
        asyncio.run(world.forge.reply(pull, only, "answer r1", key="r1"))
        asyncio.run(world.forge.reply(pull, only, "answer r1", key="r1"))
        assert [one.body for one in asyncio.run(discussion(world)).comments] == ["answer r1"]


def test_never_an_approval_and_never_a_merge() -> None:
    room = Path(__file__).parents[3] / "bot" / "codedesigner" / "forge" / "gitlab"
    text = "".join(file.read_text(encoding="utf-8") for file in room.glob("*.py"))
    assert "/approve" not in text
    assert '}/merge"' not in text


def test_an_issue_that_not_everybody_sees_is_told_apart(tmp_path: Path) -> None:
    with gitlab_world(tmp_path) as world:
        secret = world.gitlab.issue(world.project, world.ann, "Secret", "SECRET", confidential=True)
        plain = world.gitlab.issue(world.project, world.ann, "A bug", "It breaks.")

        async def seen() -> list[bool]:
            found = [(await world.forge.issue(secret.iid)).restricted]
            for issues, requests in (("enabled", "enabled"), ("private", "enabled"), ("private", "private")):
                world.project.issues_access, world.project.requests_access = issues, requests
                found.append((await world.forge.issue(plain.iid)).restricted)
            world.project.issues_access = None  # a version that does not tell
            return [*found, (await world.forge.issue(plain.iid)).restricted]

        assert asyncio.run(seen()) == [True, False, True, False, True]


def test_a_comment_that_reads_like_a_note_of_the_system_makes_nobody_an_editor(tmp_path: Path) -> None:
    with gitlab_world(tmp_path) as world:
        made = world.gitlab.issue(world.project, world.ann, "A bug", "It breaks.")
        world.gitlab.edit_issue(made, world.ann, title="A bug of carts")
        now = world.gitlab.moment()
        mallory = next(one for one in world.gitlab.users if one.username == "mallory")
        made.notes.append(Note(world.gitlab.ids.next(), mallory, "changed the description", now, now))
        found = asyncio.run(world.forge.issue(made.iid))
        assert [one.login for one in found.editors or ()] == ["ann"]
        made.notes += [made.notes[-1]] * 1_100
        assert asyncio.run(world.forge.issue(made.iid)).editors is None
