"""Trouble with a program: named, bounded, and never at the cost of the other files."""

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.analyser import Analyser, GarbageError
from codedesigner.location.local.process import ProcessLimits, ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source
from codedesigner.run.reviewer import Reviewer

# Reads every file and does what stands in it.
_PUPPET = """
import ctypes, json, sys, time
said = {}
for name in sys.argv[1:]:
    text = open(name, errors="replace").read()
    if "HANG" in text: time.sleep(60)
    if "CRASH" in text: ctypes.string_at(0)
    if "EXIT" in text: print("no such thing", file=sys.stderr); sys.exit(70)
    if "GARBAGE" in text: print("{{{"); sys.exit(0)
    if "FLOOD" in text:
        while True: print("x" * 10000)
    said[name] = text.count("BUG")
print(json.dumps(said))
"""


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [str(program), "-I", "-c", _PUPPET, *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        said: dict[str, int] = json.loads(result.stdout)
    except ValueError as error:
        raise GarbageError("this is not JSON") from error
    fix = Fix((Edit(1, 1, 1, 2, "x"),), safe=True)
    return {
        name: Answer("answered", (Issue("no-effect", "bug", 1, 1, "a bug", fix=fix),))
        for name, count in said.items()
        if count and name in files
    }


PUPPET = Analyser(
    id="puppet",
    program="python",
    distribution="nothing-of-this-name",
    reads=lambda path, _language: path.endswith(".py"),
    kinds=lambda _path, _language: frozenset({"no-effect"}),
    command=_command,
    parse=_parse,
)


def _examine(texts: Sequence[str], limits: ProcessLimits | None = None) -> dict[str, Answer]:
    sources = [Source(str(number), f"f{number}.py", "python", text) for number, text in enumerate(texts)]
    reviewer = LocalReviewer(
        PUPPET, limits=limits or ProcessLimits(seconds=20.0, output_bytes=100_000), program=Path(sys.executable)
    )
    return asyncio.run(reviewer.examine(sources)).answers


@pytest.mark.parametrize(
    ("word", "status", "detail"),
    [
        ("CRASH", "failed", "puppet"),
        ("EXIT", "failed", "puppet ended with code 70: no such thing"),
        ("GARBAGE", "failed", "puppet: this is not JSON"),
        ("FLOOD", "failed", "puppet printed more than 100000 bytes and was stopped"),
    ],
)
def test_one_bad_file_does_not_take_the_others_with_it(word: str, status: str, detail: str) -> None:
    answers = _examine(["fine\n", "BUG\n", f"{word}\n", "fine\n", "BUG\n"])
    assert [answers[key].status for key in "01234"] == ["answered", "answered", status, "answered", "answered"]
    assert answers["2"].detail.startswith(detail)
    assert [len(answers[key].issues) for key in "01234"] == [0, 1, 0, 0, 1]


def test_a_hang_is_cut_out_within_bounded_time() -> None:
    began = time.monotonic()
    answers = _examine(["fine\n", "HANG\n", "BUG\n"], ProcessLimits(seconds=2.0, output_bytes=1000))
    assert [answers[key].status for key in "012"] == ["answered", "timeout", "answered"]
    assert "did not finish within" in answers["1"].detail
    assert time.monotonic() - began < 9.0


def test_hangs_everywhere_end_after_three_times_the_limit() -> None:
    began = time.monotonic()
    answers = _examine(["HANG\n"] * 16, ProcessLimits(seconds=1.0, output_bytes=1000))
    assert {answer.status for answer in answers.values()} == {"timeout"}
    assert any("given up" in answer.detail for answer in answers.values())
    assert time.monotonic() - began < 8.0


def test_failures_everywhere_end_after_a_number_of_calls() -> None:
    answers = _examine(["EXIT\n"] * 120)
    assert {answer.status for answer in answers.values()} == {"failed"}
    assert any("given up: puppet failed 4" in answer.detail for answer in answers.values())


def test_a_fix_that_touches_what_we_blanked_is_no_fix() -> None:
    answers = _examine(["BUG\n", "BUG  # noqa\n"])
    assert answers["0"].issues[0].fix is not None
    assert answers["1"].issues[0].fix is None


def test_a_program_that_is_not_installed_is_offline() -> None:
    missing = Analyser("ghost", "no-such-program", "ghost", PUPPET.reads, PUPPET.kinds, _command, _parse)
    reviewer = LocalReviewer(missing)
    assert reviewer.unavailable == "no-such-program is not installed; pip install 'codedesigner[analysers]'"
    (answer,) = asyncio.run(reviewer.examine([Source("k", "a.py", "python", "x\n")])).answers.values()
    assert (answer.status, answer.detail) == ("offline", reviewer.unavailable)


def test_it_judges_only_its_kinds_in_its_files() -> None:
    reviewer: Reviewer = LocalReviewer(PUPPET, location="my-puppet", weight=2.0)
    assert (reviewer.id, reviewer.weight, reviewer.deterministic) == ("my-puppet", 2.0, True)
    assert reviewer.judges("no-effect", "a.py", "python")
    assert not reviewer.judges("no-effect", "a.js", "javascript")
    assert not reviewer.judges("bare-except", "a.py", "python")
    assert reviewer.angles("a.py", "python") == {"correctness"}
    assert reviewer.angles("a.js", "javascript") == frozenset()


def test_nothing_to_examine_starts_nothing() -> None:
    reviewer = LocalReviewer(PUPPET, program=Path(sys.executable))
    examination = asyncio.run(reviewer.examine([Source("k", "a.js", "javascript", "x\n")]))
    assert examination.answers == {"k": Answer("answered")}
    assert examination.latencies_ms == ()


@pytest.mark.parametrize("name", sorted(ANALYSERS))
def test_every_analyser_can_name_the_angle_of_every_kind(name: str) -> None:
    analyser = ANALYSERS[name]
    assert analyser.id == name
    for path, language in [("a.py", "python"), ("a.ts", "typescript"), ("Dockerfile", "dockerfile"), ("a.sh", "bash")]:
        assert analyser.angles(path, language) <= {"correctness", "efficiency", "security", "style"}
