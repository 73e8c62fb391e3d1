"""Hunks as a function from old to new, for any two files that git can compare."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codedesigner.change.apply import apply_hunks, reverse_hunks
from codedesigner.change.diff import parse_diff
from codedesigner.change.model import Hunk, Line
from codedesigner.errors import DiffError

# Lines that repeat, look like parts of a diff, end in CR, or are no UTF-8: what a hunk could be misread over.
_LINE = st.one_of(
    st.sampled_from(
        [b"a", b"b", b"", b"-- a/x", b"++ b/x", b"@@ -1 +1 @@", b"\\ No newline", b"x\r", b"\xff", b"\x0c\x85"]
    ),
    st.binary(max_size=4).filter(lambda line: b"\n" not in line),
)
_CONTENT = st.builds(
    lambda lines, end: b"\n".join(lines) + end, st.lists(_LINE, max_size=30), st.sampled_from([b"", b"\n"])
)


def hunks_of(old: bytes, new: bytes, context: int) -> tuple[Hunk, ...]:
    """What git itself finds between the two."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "old").write_bytes(old)
        Path(folder, "new").write_bytes(new)
        done = subprocess.run(
            ["git", "diff", "--no-index", "--text", f"-U{context}", "old", "new"], cwd=folder, capture_output=True
        )
    assert done.returncode in (0, 1), done.stderr
    files = parse_diff(done.stdout)
    return files[0].hunks if files else ()


@settings(max_examples=120, deadline=None)
@given(_CONTENT, _CONTENT, st.sampled_from([0, 1, 3]))
def test_what_git_finds_between_two_files_leads_from_one_to_the_other_and_back(
    old: bytes, new: bytes, context: int
) -> None:
    hunks = hunks_of(old, new, context)
    assert apply_hunks(old, hunks) == new
    assert apply_hunks(new, reverse_hunks(hunks)) == old


@given(_CONTENT, st.data())
def test_edits_of_whole_lines_written_by_hand_apply(old: bytes, data: st.DataObject) -> None:
    """Without git: one line replaced, as a hunk of one line without context."""
    lines = old.split(b"\n")[:-1]
    if not lines:
        return
    at = data.draw(st.integers(0, len(lines) - 1))
    text = lines[at].decode("utf-8", "surrogateescape")
    hunk = Hunk(at + 1, 1, at + 1, 1, "", (Line("removed", at + 1, None, text), Line("added", None, at + 1, "new")))
    rest = old.split(b"\n")[-1]
    assert apply_hunks(old, [hunk]) == b"".join(line + b"\n" for line in [*lines[:at], b"new", *lines[at + 1 :]]) + rest


def _hunk(old: int, old_count: int, new: int, new_count: int, *lines: Line) -> Hunk:
    return Hunk(old, old_count, new, new_count, "", lines)


@pytest.mark.parametrize(
    ("hunk", "why"),
    [
        (_hunk(1, 1, 0, 0, Line("removed", 1, None, "other")), "line 1 of the file is not what it expects"),
        (_hunk(2, 1, 1, 0, Line("removed", 2, None, "b", newline=False)), "line 2 of the file is not what"),
        (_hunk(9, 1, 8, 0, Line("removed", 9, None, "b")), "past the end"),
        (_hunk(2, 1, 5, 0, Line("removed", 2, None, "b")), "does not follow from the hunks before it"),
    ],
)
def test_a_hunk_that_does_not_fit_exactly_is_refused(hunk: Hunk, why: str) -> None:
    with pytest.raises(DiffError, match=why):
        apply_hunks(b"a\nb\n", [hunk])


def test_a_missing_newline_in_the_middle_is_refused() -> None:
    with pytest.raises(DiffError, match="before its last line"):
        apply_hunks(b"a\n", [_hunk(0, 0, 1, 1, Line("added", None, 1, "x", newline=False))])


def test_hunks_that_overlap_are_refused() -> None:
    first = _hunk(1, 1, 1, 1, Line("context", 1, 1, "a"))
    with pytest.raises(DiffError, match="overlaps"):
        apply_hunks(b"a\nb\n", [first, first])
