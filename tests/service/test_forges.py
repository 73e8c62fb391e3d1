"""From a delivery to its forge: the right installation, the right repository, and no private address unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.doubles.github import GitHub, Project
from tests.doubles.github.apps import private_key
from tests.doubles.gitlab import GitLab

from codedesigner.errors import ConfigError, ForbiddenError, MissingError, UnavailableError
from codedesigner.forge.attempts import Timing
from codedesigner.service.clones import Clones
from codedesigner.service.forges import Asked, Forges, hold_to
from codedesigner.service.held import Held
from codedesigner.service.intake import Secrets
from codedesigner.service.settings import ServiceSettings

HERE = ("127.0.0.0/8",)


async def no_time(_seconds: float) -> None:
    return None


def forges(
    given: dict[str, Any],
    held: Mapping[str, Any],
    *,
    private: tuple[str, ...] = HERE,
    **more: Any,
) -> Forges:
    settings = ServiceSettings.model_validate(
        {"forges": given, "dashboard": {"token_env": "L"}, "network": {"private": private}}
    )
    known = Held(webhooks=Secrets(), login="x", **held)
    return Forges(settings, known, timing=Timing(sleep=no_time), **more)


def of_app(github: GitHub, app_id: int, *, private: tuple[str, ...] = HERE, **more: Any) -> Forges:
    given = {
        "api_url": github.api,
        "app": {"id": app_id, "private_key_file": "f"},
        "webhook_secret_env": ("S",),
        "repositories": ("octo/*",),
    }
    return forges({"github": given}, {"github_key": private_key()}, private=private, **more)


@pytest.fixture(scope="module")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitHub, Project]]:
    with GitHub(tmp_path_factory.mktemp("github")).running() as double:
        shop = double.project("octo/shop", {"a.py": "x = 1\n"})
        double.project("octo/other", {"a.py": "x = 1\n"})
        double.app("codedesigner", contents="read", pull_requests="write", checks="write")
        yield double, shop


def opened(forges: Forges, forge: str, asked: Asked) -> str:
    async def scene() -> str:
        async with forges.open(forge, asked) as found:
            return f"{found.forge.kind} {(await found.forge.me()).login}"

    return asyncio.run(scene())


def test_an_app_is_asked_as_its_installation(github: tuple[GitHub, Project]) -> None:
    double, shop = github
    app = double.app("codedesigner")
    asked = Asked("octo/shop", shop.id, app.installation)
    assert opened(of_app(double, app.id), "github", asked) == "github codedesigner[bot]"
    assert opened(of_app(double, app.id), "github", Asked("octo/shop", shop.id, 0)) == "github codedesigner[bot]"


def test_another_installation_or_another_repository_is_refused_t_sec_62(github: tuple[GitHub, Project]) -> None:
    double, shop = github
    app = double.app("codedesigner")
    mine = of_app(double, app.id)
    with pytest.raises(ForbiddenError, match="does not belong to the App's installation"):
        opened(mine, "github", Asked("octo/shop", shop.id, app.installation + 1))
    with pytest.raises(ForbiddenError, match="its number is another"):
        opened(mine, "github", Asked("octo/other", shop.id, app.installation))
    with pytest.raises(ForbiddenError, match="not one of the repositories"):
        opened(mine, "github", Asked("evil/shop", shop.id, app.installation))
    with pytest.raises(MissingError):
        opened(mine, "github", Asked("octo/nothing", 999, app.installation))
    before = len(double.writes)
    assert all("access_tokens" in str(request.path) for request in double.writes[:before])


def test_a_token_is_asked_with_as_well(github: tuple[GitHub, Project]) -> None:
    double, shop = github
    given = {
        "api_url": double.api,
        "token_env": "T",
        "webhook_secret_env": ("S",),
        "repositories": ("octo/*",),
    }
    mine = forges({"github": given}, {"github_token": double.token(shop)})
    assert opened(mine, "github", Asked("octo/shop", shop.id, 0)).startswith("github ")
    with pytest.raises(ForbiddenError):
        opened(mine, "github", Asked("octo/shop", shop.id + 1, 0))


def test_gitlab_is_asked_with_its_token_t_sec_62(tmp_path: Path) -> None:
    double = GitLab(tmp_path)
    app = double.project("group/app", {"a.py": "x = 1\n"}, owner=double.user("dev"))
    bot, token = double.project_token(app)
    with double.running():
        given = {
            "url": double.address,
            "token_env": "T",
            "webhook_secret_env": ("S",),
            "repositories": ("group/**",),
        }
        mine = forges({"gitlab": given}, {"gitlab_token": token})
        assert opened(mine, "gitlab", Asked("group/app", app.id, 0)) == f"gitlab {bot.username}"
        with pytest.raises(ForbiddenError, match="its number is another"):
            opened(mine, "gitlab", Asked("group/app", app.id + 1, 0))
        with pytest.raises(ConfigError, match="has no forge `github`"):
            opened(mine, "github", Asked("group/app", app.id, 0))


@pytest.mark.parametrize(
    ("found", "refused"),
    [
        ({"id": 7}, False),
        ({"id": 8}, True),
        ({}, True),
        (None, True),
        ({"id": 7, "permissions": {"push": True}}, False),
        ({"id": 7, "permissions": {"push": False, "pull": True}}, True),
        ({"id": 7, "permissions": {"project_access": None, "group_access": None}}, True),
        ({"id": 7, "permissions": {"project_access": None, "group_access": {"access_level": 30}}}, False),
    ],
)
def test_what_the_forge_says_of_a_repository_has_to_fit_t_sec_62(found: object, refused: bool) -> None:
    if not refused:
        hold_to(Asked("o/s", 7, 0), found)
        return
    with pytest.raises(ForbiddenError):
        hold_to(Asked("o/s", 7, 0), found)


def test_commits_come_from_the_address_that_was_looked_at_t_sec_61(
    github: tuple[GitHub, Project], tmp_path: Path
) -> None:
    """A name that leads elsewhere the second time leads nowhere, and a clone's host is looked at as well."""
    double, shop = github
    app = double.app("codedesigner")
    asked = Asked("octo/shop", shop.id, app.installation)
    head = shop.repo.git("rev-parse", "main").strip()

    async def fetched(addresses: list[str]) -> Path | None:
        mine = of_app(double, app.id, resolve=lambda _host: addresses, clones=Clones(tmp_path / addresses[0]))
        async with mine.open("github", asked) as found:
            return await found.fetch([head])

    there = asyncio.run(fetched(["127.0.0.1"]))
    assert there is not None
    with pytest.raises(UnavailableError):
        asyncio.run(fetched(["127.3.3.3"]))


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "127.0.0.1"])
def test_a_forge_at_a_private_address_is_not_asked_unless_it_is_allowed_t_sec_61(
    github: tuple[GitHub, Project], address: str
) -> None:
    double, shop = github
    app = double.app("codedesigner")
    asked = len(double.requests)
    inside = of_app(double, app.id, private=(), resolve=lambda _host: ["8.8.8.8", address])
    with pytest.raises(ConfigError, match="private address"):
        asyncio.run(inside.check())
    with pytest.raises(ConfigError, match="private address"):
        opened(inside, "github", Asked("octo/shop", shop.id, app.installation))
    assert len(double.requests) == asked
    asyncio.run(of_app(double, app.id, private=(), resolve=lambda _host: ["140.82.112.5"]).check())
