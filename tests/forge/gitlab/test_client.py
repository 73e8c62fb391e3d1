"""The client: what answers mean, redirects, certificates, addresses, tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.gitlab import GitLab, jobs, tls
from tests.doubles.server import Fault
from tests.forge.contract.world import gitlab_world

from codedesigner.errors import (
    ConfigError,
    ConflictError,
    ForbiddenError,
    ForgeError,
    LimitedError,
    MissingError,
    UnavailableError,
    UnreachableError,
)
from codedesigner.forge.answers import AgainError, Answer
from codedesigner.forge.attempts import Timing
from codedesigner.forge.gitlab.address import AccessToken, Address, address_from, credential_from
from codedesigner.forge.gitlab.answers import is_misplaced, judge, reasons
from codedesigner.forge.gitlab.connect import connect, connect_from


async def at_once(_seconds: float) -> None:
    """No real pause."""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"message": "403 Forbidden"}, ("403 Forbidden",)),
        ({"message": {"error": "too many"}}, ("error: too many",)),
        ({"message": {"note": ["is too long", "x"]}}, ("note: is too long", "note: x")),
        ({"error": "insufficient_scope", "error_description": "more"}, ("insufficient_scope", "more")),
        ([1], ()),
        (None, ()),
    ],
)
def test_the_shapes_of_refusals_are_read(body: Any, said: tuple[str, ...]) -> None:
    assert reasons(body) == said


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "401 Unauthorized"}, ForbiddenError),
        (403, {"message": "403 Forbidden"}, ForbiddenError),
        (404, {"message": "404 Not found"}, MissingError),
        (409, {"message": "409 Conflict"}, ConflictError),
        (400, {"message": "400 Bad request"}, ConflictError),
        (400, {"message": 'Note {:base=>["Maximum number of comments exceeded"]}'}, LimitedError),
        (429, None, AgainError),
        (500, None, AgainError),
    ],
)
def test_what_a_status_means(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        judge(Answer(status, {}, body), "it", needs="a right", now=0.0, limits_met=0)


def test_a_refused_position_is_known_by_its_words() -> None:
    for said in ("line_code can't be blank", 'Note {:position=>["is incomplete"]}'):
        assert is_misplaced(ConflictError("x", reasons=(said,)))
    assert not is_misplaced(ConflictError("x", reasons=("note can't be blank",)))


def test_pauses_without_a_hint_double() -> None:
    pauses = []
    for met in range(3):
        with pytest.raises(AgainError) as again:
            judge(Answer(429, {}, None), "it", needs="", now=0.0, limits_met=met)
        pauses.append(again.value.pause)
    assert pauses == [60.0, 120.0, 240.0]


def test_T_GL_31_T_SEC_61_a_private_certificate_is_vouched_for_by_its_file_and_its_address_looked_at(
    tmp_path: Path,
) -> None:
    world = GitLab(tmp_path)
    owner = world.user("owner")
    shop = world.project("group/shop", {"a.py": "1\n"}, owner=owner)
    _, token = world.project_token(shop)
    world.push(shop, "feature", {"a.py": "2\n"})
    request = world.open(shop, "feature", owner)
    tls.secure(world)
    seen: list[str] = []

    def permits(answer: bool) -> Callable[[str], bool]:
        def permitted(address: str) -> bool:
            seen.append(address)
            return answer

        return permitted

    with world.running():
        environ = {**jobs.merge_request_job(world, request), "CODEDESIGNER_GITLAB_TOKEN": token}
        address = address_from(environ)
        assert (address.api, address.ca_file) == (f"{world.url}/api/v4", str(world.ca_file))
        forge = connect_from(environ, Timing(sleep=at_once))
        assert asyncio.run(forge.pull(1)).head == request.head
        forge.close()
        for permitted in (True, False):
            seen.clear()
            looked = connect(replace(address, permits=permits(permitted)), credential_from(environ))
            if permitted:
                assert asyncio.run(looked.pull(1)).head == request.head
            else:
                with pytest.raises(ConfigError, match="is at a private address"):
                    asyncio.run(looked.pull(1))
            assert seen[0] == "127.0.0.1"
            looked.close()
        without = connect_from({**environ, "CI_SERVER_TLS_CA_FILE": ""}, Timing(sleep=at_once))
        with pytest.raises(UnreachableError) as refused:
            asyncio.run(without.pull(1))
        assert "CI_SERVER_TLS_CA_FILE" in str(refused.value.hint)
        without.close()


@pytest.mark.parametrize("write", [False, True])
def test_a_redirect_is_told_and_not_followed(tmp_path: Path, write: bool) -> None:
    with gitlab_world(tmp_path / "g") as world:
        pull = asyncio.run(world.forge.pull(1))
        asyncio.run(world.forge.me())
        world.gitlab.redirect_to = "https://elsewhere.example"
        with pytest.raises(ForgeError, match=r"https://elsewhere\.example") as told:
            asyncio.run(world.forge.edit(pull, comment(), "x") if write else world.forge.pull(1))
        assert "CI_API_V4_URL" in str(told.value.hint)
        assert len(world.paused) == 0


def comment() -> Any:
    """A comment of nobody."""
    from codedesigner.publish.discussion import Account, Comment

    return Comment("1", Account("1", "x"), "x", 0.0)


def test_a_server_that_never_answers_well_is_given_up(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.fail(Fault("GET", "/merge_requests/1$", 0, cut=True))
        with pytest.raises(UnavailableError):
            asyncio.run(world.forge.pull(1))
        assert world.paused == [1.0, 2.0, 4.0]


def test_a_server_that_breaks_over_a_request_is_not_away(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        world.gitlab.fail(Fault("GET", "/merge_requests/1$", 0, status=500))
        with pytest.raises(UnreachableError) as broke:
            asyncio.run(world.forge.pull(1))
        assert not isinstance(broke.value, UnavailableError)


def test_a_job_s_token_is_nobody(tmp_path: Path) -> None:
    with gitlab_world(tmp_path / "g") as world:
        token = world.gitlab.job_token(world.project, world.ann)
        forge = connect(world.forge.client.address, AccessToken(token, job=True), Timing(sleep=at_once))
        assert asyncio.run(forge.client.get(f"{forge.client.address.path}/merge_requests/1", what="it"))["iid"] == 1
        with pytest.raises(ForbiddenError) as refused:
            asyncio.run(forge.me())
        assert "CODEDESIGNER_GITLAB_TOKEN" in str(refused.value.hint)
        assert forge.git_user == "gitlab-ci-token"
        forge.close()


def test_an_address_is_that_of_one_server_over_https() -> None:
    given = {
        "CI_SERVER_URL": "https://gl.example:8443/under",
        "CI_API_V4_URL": "https://gl.example:8443/under/api/v4",
        "CI_PROJECT_ID": "5",
        "CI_PROJECT_PATH": "mallory/shop",
        "CI_MERGE_REQUEST_PROJECT_ID": "7",
        "CI_MERGE_REQUEST_PROJECT_PATH": "group/sub/shop",
        "CI_PIPELINE_ID": "9",
        "CI_COMMIT_SHA": "a" * 40,
        "CI_COMMIT_REF_NAME": "feature",
    }
    address = address_from(given)
    assert address.clone_url == "https://gl.example:8443/under/group/sub/shop.git"
    assert (address.path, address.base, address.pipeline) == ("/projects/7", "https://gl.example:8443/under", None)
    assert Address("group/sub/shop").path == "/projects/group%2Fsub%2Fshop"
    own = address_from({**given, "CI_PROJECT_ID": "7"})
    assert own.pipeline is not None
    assert (own.pipeline.id, own.pipeline.ref) == (9, "feature")
    for wrong in (
        {"CI_API_V4_URL": "https://other.example/api/v4"},
        {"CI_SERVER_URL": "http://gl.example"},
        {"CI_API_V4_URL": "https://gl.example:8443/under"},
        {"CI_MERGE_REQUEST_PROJECT_PATH": "group/../shop"},
        {"CI_MERGE_REQUEST_PROJECT_PATH": ""},
    ):
        with pytest.raises(ConfigError):
            address_from({**given, **wrong})


@pytest.mark.parametrize("token", ["", "   ", "two words", "gl\npat"])
def test_what_is_no_token_is_an_error_that_names_the_variable(token: str) -> None:
    with pytest.raises(ConfigError, match="CODEDESIGNER_GITLAB_TOKEN"):
        credential_from({"CODEDESIGNER_GITLAB_TOKEN": token})
