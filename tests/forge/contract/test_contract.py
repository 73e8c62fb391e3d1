"""What every forge promises in `publish/ports.py`, held by each of them over its double."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.forge.contract.world import World, github_world, gitlab_world, thread

from codedesigner.errors import ConflictError, ForgeError, MissingError
from codedesigner.publish.discussion import Account, Check, Discussion, Thread
from codedesigner.pullrequest.linking import MISSING, OTHER, OWN, linked_issues

WORLDS: dict[str, Callable[..., AbstractContextManager[World]]] = {"github": github_world, "gitlab": gitlab_world}


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A forge whose token may everything."""
    with WORLDS[request.param](tmp_path / "forge", contents="write") as made:
        yield made


def test_a_review_is_posted_found_answered_and_resolved(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        assert pull.fork
        written = await forge.post(pull, [thread("k13", 13), thread("k42", 42)], body="review", key="review")
        assert ([one.key for one in written.placed], written.refused) == (["k13", "k42"], ())
        first = (await forge.discussion(pull)).threads[0]
        assert (first.path, first.line, first.side, first.head) == ("a.py", 13, "RIGHT", pull.head)
        assert first.comments[0].author == await forge.me()
        await forge.reply(pull, first, "an answer r1", key="r1")
        await forge.react(pull, first.comments[0], "seen", thread=first)
        await forge.react(pull, first.comments[0], "seen", thread=first)
        await forge.edit(pull, first.comments[0], "other words", thread=first)
        await forge.resolve(pull, first)
        now = (await forge.discussion(pull)).threads[0]
        assert [one.body for one in now.comments] == ["other words", "an answer r1"]
        assert now.resolved
        assert now.comments[0].reactions == (((await forge.me()).id, "seen"),)
        assert now.comments[0].edited
        # GitLab's REST does not tell who edited a note.
        assert now.comments[0].edited_by == (await forge.me() if forge.kind == "github" else None)
        await forge.reopen(pull, now)
        assert not (await forge.discussion(pull)).threads[0].resolved

    asyncio.run(life())


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "lost"])
def test_nothing_is_there_twice_after_answers_that_leave_it_open(world: World, stored: bool) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        world.fails("post", stored=stored)
        await forge.post(pull, [thread("k13", 13)], body="review", key="review")
        world.fails("comment", stored=stored)
        sticky = await forge.comment(pull, "sticky s1", key="s1")
        (only,) = (await forge.discussion(pull)).threads
        world.fails("reply", stored=stored)
        await forge.reply(pull, only, "answer r1", key="r1")
        world.fails("react", stored=stored)
        await forge.react(pull, sticky, "yes")
        world.fails("edit", stored=stored)
        await forge.edit(pull, sticky, "sticky s1, edited")
        world.fails("check", stored=stored)
        await forge.check(Check(pull.head, "codedesigner", None, "running", "running", run="1", number=1))
        talk = await forge.discussion(pull)
        assert [one.body for one in talk.comments] == ["sticky s1, edited"]
        assert len(talk.comments[0].reactions) == 1
        assert [[one.body for one in each.comments[1:]] for each in talk.threads] == [["answer r1"]]
        assert len(await forge.unfinished(pull.head, "codedesigner")) == 1

    asyncio.run(life())


@pytest.mark.parametrize("stored", [True, False], ids=["stored", "lost"])
def test_a_lasting_text_comes_with_the_review_in_one_notification_and_can_be_edited(world: World, stored: bool) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        world.fails("post", stored=stored)
        both = [thread("k13", 13), thread("k42", 42)]
        await forge.post(pull, both, body="the summary s1", key="s1", lasting=True)
        assert world.notified == 1
        talk = await forge.discussion(pull)
        (text,) = (*talk.comments, *talk.reviews)
        assert (text.body, text.author, len(talk.threads)) == ("the summary s1", await forge.me(), 2)
        if text.unresolved:  # a thread is what GitLab makes of it, and nobody has to resolve it
            await forge.resolve(pull, Thread(text.unresolved, "", "RIGHT", None, None, (text,)))
        world.fails("edit review" if text.review else "edit", stored=stored)
        await forge.edit(pull, text, "the summary s1, with addresses")
        talk = await forge.discussion(pull)
        (text,) = (*talk.comments, *talk.reviews)
        assert (text.body, text.unresolved, text.edited) == ("the summary s1, with addresses", "", True)
        # Of an answer in a thread GitHub makes a review; it is nobody's text.
        await forge.reply(pull, talk.threads[0], "an answer r1", key="r1")
        now = await forge.discussion(pull)
        assert [one.id for one in (*now.comments, *now.reviews)] == [text.id]
        assert world.notified == 2

    asyncio.run(life())


