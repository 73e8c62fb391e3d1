"""What a review promises, held against a real change.

`python -m bench.proof REPO BASE HEAD` reviews it twice and checks that the two reports are the same save times, that
the files and counts equal git's own, that every suggestion applies with `git apply`, and that the result parses; then
it has all of them written to a clone with `--apply-all`, and every Python file there has to compile as before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from codedesigner.change.languages import language_of
from codedesigner.change.model import decode, encode
from codedesigner.change.units import parses
from codedesigner.run.fix import lines_with_ends
from codedesigner.run.patch import to_patch


def main(repo: Path, base: str, head: str) -> int:
    """Prints what was held; the number of broken promises."""
    first, second = (_review(repo, base, head) for _ in range(2))
    broken = 0 if _timeless(first) == _timeless(second) else 1
    print(f"two runs are {'the same' if not broken else 'DIFFERENT'} save times")
    broken += _counts(repo, first)
    suggested = [finding for finding in first["findings"] if finding["suggestion"]]
    bad = [finding["id"] for finding in suggested if not _applies(repo, head, finding)]
    print(f"{len(suggested) - len(bad)} of {len(suggested)} suggestions apply and parse {bad or ''}")
    posted = sum(finding["disposition"] == "posted" for finding in first["findings"])
    print(f"{first['change']['functions']} functions, {posted} findings posted, {first['usage']['duration_ms']} ms")
    return broken + len(bad) + _taken_over(repo, base, head)


def _taken_over(repo: Path, base: str, head: str) -> int:
    """What `--apply-all` breaks in a clone: files that compiled before and do not afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "-q", str(repo), str(clone)], check=True)
        subprocess.run(["git", "-C", str(clone), "checkout", "-q", "--detach", head], check=True)
        before = _broken_files(clone)
        # Tags are not fetched as branches, so the clone's own ids are named.
        ids = [
            subprocess.run(["git", "-C", str(repo), "rev-parse", f"{name}^{{commit}}"], capture_output=True, check=True)
            for name in (base, head)
        ]
        old, new = (done.stdout.decode().strip() for done in ids)
        command = [sys.executable, "-m", "codedesigner", "review", "--repo", str(clone), "--base", old, "--head", new]
        done = subprocess.run([*command, "--apply-all", "--yes"], capture_output=True, check=False)
        if done.returncode not in (0, 1, 3):
            sys.exit(done.stderr.decode())
        changed = subprocess.run(
            ["git", "-C", str(clone), "diff", "--stat", "--shortstat"], capture_output=True, check=True
        ).stdout.decode()
        after = _broken_files(clone)
        print(f"--apply-all: {changed.strip().splitlines()[-1] if changed.strip() else 'nothing to write'}")
        print(f"{len(after - before)} files that compiled before do not now {sorted(after - before)[:5] or ''}")
        return len(after - before)


def _broken_files(folder: Path) -> set[str]:
    command = [sys.executable, "-m", "compileall", "-q", "-f", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    subprocess.run(["git", "-C", str(folder), "clean", "-fdxq"], check=True)
    return {line.partition("Error compiling ")[2] for line in said.splitlines() if "Error compiling " in line}


def _review(repo: Path, base: str, head: str) -> Any:
    command = [sys.executable, "-m", "codedesigner", "review", "--repo", str(repo), "--base", base, "--head", head]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, check=False)
    if done.returncode not in (0, 1, 3):
        sys.exit(done.stderr.decode())
    return json.loads(done.stdout)


def _timeless(report: Any) -> str:
    copy = json.loads(json.dumps(report))
    copy["usage"]["duration_ms"] = copy["mode"]["activated_at"] = 0
    for location in copy["locations"]:
        location["average_latency_ms"] = location["p99_latency_ms"] = 0
    return json.dumps(copy)


def _counts(repo: Path, report: Any) -> int:
    change = report["change"]
    ours = {file["path"]: (file["added"], file["removed"]) for file in change["files"] if not file["binary"]}
    git = ["git", "-C", str(repo), "diff", "-M", "--numstat", "-z", "--diff-algorithm=histogram"]
    fields = subprocess.run([*git, change["base"], change["head"]], capture_output=True, check=True).stdout.split(b"\0")
    theirs: dict[str, tuple[int, int]] = {}
    while fields and fields[0]:
        added, removed, path = fields.pop(0).split(b"\t", 2)
        if not path:  # a rename: old name, new name
            fields.pop(0)
            path = fields.pop(0)
        if added != b"-":
            theirs[path.decode("utf-8", "backslashreplace")] = (int(added), int(removed))
    wrong = {path for path in {*ours, *theirs} if ours.get(path) != theirs.get(path)}
    print(f"{len(ours)} text files, {len(wrong)} differ from git diff --numstat {sorted(wrong)[:5] or ''}")
    return len(wrong)


def _applies(repo: Path, head: str, finding: Any) -> bool:
    suggestion = finding["suggestion"]
    git = ["git", "-C", str(repo), "show", f"{head}:{finding['path']}"]
    old = decode(subprocess.run(git, capture_output=True, check=True).stdout)
    lines = lines_with_ends(old)
    new = "".join([*lines[: suggestion["start_line"] - 1], suggestion["replacement"], *lines[suggestion["end_line"] :]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / finding["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(old))
        patch = encode(to_patch(finding["path"], old, new))
        done = subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, capture_output=True, check=False)
        same = path.read_bytes() == encode(new)
    return done.returncode == 0 and same and parses(language_of(finding["path"]), new) is not False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
