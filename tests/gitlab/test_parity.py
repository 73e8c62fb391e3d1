"""The table of both forges in the documentation: each row's tests are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_row_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "gitlab.md").read_text(encoding="utf-8").partition("## GitHub beside GitLab")[2]
    rows = [line for line in page.split("\n") if line.startswith("| ")][2:]
    tests = [
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text(encoding="utf-8"))
    ]
    assert len(rows) >= 19
    for row in rows:
        named = re.findall(r"`(test_\w+?)_?…?`", row)
        assert named or "`contract`" in row or "test_jobs.py" in row, row
        for name in named:
            assert [one for one in tests if one.startswith(name)], name
