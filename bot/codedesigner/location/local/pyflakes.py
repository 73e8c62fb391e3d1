"""pyflakes: few checks, nearly never wrong. It prints sentences, so its rules are known by their wording."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from codedesigner.location.local.analyser import Analyser, GarbageError, Rule
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import byte_issue, judged_python, keep_worthy, reads_python
from codedesigner.protocol.issue import Answer, Issue, Source

# Class name in `pyflakes.messages` -> how its sentence reads.
_WORDING: dict[str, str] = {
    "UnusedImport": r".* imported but unused$",
    "RedefinedWhileUnused": r"redefinition of unused ",
    "ImportShadowedByLoopVar": r"import .* shadowed by loop variable$",
    "ImportStarUsed": r"'from .* import \*' used; ",
    "UndefinedName": r"undefined name .*(?<! in __all__)$",
    "UndefinedExport": r"undefined name .* in __all__$",
    "UndefinedLocal": r"local variable .* referenced before assignment$",
    "MultiValueRepeatedKey": r"dictionary key .* repeated with different values$",
    "UnusedVariable": r"local variable '(?!_).* is assigned to but never used$",
    "UnusedAnnotation": r"local variable .* is annotated but never used$",
    "ReturnOutsideFunction": r"'(return|yield)' outside function$",
    "IfTuple": r"'if tuple literal' is always true",
    "AssertTuple": r"assertion is always true",
    "RaiseNotImplemented": r"'raise NotImplemented' should be",
    "IsLiteral": r"use ==/!= to compare constant literals",
    "FStringMissingPlaceholders": r"f-string is missing placeholders$",
    "Format": r"'\.\.\.'(\.format\(\.\.\.\)| % \.\.\.) (has|is|mixes|expected|`)",
}
RULES: dict[str, Rule] = {
    "UnusedImport": Rule("unused-import"),
    "RedefinedWhileUnused": Rule("redefinition"),
    "ImportShadowedByLoopVar": Rule("import-shadowed"),
    "ImportStarUsed": Rule("wildcard-import"),
    "UndefinedName": Rule("undefined-name"),
    "UndefinedExport": Rule("undefined-export"),
    "UndefinedLocal": Rule("used-before-assignment", sure=False),
    "MultiValueRepeatedKey": Rule("duplicate-key"),
    "UnusedVariable": Rule("unused-variable"),
    "UnusedAnnotation": Rule("unused-variable"),
    "ReturnOutsideFunction": Rule("return-outside-function"),
    "IfTuple": Rule("constant-condition", sure=False),
    "AssertTuple": Rule("assert-on-tuple"),
    "RaiseNotImplemented": Rule("raise-not-implemented"),
    "IsLiteral": Rule("identity-with-literal"),
    "FStringMissingPlaceholders": Rule("fstring-without-placeholder"),
    "Format": Rule("format-mismatch"),
}
_PATTERNS = {name: re.compile(wording) for name, wording in _WORDING.items()}
_LINE = re.compile(r"(?P<name>files/\w+\.\w+):(?P<line>\d+):(?P<column>\d+):? (?P<message>.*)\Z")
_UNREADABLE = re.compile(r"(?P<name>files/\w+\.\w+): (?P<message>.*)\Z")


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [str(program), *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    if b"Traceback (most recent call last)" in result.stderr:
        raise GarbageError(f"it crashed: {result.last_words}")
    issues: dict[str, list[Issue]] = {}
    for line in result.stdout.decode("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None or match["name"] not in files:
            raise GarbageError(f"unexpected line {line[:100]!r}")
        name, message = match["name"], match["message"]
        rule_id = next((rule for rule, pattern in _PATTERNS.items() if pattern.match(message)), None)
        if rule_id is not None:
            issues.setdefault(name, []).append(_issue(rule_id, match, files[name]))
    answers = {name: Answer("answered", keep_worthy(found, files[name])) for name, found in issues.items()}
    return {**answers, **_unreadable(result, files)}


def _unreadable(result: ProcessResult, files: Mapping[str, Source]) -> dict[str, Answer]:
    answers = {}
    for line in result.stderr.decode("utf-8", "replace").splitlines():
        at_line, whole = _LINE.match(line), _UNREADABLE.match(line)
        if at_line is not None and at_line["name"] in files:
            name, detail = at_line["name"], f"pyflakes: line {at_line['line']}: {at_line['message']}"
            # It reads with the grammar of the Python that runs it: this may be newer syntax, not wrong syntax.
            answers[name] = Answer("unparsed", detail=detail)
        elif whole is not None and whole["name"] in files:
            answers[whole["name"]] = Answer("failed", detail=f"pyflakes: {whole['message']}")
    return answers


def _issue(rule_id: str, match: re.Match[str], source: Source) -> Issue:
    offset = int(match["column"]) - 1
    return byte_issue(rule_id, RULES[rule_id], source, match["message"], line=int(match["line"]), offset=offset)


PYFLAKES = Analyser(
    id="pyflakes",
    program="pyflakes",
    distribution="pyflakes",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    layout="flat",
)
