"""Two releases of a package as two commits: a real change that nobody here wrote.

`python -m bench.releases click 8.1.7 8.2.0 FOLDER` makes FOLDER a repository with the tags `old` and `new`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path


def make(package: str, old: str, new: str, folder: Path) -> None:
    """Downloads two source archives with pip and commits one after the other."""
    folder.mkdir(parents=True)
    _git(folder, "init", "-q")
    for tag, version in (("old", old), ("new", new)):
        for entry in folder.iterdir():
            if entry.name != ".git":
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        _unpack(package, version, folder)
        _git(folder, "add", "-A", "-f")
        _git(folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-q", "-m", version)
        _git(folder, "tag", tag)


def _unpack(package: str, version: str, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        wanted = f"{package}=={version}"
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
        subprocess.run([*pip, "--no-binary", ":all:", "-d", scratch, wanted], check=True)
        archive = next(Path(scratch).glob("*.tar.gz"))
        with tarfile.open(archive) as members:
            members.extractall(scratch, filter="data")
        top = next(path for path in Path(scratch).iterdir() if path.is_dir())
        shutil.copytree(top, folder, dirs_exist_ok=True, symlinks=True)


def _git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


if __name__ == "__main__":
    make(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
