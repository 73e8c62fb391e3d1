"""yamllint: the few things about a YAML file that are mistakes and not taste."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from codedesigner.location.local.analyser import (
    Analyser,
    GarbageError,
    Rule,
    clamp_line,
    own_angles,
    sure_kinds,
)
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Issue, Source

RULES: Final[dict[str, Rule]] = {
    "syntax": Rule("syntax-error"),
    "key-duplicates": Rule("duplicate-key"),
    "octal-values": Rule("implicit-type"),
    "truthy": Rule("implicit-type"),
    "anchors": Rule("yamllint/anchors", "correctness", "medium"),
    "indentation": Rule("indentation", severity="low"),
}

_SETTINGS: Final = (
    "{rules: {key-duplicates: enable, octal-values: {forbid-implicit-octal: true, forbid-explicit-octal: false},"
    " truthy: {check-keys: false, allowed-values: ['true', 'false', 'True', 'False', 'TRUE', 'FALSE']},"
    " anchors: {forbid-undeclared-aliases: true, forbid-duplicated-anchors: true, forbid-unused-anchors: false},"
    " indentation: {spaces: consistent, indent-sequences: whatever, check-multi-line-strings: false}}}"
)
_PROBLEM = re.compile(r"(?P<file>[^:\n]+):(?P<line>\d+):(?P<column>\d+): \[(?:error|warning)\] (?P<message>.*)")
_RULE_NAME = re.compile(r" \((?P<rule>[a-z-]+)\)\Z")
_NOT_UTF8 = "UnicodeDecodeError"
# Helm, Jinja and their like write YAML in the end; before that it is no YAML.
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_TEMPLATE_PATH = re.compile(r"(^|/)templates?/|\.(j2|tpl|tmpl|erb)\.ya?ml\Z")


def _reads(_path: str, language: str | None) -> bool:
    return language in ("yaml", "github-workflow")


_KINDS = sure_kinds(RULES)


def _kinds(path: str, _language: str | None) -> frozenset[str]:
    return frozenset() if _TEMPLATE_PATH.search(path) else _KINDS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [str(program), "--config-data", _SETTINGS, "--format", "parsable", "--", *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    if result.stderr:
        if _NOT_UTF8.encode() in result.stderr and len(files) == 1:
            return dict.fromkeys(files, Answer("unparsed", detail="yamllint: the file is not UTF-8"))
        raise GarbageError(f"yamllint stopped: {result.last_words}")
    issues: dict[str, list[Issue]] = {name: [] for name in files}
    for file, line, column, message in _problems(result.stdout.decode("utf-8", "surrogateescape"), files):
        issues[file].append(_issue(line, column, message, files[file]))
    return {name: _answer(found, files[name]) for name, found in issues.items() if found}


def _problems(output: str, files: Mapping[str, Source]) -> list[tuple[str, int, int, str]]:
    """File, line, column and message of each problem; a message with a key of several lines goes over several."""
    problems: list[tuple[str, int, int, str]] = []
    for line in output.removesuffix("\n").split("\n") if output else []:
        match = _PROBLEM.match(line)
        if match is not None and match["file"] in files:
            problems.append((match["file"], int(match["line"]), int(match["column"]), match["message"]))
        elif problems and _RULE_NAME.search(problems[-1][3]) is None:
            file, number, column, message = problems[-1]
            problems[-1] = file, number, column, f"{message} {line}"
        else:
            raise GarbageError(f"yamllint printed something else than problems: {line[:200]}")
    return problems


def _issue(line: int, column: int, message: str, source: Source) -> Issue:
    named = _RULE_NAME.search(message)
    name = named["rule"] if named is not None else ""
    rule = RULES.get(name)
    if rule is None:
        raise GarbageError(f"yamllint names no rule that it was asked for: {message[:200]}")
    line = clamp_line(source, line)
    text = message[: named.start()] if named is not None else message
    return Issue(rule.kind, name, line, line, text, column, rule.severity, angle=rule.angle)


def _answer(issues: Sequence[Issue], source: Source) -> Answer:
    broken = next((issue for issue in issues if issue.kind == "syntax-error"), None)
    if broken is None:
        return Answer("answered", _first_indentation(issues))
    detail = f"yamllint: line {broken.line}: {broken.message}"
    if _TEMPLATE.search(source.text):
        return Answer("unparsed", detail=f"{detail} (it looks like a template)")
    return Answer("unparsed", (broken,), detail)


def _first_indentation(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """Only the first of a run of wrongly indented lines: the others follow it."""
    kept: list[Issue] = []
    last = -1
    for issue in issues:
        if issue.kind == "indentation":
            previous, last = last, issue.line
            if previous > 0 and issue.line - previous <= 3:
                continue
        kept.append(issue)
    return tuple(kept)


YAMLLINT = Analyser(
    id="yamllint",
    program="yamllint",
    distribution="yamllint",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    batch_files=50,
)
