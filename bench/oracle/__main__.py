"""`python -m bench.oracle --repo R --base A --head B --language L`: our functions against an independent tool's.

For every changed line of the files in language L (python, javascript, java), the name that we give it is compared with
the name that a tool which shares no code with us gives it: CPython's `ast`; the TypeScript compiler, for TypeScript and
TSX too (give `--modules`, a node_modules folder that holds `typescript`); javac's tree API.

Blank lines outside functions are left out: we give them to a neighbour by rule. A removed line is compared by the name
that its definition had on the old side. Minified files are left out: on a line with fifty functions no name is right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.oracle import compilers, python_ast
from bench.oracle.definitions import MODULE, Told, names

from codedesigner.change.languages import language_of
from codedesigner.change.model import FileChange, Side, split_lines
from codedesigner.change.parsing import Outline, Source, outlines
from codedesigner.change.source import ReadLimits, read_range
from codedesigner.change.units import SpanIndex, trace

_FAMILIES = {
    "python": {"python"},
    "javascript": {"javascript", "typescript", "tsx"},
    "java": {"java"},
}


@dataclass(frozen=True, slots=True)
class Text:
    """One side of one file."""

    file: FileChange
    side: Side
    path: str
    text: str

    @property
    def language(self) -> str:
        return language_of(self.path) or ""


@dataclass(frozen=True, slots=True)
class Compared:
    """One changed line."""

    where: str
    ours: str
    theirs: str


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.oracle", description=__doc__)
    parser.add_argument("--repo", type=Path, required=True)
    parser.add_argument("--base", required=True)
    parser.add_argument("--head", required=True)
    parser.add_argument("--language", choices=sorted(_FAMILIES), required=True)
    parser.add_argument("--modules", default="node_modules")
    parser.add_argument("--show", type=int, default=1_000_000, help="disagreements to print")
    options = parser.parse_args()
    files = [
        file
        for file in read_range(options.repo, options.base, options.head, ReadLimits()).files
        if language_of(file.path) in _FAMILIES[options.language]
        and file.unread is None
        and file.hunks
        and ".min." not in file.path
    ]
    texts = [text for file in files for text in _sides(file)]
    told = _ask(options.language, texts, options.modules)
    compared = list(_compare(texts, told))
    differing = [one for one in compared if one.ours != one.theirs]
    for one in differing[: options.show]:
        print(f"{one.where}: ours {one.ours}, theirs {one.theirs}")
    refused = sum(answer is None for answer in told)
    functions = {(one.where.rpartition(":")[0], one.theirs) for one in compared if one.theirs != MODULE}
    share = 100 * (1 - len(differing) / max(len(compared), 1))
    print(
        f"{share:.3f} % of {len(compared)} changed lines agree ({len(differing)} differ) in {len(files)} files,"
        f" {len(functions)} definitions; {refused} sides refused by the oracle"
    )
    print(_units_agree(files, texts, told))


def _sides(file: FileChange) -> Iterator[Text]:
    if file.new_text is not None:
        yield Text(file, "RIGHT", file.path, file.new_text)
    if file.old_text is not None:
        yield Text(file, "LEFT", file.old_path or file.path, file.old_text)


def _ask(language: str, texts: Sequence[Text], modules: str) -> list[Told | None]:
    if language == "python":
        return [python_ast.told(text.text) for text in texts]
    bodies = [text.text for text in texts]
    suffixes = [PurePosixPath(text.path).suffix for text in texts]
    return compilers.java(bodies, suffixes) if language == "java" else compilers.typescript(bodies, suffixes, modules)


def _compare(texts: Sequence[Text], told: Sequence[Told | None]) -> Iterator[Compared]:
    """Line by line, by the outlines of the two sides."""
    ours = outlines([Source(text.language, text.text.encode("utf-8", "surrogateescape")) for text in texts])
    for text, answer, outline in zip(texts, told, ours, strict=True):
        if answer is None or not isinstance(outline, Outline):
            continue
        index = SpanIndex(outline.spans)
        lines = split_lines(text.text)
        expected = names(answer, lines, by_column=text.language == "python")
        for number in _changed(text):
            at = index.innermost(number)
            if not lines[number - 1].strip() and (at is None or index.between_functions(number)):
                continue
            found = MODULE if at is None else index.spans[at].name
            yield Compared(f"{text.path}:{text.side}:{number}", found, expected[number])


def _changed(text: Text) -> Iterator[int]:
    for line in text.file.changed_lines(text.side):
        number = line.new if text.side == "RIGHT" else line.old
        if number is not None:
            yield number


def _units_agree(files: Sequence[FileChange], texts: Sequence[Text], told: Sequence[Told | None]) -> str:
    """The set of (file, definition) that added lines touch, by our units and by the oracle."""
    refused = {text.file.path for text, answer in zip(texts, told, strict=True) if answer is None}
    theirs: set[tuple[str, str]] = set()
    for text, answer in zip(texts, told, strict=True):
        if answer is not None and text.side == "RIGHT" and text.file.path not in refused:
            lines = split_lines(text.text)
            expected = names(answer, lines, by_column=text.language == "python")
            theirs |= {(text.file.path, expected[n]) for n in _changed(text) if lines[n - 1].strip()}
    code = {file.path: file.new_lines for file in files}
    ours = {
        (one.unit.path, one.unit.name)
        for one in trace(files)
        if one.unit.side == "RIGHT"
        and one.unit.path not in refused
        and any(code[one.unit.path][line - 1].strip() for line in one.unit.changed)
    }
    kinds = Counter({"both": len(ours & theirs), "only ours": len(ours - theirs), "only theirs": len(theirs - ours)})
    return "units with added lines, (file, name): " + ", ".join(f"{count} {kind}" for kind, count in kinds.items())


if __name__ == "__main__":
    main()
