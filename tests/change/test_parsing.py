"""The parser child and its end."""

from __future__ import annotations

import time

from codedesigner.change.parsing import Outline, Source, Unparsed, outlines

GOOD = Source("python", b"def f():\n    pass\n")


def test_answers_come_in_the_order_of_the_questions() -> None:
    sources = [Source("python", b"def f%d(): pass\n" % number + b"# long\n" * (number % 7)) for number in range(60)]
    found = outlines(sources)
    assert [one.spans[0].name for one in found if isinstance(one, Outline)] == [f"f{number}" for number in range(60)]


def test_two_children_share_a_large_batch() -> None:
    sources = [Source("python", b"def f%d(): pass\n" % number + b"x = 1\n" * 7_000) for number in range(12)]
    found = outlines(sources)
    assert [one.spans[0].name for one in found if isinstance(one, Outline)] == [f"f{number}" for number in range(12)]


def test_a_language_without_a_grammar_is_not_parsed() -> None:
    assert outlines([Source("cobol", b"x"), GOOD])[0] == Unparsed("no grammar")


def test_nothing_to_do_starts_nothing() -> None:
    assert outlines([]) == ()


def test_what_hangs_is_killed_and_the_others_go_on() -> None:
    slow = Source("cpp", b"a<" * 400_000)
    started = time.monotonic()
    found = outlines([slow, GOOD, slow, GOOD], timeout_s=0.4)
    assert time.monotonic() - started < 20
    assert found[0] == found[2] == Unparsed("parser timed out")
    assert isinstance(found[1], Outline)
    assert isinstance(found[3], Outline)


def test_after_three_that_hang_the_rest_get_less_time() -> None:
    slow = Source("cpp", b"a<" * 400_000)
    started = time.monotonic()
    assert set(outlines([slow] * 10, timeout_s=0.6)) == {Unparsed("parser timed out")}
    assert time.monotonic() - started < 6


def test_memory_is_bounded() -> None:
    (found,) = outlines([Source("csharp", b"a<" * 400_000)], timeout_s=20.0)
    assert isinstance(found, Unparsed)


def test_a_text_without_lines_is_an_outline_of_nothing() -> None:
    (found,) = outlines([Source("go", b"")])
    assert found == Outline((), (), (), (), broken=False)


def test_a_last_line_without_lf_counts() -> None:
    (found,) = outlines([Source("javascript", b"function f() {}")])
    assert isinstance(found, Outline)
    assert [named.name for named in found.spans] == ["f"]
