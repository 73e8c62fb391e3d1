"""From a request's bytes to a delivery, or to why it is none."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doubles.github import GitHub, event
from tests.doubles.gitlab import GitLab

from codedesigner.event.model import CommandIssued, Ignored, ReviewRequested
from codedesigner.service.intake import MOST_BYTES, Delivery, Rejected, Secrets, receive_github, receive_gitlab

SECRET = "a secret of webhooks"
SECRETS = Secrets(github=(SECRET,), gitlab=(SECRET,))
HEAD, BASE = "a" * 40, "b" * 40
NOW = 1_700_000_000.0


def pull_request(**more: object) -> dict[str, object]:
    return {
        "action": "opened",
        "pull_request": {"number": 7, "head": {"sha": HEAD}, "base": {"sha": BASE}},
        "repository": {"id": 11, "full_name": "octo/shop"},
        "installation": {"id": 5},
        **more,
    }


def headers(body: bytes, **more: str | None) -> dict[str, str]:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    given = {
        "content-type": "application/json",
        "x-github-event": "pull_request",
        "x-github-delivery": "d-1",
        "x-hub-signature-256": signature,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    return {name: value for name, value in given.items() if value is not None}


def received(payload: object, **more: str | None) -> Delivery | Rejected:
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return receive_github(headers(body, **more), body, SECRETS)


def lower(given: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in given.items()}


def test_a_pull_request_of_github_is_a_delivery() -> None:
    body = json.dumps(pull_request()).encode()
    assert received(pull_request()) == Delivery(
        "github", "d-1", hashlib.sha256(body).hexdigest(), "octo/shop", 11, 5, ReviewRequested(BASE, HEAD, 7)
    )


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"x_hub_signature_256": None}, 401),
        ({"x_hub_signature_256": None, "x_hub_signature": "sha1=" + "0" * 40}, 401),
        ({"x_hub_signature_256": "sha1=" + "0" * 40}, 401),
        ({"content_type": None}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "application/jsonx"}, 415),
        ({"content_encoding": "gzip"}, 415),
        ({"x_github_event": None}, 400),
        ({"x_github_delivery": None}, 400),
        ({"x_github_delivery": "d" * 201}, 400),
    ],
)
def test_a_request_that_is_none_of_github_is_refused_t_gh_68(changed: dict[str, str | None], status: int) -> None:
    found = received(pull_request(), **changed)
    assert isinstance(found, Rejected)
    assert found.status == status


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_type_may_have_a_charset(kind: str) -> None:
    assert isinstance(received(pull_request(), content_type=kind), Delivery)


def test_without_a_secret_nobody_is_believed() -> None:
    body = json.dumps(pull_request()).encode()
    unsigned = headers(body, x_hub_signature_256="sha256=" + hmac.new(b"", body, hashlib.sha256).hexdigest())
    for secrets in (Secrets(), Secrets(github=("",)), Secrets(gitlab=(SECRET,))):
        found = receive_github(unsigned, body, secrets)
        assert isinstance(found, Rejected)
        assert found.status == 401


def test_two_secrets_hold_while_one_is_exchanged() -> None:
    body = json.dumps(pull_request()).encode()
    assert isinstance(receive_github(headers(body), body, Secrets(github=("new", SECRET))), Delivery)


def test_too_many_bytes_are_refused_before_anything_is_read_t_sec_56() -> None:
    found = receive_github({}, b" " * (26 * 1_000_000), SECRETS)
    assert found == Rejected(413, f"the body has more than {MOST_BYTES:,} bytes")


def test_a_gzip_bomb_is_not_unpacked_t_sec_56() -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    found = received(bomb, content_encoding="gzip")
    assert isinstance(found, Rejected)
    assert found.status == 415
    undeclared = received(bomb)
    assert isinstance(undeclared, Rejected)
    assert undeclared.status == 400


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 10_000 + b"]" * 10_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"a":' * 10_000,
        b'{"a":"]]]","b":' * 300 + b"1" + b"}" * 300,
        b"",
        b"null",
        b"[]",
        b"\xff\xfe",
        b'{"a": 1' + b"0" * 5000 + b"}",
        b"{'a': 1}",
    ],
)
def test_a_body_that_is_no_object_of_a_sane_depth_is_refused_t_sec_56(body: bytes) -> None:
    assert received(body) == Rejected(400, "the body is not a JSON object that can be read")


def test_brackets_in_somebodys_words_are_no_depth() -> None:
    assert isinstance(received(pull_request(note="[" * 10_000 + "{" * 10_000)), Delivery)


@pytest.mark.parametrize("name", ["issue_comment", "pull_request_review_comment", "check_run", "merge_group"])
def test_a_push_that_is_called_something_else_is_refused_t_sec_59(name: str) -> None:
    push = {"ref": "refs/heads/main", "action": "created", "repository": {"id": 11, "full_name": "octo/shop"}}
    found = received(push, x_github_event=name)
    assert found == Rejected(400, "the payload is not that of the event that the header names")


@pytest.mark.parametrize("name", ["push", "ping", "installation", "workflow_run", "workflow_dispatch", "x" * 500])
def test_events_that_ask_nothing_are_taken_and_ignored(name: str) -> None:
    found = received({"zen": "Speak like a human."}, x_github_event=name)
    assert isinstance(found, Delivery)
    assert isinstance(found.event, Ignored)
    assert len(found.event.reason) < 100


@pytest.mark.parametrize(
    "repo",
    [
        None,
        {},
        {"id": 11},
        {"full_name": "octo/shop"},
        {"id": 0, "full_name": "o/s"},
        {"id": 1, "full_name": "shop"},
        {"id": 1, "full_name": "o/s\n"},
        {"id": 1, "full_name": "o/-s"},
        {"id": 1, "full_name": "o//s"},
        {"id": 1, "full_name": "o/" + "s" * 500},
    ],
)
def test_an_event_of_no_repository_is_refused(repo: object) -> None:
    assert received(pull_request(repository=repo)) == Rejected(400, "the payload names no repository")


@pytest.mark.parametrize("named", ["\udcff", "d\x001", "d\n1", "é", "d" * 201])
def test_an_id_that_no_database_takes_is_refused(named: str) -> None:
    assert received(pull_request(), x_github_delivery=named) == Rejected(
        400, "the event's name or the delivery's id is missing, or is none"
    )
    body = json.dumps({"object_kind": "push"}).encode()
    given = {"content-type": "application/json", "x-gitlab-token": SECRET, "idempotency-key": named}
    assert receive_gitlab(given, body, SECRETS, now=NOW) == Rejected(400, "the delivery's id is none")


def test_what_signs_nothing_breaks_nothing() -> None:
    given = {
        "content-type": "application/json",
        "webhook-id": "\udcff",
        "webhook-timestamp": f"{NOW:.0f}",
        "webhook-signature": "v1,\udcff",
    }
    found = receive_gitlab(given, b"{}", SECRETS, now=NOW)
    assert isinstance(found, Rejected)
    assert found.status == 401


@pytest.mark.parametrize("number", [2**63, 2**64 + 7, 10**40, -1, 7.0, "7", True, None])
def test_a_number_that_no_forge_has_is_refused(number: object) -> None:
    pull = {"number": number, "head": {"sha": HEAD}, "base": {"sha": BASE}}
    found = received(pull_request(pull_request=pull))
    assert isinstance(found, Rejected)
    assert found.status == 400
    assert received(pull_request(repository={"id": number, "full_name": "octo/shop"})) == Rejected(
        400, "the payload names no repository"
    )


def test_what_one_push_causes_in_gitlab_are_deliveries_of_their_own() -> None:
    given = {"content-type": "application/json", "x-gitlab-token": SECRET, "x-gitlab-event-uuid": "one push"}
    bodies = [json.dumps({"object_kind": "push", "n": n}).encode() for n in (1, 2)]
    found = [receive_gitlab(given, body, SECRETS, now=NOW) for body in bodies]
    assert len({one.id for one in found if isinstance(one, Delivery)}) == 2


def test_another_id_makes_no_other_delivery_t_sec_58() -> None:
    one, two = received(pull_request()), received(pull_request(), x_github_delivery="d-2")
    assert isinstance(one, Delivery)
    assert isinstance(two, Delivery)
    assert (one.id, two.id) == ("d-1", "d-2")
    assert one.digest == two.digest


def test_what_the_double_of_github_delivers_is_taken(tmp_path: Path) -> None:
    github = GitHub(tmp_path)
    shop = github.project("octo/shop", {"a.py": "x = 1\n"})
    shop.collaborator("ann", "write")
    pull = github.pull(shop, {"a.py": "x = 2\n"}, author="ann")
    opened = event(github, "pull_request", "opened", pull).delivery(SECRET)
    found = receive_github(lower(opened.headers), opened.body, SECRETS)
    assert isinstance(found, Delivery)
    assert found.event == ReviewRequested(pull.base_sha, pull.head_sha, pull.number)
    comment = github.comment(pull, "ann", "/codedesigner recheck")
    said = event(github, "issue_comment", "created", pull, comment=comment).delivery(SECRET)
    found = receive_github(lower(said.headers), said.body, SECRETS)
    assert isinstance(found, Delivery)
    assert isinstance(found.event, CommandIssued)
    assert (found.repo, found.event.command) == ("octo/shop", "recheck")


@pytest.mark.parametrize("proof", ["token", "signing"])
def test_what_the_double_of_gitlab_delivers_is_taken(tmp_path: Path, proof: str) -> None:
    gitlab = GitLab(tmp_path)
    dev = gitlab.user("dev")
    app = gitlab.project("group/app", {"a.py": "x = 1\n"}, owner=dev)
    gitlab.push(app, "feature", {"a.py": "x = 2\n"})
    request = gitlab.open(app, "feature", dev)
    key = "whsec_c2VjcmV0" if proof == "signing" else SECRET
    secrets = Secrets(gitlab=("older", key))
    opened = next(each for each in gitlab.outbox if each.kind == "merge_request")
    sent = opened.delivery(signing=key, at=NOW) if proof == "signing" else opened.delivery(token=key)
    found = receive_gitlab(lower(sent.headers), sent.body, secrets, now=NOW)
    assert isinstance(found, Delivery)
    assert (found.forge, found.repo, found.installation) == ("gitlab", "group/app", 0)
    assert isinstance(found.event, ReviewRequested)
    assert found.event.number == request.iid
    wrong = receive_gitlab(lower(sent.headers), sent.body + b" ", Secrets(gitlab=("other",)), now=NOW)
    assert wrong == Rejected(401, "the signature or the token is missing or wrong")


def test_a_wrong_signature_is_not_made_good_by_a_token() -> None:
    body = json.dumps({"object_kind": "push"}).encode()
    given = {
        "content-type": "application/json",
        "x-gitlab-token": SECRET,
        "webhook-id": "1",
        "webhook-timestamp": f"{NOW:.0f}",
        "webhook-signature": "v1,AAAA",
    }
    found = receive_gitlab(given, body, SECRETS, now=NOW)
    assert isinstance(found, Rejected)
    assert found.status == 401


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
NAMED = ["repository", "pull_request", "issue", "comment", "installation", "action", "merge_group", "check_run"]


@given(st.dictionaries(st.sampled_from(NAMED), json_values), st.sampled_from([*NAMED, "issue_comment"]))
def test_every_object_of_json_has_an_answer(payload: dict[str, object], name: str) -> None:
    found = received(payload, x_github_event=name)
    assert isinstance(found, Delivery | Rejected)


@given(st.binary(max_size=80))
def test_every_body_has_an_answer(body: bytes) -> None:
    assert isinstance(received(body), Rejected)
    assert isinstance(receive_gitlab({"content-type": "application/json"}, body, SECRETS, now=NOW), Rejected)
