"""Definitions and logical lines of all 17 grammars, against files that a person has read."""

from __future__ import annotations

from pathlib import Path

import pytest
from tree_sitter import Language

from codedesigner.change.grammars import GRAMMARS
from codedesigner.change.languages import WITH_GRAMMAR, language_of
from codedesigner.change.parsing import Outline, Source, outlines

HERE = Path(__file__).parent
EXAMPLES = sorted((HERE / "data" / "functions").iterdir())


@pytest.fixture(scope="module")
def parsed() -> dict[str, Outline]:
    """Example file name -> outline; one child parses all of them."""
    sources = [Source(language_of(path.name) or "", path.read_bytes()) for path in EXAMPLES]
    found = outlines(sources)
    assert all(isinstance(outline, Outline) for outline in found)
    return {path.name: outline for path, outline in zip(EXAMPLES, found, strict=True) if isinstance(outline, Outline)}


def drawn(outline: Outline, text: str) -> str:
    """The text with `>` before each line that begins a logical line and `|` before those that go on with it."""
    marks: dict[int, str] = {}
    for start, end in zip(outline.starts, outline.ends, strict=True):
        marks |= dict.fromkeys(range(start, end + 1), "|") | {start: ">"}
    lines = text.removesuffix("\n").split("\n")
    return "".join(f"{marks.get(number, ' ')} {line}".rstrip() + "\n" for number, line in enumerate(lines, start=1))


def test_there_is_an_example_of_every_language() -> None:
    assert {language_of(path.name) for path in EXAMPLES} == WITH_GRAMMAR == set(GRAMMARS)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_definitions(path: Path, parsed: dict[str, Outline]) -> None:
    found = "".join(
        f"{named.span.start}-{named.span.end} {named.kind} {named.name}\n" for named in parsed[path.name].spans
    )
    assert found == (HERE / "golden" / "functions" / f"{path.name}.txt").read_text()
    assert not parsed[path.name].broken


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_logical_lines(path: Path, parsed: dict[str, Outline]) -> None:
    assert (
        drawn(parsed[path.name], path.read_text()) == (HERE / "golden" / "statements" / f"{path.name}.txt").read_text()
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_definitions_are_nested_and_logical_lines_are_apart(path: Path, parsed: dict[str, Outline]) -> None:
    outline = parsed[path.name]
    open_ends: list[int] = []
    for named in outline.spans:
        while open_ends and open_ends[-1] < named.span.start:
            open_ends.pop()
        assert named.span.start <= named.span.end <= (open_ends[-1] if open_ends else named.span.end)
        open_ends.append(named.span.end)
    assert all(outline.ends[at] < outline.starts[at + 1] for at in range(len(outline.starts) - 1))


def test_every_node_type_in_the_tables_exists_in_its_grammar() -> None:
    """A newer grammar that renames a node fails here, and loses nothing else meanwhile."""
    unknown: dict[str, set[str]] = {}
    for name, grammar in GRAMMARS.items():
        module = __import__(grammar.module)
        language = Language(getattr(module, grammar.factory)())
        kinds = {language.node_kind_for_id(kind) for kind in range(language.node_kind_count)}
        used = (
            grammar.functions
            | grammar.bodies
            | grammar.comments
            | grammar.classes
            | grammar.scopes
            | grammar.closures
            | grammar.tables
            | set(grammar.bindings)
            | grammar.wrappers
            | grammar.open
            | grammar.leads
            | grammar.statements
            | grammar.tokens
        )
        if missing := used - kinds:
            unknown[name] = set(missing)
    assert unknown == {}
