"""Diff text to files: the forms that people hand in, and what is refused."""

from __future__ import annotations

import contextlib
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.diff import parse_diff
from codedesigner.change.model import FileChange
from codedesigner.errors import DiffError


def diff(text: str) -> bytes:
    return textwrap.dedent(text).encode()


def one(text: str) -> FileChange:
    (file,) = parse_diff(diff(text))
    return file


@pytest.mark.parametrize("data", [b"", b"\n", b" \n\n"])
def test_nothing_is_no_files(data: bytes) -> None:
    assert parse_diff(data) == ()


def test_lines_carry_both_numbers_and_the_section() -> None:
    file = one("""\
        diff --git a/x.py b/x.py
        index 1234567..89abcde 100644
        --- a/x.py
        +++ b/x.py
        @@ -3,3 +3,4 @@ def f(): # @@ not code
         kept
        -old
        +new
        +newer
         end
        """)
    (hunk,) = file.hunks
    assert (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count) == (3, 3, 3, 4)
    assert hunk.section == "def f(): # @@ not code"
    assert [(line.kind, line.old, line.new, line.text) for line in hunk.lines] == [
        ("context", 3, 3, "kept"),
        ("removed", 4, None, "old"),
        ("added", None, 4, "new"),
        ("added", None, 5, "newer"),
        ("context", 5, 6, "end"),
    ]
    assert (file.status, file.added, file.removed) == ("modified", 2, 1)
    assert (file.old_oid, file.new_oid, file.old_mode, file.new_mode) == ("1234567", "89abcde", "100644", "100644")
    assert file.added_numbers == {4, 5}


def test_only_a_line_feed_ends_a_line() -> None:
    body = "+form\ffeed\n+v\vt\n+lone\rcr\n+nel\x85\n+ls\u2028ps\u2029\n+fs\x1c\n+crlf\r\n"
    (file,) = parse_diff(f"--- a/x\n+++ b/x\n@@ -0,0 +1,7 @@\n{body}".encode())
    assert [line.text for line in file.hunks[0].lines] == [line[1:] for line in body.split("\n")[:-1]]


def test_bytes_that_are_no_text_survive() -> None:
    (file,) = parse_diff(b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-caf\xe9\n+\xff\xfe\n")
    assert [line.text for line in file.hunks[0].lines] == ["caf\udce9", "\udcff\udcfe"]


@pytest.mark.parametrize(
    ("lines", "newlines"),
    [
        (r"-a|\ No newline at end of file|+b|\ No newline at end of file", [False, False]),
        (r"-a|\ Kein Zeilenumbruch am Dateiende.|+b", [False, True]),
        (r"-a|+b|\ No newline at end of file", [True, False]),
    ],
)
def test_a_missing_newline_belongs_to_the_line_before_in_any_language(lines: str, newlines: list[bool]) -> None:
    (file,) = parse_diff(("--- a/x\n+++ b/x\n@@ -1 +1 @@\n" + lines.replace("|", "\n") + "\n").encode())
    assert [line.newline for line in file.hunks[0].lines] == newlines


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        ("--- x/y.c\n+++ x/y.c", "x/y.c", "modified"),
        ("--- a/x.c\n+++ b/x.c", "x.c", "modified"),
        ("--- old tree/x.c\n+++ new tree/x.c", "x.c", "modified"),
        ("--- x.c.orig\t2024-01-01 10:00:00\n+++ x.c\t2024-01-02 10:00:00", "x.c", "modified"),
        ('--- "a/t\\tb"\t2024-01-01\n+++ "b/t\\tb"\t2024-01-01', "t\tb", "modified"),
        ('--- "a/\\303\\274 \\"q\\""\n+++ "b/\\303\\274 \\"q\\""', 'ü "q"', "modified"),
        ("--- a/x y\t\n+++ b/x y\t", "x y", "modified"),
    ],
)
def test_plain_diffs_name_their_file(headers: str, path: str, status: str) -> None:
    (file,) = parse_diff(f"{headers}\n@@ -1 +1 @@\n-a\n+b\n".encode())
    assert (file.path, file.old_path, file.status) == (path, None, status)


