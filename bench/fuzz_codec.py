"""Broken messages by the million: whatever the bytes are, `decode` takes them or refuses them, and does nothing else.

    python -m bench.fuzz_codec --seconds 300 --seed 1

Each input is a whole message with some damage: bytes changed, cut, doubled or spliced with another message, values
swapped in the parsed form, keys moved, compression damaged. One that is taken has to read as itself when it is written
again. The first that does anything else is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import time
import zlib
from collections import Counter
from typing import Any

from codedesigner.angle.registry import angles_for
from codedesigner.config.loader import load
from codedesigner.protocol.codec import decode, encode
from codedesigner.protocol.refused import Refusal

ID, OTHER = "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f11", "6b1f6d53-6f0b-5c0e-9b1e-0f6a3f1f9f12"
NOW = 1_000_000.0
SLOW_S = 2.0
STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, 2**64, 10**40, 1.5, 1e308, -0.0, "", "x", "\udcff", "\ud800", "😀", "\0",
    "1.0.0", ID, [], {}, [[]], {"": None}, {"\udcff": "\udcfe"}, ["a"] * 50,
)  # fmt: skip
PIECES = (
    b"null", b"NaN", b"-Infinity", b"1e999", b"\\udcff", b"\\ud83d\\ude00", b"\\u0000", b"\xff", b"\xed\xa0\x80",
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"[" * 2000, b'{"a":' * 500, b"9" * 5000, b"\x1f\x8b", b"\x78\x9c",
    b"\xef\xbb\xbf", b"\n", b"\x00",
)  # fmt: skip


def seeds() -> list[dict[str, Any]]:
    """A whole message of every type."""
    place = {"file_path": "a\udcff.py", "line_range": {"start": 1, "end": 3}, "changed_lines": [1, 2]}
    issue = {"location": {"line": 1}, "description": "d", "severity": "high"}
    angle = angles_for(load(None, None, {}, {})).require("correctness").model_dump(mode="json")
    payloads: dict[str, dict[str, Any]] = {
        "tool_request": {
            "tool_name": "read_file",
            "arguments": {"path": "a"},
            "documentation_hint": "",
            "execution_context": "",
        },
        "verify_request": {"code": "x\n", "angle_spec": angle, "context": {**place, "previous_issues": [issue]}},
        "refine_request": {"code": "x", "issues": [issue], "context": place},
        "analyze_request": {"code": "x = 1\n", "questions": ["?"], "depth": "deep", "context": place},
        "response": {"status": "success", "result": {"issues": [issue]}, "metrics": {"tokens_in": 3, "usd": 0.1}},
        "error": {"code": "TIMEOUT", "message": "late", "details": {"a": [1]}, "recoverable": True},
        "heartbeat": {"progress": 0.5},
    }
    return [
        {
            "protocol_version": "1.0.0",
            "message_id": OTHER,
            "correlation_id": None if name.endswith("request") else ID,
            "timestamp": NOW - 1,
            "sender": "supervisor" if name.endswith("request") else "worker",
            "worker": "one",
            "message_type": name,
            "payload": payload,
        }
        for name, payload in payloads.items()
    ]


def shaken(chance: random.Random, value: Any, depth: int = 0) -> Any:
    """The value with some part of it swapped, dropped or doubled."""
    if chance.random() < 0.06 and depth:
        return chance.choice(STRANGE)
    if isinstance(value, dict):
        made = {
            key: shaken(chance, part, depth + 1) for key, part in value.items() if not depth or chance.random() > 0.01
        }
        if chance.random() < 0.04:
            made[str(chance.choice(STRANGE))] = chance.choice(STRANGE)
        return made
    return [shaken(chance, part, depth + 1) for part in value] if isinstance(value, list) else value


def scratched(chance: random.Random, data: bytes, other: bytes) -> bytes:
    """The bytes with a few places damaged."""
    made = bytearray(data)
    for _ in range(chance.randint(0, 4)):
        at, length = chance.randrange(len(made) + 1), chance.choice((0, 1, 1, 2, 8, 64))
        put = chance.choice((b"", chance.randbytes(2), chance.choice(PIECES), other[:at], bytes(made[at : at + 40])))
        made[at : at + length] = put
    return bytes(made)


def packed(chance: random.Random, data: bytes) -> bytes:
    """The bytes, now and then compressed, now and then badly."""
    if chance.random() < 0.8:
        return data
    small = zlib.compress(data) if chance.random() < 0.5 else gzip.compress(data)
    return scratched(chance, small, data) if chance.random() < 0.5 else small


def tried(data: bytes) -> str:
    """What became of the bytes: `taken`, or the code of the refusal.

    Raises:
        AssertionError: a message that was taken is not read as itself again.
    """
    try:
        envelope = decode(data, now=lambda: NOW)
    except Refusal as refusal:
        return refusal.code
    assert decode(encode(envelope), now=lambda: NOW) == envelope, "not the same again"
    return "taken"


def main() -> int:
    """Fuzz for the time that was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)  # noqa: S311 -- damage, not keys
    whole = seeds()
    lines = [json.dumps(each).encode() for each in whole]
    assert {tried(line) for line in lines} == {"taken"}
    counts: Counter[str] = Counter()
    slowest = 0.0
    started = time.monotonic()
    while time.monotonic() - started < given.seconds:
        line = chance.choice(lines)
        if chance.random() < 0.6:
            line = json.dumps(shaken(chance, chance.choice(whole))).encode()
        if chance.random() < 0.6:
            line = scratched(chance, line, chance.choice(lines))
        data = packed(chance, line)
        began = time.monotonic()
        try:
            counts[tried(data)] += 1
        except BaseException:
            print(f"seed {given.seed}, after {counts.total()}: {data!r}", file=sys.stderr)
            raise
        slowest = max(slowest, time.monotonic() - began)
        assert slowest < SLOW_S, f"{slowest:.1f} s for {data[:2000]!r}"
    print(f"{counts.total():,} messages in {given.seconds:g} s: {dict(counts)}; slowest {slowest * 1000:.1f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
