"""ruff: the widest and fastest of the Python analysers; the only one that offers many fixes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from codedesigner.location.local.analyser import (
    Analyser,
    GarbageError,
    Rule,
    clamp_line,
    own_angles,
)
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import judged_python, keep_worthy, reads_python
from codedesigner.location.local.thresholds import MAX_ARGUMENTS, MAX_COMPLEXITY
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source

SYNTAX = "invalid-syntax"
_UNREADABLE = "E902"

RULES: dict[str, Rule] = {
    SYNTAX: Rule("syntax-error"),
    # correctness
    "F402": Rule("import-shadowed"),
    "F406": Rule("syntax-error"),
    "F501": Rule("format-mismatch"),
    "F502": Rule("format-mismatch"),
    "F503": Rule("format-mismatch"),
    "F504": Rule("format-mismatch"),
    "F505": Rule("format-mismatch"),
    "F506": Rule("format-mismatch"),
    "F507": Rule("format-mismatch"),
    "F508": Rule("format-mismatch"),
    "F509": Rule("format-mismatch"),
    "F521": Rule("format-mismatch"),
    "F522": Rule("format-mismatch"),
    "F523": Rule("format-mismatch"),
    "F524": Rule("format-mismatch"),
    "F525": Rule("format-mismatch"),
    "PLE1205": Rule("logging-arguments"),
    "PLE1206": Rule("logging-arguments"),
    "PLE1300": Rule("format-mismatch"),
    "PLE1307": Rule("format-mismatch"),
    "F601": Rule("duplicate-key"),
    "F602": Rule("duplicate-key"),
    "PLE1132": Rule("duplicate-argument"),
    "F631": Rule("assert-on-tuple"),
    "F634": Rule("constant-condition", sure=False),
    "PLR0133": Rule("constant-condition", sure=False),
    "SIM222": Rule("constant-condition", sure=False),
    "SIM223": Rule("constant-condition", sure=False),
    "F632": Rule("identity-with-literal"),
    "F701": Rule("syntax-error"),
    "F702": Rule("syntax-error"),
    "F704": Rule("return-outside-function"),
    "F706": Rule("return-outside-function"),
    "F707": Rule("syntax-error"),
    "F811": Rule("redefinition"),
    "PIE794": Rule("redefinition"),
    "F821": Rule("undefined-name"),
    "F822": Rule("undefined-export"),
    "F823": Rule("used-before-assignment", sure=False),
    "F841": Rule("unused-variable"),
    "F842": Rule("unused-variable"),
    "F901": Rule("raise-not-implemented"),
    "E722": Rule("bare-except"),
    "S110": Rule("swallowed-exception"),
    "S112": Rule("swallowed-exception"),
    "B002": Rule("no-effect", sure=False),
    "B003": Rule("ruff/os-environ-assignment", "correctness"),
    "B005": Rule("strip-characters"),
    "PLE1310": Rule("strip-characters"),
    "B006": Rule("mutable-default"),
    "B039": Rule("mutable-default"),
    "RUF008": Rule("mutable-default"),
    "RUF024": Rule("mutable-default"),
    "B012": Rule("jump-in-finally"),
    "B015": Rule("no-effect", sure=False),
    "B018": Rule("no-effect", sure=False),
    "PLW0133": Rule("missing-raise"),
    "B016": Rule("bad-raise", sure=False),
    "B020": Rule("loop-variable-overwritten", sure=False),
    "PLR1704": Rule("argument-overwritten"),
    "B021": Rule("no-effect", sure=False),
    "B023": Rule("late-binding-closure"),
    "B025": Rule("duplicate-case", sure=False),
    "B014": Rule("duplicate-case", sure=False),
    "B026": Rule("call-arguments", severity="medium", sure=False),
    "B029": Rule("ruff/empty-except-tuple", "correctness"),
    "B030": Rule("except-non-exception", sure=False),
    "B031": Rule("ruff/groupby-reuse", "correctness"),
    "B033": Rule("duplicate-key", severity="low", sure=False),
    "B034": Rule("ruff/re-sub-positional", "correctness"),
    "B035": Rule("ruff/static-dict-key", "correctness"),
    "B904": Rule("chained-exception-lost"),
    "B909": Rule("changed-while-iterating", sure=False),
    "PLC0131": Rule("ruff/type-variance", "correctness"),
    "PLE0100": Rule("ruff/yield-in-init", "correctness"),
    "PLE0101": Rule("ruff/return-in-init", "correctness"),
    "PLE0117": Rule("undefined-name", sure=False),
    "PLE0118": Rule("syntax-error", sure=False),
    "PLE0237": Rule("slot-missing"),
    "PLE0241": Rule("duplicate-base"),
    "PLE0302": Rule("special-signature"),
    "PLE0303": Rule("return-type-mismatch", sure=False),
    "PLE0307": Rule("return-type-mismatch", sure=False),
    "PLE0604": Rule("undefined-export", sure=False),
    "PLE0605": Rule("undefined-export", sure=False),
    "PLE0643": Rule("index-error"),
    "PLE1142": Rule("async-misuse", severity="high"),
    "PLE1507": Rule("ruff/getenv-type", "correctness"),
    "PLE1700": Rule("async-misuse", severity="high", sure=False),
    "PLR0124": Rule("self-comparison", sure=False),
    "PLW0127": Rule("self-assignment"),
    "PLW0129": Rule("assert-on-tuple", severity="medium", sure=False),
    "PLW0177": Rule("nan-comparison"),
    "PLW0245": Rule("ruff/super-without-brackets", "correctness"),
    "PLW0711": Rule("except-expression"),
    "PLW1501": Rule("bad-open-mode"),
    "PLW1507": Rule("ruff/shallow-environ-copy", "correctness"),
    "PLW1508": Rule("ruff/getenv-default", "correctness", severity="low"),
    "PLW2101": Rule("useless-lock"),
    "PLR1708": Rule("stop-iteration"),
    "RUF006": Rule("ruff/dangling-task", "correctness", severity="medium"),
    "RUF016": Rule("ruff/invalid-index", "correctness"),
    "RUF018": Rule("assert-as-check", severity="medium", sure=False),
    "RUF040": Rule("ruff/assert-message", "correctness"),
    "RUF064": Rule("permissive-mode", severity="medium", sure=False),
    "W605": Rule("invalid-escape"),
    "SIM115": Rule("resource-leak"),
    "T100": Rule("debug-leftover"),
    "LOG007": Rule("ruff/exception-without-info", "correctness"),
    "PT015": Rule("ruff/assert-false", "correctness"),
    # efficiency
    "B019": Rule("unbounded-cache"),
    "RUF017": Rule("quadratic-list-sum"),
    "RUF015": Rule("needless-copy", sure=False),
    "PERF101": Rule("needless-copy"),
    "PERF102": Rule("needless-iterator"),
    "PERF401": Rule("manual-comprehension"),
    "PERF402": Rule("manual-comprehension"),
    "PERF403": Rule("manual-comprehension"),
    "C400": Rule("needless-comprehension"),
    "C401": Rule("needless-comprehension"),
    "C402": Rule("needless-comprehension"),
    "C403": Rule("needless-comprehension"),
    "C404": Rule("needless-comprehension"),
    "C411": Rule("needless-copy", sure=False),
    "C413": Rule("needless-sort", sure=False),
    "C414": Rule("needless-sort"),
    "C416": Rule("needless-comprehension"),
    "C419": Rule("needless-comprehension"),
    "FURB192": Rule("needless-sort", sure=False),
    "ASYNC210": Rule("blocking-in-async"),
    "ASYNC212": Rule("blocking-in-async"),
    "ASYNC220": Rule("blocking-in-async"),
    "ASYNC221": Rule("blocking-in-async"),
    "ASYNC222": Rule("blocking-in-async"),
    "ASYNC230": Rule("blocking-in-async", severity="medium"),
    "ASYNC251": Rule("blocking-in-async"),
    # security
    "S101": Rule("assert-as-check"),
    "S102": Rule("code-injection", severity="medium"),
    "S307": Rule("code-injection"),
    "S103": Rule("permissive-mode"),
    "S104": Rule("bind-all-interfaces"),
    "S105": Rule("hardcoded-secret", severity="medium", sure=False),
    "S106": Rule("hardcoded-secret", severity="medium", sure=False),
    "S107": Rule("hardcoded-secret", severity="medium", sure=False),
    "S306": Rule("insecure-temp-file"),
    "S113": Rule("no-timeout"),
    "S201": Rule("debug-mode"),
    "S202": Rule("archive-extraction"),
    "S301": Rule("unsafe-deserialization"),
    "S302": Rule("unsafe-deserialization"),
    "S303": Rule("weak-hash"),
    "S324": Rule("weak-hash"),
    "S304": Rule("weak-cipher"),
    "S305": Rule("weak-cipher"),
    "S505": Rule("weak-cipher", sure=False),
    "S311": Rule("weak-random"),
    "S314": Rule("xml-external-entity"),
    "S315": Rule("xml-external-entity"),
    "S316": Rule("xml-external-entity"),
    "S317": Rule("xml-external-entity"),
    "S318": Rule("xml-external-entity"),
    "S319": Rule("xml-external-entity"),
    "S323": Rule("tls-verification-off"),
    "S501": Rule("tls-verification-off"),
    "S502": Rule("weak-tls"),
    "S503": Rule("weak-tls"),
    "S506": Rule("unsafe-yaml-load"),
    "S507": Rule("host-key-unchecked"),
    "S602": Rule("shell-injection"),
    "S604": Rule("shell-injection", severity="medium"),
    "S605": Rule("shell-injection"),
    "S608": Rule("sql-injection", severity="medium"),
    "S609": Rule("command-injection", sure=False),
    "S612": Rule("code-injection", sure=False),
    "S701": Rule("autoescape-off"),
    "S702": Rule("cross-site-scripting", sure=False),
    "S704": Rule("cross-site-scripting", severity="medium", sure=False),
    "PLE2502": Rule("hidden-unicode"),
    "PLE2510": Rule("hidden-unicode"),
    "PLE2512": Rule("hidden-unicode"),
    "PLE2513": Rule("hidden-unicode"),
    "PLE2514": Rule("hidden-unicode"),
    "PLE2515": Rule("hidden-unicode"),
    # style
    "F401": Rule("unused-import"),
    "F403": Rule("wildcard-import"),
    "F541": Rule("fstring-without-placeholder"),
    "E711": Rule("none-comparison"),
    "E713": Rule("negated-comparison"),
    "E714": Rule("negated-comparison"),
    "E721": Rule("type-comparison"),
    "E731": Rule("lambda-assignment"),
    "E741": Rule("ambiguous-name"),
    "A001": Rule("shadowed-builtin"),
    "BLE001": Rule("broad-exception"),
    "C901": Rule("too-complex"),
    "PLR0913": Rule("too-many-arguments"),
    "SIM103": Rule("simplifiable", sure=False),
    "SIM118": Rule("simplifiable", sure=False),
    "SIM201": Rule("simplifiable", sure=False),
    "SIM210": Rule("simplifiable", sure=False),
    "TRY203": Rule("ruff/useless-try", "style"),
}


class _Place(TypedDict):
    row: int
    column: int


class _Edit(TypedDict):
    content: str
    location: _Place
    end_location: _Place


class _Fix(TypedDict):
    applicability: str
    message: str | None
    edits: list[_Edit]


class _Finding(TypedDict):
    code: str | None
    name: str | None
    filename: str
    message: str
    location: _Place
    end_location: _Place
    fix: _Fix | None
    url: str | None


def _command(program: Path, files: Sequence[str]) -> list[str]:
    rules = ",".join([_UNREADABLE, *(rule for rule in RULES if rule != SYNTAX)])
    return [
        str(program), "check", "--isolated", "--no-cache", "--ignore-noqa", "--preview", "--exit-zero",
        "--output-format", "json", "--target-version", "py314", "--select", rules,
        "--config", "lint.explicit-preview-rules=true", "--config", f"lint.mccabe.max-complexity={MAX_COMPLEXITY}",
        "--config", f"lint.pylint.max-args={MAX_ARGUMENTS}", "--no-force-exclude", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        findings: list[_Finding] = json.loads(result.stdout)
        by_name: dict[str, list[_Finding]] = {}
        for finding in findings:
            by_name.setdefault(_name(finding["filename"], files), []).append(finding)
        return {name: _answer(found, files[name]) for name, found in by_name.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"ruff printed something else than its JSON ({error!r}): {result.last_words}") from error


def _name(filename: str, files: Mapping[str, Source]) -> str:
    return next(name for name in files if filename.endswith("/" + name))


def _answer(found: Sequence[_Finding], source: Source) -> Answer:
    unreadable = next((finding for finding in found if finding["code"] == _UNREADABLE), None)
    if unreadable is not None:
        return Answer("failed", detail=f"ruff: {unreadable['message']}")
    issues = keep_worthy((issue for finding in found if (issue := _issue(finding, source)) is not None), source)
    broken = next((issue for issue in issues if issue.rule == SYNTAX), None)
    if broken is not None:
        return Answer("unparsed", (broken,), f"ruff: line {broken.line}: {broken.message}")
    return Answer("answered", issues)


def _issue(finding: _Finding, source: Source) -> Issue | None:
    code = finding["code"] or SYNTAX
    rule = RULES.get(code)
    if rule is None:
        return None
    start, end = finding["location"], finding["end_location"]
    # An end in column 1 is the end of the line before.
    last = end["row"] - 1 if end["column"] == 1 and end["row"] > start["row"] else end["row"]
    return Issue(
        kind=rule.kind,
        rule=code,
        line=clamp_line(source, start["row"]),
        end_line=clamp_line(source, last),
        column=start["column"],
        message=finding["message"],
        severity=rule.severity,
        angle=rule.angle,
        fix=_fix(finding["fix"]),
        url=finding["url"],
    )


def _fix(fix: _Fix | None) -> Fix | None:
    if fix is None or fix["applicability"] not in ("safe", "unsafe"):
        return None
    edits = tuple(
        Edit(
            edit["location"]["row"], edit["location"]["column"],
            edit["end_location"]["row"], edit["end_location"]["column"], edit["content"],
        )
        for edit in fix["edits"]
    )  # fmt: skip
    return Fix(edits, safe=fix["applicability"] == "safe", message=fix["message"] or "")


RUFF = Analyser(
    id="ruff",
    program="ruff",
    distribution="ruff",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    batch_files=200,
)
