"""The client: what answers mean, redirects, pages elsewhere, pauses, an App's keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.doubles.github import Fault
from tests.forge.contract.world import github_world

from codedesigner.errors import ConfigError, ConflictError, ForbiddenError, ForgeError, MissingError, UnreachableError
from codedesigner.forge.answers import AgainError, Answer
from codedesigner.forge.attempts import Timing
from codedesigner.forge.github.address import AccessToken, Address, AppInstallation
from codedesigner.forge.github.answers import judge, judge_graphql, reasons
from codedesigner.forge.github.connect import connect
from codedesigner.publish.discussion import Check


def said(status: int, data: object, **headers: str) -> Answer:
    """An answer."""
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)


def test_both_shapes_of_422_are_read() -> None:
    assert reasons({"errors": ["one", "two"]}) == ("one", "two")
    shaped = {"errors": [{"resource": "R", "field": "f", "code": "invalid"}, {"message": "m"}]}
    assert reasons(shaped) == ("R.f: invalid", "m")
    assert reasons({"message": "no errors"}) == ()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (said(403, {"message": "Resource not accessible by integration"}), ForbiddenError),
        (said(403, {"message": "Resource not accessible by integration"}, x_ratelimit_remaining="0"), ForbiddenError),
        (said(401, {"message": "Bad credentials"}), ForbiddenError),
        (said(404, {"message": "Not Found"}), MissingError),
        (said(307, {"message": "Moved Permanently"}), MissingError),
        (said(422, {"errors": ["no"]}), ConflictError),
        (said(500, None), AgainError),
        (said(429, None), AgainError),
        (said(403, {"message": "x"}, retry_after="3"), AgainError),
        (said(422, {"message": "Validation Failed", "errors": [{"message": "was submitted too quickly"}]}), AgainError),
    ],
)
def test_what_a_status_means(answer: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        judge(answer, "it", needs="checks: write", now=0.0, limits_met=0)


@pytest.mark.parametrize(
    ("errors", "error"),
    [
        ([{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}], ForbiddenError),
        ([{"type": "NOT_FOUND", "message": "no node"}], MissingError),
        ([{"message": "bad field", "extensions": {"code": "undefinedField"}}], ConflictError),
        ([{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}], AgainError),
        ([{"message": "Something went wrong while executing your query"}], AgainError),
    ],
)
def test_graphql_says_no_inside_of_200(errors: list[object], error: type[Exception]) -> None:
    with pytest.raises(error):
        judge_graphql(said(200, {"data": {"x": 1}, "errors": errors}), "it", needs="", now=0.0, limits_met=0)


def test_pauses_without_a_hint_double() -> None:
    pauses = []
    for met in range(3):
        with pytest.raises(AgainError) as again:
            judge(said(429, None), "it", needs="", now=0.0, limits_met=met)
        pauses.append(again.value.pause)
    assert pauses == [60.0, 120.0, 240.0]


def test_writes_keep_their_distance(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:

        async def write() -> None:
            pull = await world.forge.pull(1)
            await world.forge.comment(pull, "one", key="one")
            world.github.clock.tick(-1)  # what is made advances the double's clock
            await world.forge.comment(pull, "two", key="two")

        asyncio.run(write())
        assert len(world.paused) == 1
        assert 0 < world.paused[0] <= 1


def test_a_repository_that_was_renamed_is_not_written_to(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        world.github.move(world.shop, "mall")
        with pytest.raises(ForgeError):
            asyncio.run(world.forge.edit(pull, asyncio.run(world.forge.comment(pull, "x", key="x")), "y"))
        assert world.shop.comments == []


@pytest.mark.parametrize("status", [301, 302])
def test_the_token_follows_no_redirect_to_another_host(tmp_path: Path, status: int) -> None:
    with github_world(tmp_path / "g") as world:
        elsewhere = {"Location": "http://elsewhere.example/api/v3/repos/octo/shop/pulls/1"}
        world.github.fail(Fault("GET", "/pulls/1$", 0, status, {"message": "Moved"}, elsewhere))
        with pytest.raises(ForgeError):
            asyncio.run(world.forge.pull(1))


def test_a_next_page_on_another_server_is_not_asked_for(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        link = {"Link": '<http://elsewhere.example/api/v3/x?page=2>; rel="next"'}
        world.github.fail(Fault("GET", "/issues/1/comments$", 0, 200, [], link))
        with pytest.raises(UnreachableError):
            asyncio.run(world.forge.comment(pull, "x", key="x"))


def test_a_server_that_never_answers_well_is_given_up(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        world.github.fail(Fault("GET", "/pulls/1$", 0, cut=True))
        with pytest.raises(UnreachableError):
            asyncio.run(world.forge.pull(1))
        assert world.paused == [1.0, 2.0, 4.0]


def test_a_key_that_is_none_is_said_without_showing_it() -> None:
    with pytest.raises(ConfigError) as wrong:
        connect(Address("octo/shop"), AppInstallation("1", "-----BEGIN nonsense", 2), Timing())
    assert "nonsense" not in f"{wrong.value}{AppInstallation('1', 'nonsense', 2)!r}"


def test_a_personal_token_is_known_and_writes_a_status(tmp_path: Path) -> None:
    with github_world(tmp_path / "g") as world:
        token = AccessToken(world.github.user_token("ann"))
        address = Address("octo/shop", world.github.api, f"{world.github.api.removesuffix('/v3')}/graphql")
        forge = connect(address, token, Timing(between_writes_s=0.0))
        me = asyncio.run(forge.me())
        assert (me.login, me.bot, me.id) == ("ann", False, str(world.github.user("ann").id))
        asyncio.run(forge.check(Check(world.opened.head_sha, "codedesigner", "action_required", "broke", "s", run="1")))
        assert (world.shop.runs, [one.state for one in world.shop.statuses]) == ([], ["error"])
        forge.close()
