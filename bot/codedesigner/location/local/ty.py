"""ty: a second opinion on types. The files stand alone here, so nothing that depends on imports is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, Rule, clamp_line, own_angles
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import judged_python, keep_worthy, reads_python
from codedesigner.protocol.issue import Answer, Issue, Source

SYNTAX = "invalid-syntax"
RULES: dict[str, Rule] = {
    SYNTAX: Rule("syntax-error"),
    "unresolved-reference": Rule("undefined-name"),
    "missing-argument": Rule("call-arguments"),
    "too-many-positional-arguments": Rule("call-arguments"),
    "unknown-argument": Rule("call-arguments"),
    "parameter-already-assigned": Rule("call-arguments"),
    "invalid-assignment": Rule("type-mismatch"),
    "invalid-parameter-default": Rule("type-mismatch", severity="low", sure=False),
    "invalid-explicit-return": Rule("return-type-mismatch"),
    "invalid-implicit-return": Rule("missing-return"),
    "missing-union-attribute": Rule("null-dereference", severity="medium"),
    "missing-attribute": Rule("unknown-member", sure=False),
    "not-subscriptable": Rule("not-subscriptable"),
    "not-callable": Rule("not-callable"),
    "unused-awaitable": Rule("missing-await"),
    "invalid-await": Rule("async-misuse", severity="high", sure=False),
    "invalid-raise": Rule("bad-raise"),
    "invalid-exception-caught": Rule("except-non-exception"),
    "index-out-of-bounds": Rule("index-error"),
    "duplicate-base": Rule("duplicate-base"),
    "inconsistent-mro": Rule("inconsistent-mro"),
    "invalid-context-manager": Rule("ty/context-manager", "correctness", "high"),
    "zero-stepsize-in-slice": Rule("ty/zero-step", "correctness", "high"),
    "division-by-zero": Rule("ty/division-by-zero", "correctness", "high"),
}
_ALONE = ("Module `", "Submodule `")

_UNWRITTEN = re.compile(r"\w@\w|Unknown \||\| Unknown|\| \(Unknown")
_OBJECT = re.compile(r"Object of type `(\w+)` has no attribute ")


class _Place(TypedDict):
    line: int
    column: int


class _Positions(TypedDict):
    begin: _Place
    end: _Place


class _Location(TypedDict):
    path: str
    positions: _Positions


class _Finding(TypedDict):
    check_name: str
    description: str
    location: _Location


def _command(program: Path, files: Sequence[str]) -> list[str]:
    rules = [word for rule in RULES if rule != SYNTAX for word in ("--error", rule)]
    return [
        str(program), "check", "--project", ".", "--config-file", "support/ty.toml", "--python-version", "3.13",
        "--python-platform", "linux", "--output-format", "gitlab", "--no-progress", "--exit-zero",
        "--no-respect-ignore-files", "--no-force-exclude", "--ignore", "all", *rules, "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        findings: list[_Finding] = json.loads(result.stdout)
        by_name: dict[str, list[_Finding]] = {}
        for finding in findings:
            by_name.setdefault(finding["location"]["path"], []).append(finding)
        return {name: _answer(found, files[name]) for name, found in by_name.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"it printed something else than its JSON ({error!r}): {result.last_words}") from error


def _answer(findings: Sequence[_Finding], source: Source) -> Answer:
    trouble = next((finding for finding in findings if finding["check_name"] in ("io", "panic")), None)
    if trouble is not None:
        return Answer("failed", detail=f"ty: {trouble['description'][:300]}")
    issues = [_issue(finding, source) for finding in findings if _wanted(finding, source)]
    broken = next((issue for issue in issues if issue.rule == SYNTAX), None)
    if broken is not None:
        return Answer("unparsed", (broken,), f"ty: line {broken.line}: {broken.message}")
    return Answer("answered", keep_worthy(issues, source))


def _wanted(finding: _Finding, source: Source) -> bool:
    check, message = finding["check_name"], _message(finding)
    return check in RULES and not message.startswith(_ALONE) and not _is_guess(check, message, source)


def _is_guess(check: str, message: str, source: Source) -> bool:
    """Whether it rests on a type that nobody wrote down: an import, a type variable, an attribute's first value."""
    if _UNWRITTEN.search(message):
        return True
    match check:
        case "missing-union-attribute":
            return "on `None`" not in message
        case "missing-attribute":
            made_here = _OBJECT.match(message)
            return made_here is None or f"class {made_here[1]}" not in source.text
        case "invalid-implicit-return":
            return "`Never`" in message
        case "not-callable" if "type `object`" in message:
            return True
        case "not-callable" | "invalid-assignment":
            return "type `None`" in message
        case _:
            return False


def _message(finding: _Finding) -> str:
    return finding["description"].removeprefix(f"{finding['check_name']}: ")


def _issue(finding: _Finding, source: Source) -> Issue:
    check, message = finding["check_name"], _message(finding)
    rule = RULES[check]
    begin, end = finding["location"]["positions"]["begin"], finding["location"]["positions"]["end"]
    first = clamp_line(source, begin["line"])
    return Issue(
        kind=rule.kind,
        rule=check,
        line=first,
        end_line=max(first, clamp_line(source, end["line"])),
        column=begin["column"],
        message=message,
        severity=rule.severity,
        angle=rule.angle,
        url=f"https://docs.astral.sh/ty/reference/rules/#{check}",
    )


TY = Analyser(
    id="ty",
    program="ty",
    distribution="ty",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    layout="flat",
    support={"ty.toml": "[analysis]\nrespect-type-ignore-comments = false\n"},
)
