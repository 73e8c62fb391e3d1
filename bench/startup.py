"""How long the command takes to say its version, and what it imports for that."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from bench.measure import Row, fastest, run

HEAVY = ("tree_sitter", "pydantic", "rich", "jinja2", "unidiff", "yaml", "pathspec", "asyncio", "httpx", "difflib")

_IMPORTED = """
import contextlib, io, json, sys
with contextlib.redirect_stdout(io.StringIO()):
    from codedesigner.cli import run
    run(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def measure() -> Sequence[Row]:
    """`--version` and `--help` beside an interpreter that does nothing, and beside one that imports click."""
    bare = fastest(10, [sys.executable, "-c", "pass"])
    click = fastest(10, [sys.executable, "-c", "import click"])
    rows = []
    for option in ("--version", "--help"):
        ours = fastest(10, [sys.executable, "-m", "codedesigner", option])
        heavy = heavy_imports(option)
        note = f"imports {', '.join(heavy)}" if heavy else "imports nothing heavy"
        rows += [
            Row(f"codedesigner {option}", ours.seconds * 1000, "ms", "python -c pass", bare.seconds * 1000, note),
            Row(f"codedesigner {option}", ours.seconds * 1000, "ms", "import click", click.seconds * 1000),
        ]
    return rows


def heavy_imports(*arguments: str) -> list[str]:
    """Which of the heavy packages one command imports."""
    imported = json.loads(run([sys.executable, "-c", _IMPORTED, *arguments]).output)
    return [name for name in HEAVY if name in imported]
