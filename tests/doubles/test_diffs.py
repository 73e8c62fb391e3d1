"""Diffs as the doubles read them."""

from __future__ import annotations

from pathlib import Path

from tests.doubles.diffs import Diffs
from tests.doubles.git import Entry, GitRepo

TEN = "".join(f"line {n}\n" for n in range(1, 11))


def test_files_of_every_kind(tmp_path: Path) -> None:
    repo = GitRepo.create(
        tmp_path / "r.git", {"a": TEN, "gone": "x\n", "old name": TEN + "tail\n", "mode": "x\n", "b.bin": b"\0"}
    )
    base = str(repo.sha("main"))
    head = repo.commit(
        "main",
        {
            "a": TEN.replace("line 5\n", "-- a/fake\n++ b/fake\nfive"),
            "gone": None,
            "old name": None,
            "new\tname": TEN + "tail\n",
            "mode": Entry("x\n", "100755"),
            "b.bin": b"\0\1",
            "link": Entry("/etc/passwd", "120000"),
            "empty": "",
        },
    )
    diffs = Diffs(repo)
    files = {each.path: each for each in diffs.files(base, head)}
    assert {path: each.status for path, each in files.items()} == {
        "a": "modified",
        "b.bin": "modified",
        "empty": "added",
        "gone": "removed",
        "link": "added",
        "mode": "modified",
        "new\tname": "renamed",
    }
    assert (files["new\tname"].old_path, files["new\tname"].patch) == ("old name", "")
    assert files["b.bin"].patch is None
    assert (files["a"].additions, files["a"].deletions, len(files["a"].hunks)) == (3, 2, 1)
    found = files["a"].find("RIGHT", 6)
    assert found is not None
    assert (found[1].text, found[1].kind) == ("++ b/fake", "+")
    assert files["a"].find("LEFT", 4) is None, "unchanged lines are on the right"
    assert str(files["link"].patch).endswith("\\ No newline at end of file")


def test_where_a_line_went(tmp_path: Path) -> None:
    repo = GitRepo.create(tmp_path / "r.git", {"a": TEN})
    one = str(repo.sha("main"))
    other = repo.commit("main", {"a": "zero\n" + TEN.replace("line 5\n", "five\nand more\n").replace("line 8\n", "")})
    diffs = Diffs(repo)
    assert [diffs.mapped(one, other, "a", line) for line in (1, 4, 5, 6, 8, 9)] == [2, 5, None, 8, None, 10]
    assert diffs.mapped(one, other, "b", 1) is None
    assert diffs.mapped(one, one, "a", 5) == 5
