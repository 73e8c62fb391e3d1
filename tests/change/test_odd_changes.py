"""Every odd change that git can print, held against what git itself says of the same commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from codedesigner.change.diff import parse_diff
from codedesigner.change.git import Git
from codedesigner.change.gitsettings import DIFF
from codedesigner.change.model import FileChange, decode, encode
from codedesigner.change.source import ReadLimits, read_diff, read_range

from .conftest import Scratch

LIMITS = ReadLimits()


def numstat(repo: Scratch, *more: str) -> dict[str, tuple[str | None, int, int, bool]]:
    """path -> old path, added, removed, binary. Git lists a change of type as two files; they are added up here."""
    options = [option for option in DIFF if option != "--patch"]
    fields = repo.git(*options, *more, "--numstat", "-z", "before", "after").split(b"\0")[:-1]
    found: dict[str, tuple[str | None, int, int, bool]] = {}
    at = 0
    while at < len(fields) and fields[at]:  # an empty field, then the patch that --unified asks for
        added, removed, path = fields[at].split(b"\t", 2)
        old = None
        at += 1
        if not path:
            old, path = decode(fields[at]), fields[at + 1]
            at += 2
        binary = added == b"-"
        counts = (0, 0) if binary else (int(added), int(removed))
        before = found.get(decode(path), (None, 0, 0, False))
        found[decode(path)] = (old, before[1] + counts[0], before[2] + counts[1], before[3] or binary)
    return found


def described(files: tuple[FileChange, ...]) -> dict[str, tuple[str | None, int, int, bool]]:
    return {file.path: (file.old_path, file.added, file.removed, file.binary) for file in files}


def at_tag(repo: Scratch, tag: str, path: str | None) -> bytes | None:
    """The content of a regular file at a tag, by git's own words."""
    if path is None:
        return None
    listed = repo.git("--literal-pathspecs", "ls-tree", "-z", tag, "--", encode(path))
    return repo.git("show", b"%s:%s" % (tag.encode(), encode(path))) if listed.startswith(b"100") else None


def test_there_are_enough_odd_changes(odd: Scratch) -> None:
    assert len(numstat(odd)) >= 60


def test_files_and_counts_are_those_of_numstat(odd: Scratch) -> None:
    git = Git(odd.top)
    base, head = git.try_resolve("before"), git.try_resolve("after")
    assert base is not None
    # A rename of a binary file without a change has no marker in a patch: numstat says binary, a patch cannot.
    expected = {path: row[:3] if row[0] == "binary moved" else row for path, row in numstat(odd).items()}
    found = described(parse_diff(git.diff(base, head)))
    found = {path: row[:3] if row[0] == "binary moved" else row for path, row in found.items()}  # type: ignore[misc]
    assert found == expected


@pytest.mark.parametrize(
    "options",
    [
        ["--no-prefix"],
        ["--src-prefix=i/", "--dst-prefix=w/"],
        ["--src-prefix=old folder/", "--dst-prefix=new/"],
        ["--unified=0"],
        ["--unified=0", "--no-prefix"],
        ["--unified=100"],
        ["--binary", "--abbrev=7"],
        ["--no-renames"],
        ["--find-copies-harder"],
        ["-B", "-M"],
        ["-c", "core.quotePath=false"],
        ["-c", "diff.suppressBlankEmpty=true"],
    ],
    ids=" ".join,
)
def test_every_form_of_the_diff_gives_the_counts_that_numstat_gives_for_it(odd: Scratch, options: list[str]) -> None:
    config = options if options[0] == "-c" else []
    more = [] if config else options
    data = odd.git(*config, *DIFF, *more, "before", "after")
    expected = {path: row[:3] for path, row in numstat(odd, *more).items()}
    assert {path: row[:3] for path, row in described(parse_diff(data)).items()} == expected


def test_statuses_and_modes(odd: Scratch) -> None:
    files = {file.path: file for file in read_range(odd.top, "before", "after", LIMITS).files}

    def seen(path: str) -> tuple[str, str | None, str | None]:
        return files[path].status, files[path].old_mode, files[path].new_mode

    assert seen("filled") == seen("emptied") == ("modified", "100644", "100644")
    assert seen("added") == ("added", None, "100644")
    assert seen("deleted") == ("deleted", "100644", None)
    assert seen("run") == seen("run and change") == ("modified", "100644", "100755")
    assert seen("stop running") == ("modified", "100755", "100644")
    assert seen("moved to") == ("renamed", "100644", "100644")
    assert seen('moved "and" running') == ("renamed", "100644", "100755")
    assert seen("link") == ("modified", "120000", "120000")
    assert seen("file to link") == ("type_changed", "100644", "120000")
    assert seen("link to file") == ("type_changed", "120000", "100644")
    assert seen("submodule to file") == ("type_changed", "160000", "100644")
    assert seen("submodule") == ("modified", "160000", "160000")
    assert seen("submodule deleted") == ("deleted", "160000", None)


