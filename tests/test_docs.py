"""What the documentation promises: keys, defaults, examples, command lines, links. Nothing that it shows is run."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

import click
import jsonschema
import pytest
import yaml
from pydantic import BaseModel, JsonValue

from codedesigner.angle.registry import angles_for
from codedesigner.call.model import Outcome
from codedesigner.change.model import NotReviewed
from codedesigner.cli import COMMANDS, app
from codedesigner.commands.config import _SCHEMAS
from codedesigner.commands.doctor import as_json
from codedesigner.commands.examined import Examined
from codedesigner.config.environment import RESERVED
from codedesigner.config.globs import GlobList
from codedesigner.config.loader import RepoFile, load
from codedesigner.config.mode import VARIABLE
from codedesigner.config.schema import Schema, schema_of
from codedesigner.config.settings import Settings
from codedesigner.config.yamlfile import read_yaml
from codedesigner.errors import ConfigError
from codedesigner.location.diagnosis import Check, Diagnosis, State
from codedesigner.location.doctor import ORDER
from codedesigner.location.registry import LocationRegistry, LocationsFile, read_locations
from codedesigner.location.spec import LocationSpec
from codedesigner.publish import FORMATS
from codedesigner.publish.inputs import Conclusion
from codedesigner.publish.report import FindingReport, Report
from codedesigner.vote.finding import Ballot, Disposition
from codedesigner.vote.strategies.ballots import agreement

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CONFIGURATION = ROOT / "docs" / "configuration.md"
REPORTS = ROOT / "docs" / "reports.md"
MODELS = ROOT / "docs" / "models.md"
# Linked to before they are there.

_FENCE = re.compile(r"^( *)(`{3,})([^`\n]*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, its text, and what follows it on the page."""

    page: str
    language: str
    text: str
    after: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0]


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> Iterator[Block]:
    text = text_of(page)
    for match in _FENCE.finditer(text):
        margin = len(match[1])
        body = "".join(line[margin:] for line in match[4].splitlines(keepends=True))
        yield Block(page.name, match[3].strip(), body, text[match.end() :])


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", text_of(page))


ALL_BLOCKS = [block for page in PAGES for block in blocks(page)]


def titled(title: str) -> list[Block]:
    return [block for block in ALL_BLOCKS if block.language == "yaml" and block.title == title]


OUR_FILES = [
    *titled("# .codedesigner.yml"),
    *(block for block in ALL_BLOCKS if block.title.startswith("# yaml-language-server:")),
]


@dataclass(frozen=True, slots=True)
class Row:
    """A key as the tables have it: | `key` | type | default | example | meaning |."""

    key: str
    type: str
    default: str
    example: str


def rows(page: Path, heading: str) -> list[Row]:
    section = re.split(r"^## ", text_of(page), flags=re.MULTILINE)
    body = next(part for part in section if part.startswith(f"{heading}\n"))
    cells = [re.split(r"(?<!\\) \| ", line[2:]) for line in body.splitlines() if line.startswith("| `")]
    return [Row(*(cell.strip() for cell in (line[0].strip("`"), *line[1:4]))) for line in cells]


def table(value: JsonValue) -> Schema:
    assert isinstance(value, dict)
    return value


def keys(schema: Schema) -> Iterator[tuple[str, Schema, bool]]:
    """(dotted key, schema, required) of every key that holds a value, those of a list's entries as `list[].key`."""
    definitions = table(schema.get("$defs", {}))

    def resolved(value: JsonValue) -> Schema:
        ref = table(value).get("$ref")
        return table(definitions[str(ref).rpartition("/")[2]]) if ref else table(value)

    def walk(body: Schema, before: str) -> Iterator[tuple[str, Schema, bool]]:
        required = body.get("required")
        for name, value in table(body["properties"]).items():
            inner = resolved(value)
            kinds = [resolved(one) for one in inner.get("anyOf", []) if table(one).get("type") != "null"]  # type: ignore[union-attr]
            inner = kinds[0] if kinds and "properties" in kinds[0] else inner
            item = resolved(inner.get("items", {}))
            if "properties" in inner:
                yield from walk(inner, f"{before}{name}.")
                continue
            yield before + name, inner, isinstance(required, list) and name in required
            if "properties" in item:
                yield from walk(item, f"{before}{name}[].")

    yield from walk(schema, "")


