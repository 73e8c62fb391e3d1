"""lizard: how long, how branched and how wide the functions are, in sixteen languages."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from codedesigner.location.local.analyser import Analyser, GarbageError, clamp_line, is_test
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.thresholds import MAX_ARGUMENTS, MAX_COMPLEXITY, MAX_LINES
from codedesigner.protocol.issue import Answer, Issue, Source

MOST_BRANCHES: Final = MAX_COMPLEXITY + 3
"""lizard also counts `and` and `or`. On the standard library three more is where it means what the others mean: two
thirds of what either it or McCabe's measure finds, both find, and 1.7 % of the functions are named."""

# A file whose suffix it does not know would be read as if it were C.
_SUFFIXES: Final = {
    "python": {".py"},
    "javascript": {".js", ".cjs", ".mjs", ".jsx"},
    "typescript": {".ts"},
    "tsx": {".tsx"},
    "go": {".go"},
    "java": {".java"},
    "rust": {".rs"},
    "c": {".c"},
    "cpp": {".cpp", ".cc", ".cxx", ".h", ".hh", ".hpp"},
    "csharp": {".cs"},
    "ruby": {".rb"},
    "php": {".php"},
    "kotlin": {".kt", ".kts"},
    "swift": {".swift"},
    "scala": {".scala"},
    "lua": {".lua"},
}
_COLUMNS: Final = [
    "NLOC", "CCN", "token", "PARAM", "length", "location", "file", "function", "long_name", "start", "end",
]  # fmt: skip
_KINDS: Final = frozenset({"too-complex", "too-long", "too-many-arguments"})
# The receiver of a method is no argument that a caller writes.
_RECEIVER: Final = re.compile(r"[^(]*\(\s*(?:(?:self|cls)\b|&\s*(?:'\w+\s+)?(?:mut\s+)?self\b|mut\s+self\b)")
_ANONYMOUS: Final = re.compile(r"\(?anonymous\)?|\*global\*|lambda", re.IGNORECASE)
_SKIPPED: Final = re.compile(r"(?i:fail to (?:process|parse|read source)|doesn't support none utf).*?'([^'\n]+)'")


def _reads(path: str, language: str | None) -> bool:
    known = _SUFFIXES.get(language or "")
    # Without a suffix it gets the one of its language.
    return known is not None and PurePosixPath(path).suffix in {"", *known}


def _kinds(path: str, language: str | None) -> frozenset[str]:
    # A test that tells a long story in order is no worse for it. Of PHP it sees one parameter, however many there are.
    not_here = ({"too-long"} if is_test(path) else set()) | ({"too-many-arguments"} if language == "php" else set())
    return _KINDS - not_here


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--csv", "--verbose", "--ignore_warnings", "-1", "--no-gitignore", "--working_threads", "1",
        "--whitelist", "/dev/null", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    skipped = set(_SKIPPED.findall(result.stderr.decode("utf-8", "replace")))
    found: dict[str, list[Issue]] = {name: [] for name in files}
    try:
        rows = csv.reader(io.StringIO(result.stdout.decode("utf-8", "surrogateescape"), newline=""), strict=True)
        if next(rows, None) != _COLUMNS:
            raise GarbageError(f"lizard did not print its table: {result.last_words}")
        for values in rows:
            row = dict(zip(_COLUMNS, values, strict=True))
            found[row["file"]].extend(_issues(row, files[row["file"]]))
    except (ValueError, KeyError, csv.Error) as error:
        raise GarbageError(f"lizard printed something else than its table ({error!r})") from error
    return {name: _answer(issues, name in skipped) for name, issues in found.items()}


def _answer(issues: Sequence[Issue], skipped: bool) -> Answer:
    if skipped:
        return Answer("unparsed", tuple(issues), "lizard: could not read the file to its end")
    return Answer("answered", tuple(issues))


def _issues(row: Mapping[str, str], source: Source) -> Iterator[Issue]:
    line = clamp_line(source, int(row["start"]))
    name = " ".join(row["function"].split())[:200]
    called = "This function" if _ANONYMOUS.match(name) or not name else f"`{name}`"
    branches, lines = int(row["CCN"]), int(row["NLOC"])
    arguments = int(row["PARAM"]) - (_RECEIVER.match(row["long_name"]) is not None)
    if branches > MOST_BRANCHES:
        text = f"{called} has {branches} independent paths (more than {MOST_BRANCHES}); split it where one job ends."
        yield Issue("too-complex", "CCN", line, line, text)
    # What has no name is a module, a class or a suite of tests as often as it is a function.
    if lines > MAX_LINES and not is_test(source.path) and called != "This function":
        text = f"{called} has {lines} lines of code (more than {MAX_LINES}); split it where one job ends."
        yield Issue("too-long", "NLOC", line, line, text)
    if arguments > MAX_ARGUMENTS:
        text = f"{called} takes {arguments} arguments (more than {MAX_ARGUMENTS}); group those that belong together."
        yield Issue("too-many-arguments", "PARAM", line, line, text)


LIZARD = Analyser(
    id="lizard",
    program="lizard",
    distribution="lizard",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    ok_codes=frozenset({0}),
    layout="flat",
)
