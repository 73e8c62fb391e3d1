from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.sample import ballot, finding, sample

from codedesigner.publish.scrub import KnownSecrets, scrubbed
from codedesigner.publish.secrets import REDACTED
from codedesigner.vote.finding import Suggestion

KEY = "my/very secret+key=1"
SECRETS = KnownSecrets((KEY, "", "ab"))


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY),
        quote(KEY, safe=""),
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(b"key: " + KEY.encode() + b"!").decode(),
        base64.b64encode(b"env " + KEY.encode() + b" and more").decode(),
        KEY.encode().hex(),
    ],
)
def test_t_sec_10_a_secret_is_taken_out_in_every_form_and_the_run_is_told(form: str) -> None:
    said = finding(
        title=f"see {form}",
        body=f"x{form}y",
        evidence=form,
        reason=form,
        ballots=(ballot(f"ruff {form}", reason=form),),
    )
    clean, leaked = scrubbed(sample((said,)).report, SECRETS)
    assert leaked
    told = clean.model_dump_json()
    assert not SECRETS.are_in(told)
    assert not SECRETS.are_in(clean.findings[0].body)
    assert REDACTED in clean.findings[0].title
    assert form not in told


def test_t_sec_10_a_suggestion_with_a_secret_is_dropped() -> None:
    said = finding(suggestion=Suggestion(9, 9, f"token = '{KEY}'\n", ("applies", "reviewed"), "ruff"))
    clean, leaked = scrubbed(sample((said,)).report, SECRETS)
    assert leaked
    assert clean.findings[0].suggestion is None


def test_a_report_without_secrets_is_left_alone() -> None:
    report = sample().report
    assert scrubbed(report, SECRETS) == (report, False)
    assert scrubbed(report, KnownSecrets()) == (report, False)


def test_each_line_of_a_key_counts() -> None:
    secrets = KnownSecrets(("-----BEGIN X-----\nabcdefgh\nijklmnop\n-----END X-----\n",))
    assert secrets.are_in("it is ijklmnop")
    assert secrets.redact("ijklmnop") == REDACTED


def test_the_values_are_in_no_message() -> None:
    assert KEY not in repr(SECRETS)


values = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=6, max_size=24).filter(
    lambda text: len(text.strip()) >= 6
)


@given(values, st.binary(max_size=5), st.binary(max_size=5))
def test_base64_gives_a_value_away_wherever_it_stands_in_the_data(value: str, before: bytes, after: bytes) -> None:
    secrets = KnownSecrets((value,))
    encoded = base64.b64encode(before + value.strip().encode() + after).decode()
    assert secrets.are_in(encoded)
    assert not secrets.are_in(secrets.redact(encoded))
