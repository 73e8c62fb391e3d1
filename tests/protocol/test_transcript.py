"""What was said, a line each: whole after a crash, for its owner alone, and without keys."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from codedesigner.errors import UsageError
from codedesigner.protocol.codec import encode
from codedesigner.protocol.refused import Refusal
from codedesigner.protocol.transcript import HIDDEN, Scrubber, TranscriptWriter, read_transcript
from codedesigner.protocol.wire import AnalyzeRequest, Envelope, RequestContext, ResponsePayload

ID, OTHER = "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11", "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f12"
KEY = 'sk-"/é\\key+1'


def request(code: str = "x\udcff") -> Envelope:
    return Envelope(
        message_id=ID,
        timestamp=1,
        sender="supervisor",
        worker="one",
        message_type="analyze_request",
        payload=AnalyzeRequest(code=code, questions=(), context=RequestContext(file_path="a.py")),
    )


def answer(result: JsonValue = None) -> Envelope:
    return Envelope(
        message_id=OTHER,
        correlation_id=ID,
        timestamp=1,
        sender="worker",
        worker="one",
        message_type="response",
        payload=ResponsePayload(status="success", result=result),
    )


def kept(path: Path, *envelopes: Envelope, secrets: tuple[str, ...] = ()) -> bytes:
    with TranscriptWriter(path, Scrubber(secrets)) as write:
        for envelope in envelopes:
            write(envelope)
    return path.read_bytes()


def test_what_was_said_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    data = kept(path, request(), answer({"a": "\udcff"}), request(), answer())
    assert data.count(b"\n") == 4
    read = read_transcript(path)
    assert read.envelopes == (request(), answer({"a": "\udcff"}), request(), answer())
    assert read.cut == 0


def test_a_message_is_there_as_soon_as_it_is_said(tmp_path: Path) -> None:
    with TranscriptWriter(tmp_path / "t.jsonl") as write:
        write(request())
        assert read_transcript(tmp_path / "t.jsonl").envelopes == (request(),)
        write(answer())
        assert len(read_transcript(tmp_path / "t.jsonl").envelopes) == 2


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    kept(tmp_path / "new" / "t.jsonl", request())
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "t.jsonl").stat().st_mode) == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    before = kept(tmp_path / "t.jsonl", request())
    with pytest.raises(UsageError, match="is there already"):
        TranscriptWriter(tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_bytes() == before
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        TranscriptWriter(tmp_path / "link")
    with pytest.raises(UsageError, match="jsonl is there already"):
        TranscriptWriter(tmp_path / "t.jsonl" / "t.jsonl")
    with pytest.raises(UsageError, match="cannot write"):
        TranscriptWriter(tmp_path / "t.jsonl" / "folder" / "t.jsonl")


def test_it_is_readable_wherever_its_last_lines_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    said = (request(), answer({"a": "é\n\udcff"}), request())
    data = kept(path, *said)
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        read = read_transcript(path)
        whole = data[:length].count(b"\n")
        assert read.envelopes == said[:whole]
        assert read.cut == len(data[:length].rpartition(b"\n")[2])


DAMAGE: dict[str, tuple[bytes, str]] = {
    "no message": (b"hello\n", "2: is no JSON"),
    "an empty line": (b"\n", "2: is no JSON"),
    "zeros": (b"\0" * 512 + b"\n", "2: is no JSON"),
    "another's answer": (encode(answer()).replace(ID.encode(), OTHER.encode()) + b"\n", "2: correlation_id: names no"),
    "an endless line": (b"x" * 16_100_000, "2: has more than"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_told_with_its_line(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(encode(request()) + b"\n" + DAMAGE[damage][0])
    with pytest.raises(UsageError) as caught:
        read_transcript(path)
    assert str(caught.value).startswith(f"{path}:{DAMAGE[damage][1]}")


def test_a_transcript_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        read_transcript(tmp_path / "t.jsonl")


@pytest.mark.parametrize(
    "shown",
    [
        KEY,
        f"the key {KEY}.",
        f"{KEY}{KEY}",
        json.dumps({"Authorization": KEY}),
        json.dumps(KEY, ensure_ascii=False),
        f"http://x/?key={quote(KEY, safe='')}",
    ],
)
def test_a_key_cannot_enter_it(tmp_path: Path, shown: str) -> None:
    data = kept(tmp_path / "t.jsonl", request(shown), answer({shown: [shown, 1]}), secrets=("another one", KEY))
    text = data.decode()
    for form in (KEY, json.dumps(KEY)[1:-1], json.dumps(json.dumps(KEY))[3:-3], quote(KEY, safe="")):
        assert form not in text
    read = read_transcript(tmp_path / "t.jsonl").envelopes[1].payload
    assert isinstance(read, ResponsePayload)
    assert HIDDEN in str(read.result)
    assert KEY not in str(read.result)


def test_what_only_looks_like_a_key_stays(tmp_path: Path) -> None:
    said = request("ghp_" + "a" * 36 + " short EMPTY")
    kept(tmp_path / "t.jsonl", said, secrets=("short", "EMPTY", ""))
    assert read_transcript(tmp_path / "t.jsonl").envelopes == (said,)


@given(st.text(min_size=8, max_size=12), st.text(max_size=5), st.text(max_size=5))
@settings(max_examples=100, deadline=None)
def test_a_line_without_its_keys_is_a_line(secret: str, before: str, after: str) -> None:
    line = Scrubber([secret]).line(encode(request(before + secret + after)))
    payload = json.loads(line)["payload"]
    assert secret not in payload["code"] or secret in before + HIDDEN + after


def test_what_nobody_could_read_is_not_written(tmp_path: Path) -> None:
    with TranscriptWriter(tmp_path / "t.jsonl") as write:
        write(request())
        with pytest.raises(Refusal):
            write(answer("\ud83d\ude00"))
        write(answer())
    assert len(read_transcript(tmp_path / "t.jsonl").envelopes) == 2


WRITER = """
import sys
from pathlib import Path
from codedesigner.protocol.codec import decode
from codedesigner.protocol.transcript import TranscriptWriter
line = decode(sys.stdin.readline())
with TranscriptWriter(Path(sys.argv[1])) as write:
    while True:
        write(line)
        print("said", flush=True)
"""


def test_a_killed_process_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(encode(request("x" * 20_000)) + b"\n")
        process.stdin.flush()
        for _ in range(20):
            assert process.stdout.readline() == b"said\n"
        process.send_signal(signal.SIGKILL)
    assert len(read_transcript(path).envelopes) >= 20