def type_of(schema: Schema) -> str:
    """A JSON Schema as the tables word it."""
    choices, values, items = schema.get("anyOf"), schema.get("enum"), schema.get("items")
    if isinstance(choices, list):
        return next(type_of(one) for one in choices if isinstance(one, dict) and one.get("type") != "null")
    if isinstance(values, list):
        return " or ".join(", ".join(f"`{value}`" for value in values).rsplit(", ", 1))
    if isinstance(items, dict):
        return "list of texts" if items.get("type") == "string" else "list of mappings"
    words = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "mapping",
    }
    return ("date" if schema.get("format") == "date" else words[str(schema["type"])]) + bounds_of(schema)


def bounds_of(schema: Schema) -> str:
    low, high, above = (schema.get(key) for key in ("minimum", "maximum", "exclusiveMinimum"))
    # The highest bounds are there to catch slips, and are nobody's choice.
    top = f"{high:g}" if isinstance(high, int | float) and high < 1_000_000 else ""
    if isinstance(above, int | float):
        return f" above {above:g}" + (f", at most {top}" if top else "")
    if isinstance(low, int | float):
        return f", {low:g} to {top}" if top else f", at least {low:g}"
    return ""


def default_of(schema: Schema, required: bool) -> str:
    if required:
        return "required"
    value = schema.get("default")
    if value is None:
        return "none"
    if isinstance(value, list) and len(json.dumps(value)) > 80:
        return "see below"
    if isinstance(value, bool | list | dict):
        return f"`{json.dumps(value, ensure_ascii=False)}`".replace('"', "")
    return f"`{value}`"


def expected(model: type[BaseModel]) -> dict[str, tuple[str, str]]:
    return {
        key: (type_of(body), default_of(body, required)) for key, body, required in keys(schema_of(model, "x", "x"))
    }


def test_every_key_is_documented_with_its_type_and_default() -> None:
    assert {row.key: (row.type, row.default) for row in rows(CONFIGURATION, "Every key")} == expected(Settings)


def test_every_key_of_a_location_is_documented_with_its_type_and_default() -> None:
    assert {row.key: (row.type, row.default) for row in rows(CONFIGURATION, "Locations")} == expected(LocationSpec)


def test_every_key_for_all_locations_together_is_documented_with_its_type_and_default() -> None:
    shown = {row.key: (row.type, row.default) for row in rows(CONFIGURATION, "All locations together")}
    assert shown == {key: value for key, value in expected(LocationsFile).items() if key.startswith("pool.")}


# What an entry of a list needs beside the key of the example.
_COMPANIONS: dict[str, dict[str, JsonValue]] = {
    "terms": {"term": "x"},
    "path_rules": {"paths": ["x"]},
    "suppress": {"fingerprint": "0123abcd", "reason": "x"},
}


def as_file(key: str, value: JsonValue) -> RepoFile:
    tree = value
    for part in reversed(key.split(".")):
        name = part.removesuffix("[]")
        tree = {name: [tree | _COMPANIONS[name] | tree] if part.endswith("[]") and isinstance(tree, dict) else tree}
    return RepoFile(yaml.safe_dump(tree, sort_keys=False).encode())


@pytest.mark.parametrize("row", rows(CONFIGURATION, "Every key"), ids=lambda row: row.key)
def test_the_example_of_a_key_is_valid_and_says_something(row: Row) -> None:
    if row.example == "[below](#angles-of-your-own)":
        return
    written = yaml.safe_load(row.example.strip("`"))
    assert load(as_file(row.key, json.loads(json.dumps(written, default=str))), None, {}, {}).settings != Settings()


def configured(block: Block) -> Settings:
    loaded = load(RepoFile(block.text.encode()), None, {}, {})
    angles_for(loaded)
    return loaded.settings


@pytest.mark.parametrize("block", OUR_FILES, ids=lambda block: block.page)
def test_a_configuration_that_is_shown_is_valid_and_so_says_its_schema(block: Block) -> None:
    settings = configured(block)
    assert {str(angle["id"]) for angle in settings.angle_definitions} <= set(settings.angles)
    jsonschema.validate(read_yaml(block.text, "x").data, _SCHEMAS["config"]())