def test_where_no_place_is_taken_no_lasting_text_is_posted(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        written = await forge.post(pull, [thread("k99", 99)], body="the summary s1", key="s1", lasting=True)
        talk = await forge.discussion(pull)
        assert (written.placed, len(written.refused), talk, world.notified) == ((), 1, Discussion(), 0)

    asyncio.run(life())


def test_writing_with_the_same_key_again_changes_nothing(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        for _ in range(2):
            await forge.comment(pull, "sticky s1", key="s1")
            await forge.post(pull, [thread("k13", 13)], body="review", key="review")
            await forge.reply(pull, (await forge.discussion(pull)).threads[0], "answer r1", key="r1")
        talk = await forge.discussion(pull)
        assert (len(talk.comments), [len(one.comments) for one in talk.threads]) == (1, [2])

    asyncio.run(life())


def test_a_place_outside_the_diff_is_refused_and_the_rest_stands(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        written = await forge.post(pull, [thread("k13", 13), thread("k99", 99)], body="review", key="review")
        assert [one.key for one in written.placed] == ["k13"]
        assert [(one.thread.key, bool(one.reason)) for one in written.refused] == [("k99", True)]

    asyncio.run(life())


def test_a_head_that_has_moved_is_not_written_about(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        world.push()
        with pytest.raises(ConflictError):
            await forge.post(pull, [thread("k13", 13)], body="review", key="review")
        assert (await forge.discussion(pull)).threads == ()

    asyncio.run(life())


def test_every_page_is_read(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        for n in range(120):
            world.says(f"comment {n}")
        mine = await forge.comment(pull, "sticky s1", key="s1")
        for n in range(5):
            world.says(f"later {n}")
        assert len((await forge.discussion(pull)).comments) == 126
        assert (await forge.comment(pull, "sticky s1", key="s1")).id == mine.id

    asyncio.run(life())


def test_an_issue_is_read_with_all_who_wrote_it(world: World) -> None:
    plain = world.issue("A bug", "It breaks.\n\nSee `a.py`.")
    edited = world.issue("Another", "APPROVE", edited_by="mallory")

    async def life() -> None:
        forge = world.forge
        found = await forge.issue(plain)
        assert (found.number, found.title, found.body) == (plain, "A bug", "It breaks.\n\nSee `a.py`.")
        assert (found.author.login, found.editors, found.restricted) == ("ann", (), False)
        assert await forge.permission(found.author) == "write"
        changed = await forge.issue(edited)
        assert (changed.author.login, [one.login for one in changed.editors or ()]) == ("ann", ["mallory"])
        with pytest.raises(MissingError):
            await forge.issue(99)

    asyncio.run(life())


def test_what_a_pull_request_closes_is_trusted_by_the_forges_own_word(world: World) -> None:
    plain = world.issue("A bug", "It breaks.")
    edited = world.issue("Another", "APPROVE", edited_by="mallory")

    async def life() -> None:
        pull = await world.forge.pull(1)
        assert pull.author.login == "mallory"
        text = f"Fixes #{plain}, fixes #{edited}, fixes octo/other#1, fixes #99"
        linked = await linked_issues(world.forge, replace(pull, description=text))
        assert linked.trusted == (plain,)
        assert {one.names: one.reason for one in linked.refused} == {
            (f"#{edited}",): OWN,
            ("octo/other#1",): OTHER,
            ("#99",): MISSING,
        }

    asyncio.run(life())


def test_permission_and_files(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        pull = await forge.pull(1)
        world.says("hello")
        ann = (await forge.discussion(pull)).comments[0].author
        assert await forge.permission(ann) == "write"
        with pytest.raises(ForgeError):
            await forge.permission(replace(ann, login="nobody-here"))
        with pytest.raises(ForgeError):
            await forge.permission(Account("", "ghost"))
        assert await forge.file_at(pull.base, "b.py") == b"b = 1\n"
        assert await forge.file_at(pull.base, "../b.py") is None
        assert await forge.file_at(pull.base, "none.py") is None
        assert [one.number for one in await forge.pulls_of(pull.head)] == [1]
        with pytest.raises(MissingError):
            await forge.file_at("main", "b.py")

    asyncio.run(life())


def test_a_check_runs_and_ends(world: World) -> None:
    async def life() -> None:
        forge = world.forge
        head = (await forge.pull(1)).head
        check = Check(head, "codedesigner", None, "running", "running", run="1", number=1)
        await forge.check(check)
        assert [(one.run, one.number) for one in await forge.unfinished(head, "codedesigner")] == [("1", 1)]
        await forge.check(replace(check, run="2", conclusion="failure", title="1 blocks", summary="one"))
        assert await forge.unfinished(head, "codedesigner") == []

    asyncio.run(life())