@pytest.mark.parametrize(
    ("headers", "hunk", "status"),
    [
        ("--- /dev/null\n+++ b/x", "@@ -0,0 +1 @@\n+a", "added"),
        ("--- a/x\n+++ /dev/null", "@@ -1 +0,0 @@\n-a", "deleted"),
        ("--- a/x\t1970-01-01 00:00:00.000000000 +0000\n+++ b/x\t2024-01-01", "@@ -0,0 +1 @@\n+a", "added"),
        ("--- a/x\t2024-01-01\n+++ b/x\t1969-12-31 19:00:00.0 -0500", "@@ -1 +0,0 @@\n-a", "deleted"),
        ("--- a/x\n+++ b/x", "@@ -0,0 +1 @@\n+a", "modified"),
        ("--- a/x\n+++ b/x", "@@ -1 +0,0 @@\n-a", "modified"),
    ],
)
def test_plain_diffs_tell_a_new_file_from_one_that_was_empty(headers: str, hunk: str, status: str) -> None:
    (file,) = parse_diff(f"{headers}\n{hunk}\n".encode())
    assert (file.path, file.status) == ("x", status)


def test_prose_around_the_files_is_no_part_of_them() -> None:
    files = parse_diff(
        diff("""\
        From 1234567 Mon Sep 17 00:00:00 2001
        Subject: [PATCH] words

        - a list
        + in a message
        ---
         x | 2 +-

        diff --git a/x b/x
        index 1234567..89abcde 100644
        --- a/x
        +++ b/x
        @@ -1 +1 @@
        -a
        +b
        --\x20
        2.39.5

        """)
    )
    assert [(file.path, file.added) for file in files] == [("x", 1)]


def test_a_diff_whose_headers_end_in_crlf() -> None:
    data = b"diff --git a/x b/x\r\nindex 1234567..89abcde 100644\r\n--- a/x\r\n+++ b/x\r\n@@ -1 +1 @@\r\n-a\r\n+b\r\n"
    (file,) = parse_diff(data)
    assert (file.path, [line.text for line in file.hunks[0].lines]) == ("x", ["a\r", "b\r"])


def test_a_submodule_in_log_form_is_a_file_too() -> None:
    (file,) = parse_diff(b"Submodule lib/x y 1234567..89abcde:\n  > a commit\n")
    assert (file.path, file.status, file.new_mode, file.new_oid) == ("lib/x y", "modified", "160000", "89abcde")


def test_a_binary_file_of_a_recursive_plain_diff() -> None:
    (file,) = parse_diff(b"Binary files a/salt and pepper.png and b/salt and pepper.png differ\n")
    assert (file.path, file.binary) == ("salt and pepper.png", True)


GIT = "diff --git a/x b/x\nindex 1234567..89abcde 100644\n"
NAMES = "--- a/x\n+++ b/x\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("hello\nworld\n", 1, "a diff"),
        ("@@ -1 +1 @@\n-a\n+b\n", 1, "the names of a file"),
        (GIT, 3, "`--- ` and `+++ `"),
        ("diff --git a/x b/x\n", 2, "what changed in the file"),
        ("diff --git a/x b/x\nold mode 100644\n", 3, "what changed in the file"),
        (GIT + "--- a/x\n", 4, "`+++ ` with a name"),
        (GIT + NAMES, 5, "a hunk"),
        (NAMES, 3, "a hunk"),
        (NAMES + "@@ -1 +1\n-a\n+b\n", 3, "a hunk header"),
        (NAMES + "@@ -1,99999999999 +1 @@\n", 3, "a hunk header"),
        (NAMES + "@@ -\u0661 +1 @@\n", 3, "a hunk header"),
        (NAMES + "@@ -0,1 +1 @@\n-a\n+b\n", 3, "a hunk that starts at line 1"),
        (NAMES + "@@ -1,2 +1,2 @@\n-a\n+b\n", 6, "1 more old and 1 more new"),
        (NAMES + "@@ -1,2 +1 @@\n-a\n+b\ndiff --git a/y b/y\n", 6, "1 more old and 0 more new"),
        (NAMES + "@@ -1 +1 @@\n-a\n+b\n+c\n", 6, "the end of the hunk"),
        (NAMES + "@@ -1 +1 @@\n-a\n+b\n d\n", 6, "the end of the hunk"),
        (NAMES + "@@ -1 +1 @@\n\\ No newline\n-a\n+b\n", 4, "1 more old and 1 more new"),
        ("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-a\n+b\n", 2, "a file on at least one side"),
        ('--- "a/x\n+++ "b/x\n@@ -1 +1 @@\n-a\n+b\n', 1, "a quoted name"),
        ('--- "a/\\q"\n+++ "b/\\q"\n@@ -1 +1 @@\n-a\n+b\n', 1, "a quoted name"),
        ("diff --git one two\nold mode 100644\nnew mode 100755\n", 1, "the same file named twice"),
        ("diff --git a/x b/y\nsimilarity index 100%\nrename from x\n\n", 1, "both names"),
        ("diff --cc x\nindex 1,2..3\n", 1, "a diff against one parent"),
        ("Only in b: y\n" + NAMES + "@@ -1 +1 @@\n-a\n+b\n", 1, "the text of every file"),
        ("Binary files x and y differ\n", 1, "one file named on both sides"),
    ],
)
def test_a_malformed_diff_is_refused_at_its_line(text: str, line: int, expected: str) -> None:
    with pytest.raises(DiffError) as caught:
        parse_diff(text.encode())
    assert caught.value.message.startswith(f"line {line} of the diff: expected {expected}")


