"""What a review promises, held against a real change.

`python -m bench.proof REPO BASE HEAD` reviews it twice and checks that the two reports are the same save times, that
the files and counts equal git's own, that every suggestion applies with `git apply`, and that the result parses.
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
    return broken + len(bad)


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
        path.parent.mkdir(parents=True)
        path.write_bytes(encode(old))
        patch = encode(to_patch(finding["path"], old, new))
        done = subprocess.run(["git", "apply", "-"], cwd=folder, input=patch, capture_output=True, check=False)
        same = path.read_bytes() == encode(new)
    return done.returncode == 0 and same and parses(language_of(finding["path"]), new) is not False


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
