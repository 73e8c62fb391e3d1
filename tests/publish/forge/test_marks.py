from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.publish.discussion import Account, Comment
from codedesigner.publish.forge.marks import MOST_BODY, Signer, split_marks
from codedesigner.publish.forge.remembered import (
    Content,
    DecisionMark,
    FindingMark,
    Identity,
    NoticeMark,
    ReplyMark,
    SummaryMark,
    Unplaced,
    VoteKept,
)
from codedesigner.publish.sanitise import block_lines, code, html, prose

ME = Account("7", "codedesigner[bot]", bot=True)
SOMEBODY = Account("8", "codedesigner[bot]", bot=True)
SIGNED = Signer("shop/cart", 12, b"key")
UNSIGNED = Signer("shop/cart", 12)

IDENTITY = Identity(
    fingerprint="a" * 32, path="src/ä.py", function=None, kind="naming", line=3, subject="b" * 16, tokens="c" * 16
)
CONTENTS: tuple[Content, ...] = (
    FindingMark(
        number=3,
        identity=IDENTITY,
        title="Name",
        angle="style",
        severity="low",
        votes=(VoteKept(location="ruff", vote="yes", how="proposed"),),
        head="1" * 40,
    ),
    SummaryMark(
        head="1" * 40,
        runs=4,
        next=9,
        known=(("a" * 32, 3),),
        unplaced=(Unplaced(number=4, identity=IDENTITY),),
        usd=None,
        counters={"answers:4": 2},
    ),
    DecisionMark(what="dismiss", by="4", login="x", reason="it --> is", at=1.5, comment="9", identity=IDENTITY),
    ReplyMark(comment="9", to="question"),
    NoticeMark(name="config", head="2" * 40),
)


def comment(body: str, author: Account = ME, **more: object) -> Comment:
    return replace(Comment("1", author, body, 0.0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("signer", [SIGNED, UNSIGNED], ids=["signed", "unsigned"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_what_is_written_is_read(signer: Signer, line_end: str) -> None:
    for content in CONTENTS:
        body = signer.ended("Text.\n", content).replace("\n", line_end)
        assert signer.read(comment(body), ME) == (content,)
    assert signer.read(comment(signer.ended("Text.", *CONTENTS[:3])), ME) == CONTENTS[:3]


def test_t_sec_41_a_mark_in_somebody_elses_comment_is_none() -> None:
    body = UNSIGNED.ended("Text.", SummaryMark(runs=10**15, next=1_000_000))
    assert UNSIGNED.read(comment(body, SOMEBODY), ME) == ()
    assert UNSIGNED.read(comment(body, Account("", "ghost")), Account("", "ghost")) == ()
    assert UNSIGNED.read(comment(body, system=True), ME) == ()


def test_t_sec_41_a_number_that_is_too_large_is_no_mark() -> None:
    packed = base64.b64encode(json.dumps({"runs": 10**30}).encode()).decode()
    assert UNSIGNED.read(comment(f"x\n\n<!-- codedesigner:summary {packed} -->"), ME) == ()


def test_t_sec_43_what_others_edited_is_discarded() -> None:
    genuine = SIGNED.ended("Text.", CONTENTS[1])
    forged = UNSIGNED.ended("Text.", SummaryMark(known=(("f" * 32, 1),)))
    assert SIGNED.read(comment(genuine, edited=True), ME) == (CONTENTS[1],)
    assert SIGNED.read(comment(genuine, edited=True, edited_by=ME), ME) == (CONTENTS[1],)
    assert SIGNED.read(comment(genuine, edited=True, edited_by=SOMEBODY), ME) == ()
    assert SIGNED.read(comment(forged, edited=True), ME) == ()


def test_t_sec_43_a_signature_holds_for_one_pull_request_one_kind_and_one_content() -> None:
    line = SIGNED.mark(CONTENTS[3])
    packed, mac = line.split()[2:4]
    for other in (replace(SIGNED, number=13), replace(SIGNED, repo="shop/other"), replace(SIGNED, key=b"k")):
        assert other.read(comment(f"x\n\n{line}"), ME) == ()
    assert SIGNED.read(comment(f"x\n\n{line.replace(':reply', ':notice')}"), ME) == ()
    changed = base64.b64encode(base64.b64decode(packed).replace(b"9", b"8")).decode()
    assert SIGNED.read(comment(f"x\n\n<!-- codedesigner:reply {changed} {mac} -->"), ME) == ()
    assert replace(SIGNED, repo="Shop/Cart").read(comment(f"x\n\n{line}"), ME) == (CONTENTS[3],)


@pytest.mark.parametrize(
    "body",
    [
        "```\n{}\n```",
        "```\n\n{}",
        "~~~~\n```\n\n{}",
        "> {}",
        "x\n\n    {}",
        "x\n{}",
        "x\n\n{} and more",
        "{}\n\nand more",
        "x\n\n {}",
    ],
)
def test_a_mark_counts_at_the_end_alone(body: str) -> None:
    assert SIGNED.read(comment(body.format(SIGNED.mark(CONTENTS[3]))), ME) == ()


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[" * 5_000,
        b'{"comment":"1","to":"x","comment":"2"}',
        b'{"comment":1,"to":"x"}',
        b'{"comment":"1","to":NaN}',
        b"\xff",
        b"null",
        json.dumps({"comment": "1", "to": "x" * 201}).encode(),
    ],
)
def test_content_is_read_strictly(content: bytes) -> None:
    packed = base64.b64encode(content).decode()
    assert UNSIGNED.read(comment(f"x\n\n<!-- codedesigner:reply {packed} -->"), ME) == ()


def test_what_is_too_long_is_not_read() -> None:
    line = UNSIGNED.mark(CONTENTS[3])
    assert UNSIGNED.read(comment("x" * MOST_BODY + f"\n\n{line}"), ME) == ()
    assert UNSIGNED.read(comment("x\n\n" + f"{line}\n" * 5), ME) == ()
    packed = base64.b64encode(json.dumps({"comment": "1", "to": "x", "y": "z" * 60_000}).encode()).decode()
    assert UNSIGNED.read(comment(f"x\n\n<!-- codedesigner:reply {packed} -->"), ME) == ()


pieces = st.sampled_from(
    ["<!--", "-->", " codedesigner:", "finding ", "summary ", "\n", "\n\n", "`", "```", "<", "!-", "--", "->", "a" * 8]
)
texts = st.lists(pieces | st.just(UNSIGNED.mark(CONTENTS[3])) | st.text(max_size=4), max_size=12).map("".join)


@given(texts)
def test_no_text_from_elsewhere_makes_a_mark(text: str) -> None:
    for safe in (prose(text), prose(text, cell=True), code(text), html(text), block_lines(text)):
        assert "<!-- codedesigner" not in safe
        assert split_marks(f"Said:\n\n{safe}")[1] == ()
        assert split_marks(f"{safe}\n\n{safe}\n")[1] == ()


@given(texts)
def test_reading_never_fails_and_what_is_seen_is_a_beginning_of_the_body(text: str) -> None:
    seen, marks = split_marks(text)
    assert text.replace("\r\n", "\n").startswith(seen.replace("\r\n", "\n"))
    assert len(marks) <= 4
    UNSIGNED.read(comment(text), ME)


def test_the_key_is_in_no_message() -> None:
    assert "key" not in repr(SIGNED).replace("key=", "")
    assert b"key".decode() not in repr(SIGNED)
