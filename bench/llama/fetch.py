"""Where a llama.cpp server comes from: the machine's own, or Debian's packages, unpacked into a cache folder.

Nothing is installed. apt checks the packages against its keys and their checksums.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VARIABLE = "LLAMA_SERVER"
"""The environment variable that names the program to use instead."""
SUITE = "sid"
PACKAGES = (
    *("llama.cpp-tools", "libllama0", "libggml0"),
    *("libc6", "libgcc-s1", "libstdc++6", "libssl3t64", "libgomp1", "zlib1g", "libzstd1"),
)
_DOWNLOAD_S = 180
_REMEMBERED_S = 900.0
# With its own loader and C library, so that an older Debian can run it.
_SCRIPT = """#!/bin/sh
root=$(CDPATH= cd "$(dirname "$0")/root" && pwd)
lib=$root/usr/lib/x86_64-linux-gnu
cpu=x64
grep -q avx2 /proc/cpuinfo && cpu=haswell
export GGML_BACKEND_PATH=$lib/ggml/backends0/libggml-cpu-$cpu.so
exec "$lib/ld-linux-x86-64.so.2" --library-path "$lib:$lib/llama:$lib/ggml" "$root/usr/bin/llama-server" "$@"
"""


class UnavailableError(Exception):
    """There is no server here, and why."""


def cache_folder() -> Path:
    """Where it is kept: about 50 MB."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codedesigner" / "llama"


def server(folder: Path | None = None) -> Path:
    """The program. The first call downloads 12 MB; of several processes one does, the others wait for it.

    Raises:
        UnavailableError: it cannot be had, or could not a quarter of an hour ago.
    """
    named = os.environ.get(VARIABLE) or shutil.which("llama-server")
    if named:
        return Path(named)
    folder = folder or cache_folder()
    program = folder / "llama-server"
    if not program.exists():
        if (platform.system(), platform.machine()) != ("Linux", "x86_64") or not shutil.which("apt-get"):
            raise UnavailableError(f"no llama-server: set {VARIABLE}, or run on Debian on x86-64 to have it fetched")
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder / "lock"):
            if not program.exists():
                _fetch_once(folder, program)
    return program


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fetch_once(folder: Path, program: Path) -> None:
    failed = folder / "failed"
    if failed.exists() and time.time() - failed.stat().st_mtime < _REMEMBERED_S:
        raise UnavailableError(failed.read_text())
    try:
        _fetch(folder)
    except (OSError, subprocess.SubprocessError) as error:
        told = error.stderr.strip().splitlines()[-1:] if isinstance(error, subprocess.CalledProcessError) else [error]
        reason = f"llama-server could not be fetched: {''.join(map(str, told))}"
        failed.write_text(reason)
        raise UnavailableError(reason) from None
    unfinished = folder / "llama-server.new"
    unfinished.write_text(_SCRIPT)
    unfinished.chmod(0o755)
    unfinished.replace(program)  # only now is it there, complete


def _fetch(folder: Path) -> None:
    for name in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    settings = {
        "Dir::State": str(folder / "state"),
        "Dir::Cache": str(folder / "cache"),
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "-",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": "1",
        "Acquire::http::Timeout": "15",
    }
    options = [option for name, value in settings.items() for option in ("-o", f"{name}={value}")]
    sources.write_text(f"deb {_mirror()} {SUITE} main\n")
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "download", *PACKAGES, cwd=folder / "debs")
    for package in sorted((folder / "debs").glob("*.deb")):
        _run("dpkg-deb", "-x", str(package), str(folder / "root"))


def _mirror() -> str:
    listed = _run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages").split()
    usable = [mirror for mirror in listed if "security" not in mirror]
    if not usable:
        raise OSError("apt has no mirror")
    return usable[0]


def _run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=_DOWNLOAD_S)
    return done.stdout
