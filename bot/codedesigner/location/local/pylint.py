"""pylint: infers values, so it sees calls and members that the others do not. GPL: run as a program only.

Everything that would need the rest of the project or the installed packages stays off; the files stand alone here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, Rule, line_of, own_angles
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import byte_issue, judged_python, keep_worthy, reads_python
from codedesigner.location.local.thresholds import MAX_ARGUMENTS
from codedesigner.protocol.issue import Answer, Issue, Source

# It reads with the grammar of the Python that runs it, so what it cannot read may be newer, not wrong.
SYNTAX = "syntax-error"
RULES: dict[str, Rule] = {
    # correctness
    "function-redefined": Rule("redefinition", sure=False),
    "return-outside-function": Rule("return-outside-function"),
    "yield-outside-function": Rule("return-outside-function"),
    "nonexistent-operator": Rule("no-effect", sure=False),
    "bad-reversed-sequence": Rule("type-mismatch", severity="high", sure=False),
    "access-member-before-definition": Rule("pylint/access-before-definition", "correctness", "high"),
    "no-method-argument": Rule("missing-self"),
    "assigning-non-slot": Rule("slot-missing"),
    "inherit-non-class": Rule("pylint/inherit-non-class", "correctness", "high"),
    "duplicate-bases": Rule("duplicate-base"),
    "inconsistent-mro": Rule("inconsistent-mro"),
    "unexpected-special-method-signature": Rule("special-signature"),
    "used-before-assignment": Rule("used-before-assignment", sure=False),
    "undefined-variable": Rule("undefined-name"),
    "undefined-all-variable": Rule("undefined-export"),
    "bad-except-order": Rule("unreachable-code", sure=False),
    "duplicate-except": Rule("duplicate-case", sure=False),
    "raising-bad-type": Rule("bad-raise"),
    "raising-non-exception": Rule("bad-raise"),
    "notimplemented-raised": Rule("raise-not-implemented"),
    "catching-non-exception": Rule("except-non-exception"),
    "not-callable": Rule("not-callable"),
    "assignment-from-no-return": Rule("pylint/assigned-no-return", "correctness", "medium"),
    "no-value-for-parameter": Rule("call-arguments", sure=False),
    "too-many-function-args": Rule("call-arguments", sure=False),
    "unexpected-keyword-arg": Rule("call-arguments", sure=False),
    "redundant-keyword-arg": Rule("call-arguments", sure=False),
    "missing-kwoa": Rule("call-arguments", sure=False),
    "repeated-keyword": Rule("duplicate-argument"),
    "unsubscriptable-object": Rule("not-subscriptable"),
    "unsupported-assignment-operation": Rule("not-subscriptable", sure=False),
    "await-outside-async": Rule("async-misuse", severity="high"),
    "yield-inside-async-function": Rule("async-misuse", severity="high"),
    "not-async-context-manager": Rule("async-misuse", severity="high"),
    "logging-too-many-args": Rule("logging-arguments"),
    "logging-too-few-args": Rule("logging-arguments"),
    "logging-unsupported-format": Rule("logging-arguments"),
    "bad-format-character": Rule("format-mismatch"),
    "truncated-format-string": Rule("format-mismatch"),
    "mixed-format-string": Rule("format-mismatch"),
    "format-needs-mapping": Rule("format-mismatch"),
    "missing-format-string-key": Rule("format-mismatch"),
    "too-many-format-args": Rule("format-mismatch"),
    "too-few-format-args": Rule("format-mismatch"),
    "bad-string-format-type": Rule("format-mismatch"),
    "missing-format-argument-key": Rule("format-mismatch"),
    "unused-format-string-key": Rule("format-mismatch"),
    "unused-format-string-argument": Rule("format-mismatch"),
    "bad-format-string": Rule("format-mismatch"),
    "bad-str-strip-call": Rule("strip-characters", sure=False),
    "modified-iterating-list": Rule("changed-while-iterating", severity="medium", sure=False),
    "modified-iterating-dict": Rule("changed-while-iterating", sure=False),
    "modified-iterating-set": Rule("changed-while-iterating", sure=False),
    "unreachable": Rule("unreachable-code"),
    "dangerous-default-value": Rule("mutable-default"),
    "pointless-statement": Rule("no-effect"),
    "expression-not-assigned": Rule("no-effect"),
    "pointless-exception-statement": Rule("missing-raise"),
    "duplicate-key": Rule("duplicate-key", sure=False),
    "duplicate-value": Rule("duplicate-key", severity="low", sure=False),
    "using-constant-test": Rule("constant-condition", sure=False),
    "missing-parentheses-for-call-in-test": Rule("constant-condition", severity="high", sure=False),
    "self-assigning-variable": Rule("self-assignment"),
    "assert-on-tuple": Rule("assert-on-tuple"),
    "assert-on-string-literal": Rule("assert-on-tuple", severity="medium", sure=False),
    "return-in-finally": Rule("jump-in-finally"),
    "break-in-finally": Rule("jump-in-finally"),
    "continue-in-finally": Rule("jump-in-finally"),
    "lost-exception": Rule("jump-in-finally"),
    "comparison-with-callable": Rule("pylint/comparison-with-callable", "correctness", "medium"),
    "comparison-with-itself": Rule("self-comparison"),
    "comparison-of-constants": Rule("constant-condition", sure=False),
    "literal-comparison": Rule("identity-with-literal"),
    "nan-comparison": Rule("nan-comparison"),
    "bad-chained-comparison": Rule("pylint/bad-chained-comparison", "correctness", "medium"),
    "cell-var-from-loop": Rule("late-binding-closure"),
    "bare-except": Rule("bare-except"),
    "raise-missing-from": Rule("chained-exception-lost"),
    "binary-op-exception": Rule("except-expression"),
    "raising-format-tuple": Rule("format-mismatch", severity="medium", sure=False),
    "bad-open-mode": Rule("bad-open-mode"),
    "anomalous-backslash-in-string": Rule("invalid-escape"),
    "forgotten-debug-statement": Rule("debug-leftover", sure=False),
    "consider-using-with": Rule("resource-leak", sure=False),
    "useless-with-lock": Rule("useless-lock"),
    "redefined-argument-from-local": Rule("argument-overwritten"),
    "stop-iteration-return": Rule("stop-iteration"),
    "impossible-comparison": Rule("constant-condition", sure=False),
    # efficiency
    "method-cache-max-size-none": Rule("unbounded-cache", sure=False),
    "unnecessary-comprehension": Rule("needless-comprehension", sure=False),
    "use-a-generator": Rule("needless-comprehension", sure=False),
    # security
    "exec-used": Rule("code-injection", severity="medium"),
    "eval-used": Rule("code-injection"),
    "missing-timeout": Rule("no-timeout", sure=False),
    "bidirectional-unicode": Rule("hidden-unicode"),
    "invalid-character-zero-width-space": Rule("hidden-unicode"),
    "invalid-character-backspace": Rule("hidden-unicode"),
    "invalid-character-esc": Rule("hidden-unicode"),
    # style
    "unused-import": Rule("unused-import"),
    "unused-variable": Rule("unused-variable"),
    "wildcard-import": Rule("wildcard-import"),
    "f-string-without-interpolation": Rule("fstring-without-placeholder"),
    "singleton-comparison": Rule("none-comparison"),
    "unidiomatic-typecheck": Rule("type-comparison", sure=False),
    "unnecessary-lambda-assignment": Rule("lambda-assignment"),
    "redefined-builtin": Rule("shadowed-builtin", sure=False),
    "broad-exception-caught": Rule("broad-exception", sure=False),
    "too-many-arguments": Rule("too-many-arguments"),
}
_CONFIDENCE = {"HIGH": 1.0, "CONTROL_FLOW": 0.8, "INFERENCE": 0.8, "INFERENCE_FAILURE": 0.4, "UNDEFINED": 0.9}

_ASSIGNED = re.compile(r"^\s*\w+\s*(:[^=]+)?=[^=]|\bas\s+\w+\s*[:,)]")
_MODULE = re.compile(r" \(\w+, line \d+\)")


class _Message(TypedDict):
    symbol: str
    message: str
    confidence: str
    line: int
    column: int
    endLine: int | None
    path: str


class _Report(TypedDict):
    messages: list[_Message]


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--rcfile=/dev/null", "--output-format=json2", "--jobs=1", "--persistent=no", "--disable=all",
        f"--enable={','.join([SYNTAX, *RULES])}", f"--max-args={MAX_ARGUMENTS}", "--score=no", "--py-version=3.12",
        # The default ones, plus what a name that starts with `_` says.
        r"--dummy-variables-rgx=_.*|dummy|unused|ignored", "--exit-zero", "--", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        report: _Report = json.loads(result.stdout)
        by_name: dict[str, list[_Message]] = {}
        for message in report["messages"]:
            by_name.setdefault(message["path"], []).append(message)
        return {name: _answer(found, files[name]) for name, found in by_name.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"it printed something else than its JSON ({error!r}): {result.last_words}") from error


def _answer(messages: Sequence[_Message], source: Source) -> Answer:
    broken = next((message for message in messages if message["symbol"] == SYNTAX), None)
    if broken is not None and "encoding" in broken["message"]:
        return Answer("failed", detail=f"pylint: {broken['message']}")
    crashed = next((message for message in messages if message["symbol"] in ("astroid-error", "fatal")), None)
    if crashed is not None:
        return Answer("failed", detail=f"pylint: {crashed['message'][:300]}")
    if broken is not None:
        detail = _MODULE.sub("", broken["message"].split("\n")[0])
        return Answer("unparsed", detail=f"pylint: line {broken['line']}: {detail}")
    wanted = (message for message in messages if message["symbol"] in RULES)
    issues = (_issue(message, source) for message in wanted if not _is_habit(message, source))
    return Answer("answered", keep_worthy(issues, source))


def _is_habit(message: _Message, source: Source) -> bool:
    """Whether only pylint minds: parts of an unpacked value, the type by `is`, the name of a parameter."""
    line = line_of(source, message["line"])
    match message["symbol"]:
        case "unused-variable":
            return _ASSIGNED.search(line) is None
        case "unidiomatic-typecheck":
            return "==" not in line and "!=" not in line
        case "consider-using-with":
            return re.search(r"\bopen\((?!.*\.close\(\))", line) is None
        case "redefined-builtin":
            return _ASSIGNED.search(line) is None or line.rstrip().endswith((",", "):"))
        case _:
            return False


def _issue(message: _Message, source: Source) -> Issue:
    rule = RULES[message["symbol"]]
    return byte_issue(
        message["symbol"],
        rule,
        source,
        _MODULE.sub("", message["message"].split("\n")[0]),
        line=message["line"],
        end_line=message["endLine"],
        offset=message["column"],
        confidence=_CONFIDENCE.get(message["confidence"], 0.9),
    )


PYLINT = Analyser(
    id="pylint",
    program="pylint",
    distribution="pylint",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    layout="flat",
    batch_files=80,
    batch_bytes=150_000,
)
