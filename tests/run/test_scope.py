"""What a change is answerable for."""

from __future__ import annotations

import difflib

from codedesigner.change.model import FileChange, Hunk, Line, Status
from codedesigner.protocol.issue import Issue
from codedesigner.run.scope import scope_of


def changed(old: str, new: str, status: Status = "modified") -> FileChange:
    """A file change of one hunk per difference, without context."""
    before, after = old.split("\n")[:-1], new.split("\n")[:-1]
    hunks = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        removed = [Line("removed", n + 1, None, before[n]) for n in range(a, b)]
        added = [Line("added", None, n + 1, after[n]) for n in range(c, d)]
        hunks.append(Hunk(a + (b > a), b - a, c + (d > c), d - c, "", (*removed, *added)))
    return FileChange(
        "a.py", None, status, binary=False, added=0, removed=0, hunks=tuple(hunks), old=old.encode(), new=new.encode()
    )


def said(kind: str, line: int) -> Issue:
    return Issue(kind, "R", line, line, "")


def test_a_defect_on_an_added_line_is_touched_even_if_it_was_there_before() -> None:
    scope = scope_of(changed("a\nb\n", "a\nB\n"), [said("bare-except", 2)])

    assert scope.origin("bare-except", 2, 2) == "touched"


def test_a_defect_that_only_moved_is_old() -> None:
    scope = scope_of(changed("a\nb\nc\n", "new\nnew\na\nb\nc\n"), [said("unused-import", 2)])

    assert scope.origin("unused-import", 4, 4) == "old"


def test_a_defect_that_appears_on_an_untouched_line_was_introduced() -> None:
    scope = scope_of(changed("import os\nos.x\n", "import os\n"), [])

    assert scope.origin("unused-import", 1, 1) == "introduced"


def test_the_same_line_with_another_kind_of_defect_does_not_excuse_it() -> None:
    scope = scope_of(changed("import os\nos.x\n", "import os\n"), [said("wildcard-import", 1)])

    assert scope.origin("unused-import", 1, 1) == "introduced"


def test_a_file_that_could_not_be_judged_before_leaves_the_age_open() -> None:
    scope = scope_of(changed("a\nb\n", "a\nc\n"), None)

    assert scope.origin("bare-except", 1, 1) == "unknown"
    assert scope.origin("bare-except", 2, 2) == "touched"


def test_all_of_a_new_file_belongs_to_the_change() -> None:
    file = FileChange("a.py", None, "added", binary=False, added=1, removed=0, hunks=(), new=b"a\n")

    assert scope_of(file, None).origin("too-complex", 1, 1) == "introduced"


def test_a_long_defect_is_touched_only_near_its_start() -> None:
    old = "".join(f"line {n}\n" for n in range(30))
    scope = scope_of(changed(old, old.replace("line 20", "other")), [said("bare-except", 1)])

    assert scope.origin("bare-except", 1, 30) == "old"
    assert scope.origin("bare-except", 18, 30) == "touched"


def test_a_function_that_was_too_complex_before_is_not_held_against_the_change() -> None:
    file = changed("def f(a):\n    x\n", "def f(a, b):\n    y\n")

    assert scope_of(file, [said("too-complex", 1)]).origin("too-complex", 1, 2) == "old"
    assert scope_of(file, []).origin("too-complex", 1, 2) == "introduced"


def test_lines_keep_their_number_around_hunks_with_an_empty_side() -> None:
    file = changed("a\nb\nc\nd\n", "a\nc\nnew\nd\n")
    scope = scope_of(file, [])

    assert scope.kept == {1: 1, 2: 3, 4: 4}
