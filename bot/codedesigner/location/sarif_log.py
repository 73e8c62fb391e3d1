"""A SARIF 2.1.0 log (OASIS) as plain values: runs, what their tools can find, and what they found."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from codedesigner.change.model import display
from codedesigner.errors import ConfigError
from codedesigner.location.sarif_kinds import RuleFacts
from codedesigner.location.sarif_node import Node
from codedesigner.location.sarif_paths import Places, places

MAX_BYTES: Final = 50_000_000
MAX_RUNS: Final = 100
MAX_RESULTS: Final = 25_000
_MAX_MESSAGE: Final = 2_000
_PLACEHOLDER: Final = re.compile(r"\{(\d{1,3})\}")
_NOT_A_DEFECT: Final = frozenset({"pass", "notApplicable", "informational"})


@dataclass(frozen=True, slots=True)
class Region:
    """Lines are 1-based, columns 1-based in the unit of the run; 0 for a column that is not told."""

    line: int
    end_line: int
    column: int = 0
    end_column: int = 0
    snippet: str | None = None


@dataclass(frozen=True, slots=True)
class Replacement:
    """Replace a region by `text`."""

    region: Region
    text: str


@dataclass(frozen=True, slots=True)
class Result:
    """One result about one file of the repository."""

    path: str
    rule: RuleFacts
    level: str | None
    message: str
    region: Region
    url: str | None = None
    replacements: tuple[Replacement, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """What one tool said. `dropped` counts by reason the results that are not in `results`."""

    tool: str
    version: str
    utf16_columns: bool
    rules: tuple[RuleFacts, ...]
    results: tuple[Result, ...]
    files: frozenset[str]
    dropped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Rule:
    facts: RuleFacts
    messages: Mapping[str, str]
    url: str | None


def read_log(path: Path, repository: Path) -> tuple[Run, ...]:
    """The runs of a log.

    Raises:
        ConfigError: no such file, too large, not JSON, not SARIF 2.1.0; with a JSON pointer where there is one.
    """
    name = display(str(path))
    log = Node(_json(path, name), name)
    version = log.text("version")
    if version is None or not version.startswith("2.1.0"):
        log.require("version").fail(f"only SARIF 2.1.0 is read, this is {version!r}")
    runs = list(log.each("runs"))
    if len(runs) > MAX_RUNS:
        log.require("runs").fail(f"has {len(runs)} runs; at most {MAX_RUNS} are read")
    return tuple(_run(run, repository) for run in runs)


def _json(path: Path, name: str) -> object:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=name) from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"is larger than {MAX_BYTES} bytes", path=name, hint="split the log by run")
    try:
        document: object = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 at byte {error.start}", path=name) from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"is not JSON: {error.msg}", path=name, line=error.lineno) from error
    except RecursionError as error:
        raise ConfigError("is nested too deeply", path=name) from error
    except ValueError as error:
        raise ConfigError(f"is not JSON: {error}", path=name) from error
    return document


def _run(run: Node, repository: Path) -> Run:
    tool = run.require("tool")
    driver = tool.require("driver")
    name = driver.text("name")
    if not name:
        driver.fail("`name` is missing")
    rules = [_rules(driver), *(_rules(extension) for extension in tool.each("extensions"))]
    reader = _Reader(places(run, repository), rules, _artifacts(run))
    files = frozenset(found for node in run.each("artifacts") if (found := reader.path(node.get("location"))))
    results = [result for number, node in enumerate(run.each("results")) if (result := reader.result(node, number))]
    return Run(
        tool=name,
        version=driver.text("semanticVersion") or driver.text("version") or "",
        utf16_columns=run.text("columnKind") != "unicodeCodePoints",
        rules=tuple(rule.facts for known in rules for rule in known),
        results=tuple(results),
        files=files | {result.path for result in results},
        dropped=dict(sorted(reader.dropped.items())),
    )


def _artifacts(run: Node) -> list[Node | None]:
    return [node.get("location") for node in run.each("artifacts")]


def _rules(component: Node) -> list[_Rule]:
    return [_rule(node) for node in component.each("rules")]


def _rule(node: Node) -> _Rule:
    identity = node.text("id")
    if not identity:
        node.fail("`id` is missing")
    words = [identity, node.text("name") or ""]
    properties = node.get("properties")
    score: float | None = None
    if properties is not None:
        for key in ("tags", "cwe", "categories"):
            words += _strings(properties.get(key))
        score = _score(properties)
    for relation in node.each("relationships"):
        taxon = relation.path("target", "id")
        family = relation.path("target", "toolComponent", "name")
        words.append("-".join(str(part.value) for part in (family, taxon) if part is not None))
    strings = node.get("messageStrings")
    messages = (
        {} if strings is None else {key: text for key, value in strings.members() if (text := value.text("text"))}
    )
    for key in ("shortDescription", "fullDescription"):
        described = node.path(key, "text")
        if described is not None and "default" not in messages:
            messages["default"] = str(described.value)
    level = node.path("defaultConfiguration", "level")
    facts = RuleFacts(identity, tuple(words[1:]), score, None if level is None else str(level.value))
    return _Rule(facts, messages, node.text("helpUri"))


def _strings(node: Node | None) -> list[str]:
    if node is None:
        return []
    values = node.value if isinstance(node.value, list) else [node.value]
    return [value for value in values if isinstance(value, str)]


def _score(properties: Node) -> float | None:
    """GitHub's `security-severity`, a number from 0 to 10 that most programs write as a string."""
    node = properties.get("security-severity")
    if node is None:
        return None
    try:
        score = float(str(node.value))
    except ValueError:
        return None
    return score if 0 < score <= 10 else None


