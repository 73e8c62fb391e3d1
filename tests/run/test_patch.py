from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codedesigner.change.model import decode, encode
from codedesigner.run.patch import to_patch

LINE = st.text(st.sampled_from("ab- +@\\\t\r\f\u2028é\udc80"), max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, str]:
    """A text of LF and CR LF lines, and the same text with some lines taken out, put in or changed."""
    ends = st.sampled_from(["\n", "\n", "\r\n"])
    line = st.builds(lambda text, end: text + end, LINE, ends)
    old = draw(st.lists(line, max_size=30))
    new = list(old)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(new)))
        new[at : at + draw(st.integers(0, 3))] = draw(st.lists(line, max_size=3))
    cut_old, cut_new = draw(st.booleans()), draw(st.booleans())
    return "".join(old)[: -1 if cut_old else None], "".join(new)[: -1 if cut_new else None]


def applied(path: str, old: str, patch: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(encode(old))
        done = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
            cwd=folder,
            input=encode(patch),
            capture_output=True,
            check=False,
            env={"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CEILING_DIRECTORIES": "/", "LC_ALL": "C"},
        )
        assert done.returncode == 0, (done.stderr, patch)
        return decode(file.read_bytes())


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
def test_git_apply_makes_exactly_the_new_text(pair: tuple[str, str]) -> None:
    old, new = pair
    patch = to_patch("src/a.txt", old, new)
    if old == new:
        assert patch == ""
    else:
        assert applied("src/a.txt", old, patch) == new


@pytest.mark.parametrize(
    "path",
    [
        "with blank.py",
        "ends in blank ",
        'quote".py',
        "back\\slash",
        "tab\tand\nline",
        "é\u4e2d.py",
        "\udcff\udc80",
        "b/b",
        "a b/c\x7f",
        "x\x1b[0m",
    ],
)
def test_odd_names_reach_their_file(path: str) -> None:
    assert applied(path, "one\ntwo\n", to_patch(path, "one\ntwo\n", "one\n2\n")) == "one\n2\n"


@pytest.mark.parametrize(("old", "new"), [("a\n", ""), ("", "a\n"), ("a", ""), ("", "a"), ("a", "a\n"), ("a\n", "a")])
def test_files_that_become_empty_or_lose_their_last_line_end(old: str, new: str) -> None:
    assert applied("f", old, to_patch("f", old, new)) == new


def test_a_text_too_long_to_compare_line_by_line_is_one_block() -> None:
    old = "".join(f"{n}\n" for n in range(5000))
    new = old.replace("10\n", "x\n").replace("\n4990\n", "\n")
    patch = to_patch("f", old, new)
    assert patch.count("\n@@ ") == 1
    assert applied("f", old, patch) == new


def test_the_patch_reads_like_gits() -> None:
    old, new = "".join(f"{n}\n" for n in range(1, 10)), "".join(f"{n}\n" for n in (1, 2, 3, 4, "five", 6, 7, 8, 9))
    assert to_patch("a b", old, new) == (
        "diff --git a/a b b/a b\n--- a/a b\t\n+++ b/a b\t\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n"
    )


def test_a_side_without_lines_is_counted_from_the_line_before() -> None:
    assert "\n@@ -0,0 +1,1 @@\n+a\n" in to_patch("f", "", "a\n")
    assert "\n@@ -1,1 +0,0 @@\n-a\n" in to_patch("f", "a\n", "")


def test_equal_lines_around_a_change_do_not_cost_it_its_context() -> None:
    patch = to_patch("a.txt", "\n\n\n\n\n", "@\n\n\n\n\n")

    assert "@@ -1,5 +1,5 @@" in patch