def test_a_mistake_that_is_shown_is_told_as_shown() -> None:
    wrong = titled("# .codedesigner.yml, with mistakes")
    assert wrong
    for block in wrong:
        told = next(match[4] for match in _FENCE.finditer(block.after))
        with pytest.raises(ConfigError) as caught:
            configured(block)
        hint = f"help: {caught.value.hint}\n" if caught.value.hint else ""
        assert f"error: {caught.value}\n{hint}" in told


def test_a_locations_file_that_is_shown_is_valid_and_so_says_its_schema() -> None:
    shown = titled("# locations.yml")
    assert shown
    shipped = LocationRegistry.load()
    for block in shown:
        document = read_yaml(block.text, "locations.yml")
        assert read_locations(document, shipped) != shipped
        jsonschema.validate(document.data, _SCHEMAS["locations"]())


def test_patterns_match_what_they_are_said_to_match() -> None:
    lines = re.findall(r"^\| `([^`]+)` \| (`.+?) \| (`.+?) \|", text_of(CONFIGURATION), re.MULTILINE)
    shown = [(pattern, _SPAN.findall(yes), _SPAN.findall(no)) for pattern, yes, no in lines if "/" in yes + no]
    assert len(shown) >= 8
    for pattern, yes, no in shown:
        found = {path: GlobList((pattern,)).deciding(path) is not None for path in yes + no}
        assert found == dict.fromkeys(yes, True) | dict.fromkeys(no, False), pattern


def test_yaml_that_is_shown_is_yaml_and_json_is_json() -> None:
    for block in ALL_BLOCKS:
        if block.language == "yaml":
            assert yaml.safe_load(block.text) is not None, block.page
        elif block.language == "json":
            json.loads(block.text)


def test_the_worked_example_of_a_vote_is_right() -> None:
    shown = [FindingReport.model_validate_json(block.text) for block in blocks(REPORTS) if block.language == "json"]
    assert shown
    for finding in shown:
        ballots = [Ballot(each.location, each.vote, each.how, each.confidence, each.weight) for each in finding.ballots]
        assert finding.agreement == round(agreement(ballots), 4)


def test_the_page_on_reports_names_every_value() -> None:
    named = set(_SPAN.findall(prose(REPORTS)))
    for values in (Disposition, NotReviewed, Conclusion):
        assert set(get_args(values)) <= named
    assert set(FORMATS) <= named
    assert set(Report.model_fields) <= {name.partition(".")[0].removesuffix("[]") for name in named}


def test_the_page_on_models_names_every_outcome_and_every_check() -> None:
    text = text_of(MODELS)
    named = set(re.findall(r"^\| (`[^|]+`) \|", text, re.MULTILINE))
    shown = {name for cell in named for name in _SPAN.findall(cell)}
    assert {*get_args(Outcome), *ORDER, "program"} <= shown
    assert set(get_args(State)) <= set(_SPAN.findall(prose(MODELS)))


def test_what_the_doctor_is_said_to_print_has_the_keys_that_it_prints() -> None:
    shown = next(json.loads(block.text) for block in blocks(MODELS) if block.language == "json")
    check = Check("key", "skipped", "none is configured")
    printed = json.loads(as_json(Examined((check,), (Diagnosis("a", "ollama", "m", (check,)),))))

    def keys_in(value: JsonValue) -> JsonValue:
        if isinstance(value, dict):
            return {key: keys_in(item) for key, item in value.items()}
        return [keys_in(value[0])] if isinstance(value, list) else None

    assert keys_in(shown) == keys_in(printed)


def test_the_page_on_configuration_names_every_variable() -> None:
    named = set(_SPAN.findall(prose(CONFIGURATION)))
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "bot").rglob("*.py"))
    read = set(re.findall(r"environ(?:\.get\(|\[)\"([A-Z_]+)\"", source)) - {"PATH", "HOME"}
    read |= {VARIABLE} | RESERVED
    read |= set(re.findall(r"\"(INPUT_[A-Z_]+|CODEQUALITY_FILE)\"", source))
    assert read <= {name.partition("=")[0] for name in named}


