from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.location.http import HttpError
from codedesigner.location.streams import NdjsonDecoder, SseDecoder, SseEvent


def events(*parts: bytes, max_bytes: int = 10_000) -> list[tuple[str, str]]:
    decoder = SseDecoder(max_bytes=max_bytes)
    found = [event for part in parts for event in decoder.feed(part)]
    return [(event.name, event.data) for event in [*found, *decoder.finish()]]


def lines(*parts: bytes, max_bytes: int = 10_000) -> list[str]:
    decoder = NdjsonDecoder(max_bytes=max_bytes)
    found = [line for part in parts for line in decoder.feed(part)]
    return [*found, *decoder.finish()]


def bytewise(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


@pytest.mark.parametrize("cut", [lambda data: [data], bytewise], ids=["whole", "bytes"])
@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\ndata: b\n\n", [("message", "a"), ("message", "b")]),
        (b"data: a\r\n\r\ndata: b\r\n\r\n", [("message", "a"), ("message", "b")]),
        (b"data: a\r\rdata: b\r\r", [("message", "a"), ("message", "b")]),
        (b"data: a\r\n\ndata: b\r\n\r", [("message", "a"), ("message", "b")]),
        (b"data:a\ndata:  b\ndata\n\n", [("message", "a\n b\n")]),
        (b"event: ping\ndata: {}\nid: 7\nretry: 10\n\ndata: x\n\n", [("ping", "{}"), ("message", "x")]),
        (b": ping\n\n: ping\n\ndata: a\n\n", [("message", "a")]),
        (b"event: lonely\n\ndata: a\n\n", [("message", "a")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("message", "a")]),
        (b"data: \xef\xbb\xbfa\n\n", [("message", "\ufeffa")]),
        (b"data: [DONE]", [("message", "[DONE]")]),
        (b"data: a\nevent: error\n", [("error", "a")]),
        ("data: größe 漢🙂\n\n".encode(), [("message", "größe 漢🙂")]),
        (b"data: a\xffb\n\n", [("message", "a\ufffdb")]),
        (b'data: {"a":\ndata: 1}\n\n', [("message", '{"a":\n1}')]),
        (b"unknown: x\nDATA: y\ndatax: z\n\n", []),
        (b"data:\n\n", [("message", "")]),
        (b"", []),
        (b"\n\r\n\r", []),
    ],
)
def test_events(stream: bytes, expected: list[tuple[str, str]], cut: Callable[[bytes], list[bytes]]) -> None:
    assert events(*cut(stream)) == expected


def test_an_event_is_given_as_soon_as_it_is_complete() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\n") == [SseEvent("message", "a")]
    assert decoder.feed(b"data: b\r\n\r") == [SseEvent("message", "b")]
    assert decoder.feed(b"\ndata: c\n\n") == [SseEvent("message", "c")]
    assert decoder.finish() == []


@pytest.mark.parametrize("cut", [lambda data: [data], bytewise], ids=["whole", "bytes"])
@pytest.mark.parametrize("fits", [True, False])
@pytest.mark.parametrize("ended", [True, False])
def test_a_line_has_a_limit(fits: bool, ended: bool, cut: Callable[[bytes], list[bytes]]) -> None:
    line = b"data:" + b"x" * (95 if fits else 96) + (b"\n\n" if ended else b"")
    if fits:
        assert events(*cut(line), max_bytes=100) == [("message", "x" * 95)]
        assert lines(*cut(line), max_bytes=100) == ["data:" + "x" * 95]
        return
    for decode in (events, lines):
        with pytest.raises(HttpError) as raised:
            decode(*cut(line), max_bytes=100)
        assert raised.value.kind == "too_large"


def test_an_event_has_a_limit() -> None:
    with pytest.raises(HttpError, match="100 bytes"):
        events(b"data: 0123456789\n" * 11, max_bytes=100)
    assert len(events(b"data: 0123456789\n\n" * 11, max_bytes=100)) == 11


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b'{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']),
        (b'{"a":1}\r\n\r\n \n{"b":2}', ['{"a":1}\r', '{"b":2}']),
        (b'\xef\xbb\xbf{"a":1}\n', ['{"a":1}']),
        ('{"ä":"\u2028"}\n'.encode(), ['{"ä":"\u2028"}']),
        (b"", []),
    ],
)
def test_lines(stream: bytes, expected: list[str]) -> None:
    assert lines(stream) == lines(*bytewise(stream)) == expected
    assert all(isinstance(json.loads(line), dict) for line in expected)


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[begin:end] for begin, end in pairwise(places)]


STREAMS = st.lists(
    st.sampled_from(
        [
            *(b"\n", b"\r", b"\r\n", b"data:", b"data: ", b"event: e", b": c", b"\xef\xbb\xbf", b" "),
            "ä🙂".encode(),
            b"\xf0",
        ]
    ),
    max_size=30,
).map(b"".join)


@given(STREAMS | st.binary(max_size=200), st.lists(st.integers(0, 300), max_size=20))
def test_it_does_not_matter_where_a_stream_is_cut(data: bytes, cuts: list[int]) -> None:
    assert events(*pieces(data, cuts)) == events(data) == events(*bytewise(data))
    assert lines(*pieces(data, cuts)) == lines(data) == lines(*bytewise(data))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)


@given(
    st.lists(st.tuples(st.sampled_from(["message", "error", "ä"]), TEXTS), max_size=5),
    st.sampled_from(["\n", "\r", "\r\n"]),
    st.lists(st.integers(0, 300), max_size=10),
)
def test_what_is_written_is_read(written: list[tuple[str, str]], end: str, cuts: list[int]) -> None:
    plain = [(name, data.replace("\r", "")) for name, data in written]
    stream = "".join(
        f"event: {name}{end}" + "".join(f"data: {line}{end}" for line in data.split("\n")) + f": ping{end}{end}"
        for name, data in plain
    )
    assert events(*pieces(stream.encode(), cuts)) == plain
