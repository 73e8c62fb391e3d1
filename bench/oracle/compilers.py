"""Oracles that run in another language: written to a scratch folder, asked once for all files."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.oracle.definitions import Defined, Told, c_like_comments

_HERE = Path(__file__).parent


def typescript(texts: Sequence[str], suffixes: Sequence[str], modules: str) -> list[Told | None]:
    """By the TypeScript compiler found under `modules`, a `node_modules` folder; None where it reports errors."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = _written(Path(scratch), texts, suffixes)
        done = subprocess.run(
            ["node", str(_HERE / "typescript.cjs")],
            input=json.dumps(paths),
            env={**os.environ, "NODE_PATH": modules},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return [_from_json(json.loads(line)) for line in done.stdout.splitlines()]


def _from_json(answer: dict[str, object]) -> Told | None:
    if answer["errors"]:
        return None
    definitions, comments = answer["definitions"], answer["comments"]
    assert isinstance(definitions, list)
    assert isinstance(comments, dict)
    return Told([Defined(**one) for one in definitions], {int(line): column for line, column in comments.items()})


def java(texts: Sequence[str], suffixes: Sequence[str]) -> list[Told | None]:
    """By javac's tree API; None where it reports errors."""
    with tempfile.TemporaryDirectory() as scratch:
        paths = _written(Path(scratch), texts, suffixes)
        done = subprocess.run(
            ["java", str(_HERE / "JavaDefinitions.java")],
            input="".join(path + "\n" for path in paths),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    found: list[list[Defined]] = []
    failed: set[int] = set()
    for line in done.stdout.splitlines():
        if line.startswith("F "):
            found.append([])
        elif line == "E":
            failed.add(len(found) - 1)
        else:
            _, start, end, column, name = line.split(" ", 4)
            found[-1].append(Defined(int(start), int(end), int(column), name))
    return [
        None if at in failed else Told(definitions, c_like_comments(text))
        for at, (definitions, text) in enumerate(zip(found, texts, strict=True))
    ]


def _written(folder: Path, texts: Sequence[str], suffixes: Sequence[str]) -> list[str]:
    paths: list[str] = []
    for number, (text, suffix) in enumerate(zip(texts, suffixes, strict=True)):
        path = folder / f"f{number}{suffix}"
        path.write_text(text, encoding="utf-8", errors="replace", newline="")
        paths.append(str(path))
    return paths
