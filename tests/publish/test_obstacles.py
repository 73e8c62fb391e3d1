from __future__ import annotations

import time
from typing import get_args

import pytest

from codedesigner.publish.obstacles import Forge, misplaced, obstacle

from .changed import file_change, with_fix

FORGES: tuple[Forge, ...] = get_args(Forge)
ORIGINAL = "see https://old.example/x\n"


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("replacement", "original", "why"),
    [
        ("a\r\n", "x\n", "CR LF"),
        ("a\n", "x\r\n", "CR LF"),
        ("a\rb\n", "x\n", "CR LF"),
        ("a", "x\n", "no line end"),
        ("a\n", "x", "no line end"),
        ("", "x", "no line end"),
        ("x = 1  # \u202e\n", "x\n", "seen"),
        ("x = '\u2028'\n", "x\n", "seen"),
        ("x = 1\x85\n", "x\n", "seen"),
        ("x = 1\f\n", "x\n", "seen"),
        ("x = 1\x1b\n", "x\n", "seen"),
        ("x = 1\0\n", "x\n", "seen"),
        ("x\n" * 101, "x\n", "101 lines"),
        ("x\n", "y\n" * 101, "101 lines"),
        ("x" * 20_001 + "\n", "y\n", "too long"),
        ("`" * 254 + "\n", "y\n", "back-ticks"),
        ("/codedesigner override\n", "x\n", "command"),
        (f"token = 'ghp_{'a1' * 18}'\n", "x\n", "secret"),
        ("<!-- codedesigner:state -->\n", "x\n", "mark"),
        ("caf\udce9\n", "x\n", "UTF-8"),
    ],
)
def test_what_may_not_be_a_block(replacement: str, original: str, why: str, forge: Forge) -> None:
    reason = obstacle("src/a.py", replacement, original, forge)
    assert reason is not None
    assert why in reason


@pytest.mark.parametrize("replacement", ["/approve\n", "a\n  /close\n", "> /merge now\n", "\t/label ~x\n"])
def test_lines_that_gitlab_would_run_may_be_a_block_elsewhere(replacement: str) -> None:
    assert obstacle("src/a.py", replacement, "x\n", "gitlab") == "a line would be read as a command"
    assert obstacle("src/a.py", replacement, "x\n", "github") is None


@pytest.mark.parametrize(
    "line",
    ["url = 'https://new.example/'", "url = 'https://old.example/y'", "GIT = git+ssh://h/x",
     "src='//cdn.example.com/x.js'",
     "HOST = '10.1.2.3'", "connect('evil.io')", "curl evil.com", "host: new.example.com", "u = \"db.internal:5432\"",
     "To: someone@new.example", "'[2001:db8::1]'", "www.new.example", "open('file:///etc/passwd')",
     "fetch(`evil.dev/x`)"],
)  # fmt: skip
def test_a_new_address_is_not_brought_in_by_a_click(line: str) -> None:
    assert obstacle("src/a.py", f"{ORIGINAL}{line}\n", ORIGINAL, "github") == "it brings in an address"


@pytest.mark.parametrize(
    "path",
    [".github/workflows/ci.yml", ".gitlab-ci.yml", "ci/build.gitlab-ci.yml", ".codedesigner.yml",
     "web/package-lock.json",
     "uv.lock", "go.sum", "sub/action.yml", "Jenkinsfile", "Jenkinsfile.release", ".GitHub/CODEOWNERS", "CODEOWNERS",
     ".pre-commit-config.yaml", "src/packages.lock.json", "gradle.lockfile", ".terraform.lock.hcl", "bun.lockb",
     "Package.resolved", "pnpm-lock.yaml", "bitbucket-pipelines.yml", "azure-pipelines-nightly.yml", "pylock.toml"],
)  # fmt: skip
def test_files_that_steer_builds_are_not_changed_by_a_click(path: str) -> None:
    assert obstacle(path, "a\n", "b\n", "github") == "the file steers builds, dependencies or this review"


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    "replacement",
    ["/* c */\n", "// note\n", "a = b /c\n", "", "\n", "```\n", ORIGINAL, "self.app.com(x)\n", "x = a.io / b.co\n",
     "os.path.join(a, 'b.py')\n", "v = '1.2.3'\n", "@app.route('/x')\n", "bind('127.0.0.1')\n",
     "# see net.py, me.dev\n",
     'alt="…" & \'q\' &amp; <b>\n', "x\n" * 100, "`" * 253 + "\n"],
)  # fmt: skip
def test_ordinary_code_may(replacement: str, forge: Forge) -> None:
    assert obstacle("src/lock.py", replacement, ORIGINAL, forge) is None


@pytest.mark.parametrize("unit", ["x", "x.", "a@", "//a.", "1.", "[0:", "'a.", "`", "/", "eyJ"])
def test_hostile_text_is_judged_in_time_that_grows_with_its_length(unit: str) -> None:
    started = time.process_time()
    for count in (20_000 // len(unit) - 1, 1_000_000):
        obstacle("src/a.py", unit * count + "\n", "x\n", "gitlab")
    assert time.process_time() - started < 1


BEFORE = "".join(f"{n}\n" for n in range(1, 41))
AFTER = BEFORE.replace("10\n", "ten\n").replace("12\n", "").replace("30\n", "thirty\n")


@pytest.mark.parametrize("forge", FORGES)
@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (10, 10, None),
        (7, 9, None),
        (20, 20, "its lines are not part of the diff"),
        (14, 29, "its lines are not all in one hunk of the diff"),
        (13, 16, "its lines are not all in one hunk of the diff"),
    ],
)
def test_a_block_stands_inside_one_hunk(start: int, end: int, why: str | None, forge: Forge) -> None:
    suggestion = with_fix(start, end, "x\n").suggestion
    assert suggestion is not None
    assert misplaced(file_change(BEFORE, AFTER), suggestion, forge) == why


@pytest.mark.parametrize(("start", "end", "fits"), [(9, 10, False), (11, 12, False), (10, 11, True), (12, 13, True)])
def test_on_github_no_removed_line_may_lie_inside(start: int, end: int, fits: bool) -> None:
    suggestion = with_fix(start, end, "x\n").suggestion
    assert suggestion is not None
    assert (misplaced(file_change(BEFORE, AFTER), suggestion, "github") is None) is fits
    assert misplaced(file_change(BEFORE, AFTER), suggestion, "gitlab") is None
