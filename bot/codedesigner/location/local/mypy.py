"""mypy: types. The files stand alone here, so only what stays true without the rest of the project is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, HaltedError, Rule, line_of, own_angles
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import byte_issue, judged_python, keep_worthy, reads_python
from codedesigner.protocol.issue import Answer, Issue, Source

SYNTAX = "syntax"
RULES: dict[str, Rule] = {
    SYNTAX: Rule("syntax-error"),
    "name-defined": Rule("undefined-name"),
    "used-before-def": Rule("used-before-assignment", sure=False),
    "call-arg": Rule("call-arguments"),
    "assignment": Rule("type-mismatch", sure=False),
    "return-value": Rule("return-type-mismatch"),
    "return": Rule("missing-return"),
    "union-attr": Rule("null-dereference", severity="medium"),
    "index": Rule("not-subscriptable", severity="medium"),
    "operator": Rule("mypy/operator", "correctness", "medium"),
    "str-bytes-safe": Rule("mypy/str-bytes-safe", "correctness", "medium"),
    "truthy-function": Rule("constant-condition", sure=False),
    "unused-coroutine": Rule("missing-await"),
    "await-not-async": Rule("async-misuse", severity="high"),
    "str-format": Rule("format-mismatch", sure=False),
    "exit-return": Rule("mypy/exit-return", "correctness", "low"),
    "abstract": Rule("mypy/abstract", "correctness", "high"),
    "func-returns-value": Rule("mypy/no-value", "correctness", "medium"),
    "safe-super": Rule("mypy/safe-super", "correctness", "medium"),
    "valid-newtype": Rule("mypy/valid-newtype", "correctness", "low"),
    "typeddict-unknown-key": Rule("unknown-member", sure=False),
}
_OPTIONS = (
    "--config-file=", "--cache-dir=/dev/null", "--no-site-packages", "--no-incremental", "--follow-imports=skip",
    "--ignore-missing-imports", "--check-untyped-defs", "--allow-redefinition", "--local-partial-types",
    "--implicit-optional", "--python-version=3.13", "--platform=linux", "--no-error-summary", "--output=json",
    "--disable-error-code=import",
)  # fmt: skip
# Sentences that come from the file standing alone or from code for more than one Python.
_ALONE = re.compile(r"Module |Cannot find implementation|.*(expression has type \"None\"|Module \||has type Module)")
_DECLARES = re.compile(r"^\s*[\w.]+\s*:[^=]+=")

_STOPPED = 2
_UNREADABLE = re.compile(r"^(?:mypy: )?(files/[\w/]+\.\w+): error: (.*)$", re.MULTILINE)


class _Error(TypedDict):
    file: str
    line: int
    column: int
    end_line: int | None
    message: str
    code: str | None
    severity: str


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [str(program), *_OPTIONS, "--", *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        errors: list[_Error] = [json.loads(line) for line in result.stdout.splitlines() if line.startswith(b"{")]
        by_name: dict[str, list[_Error]] = {}
        for error in errors:
            if error["severity"] == "error":
                by_name.setdefault(error["file"], []).append(error)
        answers = {name: _answer(found, files[name]) for name, found in by_name.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as trouble:
        raise GarbageError(f"it printed something else than its JSON ({trouble!r}): {result.last_words}") from trouble
    if result.returncode != _STOPPED:
        return answers
    unreadable = {match[1]: match[2] for match in _UNREADABLE.finditer(result.stderr.decode("utf-8", "replace"))}
    answers |= {
        name: Answer("failed", detail=f"mypy: {reason}") for name, reason in unreadable.items() if name in files
    }
    # What stops it at one file stops it for all.
    raise HaltedError(f"it stopped: {result.last_words}", answers)


def _answer(errors: Sequence[_Error], source: Source) -> Answer:
    blocked = next((error for error in errors if error["code"] is None), None)
    if blocked is not None:
        return Answer("failed", detail=f"mypy: line {blocked['line']}: {blocked['message']}")
    broken = next((error for error in errors if error["code"] == SYNTAX), None)
    if broken is not None:
        issue = _issue(broken, source)
        return Answer("unparsed", (issue,), f"mypy: line {issue.line}: {issue.message}")
    wanted = (error for error in errors if error["code"] in RULES and not _is_guess(error, source))
    return Answer("answered", keep_worthy((_issue(error, source) for error in wanted), source))


def _is_guess(error: _Error, source: Source) -> bool:
    """Whether it rests on a type that nobody wrote down: an import, or an attribute's first value."""
    message = error["message"]
    if _ALONE.match(message) or '"Any | None"' in message or "_Wrapped[" in message:
        return True
    match error["code"]:
        case "union-attr":
            return 'Item "None"' not in message
        case "index":
            return "is not indexable" not in message
        case "operator":
            return "None" in message
        case "assignment":
            return _DECLARES.match(line_of(source, error["line"])) is None
        case _:
            return False


def _issue(error: _Error, source: Source) -> Issue:
    code = error["code"] or SYNTAX
    rule = RULES[code]
    if code == "index" and "None" in error["message"]:
        rule = RULES["union-attr"]
    return byte_issue(
        code, rule, source, error["message"], line=error["line"], end_line=error["end_line"],
        offset=_offset(error, line_of(source, error["line"])),
        url=f"https://mypy.readthedocs.io/en/stable/_refs.html#code-{code}",
    )  # fmt: skip


def _offset(error: _Error, line: str) -> int | None:
    # 2.4.1 subtracts the surplus bytes of wide characters twice, so after one its column is no place at all.
    if not line.isascii():
        return None
    # Its parser counts columns from 1, its checker from 0; -1 is "none".
    column = error["column"] - (error["code"] == SYNTAX)
    return column if column >= 0 else None


MYPY = Analyser(
    id="mypy",
    program="mypy",
    distribution="mypy",
    reads=reads_python,
    kinds=judged_python(RULES),
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    ok_codes=frozenset({0, 1, 2}),
    layout="package",
)
