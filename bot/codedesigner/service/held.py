"""The secrets that the operator's file names, from where it says that they are; without one of them nothing runs."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codedesigner.config.problems import Loc, raise_all
from codedesigner.config.yamlfile import Document
from codedesigner.errors import ConfigError
from codedesigner.publish.scrub import KnownSecrets
from codedesigner.service.intake import Secrets
from codedesigner.service.settings import ServiceSettings

SHORTEST = 16
"""Characters of a secret that somebody may try to guess."""
_MOST_KEY_BYTES = 100_000
_LOGIN = "make one with `openssl rand -hex 32`"


@dataclass(frozen=True, slots=True)
class Held:
    """What the service knows and nobody else may. `github_key` is the App's private key; "" stands for none."""

    webhooks: Secrets
    login: str = field(repr=False)
    github_token: str = field(default="", repr=False)
    github_key: str = field(default="", repr=False)
    gitlab_token: str = field(default="", repr=False)
    state_key: bytes | None = field(default=None, repr=False)
    scrape_token: str = field(default="", repr=False)

    @property
    def known(self) -> KnownSecrets:
        """All of them, to be kept out of whatever is written."""
        state = self.state_key.decode("utf-8", "surrogateescape") if self.state_key else ""
        values = (self.login, self.scrape_token, self.github_token, self.github_key, self.gitlab_token, state)
        return KnownSecrets(tuple(filter(None, (*values, *self.webhooks.github, *self.webhooks.gitlab))))


def hold(settings: ServiceSettings, document: Document, environ: Mapping[str, str]) -> Held:
    """Every secret that the file names. The other files that it names are looked for as well.

    Raises:
        ConfigError: one is missing or cannot be one; with several, all are named.
    """
    reading = _Reading(document, environ)
    login, github, gitlab = settings.dashboard, settings.forges.github, settings.forges.gitlab
    held = Held(
        webhooks=Secrets(
            reading.several(github.webhook_secret_env, ("forges", "github", "webhook_secret_env")) if github else (),
            reading.several(gitlab.webhook_secret_env, ("forges", "gitlab", "webhook_secret_env")) if gitlab else (),
        ),
        login=reading.one(login.token_env, ("dashboard", "token_env"), shortest=SHORTEST, hint=_LOGIN),
        github_token=reading.token(github.token_env, ("forges", "github", "token_env")) if github else "",
        github_key=reading.key(github.app.private_key_file if github and github.app else ""),
        gitlab_token=reading.token(gitlab.token_env, ("forges", "gitlab", "token_env")) if gitlab else "",
        state_key=reading.one(settings.state_key_env, ("state_key_env",), shortest=SHORTEST).encode() or None,
        scrape_token=reading.one(login.metrics_token_env, ("dashboard", "metrics_token_env"), shortest=SHORTEST),
    )
    for file, loc in _files(settings):
        reading.there(file, loc)
    raise_all(reading.errors)
    return held


def _files(settings: ServiceSettings) -> Iterator[tuple[str, Loc]]:
    """Files that are read later, each with its key."""
    forges = settings.forges
    yield forges.github.ca_file if forges.github else "", ("forges", "github", "ca_file")
    yield forges.gitlab.ca_file if forges.gitlab else "", ("forges", "gitlab", "ca_file")
    yield settings.locations_file, ("locations_file",)
    yield settings.operator_file, ("operator_file",)


class _Reading:
    """Reads on after something is missing, so that all of it can be named at once."""

    def __init__(self, document: Document, environ: Mapping[str, str]) -> None:
        self._document = document
        self._environ = environ
        self.errors: list[ConfigError] = []

    def one(self, name: str | None, loc: Loc, *, shortest: int = 1, hint: str | None = None) -> str:
        """The variable's value; "" where none is named, or where it is missing, which is kept as an error."""
        if name is None:
            return ""
        value = self._environ.get(name, "").strip()
        if not value:
            self._wrong(f"the variable {name} is not set", loc, hint or "set it where the service is started")
        elif len(value) < shortest:
            self._wrong(f"the variable {name} has fewer than {shortest} characters", loc, hint or "make it longer")
        elif not value.isprintable():
            self._wrong(f"the variable {name} holds characters that no secret has", loc, hint)
        return value

    def token(self, name: str | None, loc: Loc) -> str:
        """A forge's token, which travels in a header."""
        value = self.one(name, loc)
        if not value.isascii() or " " in value:
            self._wrong(f"the variable {name} holds characters that no token has", loc, "copy the token alone")
        return value

    def there(self, file: str, loc: Loc) -> None:
        """Whether a file that is named can be read."""
        if not file:
            return
        try:
            with Path(file).open("rb") as opened:
                opened.read(1)
        except OSError as error:
            self._wrong(f"{file} cannot be read: {error.strerror or error}", loc, "name a file that is there")

    def several(self, names: tuple[str, ...], loc: Loc) -> tuple[str, ...]:
        """The values of several variables."""
        hint = "set it to what the webhook's settings on the forge have"
        return tuple(self.one(name, (*loc, at), shortest=SHORTEST, hint=hint) for at, name in enumerate(names))

    def key(self, file: str) -> str:
        """The private key in a file; "" where no file is named."""
        if not file:
            return ""
        loc = ("forges", "github", "app", "private_key_file")
        try:
            with Path(file).open("rb") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                text = opened.read(_MOST_KEY_BYTES).decode("ascii")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no PEM file"
            self._wrong(f"{file} cannot be read: {why}", loc, "name the PEM file that GitHub made for the App")
            return ""
        if "PRIVATE KEY-----" not in text or not _is_key(text):
            self._wrong(f"{file} holds no private key", loc, "name the PEM file that GitHub made for the App")
        if stat.S_IMODE(mode) & 0o022:
            self._wrong(
                f"{file} can be written by others, who could put their own in its place", loc, f"chmod go-w {file}"
            )
        return text

    def _wrong(self, message: str, loc: Loc, hint: str | None) -> None:
        self.errors.append(self._document.error(message, loc, hint=hint))


def _is_key(text: str) -> bool:
    """Whether something can be signed with it; where nothing here could do that, whoever signs finds out."""
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        return True
    try:
        return isinstance(load_pem_private_key(text.encode(), None), RSAPrivateKey)
    except (TypeError, ValueError, UnsupportedAlgorithm):  # TypeError: one that takes a password
        return False
