from __future__ import annotations

import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from codedesigner.config.globs import Glob, GlobList, check_glob


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("*.min.js", ["a.min.js", "x/y/a.min.js"], ["a.js", "min.js"]),
        ("vendor/", ["vendor/a", "x/vendor/y/z"], ["vendor", "x/vendor"]),
        ("vendor", ["vendor", "vendor/a"], ["vendors/a"]),
        ("/setup.py", ["setup.py"], ["x/setup.py"]),
        ("src/*.py", ["src/a.py"], ["src/x/a.py", "y/src/a.py"]),
        ("docs/**", ["docs/a", "docs/a/b"], ["docs", "x/docs/a"]),
        ("a/**/b.py", ["a/b.py", "a/x/y/b.py"], ["b.py", "a/b.pyc"]),
        ("**/test_*.py", ["test_a.py", "x/test_b.py"], ["x/a_test.py"]),
        ("**", ["a", "a/b"], []),
        ("**/", ["a/a"], ["top"]),  # these as `git check-ignore` has them
        ("a/**/", ["a/b/a"], ["a/a"]),
        ("**/**/", ["a/a"], ["top"]),
        ("a/**/**", ["a/a"], ["a"]),
        ("file[0-9]?.txt", ["file1a.txt"], ["file1.txt", "filex1.txt"]),
        ("[!a-c]x", ["dx"], ["ax", "x"]),
        ("[]]x", ["]x"], ["x"]),
        ("ünïcode*", ["x/ünïcode.py"], ["unicode"]),
        (".github/", [".github/workflows/ci.yml"], ["github/x"]),
    ],
)
def test_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    glob = Glob.parse(pattern)

    assert [path for path in yes if not glob.matches(path)] == []
    assert [path for path in no if glob.matches(path)] == []


def test_the_last_pattern_that_matches_decides() -> None:
    globs = GlobList(("*.js", "!keep.js", "old/keep.js"))

    assert globs.deciding("a.js") == "*.js"
    assert globs.deciding("src/keep.js") is None
    assert globs.deciding("old/keep.js") == "old/keep.js"
    assert globs.deciding("a.py") is None


@pytest.mark.parametrize(
    "pattern", ["", " ", "/", "!", "a b ", "a\\b", "{a,b}", "a//b", "./a", "a/../b", "[a", "\0", "x" * 400]
)
def test_patterns_that_would_silently_do_something_else_are_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        check_glob(pattern)


def test_hostile_paths_cost_no_time() -> None:
    patterns = ["*a*a*a*a*a*a*a*b", "**/a*/**/a*/**/a*/**/b", "?*" * 60 + "z"]
    start = time.perf_counter()
    for pattern in patterns:
        glob = Glob.parse(pattern)
        assert not glob.matches("a" * 4096)
        assert not glob.matches("a/" * 2000 + "c")
    assert time.perf_counter() - start < 2


names = st.text(alphabet="ab.", min_size=1, max_size=4).filter(lambda name: name.strip("."))
pattern_names = st.text(alphabet="ab.*?", min_size=1, max_size=4).filter(
    lambda name: name.strip(".") and "**" not in name
)
segments = st.lists(pattern_names | st.just("**"), min_size=1, max_size=4)


@settings(deadline=None)
@given(segments, st.booleans(), st.booleans(), st.lists(names, min_size=1, max_size=5))
def test_the_same_answer_as_pathspec(parts: list[str], anchored: bool, folder: bool, path: list[str]) -> None:
    assume(not (folder and parts[-1] == "**"))  # where pathspec departs from git
    pattern = "/" * anchored + "/".join(parts) + "/" * folder

    expected = GitIgnoreSpec.from_lines([pattern]).match_file("/".join(path))

    assert Glob.parse(pattern).matches("/".join(path)) == expected