def test_the_same_file_twice_is_refused() -> None:
    part = GIT + NAMES + "@@ -1 +1 @@\n-a\n+b\n"
    with pytest.raises(DiffError, match="line 8 of the diff: `x` appears twice, first at line 1"):
        parse_diff((part + part).encode())


def test_over_the_line_limit_a_file_keeps_its_counts_and_a_smaller_one_still_fits() -> None:
    large = "--- a/large\n+++ b/large\n@@ -0,0 +1,5 @@\n" + "+x\n" * 5 + "@@ -3 +8 @@\n-a\n+b\n"
    small = "--- a/small\n+++ b/small\n@@ -1 +1 @@\n-a\n+b\n"
    first, second = parse_diff((large + small).encode(), line_limit=6)
    assert (first.unread, first.hunks, first.added, first.removed) == ("too_large", (), 6, 1)
    assert (second.unread, len(second.hunks)) == (None, 1)


@given(st.binary(max_size=300))
def test_any_bytes_are_files_or_a_diff_error(data: bytes) -> None:
    with contextlib.suppress(DiffError):
        parse_diff(data)


_PIECES = st.sampled_from(
    b"""\
diff --git a/x b/x
--- a/x
+++ b/x
@@ -1 +1 @@
@@ -1,2 +0,0 @@
+a
-a
 a

\\ No newline
rename from x
rename to y
new file mode 100644
index 12345..67890
Binary files a/x and b/x differ
--- "a/\\
Only in x: y
Submodule x 1234567..89abcde:
GIT binary patch""".split(b"\n")
)


@given(st.lists(_PIECES, max_size=14))
def test_any_order_of_the_lines_of_a_diff_is_files_or_a_diff_error(pieces: list[bytes]) -> None:
    try:
        files = parse_diff(b"\n".join(pieces))
    except DiffError:
        return
    assert len({file.path for file in files}) == len(files)


def test_a_cut_diff_is_never_taken_for_a_whole_one() -> None:
    """Cut behind any line, what is left is refused or says less; it never says the same."""
    part = GIT + NAMES + "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    lines = (part + part.replace("/x", "/y")).split("\n")[:-1]
    for length in range(1, len(lines)):
        try:
            files = parse_diff("\n".join(lines[:length]).encode())
        except DiffError:
            continue
        assert [file.path for file in files] == ["x"], length
        assert length == 8


def test_a_line_of_five_megabytes_and_a_hundred_thousand_lines() -> None:
    long = b"x" * 5_000_000
    (file,) = parse_diff(b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+" + long + b"\n")
    assert len(file.hunks[0].lines[1].text) == 5_000_000
    (file,) = parse_diff(b"--- /dev/null\n+++ b/x\n@@ -0,0 +1,100000 @@\n" + b"+line\n" * 100_000)
    assert (file.added, file.hunks[0].lines[-1].new) == (100_000, 100_000)