def slug(heading: str) -> str:
    """A heading's anchor, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-")


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(prose(page)):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in map(slug, _HEADING.findall(prose(target)))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("name", ["architecture.md", "contributing.md"])
def test_files_of_this_repository_that_are_named_exist(name: str) -> None:
    page = ROOT / "docs" / name
    spans = {span.rstrip("/") for span in _SPAN.findall(prose(page)) if re.match(r"(bot|tests|bench|docs)/", span)}
    assert {span for span in spans if not re.search(r"\*|NAME", span) and not (ROOT / span).exists()} == set()


def words_after(program: str, line: str) -> list[list[str]]:
    """The arguments of every call of `program` in a line of shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    calls: list[list[str]] = []
    current: list[str] = []
    for word in [*lexer, ";"]:
        if word[0] not in "|&;<>":
            current.append(word)
            continue
        start = next((index for index, part in enumerate(current) if "=" not in part), None)
        if start is not None and current[start] == program:
            calls.append(current[start + 1 :])
        current = ["redirected"] if word[0] in "<>" else []
    return calls


def shell_lines(page: Path) -> Iterator[str]:
    for block in blocks(page):
        if block.language == "console":
            joined = block.text.replace("\\\n", " ")
            yield from (line[2:] for line in joined.splitlines() if line.startswith("$ "))


def command_for(words: list[str]) -> tuple[click.Command, click.Context, list[str]]:
    command: click.Command = app
    context = click.Context(app, info_name="codedesigner")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"there is no command {words[0]}"
        command, context, words = found, click.Context(found, info_name=words[0], parent=context), words[1:]
    return command, context, words


def check_call(words: list[str], *, complete: bool) -> None:
    """Parse without converting: files that are named need not exist. `complete`: nothing required may be missing."""
    command, context, rest = command_for(words)
    values, left, _ = command.make_parser(context).parse_args(list(rest))
    assert left == []
    for param in command.params:
        value = values.get(param.name or "")
        if value is None:
            assert not (complete and param.required), f"{words} lacks {param.name}"
        elif isinstance(param.type, click.Choice | click.IntRange | click.FloatRange):
            for one in value if isinstance(value, list) else [value]:
                param.type.convert(one, param, context)


@every_page
def test_command_lines_parse(page: Path) -> None:
    spans = [span for span in _SPAN.findall(prose(page)) if span.startswith("codedesigner ")]
    lines = [(line, True) for line in shell_lines(page)] + [(span, False) for span in spans]
    for call, complete in [(call, whole) for line, whole in lines for call in words_after("codedesigner", line)]:
        try:
            check_call(call, complete=complete)
        except click.ClickException as error:
            pytest.fail(f"codedesigner {' '.join(call)}: {error.format_message()}")


def options_of(command: click.Command) -> Iterator[str]:
    for param in command.params:
        yield from (*param.opts, *param.secondary_opts)
    for name in COMMANDS if command is app else getattr(command, "commands", {}):
        yield from options_of(command_for([*([] if command is app else [str(command.name)]), name])[0])


@every_page
def test_options_and_targets_of_make_that_are_named_exist(page: Path) -> None:
    spans = _SPAN.findall(prose(page))
    named = {word for span in spans if span.startswith("--") for word in span.split() if re.match("--[a-z]", word)}
    assert named <= set(options_of(app)) | {"--help", "--version"}
    lines = [*shell_lines(page), *(span for span in spans if span.startswith("make "))]
    targets = {call[0] for line in lines for call in words_after("make", line) if call and "=" not in call[0]}
    assert targets <= set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))


@pytest.mark.parametrize("words", [["review", "--bse", "x"], ["reviews"], ["schema", "nothing"], ["plan", "x"]])
def test_a_wrong_command_line_is_noticed(words: list[str]) -> None:
    with pytest.raises((click.ClickException, AssertionError)):
        check_call(words, complete=True)


def test_the_reviewers_page_shows_the_tables_of_the_analysers() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "reviewers_table.py"], capture_output=True, text=True, check=True
    )
    page = (ROOT / "docs" / "reviewers.md").read_text(encoding="utf-8")

    who_reads, shared = done.stdout.rstrip("\n").split("\n\n")

    assert who_reads in page
    assert shared in page
