"""The operator's file: what it may say, what it may not, and which secrets it needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.doubles.github.apps import private_key

from codedesigner.errors import ConfigError
from codedesigner.service.held import Held, hold
from codedesigner.service.settings import ServiceSettings, allowed, read_settings, urgency

WHOLE = """
forges:
  github:
    app: {id: 12, private_key_file: KEY}
    webhook_secret_env: [HOOK_NEW, HOOK_OLD]
    repositories: ["octo/*", "!octo/secret"]
  gitlab:
    url: https://gitlab.example.org/
    token_env: LAB_TOKEN
    webhook_secret_env: [LAB_HOOK]
    repositories: [group/**]
dashboard: {token_env: LOGIN}
network: {private: [10.0.0.0/8, "127.0.0.1"], proxies: ["::1"]}
state_key_env: STATE
"""
PEM = private_key()
ENVIRON = {
    "HOOK_NEW": "n" * 20,
    "HOOK_OLD": "o" * 20,
    "LAB_TOKEN": "lab-token",
    "LAB_HOOK": "l" * 20,
    "LOGIN": "i" * 20,
    "STATE": "s" * 20,
}


def written(folder: Path, text: str = WHOLE) -> Path:
    (folder / "app.pem").write_text(PEM)
    path = folder / "service.yml"
    path.write_text(text.replace("KEY", str(folder / "app.pem")))
    return path


def held(folder: Path, environ: dict[str, str], text: str = WHOLE) -> Held:
    settings, document = read_settings(written(folder, text))
    return hold(settings, document, environ)


def test_the_whole_file_is_read(tmp_path: Path) -> None:
    settings, _ = read_settings(written(tmp_path))
    assert settings.forges.gitlab is not None
    assert settings.forges.gitlab.url == "https://gitlab.example.org"
    assert settings.network.private == ("10.0.0.0/8", "127.0.0.1")
    known = held(tmp_path, ENVIRON)
    assert known.webhooks.github == ("n" * 20, "o" * 20)
    assert known.github_key == PEM
    assert known.gitlab_token == "lab-token"
    assert known.state_key == b"s" * 20


def test_no_secret_is_in_a_repr_and_each_is_known(tmp_path: Path) -> None:
    known = held(tmp_path, ENVIRON)
    assert not any(value in repr(known) for value in (*ENVIRON.values(), PEM.splitlines()[1]))
    assert all(known.known.are_in(f"x {value} y") for value in ENVIRON.values())


@pytest.mark.parametrize("missing", sorted(ENVIRON))
def test_each_missing_secret_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ConfigError, match=rf"service\.yml:\d+: .*the variable {missing} is not set"):
        held(tmp_path, {**ENVIRON, missing: "  "})


def test_all_missing_secrets_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        held(tmp_path, {})
    assert all(name in str(caught.value) for name in ENVIRON)


@pytest.mark.parametrize("name", ["HOOK_OLD", "LAB_HOOK", "LOGIN", "STATE"])
def test_a_secret_that_can_be_guessed_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} has fewer than 16 characters"):
        held(tmp_path, {**ENVIRON, name: "short"})


def test_a_token_with_a_line_break_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LAB_TOKEN holds characters"):
        held(tmp_path, {**ENVIRON, "LAB_TOKEN": "one\ntwo"})


@pytest.mark.parametrize(("text", "words"), [("no key", "holds no private key"), (None, "cannot be read")])
def test_a_file_that_holds_no_key_is_named(tmp_path: Path, text: str | None, words: str) -> None:
    settings, document = read_settings(written(tmp_path))
    key = tmp_path / "app.pem"
    key.unlink()
    if text is not None:
        key.write_text(text)
    with pytest.raises(ConfigError, match=rf"app\.pem {words}"):
        hold(settings, document, ENVIRON)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("dashboard:", "dashbord:", "did you mean dashboard"),
        ("token_env: LOGIN", "token: LOGIN", "unknown key"),
        ("app: {id: 12, private_key_file: KEY}", "ca_file: x", "needs either app or token_env"),
        ("app: {id", "token_env: T\n    app: {id", "needs either app or token_env"),
        ("id: 12", "id: 0", "app.id"),
        ("[HOOK_NEW, HOOK_OLD]", "[]", "webhook_secret_env"),
        ("HOOK_NEW", "my hook", "webhook_secret_env"),
        ('["octo/*", "!octo/secret"]', "[]", "repositories"),
        ("octo/*", "octo//x", "repositories"),
        ("https://gitlab.example.org/", "https://me:pw@gitlab.example.org/", "must not hold a user name"),
        ("https://gitlab.example.org/", "ftp://gitlab.example.org/", "is no address"),
        ("10.0.0.0/8", "10.0.0.1/8", "is no network"),
        ("https://gitlab.example.org/", "http://gitlab.example.org/", "in the clear"),
        ("app: {id", "api_url: http://ghe.example/api/v3\n    app: {id", "in the clear"),
        ("forges:", "limits: {stop_seconds: 1.0e+300}\nforges:", "limits.stop_seconds"),
        ("forges:", "limits: {stop_seconds: .inf}\nforges:", "limits.stop_seconds"),
        ("forges:", "limits: {body_seconds: .nan}\nforges:", "limits.body_seconds"),
        ("forges:", "limits: {sign_ins_per_minute: true}\nforges:", "limits.sign_ins_per_minute"),
        ("forges:", "dashboard: {token_env: LOGIN}\nforges:", "dashboard"),
        ("forges:", "limits: {body_bytes: 99000000}\nforges:", "limits.body_bytes"),
    ],
)
def test_each_mistake_is_named_at_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(written(tmp_path, WHOLE.replace(old, new, 1)))
    said = f"{caught.value} {caught.value.hint}"
    assert words in said
    assert "service.yml:" in said
    assert "pw@" not in said


def test_a_file_without_a_forge_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "service.yml"
    path.write_text("forges: {}\ndashboard: {token_env: LOGIN}\n")
    with pytest.raises(ConfigError, match="needs github or gitlab"):
        read_settings(path)


@pytest.mark.parametrize(
    ("repo", "expected"),
    [
        ("octo/shop", True),
        ("OCTO/Shop", True),
        ("octo/secret", False),
        ("octo/shop/inner", True),
        ("other/octo", False),
        ("x/octo/shop", False),
        ("octopus/shop", False),
    ],
)
def test_patterns_say_which_repositories_are_reviewed(repo: str, expected: bool) -> None:
    assert allowed(("octo/*", "!octo/secret"), repo) is expected


def test_nothing_in_the_file_changes_after_reading() -> None:
    assert ServiceSettings.model_config["frozen"] is True
    assert ServiceSettings.model_config["extra"] == "forbid"


def test_how_urgent_a_repository_is_says_the_last_pattern_that_matches(tmp_path: Path) -> None:
    settings, _ = read_settings(written(tmp_path, WHOLE + 'priorities: {"octo/*": 1, "octo/pay*": 4, "octo/pay-x": 0}'))
    rules = settings.priorities
    found = [urgency(rules, repo) for repo in ("octo/a", "Octo/Payments", "octo/pay-x", "other/a")]
    assert found == [1, 4, 0, 0]


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ('{"octo/*": 6}', "must be at most 5"),
        ('{"octo/*": -1}', "must be at least 0"),
        ('{"octo/*": soon}', "whole number"),
        ('{"": 1}', "1"),
    ],
)
def test_an_urgency_that_is_none_is_refused_with_its_line(tmp_path: Path, rules: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_settings(written(tmp_path, f"{WHOLE}priorities: {rules}\n"))
    assert "service.yml:15" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("key", ["locations_file", "operator_file", "github.ca_file", "gitlab.ca_file"])
def test_a_file_that_is_not_there_is_found_out_at_the_start(tmp_path: Path, key: str) -> None:
    forge, _, name = key.rpartition(".")
    text = WHOLE.replace(f"  {forge}:\n", f"  {forge}:\n    {name}: /nowhere/x.pem\n") if forge else WHOLE
    text = text if forge else f"{WHOLE}{name}: /nowhere/x.pem\n"
    with pytest.raises(ConfigError, match=rf"service\.yml:\d+: .*{name}: /nowhere/x\.pem cannot be read: No such file"):
        held(tmp_path, ENVIRON, text)


@pytest.mark.parametrize("token", ["two words", "ghs_\u00e9", "a\u2028b"])
def test_a_token_that_no_header_takes_is_found_out_at_the_start(tmp_path: Path, token: str) -> None:
    with pytest.raises(ConfigError, match="the variable LAB_TOKEN holds characters that no") as caught:
        held(tmp_path, {**ENVIRON, "LAB_TOKEN": token})
    assert token not in str(caught.value)


def test_a_key_that_others_could_exchange_is_not_used(tmp_path: Path) -> None:
    settings, document = read_settings(written(tmp_path))
    (tmp_path / "app.pem").chmod(0o664)
    with pytest.raises(ConfigError, match="can be written by others"):
        hold(settings, document, ENVIRON)


def test_what_only_looks_like_a_key_is_none(tmp_path: Path) -> None:
    settings, document = read_settings(written(tmp_path))
    (tmp_path / "app.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nbm8=\n-----END RSA PRIVATE KEY-----\n")
    with pytest.raises(ConfigError, match="holds no private key"):
        hold(settings, document, ENVIRON)