def test_a_change_of_type_is_one_file_with_the_hunks_of_both_sides(odd: Scratch) -> None:
    file = next(f for f in read_range(odd.top, "before", "after", LIMITS).files if f.path == "file to link")
    assert [(line.kind, line.text, line.newline) for hunk in file.hunks for line in hunk.lines] == [
        ("removed", "text", True),
        ("removed", "of a file", True),
        ("added", "plain.py", False),
    ]
    assert file.old == b"text\nof a file\n"
    assert file.new is None


def test_contents_are_those_of_git_show(odd: Scratch) -> None:
    files = read_range(odd.top, "before", "after", LIMITS).files
    for file in files:
        if file.binary:
            assert (file.old, file.new, file.unread) == (None, None, "binary"), file.path
            continue
        old = None if file.status == "added" else at_tag(odd, "before", file.old_path or file.path)
        new = None if file.status == "deleted" else at_tag(odd, "after", file.path)
        assert (file.old, file.new) == (old, new), file.path


def test_what_cannot_be_reviewed_says_why(odd: Scratch) -> None:
    reasons: dict[str, set[str]] = {}
    for file in read_range(odd.top, "before", "after", LIMITS).files:
        if file.unread is not None:
            reasons.setdefault(file.unread, set()).add(file.path)
    assert reasons["submodule"] == {"submodule", "submodule added", "submodule deleted"}
    assert reasons["symlink"] == {"link", "link added", "link deleted", "file to link"}
    assert reasons["binary"] == {"binary", "binary added", "binary deleted", "binary to text", "utf16"}
    assert {"run", "stop running", "moved to", "a b/moved b/q", "added empty"} <= reasons["no_lines"]
    assert set(reasons) == {"submodule", "symlink", "binary", "no_lines"}


@pytest.mark.parametrize("abbreviated", [False, True])
def test_a_bare_diff_finds_the_same_contents_in_the_repository(odd: Scratch, abbreviated: bool) -> None:
    """With full ids from the objects; with short ones by fitting the hunks to HEAD, which is the new state."""
    data = odd.git("diff", "-M", "--abbrev=7" if abbreviated else "--full-index", "before", "after")
    change = read_diff(data, odd.top, LIMITS)
    assert (change.base, change.head) == ("diff", "diff")
    expected = {file.path: file for file in read_range(odd.top, "before", "after", LIMITS).files}
    assert {file.path for file in change.files} == set(expected)
    for file in change.files:
        if expected[file.path].unread in (None, "no_lines"):
            assert (file.old, file.new) == (expected[file.path].old, expected[file.path].new), file.path


def test_the_state_before_the_change_serves_as_well(odd: Scratch, tmp_path: Path) -> None:
    """A folder without a repository, as a release archive leaves it."""
    archive = odd.git("archive", "--format=tar", "before")
    (tmp_path / "before.tar").write_bytes(archive)
    folder = tmp_path / "folder"
    folder.mkdir()
    import tarfile

    with tarfile.open(tmp_path / "before.tar") as tar:
        tar.extractall(folder, filter="data")
    expected = {file.path: file for file in read_range(odd.top, "before", "after", LIMITS).files}
    for file in read_diff(odd.git("diff", "-M", "before", "after"), folder, LIMITS).files:
        if expected[file.path].unread is None:
            assert file.new == expected[file.path].new, file.path


def test_without_a_repository_new_files_are_whole_and_the_rest_says_so(odd: Scratch) -> None:
    files = {f.path: f for f in read_diff(odd.git("diff", "before", "after"), None, LIMITS).files}
    assert (files["added"].new, files["added"].unread) == (b"one\ntwo\n", None)
    assert (files["deleted"].old, files["deleted"].unread) == (b"gone\nfor good\n", None)
    assert (files["link to file"].new, files["link to file"].unread) == (b"text\n", None)
    assert (files["plain.py"].new, files["plain.py"].unread) == (None, "content_unavailable")
