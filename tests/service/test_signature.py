"""Signatures: GitHub's own vector, the form of Standard Webhooks, and everything that is none."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.service.signature import TOLERANCE_S, github_signed, gitlab_token, standard_signed

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
NOW = 1_700_000_000.0


def test_the_published_vector_of_github_holds_t_gh_68() -> None:
    assert github_signed(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    [
        None,
        "",
        "sha256=",
        SIGNATURE.removeprefix("sha256="),
        SIGNATURE.upper(),
        SIGNATURE[:-1],
        SIGNATURE + "0",
        SIGNATURE[:-1] + "8",
        "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest(),
        "sha256=\udcff",
    ],
)
def test_what_is_no_signature_of_github_proves_nothing_t_gh_68(signature: str | None) -> None:
    assert not github_signed(SECRET, BODY, signature)


def test_without_a_secret_nothing_is_proved() -> None:
    empty = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not github_signed("", BODY, empty)
    assert not gitlab_token("", "")
    assert not gitlab_token("", None)
    assert not standard_signed("", BODY, delivery="1", timestamp="1", signature=signed("", "1", "1"), now=1.0)


@given(body=st.binary(min_size=1, max_size=60), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_one_changed_bit_of_the_body_is_noticed_t_gh_68(body: bytes, at: int, bit: int) -> None:
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    changed = bytearray(body)
    changed[at % len(body)] ^= 1 << bit
    assert github_signed(SECRET, body, signature)
    assert not github_signed(SECRET, bytes(changed), signature)


def test_a_plain_token_is_the_secret_and_nothing_near_it() -> None:
    assert gitlab_token("sécret", "sécret")
    assert not any(gitlab_token("secret", one) for one in ("secret ", "Secret", "secre", "", None, "\udcff"))


def signed(key: str, delivery: str, timestamp: str, body: bytes = BODY) -> str:
    raw = base64.b64decode(key.removeprefix("whsec_")) if key.startswith("whsec_") else key.encode()
    message = f"{delivery}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(raw, message, hashlib.sha256).digest()).decode()


def holds(signature: str, *, key: str = "whsec_c2VjcmV0", stamp: str = f"{NOW:.0f}", now: float = NOW) -> bool:
    return standard_signed(key, BODY, delivery="msg_1", timestamp=stamp, signature=signature, now=now)


def test_the_published_vector_of_standard_webhooks_holds() -> None:
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py
    body = b'{"test": 2432232314}'
    proved = standard_signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        body,
        delivery="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp="1614265330",
        signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        now=1614265330.0,
    )
    assert proved


@pytest.mark.parametrize("key", ["whsec_c2VjcmV0", "plain secret", "whsec_not base64!"])
def test_a_key_is_base64_behind_its_prefix_and_else_itself(key: str) -> None:
    raw = b"secret" if key == "whsec_c2VjcmV0" else key.encode()
    message = f"msg_1.{NOW:.0f}.".encode() + BODY
    signature = "v1," + base64.b64encode(hmac.new(raw, message, hashlib.sha256).digest()).decode()
    assert holds(signature, key=key)


def test_one_of_several_signatures_is_enough() -> None:
    right = signed("whsec_c2VjcmV0", "msg_1", f"{NOW:.0f}")
    assert holds(f"v1,AAAA {right}")
    assert holds(f"v1a,AAAA {right} v1,BBBB")
    assert not holds(right.replace("v1,", "v2,"))
    assert not holds(right.replace("v1,", ""))
    assert not holds("")


@pytest.mark.parametrize("late", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_a_delivery_of_another_time_is_a_replay(late: float) -> None:
    right = signed("whsec_c2VjcmV0", "msg_1", f"{NOW:.0f}")
    assert not holds(right, now=NOW + late)
    assert holds(right, now=NOW + late / 2)


@pytest.mark.parametrize("stamp", ["", "-1", "1e9", "٣", f"{NOW}", " 1700000000", "9" * 5000])
def test_a_time_that_is_none_proves_nothing(stamp: str) -> None:
    assert not holds(signed("whsec_c2VjcmV0", "msg_1", stamp), stamp=stamp)


@given(text=st.text(max_size=40), stamp=st.text(max_size=14))
def test_nothing_in_the_headers_breaks_it(text: str, stamp: str) -> None:
    assert not github_signed(SECRET, BODY, text)
    assert not standard_signed(SECRET, BODY, delivery=text or "x", timestamp=stamp, signature=text, now=NOW)
