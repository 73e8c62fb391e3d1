"""A GitHub App's own side: its key, its JSON web tokens, its installation's tokens."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.doubles.github import render
from tests.doubles.github.model import App, Project, Token
from tests.doubles.github.routes import Call, RefusedError, not_found, route
from tests.doubles.server import Reply

if TYPE_CHECKING:
    from tests.doubles.github.double import GitHub


@cache
def private_key() -> str:
    """The private key of every App of the double, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain).decode()


@cache
def _public_key() -> Any:
    return serialization.load_pem_private_key(private_key().encode(), None).public_key()


def application(github: GitHub, credential: str) -> Token | None:
    """The App that a JSON web token is of, None if it is none."""
    if credential.count(".") != 2:
        return None
    try:
        claims = jwt.decode(credential, _public_key(), algorithms=["RS256"], options={"verify_iat": False})
    except jwt.InvalidTokenError as wrong:
        raise RefusedError(401, "A JSON web token could not be decoded") from wrong
    found = next((each for each in github.apps.values() if str(each.id) == str(claims.get("iss"))), None)
    if found is None:
        raise RefusedError(404, "Integration not found")
    return Token(credential, "jwt", found.bot, {}, found)


def _app(call: Call) -> App:
    assert call.token.app is not None
    return call.token.app


def installation_json(github: GitHub, app: App) -> dict[str, Any]:
    """An installation."""
    url = f"{github.api}/app/installations/{app.installation}"
    return {
        "id": app.installation,
        "account": render.known(github, github.user("octo-org")),
        "repository_selection": "selected",
        "access_tokens_url": f"{url}/access_tokens",
        "repositories_url": f"{github.api}/installation/repositories",
        "html_url": f"{github.address}/settings/installations/{app.installation}",
        "app_id": app.id,
        "app_slug": app.slug,
        "target_id": github.user("octo-org").id,
        "target_type": "Organization",
        "permissions": {"metadata": "read", **{k: v for k, v in app.permissions.items() if v != "none"}},
        "events": ["pull_request", "issue_comment"],
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": None,
        "suspended_at": None,
    }


@route("GET", "/app", "app")
def _me(call: Call) -> Reply:
    return Reply(200, render.app(call.github, _app(call)) | {"installations_count": 1})


@route("GET", "/app/installations", "app")
def _installations(call: Call) -> Reply:
    return call.page([installation_json(call.github, _app(call))])


@route("GET", "/app/installations/{installation_id}", "app")
def _installation(call: Call) -> Reply:
    if call.number("installation_id") != _app(call).installation:
        raise not_found()
    return Reply(200, installation_json(call.github, _app(call)))


@route("GET", "/repos/{owner}/{repo}/installation", "app")
def _of_repository(call: Call) -> Reply:
    return Reply(200, installation_json(call.github, _app(call)))


@route("POST", "/app/installations/{installation_id}/access_tokens", "app")
def _access_token(call: Call) -> Reply:
    github, app, body = call.github, _app(call), call.body
    if call.number("installation_id") != app.installation:
        raise not_found()
    asked = body.get("permissions") or app.permissions
    rank = {"none": 0, "read": 1, "write": 2}
    if any(
        rank[level] > rank.get(app.permissions.get(name, "none"), 0)
        for name, level in asked.items()
        if name != "metadata"
    ):
        raise RefusedError(422, "The permissions requested are not granted to this installation.")
    chosen = [
        each for each in github.projects.values() if not body.get("repositories") or each.name in body["repositories"]
    ]
    value = github.issue_token("app", app.bot, dict(asked), app, tuple(each.full_name for each in chosen))
    expires = (github.clock.now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = {"token": value, "expires_at": expires, "permissions": {"metadata": "read", **asked}}
    return Reply(201, shown | {"repository_selection": "selected"})


@route("GET", "/installation/repositories", "metadata:read")
def _repositories(call: Call) -> Reply:
    found: list[Project] = [each for each in call.github.projects.values() if each.full_name in call.token.projects]
    shown = [render.repository(call.github, each) for each in found]
    return call.page(shown, total="total_count", name="repositories")
