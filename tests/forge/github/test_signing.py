"""An App's tokens: for one repository, made anew in time and when one is not taken, and never asked for elsewhere."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from tests.doubles.github import Fault, GitHub, Project
from tests.doubles.github.apps import private_key

from codedesigner.errors import ConfigError, ForbiddenError
from codedesigner.forge.attempts import Timing
from codedesigner.forge.github.address import AccessToken, Address, App, AppInstallation, Credential
from codedesigner.forge.github.client import Client
from codedesigner.forge.github.connect import installation_of


@pytest.fixture
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitHub, Project]]:
    with GitHub(tmp_path_factory.mktemp("github")).running() as double:
        shop = double.project("octo/shop", {"a.py": "x = 1\n"})
        double.project("octo/other", {"a.py": "x = 1\n"})
        double.app("codedesigner", contents="read", pull_requests="write", checks="write")
        yield double, shop


async def no_time(_seconds: float) -> None:
    return None


class Hours:
    """The double's time, and how much later it is here."""

    def __init__(self, github: GitHub) -> None:
        self.github = github
        self.later = 0.0

    def __call__(self) -> float:
        return self.github.clock.now.replace(tzinfo=dt.UTC).timestamp() + self.later


def client(github: GitHub, now: Any, credential: Credential | None = None, **more: Any) -> Client:
    app = github.app("codedesigner")
    given = credential or AppInstallation(str(app.id), private_key(), app.installation)
    return Client(Address("octo/shop", github.api, **more), given, Timing(now=now, sleep=no_time))


def made(github: GitHub) -> int:
    return sum("access_tokens" in str(one.path) for one in github.requests)


def got(mine: Client, path: str = "/repos/octo/shop") -> Any:
    return asyncio.run(mine.get(path, what="it"))


def test_a_token_is_for_one_repository_and_made_once(github: tuple[GitHub, Project]) -> None:
    double, _ = github
    mine = client(double, Hours(double))
    for _ in range(3):
        assert got(mine)["full_name"] == "octo/shop"
    assert made(double) == 1
    found = got(mine, "/installation/repositories")
    assert [one["full_name"] for one in found["repositories"]] == ["octo/shop"]
    mine.close()


def test_in_a_review_of_hours_tokens_are_made_anew_before_they_run_out(github: tuple[GitHub, Project]) -> None:
    double, _ = github
    now = Hours(double)
    mine = client(double, now)
    first = asyncio.run(mine.token())
    now.later = 3_400.0
    assert asyncio.run(mine.token()) == first
    now.later = 3_590.0
    second = asyncio.run(mine.token())
    assert second != first
    now.later = 3 * 3_600.0
    got(mine)
    assert made(double) == 3


def test_a_token_that_is_not_taken_any_more_is_made_anew_once(github: tuple[GitHub, Project]) -> None:
    double, _ = github
    mine = client(double, Hours(double))
    got(mine)
    double.fail(Fault("GET", "/repos/octo/shop", nth=1, status=401, body={"message": "Bad credentials"}))
    assert got(mine)["full_name"] == "octo/shop"
    assert made(double) == 2
    double.fail(Fault("GET", "/repos/octo/shop", nth=0, status=401, body={"message": "Bad credentials"}))
    with pytest.raises(ForbiddenError, match="Bad credentials"):
        got(mine)
    assert made(double) == 3


def test_a_token_of_a_job_is_not_asked_for_twice(github: tuple[GitHub, Project]) -> None:
    double, shop = github
    mine = client(double, Hours(double), AccessToken(double.token(shop)))
    double.fail(Fault("GET", "/repos/octo/shop", nth=0, status=401, body={"message": "Bad credentials"}))
    before = len(double.requests)
    with pytest.raises(ForbiddenError):
        got(mine)
    assert len(double.requests) == before + 1


def test_a_suspended_installation_is_said(github: tuple[GitHub, Project]) -> None:
    double, _ = github
    app = double.app("codedesigner")
    address, mine = Address("octo/shop", double.api), App(str(app.id), private_key())
    body = {"id": app.installation, "suspended_at": "2026-01-01T00:00:00Z"}
    double.fail(Fault("GET", "/repos/octo/shop/installation", nth=1, status=200, body=body))
    with pytest.raises(ForbiddenError, match="suspended"):
        asyncio.run(installation_of(address, mine, Timing(sleep=no_time)))
    refused = {"message": "This installation has been suspended"}
    double.fail(Fault("POST", f"/app/installations/{app.installation}/access_tokens", nth=0, status=403, body=refused))
    with pytest.raises(ConfigError, match="has been suspended"):
        got(client(double, Hours(double)))


@pytest.mark.parametrize("how", ["token", "app"])
def test_nothing_is_sent_to_an_address_that_is_not_permitted_t_sec_61(github: tuple[GitHub, Project], how: str) -> None:
    """Looked at when the connection is there: what the name led to before does not count."""
    double, shop = github
    seen: list[str] = []

    def permits(address: str) -> bool:
        seen.append(address)
        return False

    given = AccessToken(double.token(shop)) if how == "token" else None
    mine = client(double, Hours(double), given, permits=permits)
    with pytest.raises(ConfigError, match="is at a private address"):
        got(mine)
    assert (seen, double.requests) == (["127.0.0.1"], [])
    allowed = client(double, Hours(double), given, permits=lambda _address: True)
    assert got(allowed)["full_name"] == "octo/shop"
