"""Draws `docs/pull_request.png`: what stands on a pull request, rendered as GitHub renders it.

`.venv/bin/python docs/pull_request.py` runs the jobs of a pull request over the tests' double of GitHub, and takes a
picture of some of its comments with Chromium. The style sheet is our own.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tests.doubles.github import Conversation, Seen  # noqa: E402 -- the repository's own tests are no installed package
from tests.github.conftest import CART, running  # noqa: E402
from tests.github.test_story import FIXED, PLANTED, cart  # noqa: E402

WIDTH, HEIGHT = 900, 1440
CHROMIUM = (
    "chromium",
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--force-device-scale-factor=1.5",
)
STYLE = """
body { font: 14px/1.5 -apple-system, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: #1f2328;
       background: #fff; margin: 16px; }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; margin: 0 0 16px; }
.head { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; border-radius: 6px 6px 0 0; padding: 6px 16px;
        color: #59636e; }
.head b { color: #1f2328; }
.bot { border: 1px solid #d1d9e0; border-radius: 1em; padding: 0 6px; font-size: 12px; }
.line { font: 12px/1.6 ui-monospace, "Liberation Mono", monospace; background: #dafbe1; padding: 4px 16px;
        white-space: pre; }
.body { padding: 12px 16px 4px; }
h2 { font-size: 1.4em; margin: 0 0 12px; padding-bottom: .3em; border-bottom: 1px solid #d1d9e0; }
p, ul, table, pre, details, blockquote { margin: 0 0 12px; }
table { border-collapse: collapse; } th, td { border: 1px solid #d1d9e0; padding: 5px 11px; }
tr:nth-child(2n) { background: #f6f8fa; }
code { font: 85% ui-monospace, "Liberation Mono", monospace; background: #818b981f; border-radius: 6px;
       padding: .2em .4em; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; overflow: hidden; }
pre code { background: none; padding: 0; }
blockquote { border-left: .25em solid #d1d9e0; color: #59636e; padding: 0 1em; }
a { color: #0969da; text-decoration: none; }
sub { font-size: 75%; vertical-align: baseline; }
.suggestion { border: 1px solid #d1d9e0; border-radius: 6px; margin: 0 0 12px; overflow: hidden; }
.suggestion div { padding: 4px 12px; color: #59636e; border-bottom: 1px solid #d1d9e0; }
.suggestion pre { margin: 0; border-radius: 0; padding: 2px 12px; }
.suggestion .old { background: #ffebe9; } .suggestion .new { background: #dafbe1; }
"""


def main() -> None:
    """A pull request is opened, two defects are fixed, one is dismissed; then the picture."""
    with tempfile.TemporaryDirectory() as folder:
        with running(Path(folder), {"cart.py": CART}) as workflow:
            pull = workflow.github.pull(workflow.project, {"cart.py": cart(**PLANTED)}, author="bob")
            workflow.opened(pull)
            rest = {name: text for name, text in PLANTED.items() if name not in FIXED}
            pull.push({"cart.py": cart(**FIXED, **rest)})
            workflow.pushed(pull)
            workflow.says(pull, "ann", "/codedesigner dismiss F4 the callers see to it")
            page = "".join(parts(workflow.see(pull)))
        source = Path(folder) / "page.html"
        source.write_text(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>{page}", encoding="utf-8")
        picture = HERE / "pull_request.png"
        subprocess.run(
            [*CHROMIUM, f"--user-data-dir={folder}/chromium", f"--window-size={WIDTH},{HEIGHT}",
             f"--screenshot={picture}", source.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip


def parts(seen: Seen) -> Iterator[str]:
    """The summary, and a thread of each kind."""
    yield comment("github-actions", seen.comments[0].body)
    threads = sorted((*seen.threads, *seen.outdated), key=lambda one: number(one.bodies[0]))
    for wanted in ("```suggestion", "**Fixed", "**Dismissed"):
        found = next(one for one in threads if wanted in one.bodies[0])
        yield comment("github-actions", found.bodies[0], found)


def number(body: str) -> int:
    """The number of a finding's name."""
    found = re.search(r"· F(\d+)\b", body)
    return int(found.group(1)) if found else 0


def comment(author: str, body: str, thread: Conversation | None = None) -> str:
    """A comment in its box, below its line."""
    where = ""
    if thread is not None:
        place = thread.path if thread.line is None else f"{thread.path}:{thread.line}"
        where = f"<div class=head><code>{html.escape(place)}</code></div>"
        where += f"<div class=line>{html.escape(thread.text)}</div>" if thread.line is not None else ""
    head = f"<div class=head><b>{author}</b> <span class=bot>bot</span></div>"
    drawn = cmarkgfm.github_flavored_markdown_to_html(body, Options.CMARK_OPT_UNSAFE)
    old = "" if thread is None else thread.text
    return f"<div class=comment>{where}{head}<div class=body>{suggested(drawn, old)}</div></div>"


def suggested(drawn: str, old: str) -> str:
    """Blocks of suggestions as GitHub shows them: what goes, and what comes."""

    def both(block: re.Match[str]) -> str:
        gone = f"<pre class=old><code>- {html.escape(old)}</code></pre>"
        new = "".join(f"+ {line}\n" for line in block[1].splitlines())
        come = f"<pre class=new><code>{new}</code></pre>" if new else ""
        return f"<div class=suggestion><div>Suggested change</div>{gone}{come}</div>"

    return re.sub(r'(?s)<pre lang="suggestion"><code>(.*?)</code></pre>', both, drawn)


if __name__ == "__main__":
    main()