class _Reader:
    """Reads the results of one run and counts what it leaves out."""

    def __init__(self, places: Places, rules: list[list[_Rule]], artifacts: list[Node | None]) -> None:
        self._places = places
        self._rules = rules
        self._by_id = {rule.facts.id: rule for known in reversed(rules) for rule in known}
        self._artifacts = artifacts
        self.dropped: Counter[str] = Counter()

    def result(self, node: Node, number: int) -> Result | None:
        """One result, or None with its reason counted."""
        reason = self._unwanted(node, number)
        if reason is not None:
            self.dropped[reason] += 1
            return None
        location = next(node.each("locations"), None)
        physical = None if location is None else location.get("physicalLocation")
        path = None if physical is None else self.path(physical.get("artifactLocation"))
        if path is None or physical is None:
            self.dropped["no file of this repository"] += 1
            return None
        rule = self._rule_of(node)
        return Result(
            path=path,
            rule=rule.facts,
            level=node.text("level") or rule.facts.level,
            message=_message(node, rule)[:_MAX_MESSAGE],
            region=_region(physical.get("region")),
            url=rule.url or node.text("hostedViewerUri"),
            replacements=self._replacements(node, path),
        )

    def path(self, location: Node | None) -> str | None:
        """The path of an artifactLocation inside the repository."""
        if location is None:
            return None
        uri = location.text("uri")
        if uri is None:
            index = location.whole("index", least=0)
            if index is None:
                return None
            listed = self._artifacts[index] if index < len(self._artifacts) else None
            if listed is None:
                location.fail(f"`index` {index} names no artifact with a location")
            location, uri = listed, listed.text("uri")
        return None if uri is None else self._places.resolve(uri, location.text("uriBaseId"))

    def _unwanted(self, node: Node, number: int) -> str | None:
        if number >= MAX_RESULTS:
            return f"over {MAX_RESULTS} results"
        if any(each.text("status") in (None, "accepted") for each in node.each("suppressions")):
            return "suppressed"
        if node.text("kind") in _NOT_A_DEFECT or (node.text("kind") == "fail" and node.text("level") == "none"):
            return "not a defect"
        return "absent" if node.text("baselineState") == "absent" else None

    def _rule_of(self, node: Node) -> _Rule:
        reference = node.get("rule")
        component = 0
        if reference is not None:
            extension = reference.get("toolComponent")
            index = None if extension is None else extension.whole("index", least=0)
            component = 0 if index is None else index + 1
        for holder in (node, reference):
            index = None if holder is None else holder.whole("ruleIndex" if holder is node else "index", least=0)
            if index is not None and component < len(self._rules) and index < len(self._rules[component]):
                return self._rules[component][index]
        rule_id = node.text("ruleId") or (None if reference is None else reference.text("id")) or "unnamed"
        # A hierarchical id names a rule and a part of it (3.27.5).
        known = self._by_id.get(rule_id) or self._by_id.get(rule_id.rpartition("/")[0])
        return known or _Rule(RuleFacts(rule_id, tuple(_strings(node.path("properties", "tags")))), {}, None)

    def _replacements(self, node: Node, path: str) -> tuple[Replacement, ...]:
        """The first fix, if all of it is in the file that the result is about."""
        fix = next(node.each("fixes"), None)
        if fix is None:
            return ()
        found: list[Replacement] = []
        for change in fix.each("artifactChanges"):
            if self.path(change.get("artifactLocation")) != path:
                return ()
            for each in change.each("replacements"):
                region = _region(each.get("deletedRegion"))
                if not region.column or not region.end_column:
                    return ()
                inserted = each.path("insertedContent", "text")
                found.append(Replacement(region, "" if inserted is None else str(inserted.value)))
        return tuple(found)


def _region(node: Node | None) -> Region:
    line = None if node is None else node.whole("startLine", least=1)
    if node is None or line is None:
        return Region(1, 1)
    end_line = node.whole("endLine", least=1) or line
    column, end_column = node.whole("startColumn", least=1), node.whole("endColumn", least=1)
    snippet = node.path("snippet", "text")
    return Region(
        line,
        max(line, end_line),
        # A region that has columns begins with the first (3.30.6).
        column or (1 if end_column else 0),
        end_column or 0,
        None if snippet is None else str(snippet.value),
    )


def _message(node: Node, rule: _Rule) -> str:
    message = node.get("message")
    text = None if message is None else message.text("text")
    if message is not None and text is None:
        text = rule.messages.get(message.text("id") or "default")
        arguments = [str(each.value) for each in message.each("arguments")]
        if text is not None:
            text = _PLACEHOLDER.sub(lambda match: _argument(arguments, match), text)
    return (text or rule.messages.get("default") or rule.facts.id).strip()


def _argument(arguments: list[str], match: re.Match[str]) -> str:
    number = int(match[1])
    return arguments[number] if number < len(arguments) else match[0]
