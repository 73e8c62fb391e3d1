"""Draws `docs/review.svg`: a real review of a small change, as a terminal shows it.

`.venv/bin/python docs/picture.py`
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 104
BEFORE = """import hashlib
import subprocess


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
"""
AFTER = """import hashlib
import os
import subprocess


def digest(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def archive(name: str, seen=[]) -> int:
    seen.append(name)
    return subprocess.call("tar czf " + name, shell=True)
"""
# Runs the command line with a terminal's colours; the command itself looks at whether it has one.
COMMAND = """
import sys
from codedesigner.publish import terminal
from codedesigner.cli import run
sys.stdout.isatty = lambda: True
sys.exit(run(sys.argv[1:]))
"""


def main() -> None:
    """Makes a repository of two commits, reviews the second, and draws what was printed."""
    with tempfile.TemporaryDirectory() as folder:
        repo = Path(folder)
        _git(repo, "init", "-q", "-b", "main")
        for text in (BEFORE, AFTER):
            (repo / "backup.py").write_text(text)
            _git(repo, "add", "-A")
            _git(repo, "-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "-q", "-m", "x")
        arguments = ["review", "--base", "HEAD~1", "--head", "HEAD"]
        environment = {**os.environ, "COLUMNS": str(WIDTH)}
        environment.pop("NO_COLOR", None)
        said = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments], cwd=repo, env=environment, capture_output=True, text=True
        )
    if said.returncode not in (0, 1):
        sys.exit(said.stderr)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text("$ codedesigner review --base main --head my-branch\n", style="bold"))
    console.print(Text.from_ansi(said.stdout))
    console.save_svg(str(Path(__file__).with_name("review.svg")), title="codedesigner review")


def _git(repo: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(repo), *arguments], check=True)


if __name__ == "__main__":
    main()
