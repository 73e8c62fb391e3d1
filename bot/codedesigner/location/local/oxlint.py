"""oxlint: JavaScript and TypeScript, by the rules of ESLint and its relatives, each file by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NotRequired, TypedDict

from codedesigner.change.model import encode
from codedesigner.location.local.analyser import Analyser, GarbageError, Rule, line_of, own_angles
from codedesigner.location.local.polyglot import byte_edit, judged, keep, make_issue, suffix
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Issue, Source
from codedesigner.severity import Severity

_PLUGINS: Final = ("typescript", "unicorn", "oxc", "react", "promise")
_SUFFIXES: Final = frozenset({"", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"})


def _own(name: str, severity: Severity = "medium", angle: str = "correctness") -> Rule:
    return Rule(f"oxlint/{name}", angle, severity)


def _partly(kind: str) -> Rule:
    return Rule(kind, sure=False)


RULES: Final[dict[str, Rule]] = {
    "syntax": Rule("syntax-error"),
    # What ESLint's own rules say
    "array-callback-return": Rule("missing-return", sure=False),
    "constructor-super": _own("constructor-super", "high"),
    "eqeqeq": Rule("loose-equality", severity="low"),
    "for-direction": _own("for-direction", "high"),
    "getter-return": Rule("missing-return", sure=False),
    "no-async-promise-executor": Rule("async-misuse", sure=False),
    "no-await-in-loop": Rule("await-in-loop", severity="low"),
    "no-caller": Rule("legacy-construct", sure=False),
    "no-class-assign": _own("no-class-assign", "high"),
    "no-compare-neg-zero": _own("no-compare-neg-zero"),
    "no-cond-assign": Rule("assignment-in-condition"),
    "no-const-assign": _own("no-const-assign", "high"),
    "no-constant-binary-expression": _partly("constant-condition"),
    "no-constant-condition": Rule("constant-condition", sure=False),
    "no-debugger": Rule("debug-leftover"),
    "no-dupe-class-members": Rule("redefinition", sure=False),
    "no-dupe-else-if": _partly("duplicate-case"),
    "no-dupe-keys": Rule("duplicate-key"),
    "no-duplicate-case": _partly("duplicate-case"),
    "no-else-return": Rule("needless-else"),
    "no-empty": Rule("empty-block"),
    "no-empty-character-class": Rule("invalid-regex", severity="medium", sure=False),
    "no-empty-pattern": _own("no-empty-pattern", "low"),
    "no-eval": _partly("code-injection"),
    "no-ex-assign": _own("no-ex-assign"),
    "no-extend-native": _own("no-extend-native"),
    "no-extra-boolean-cast": _partly("simplifiable"),
    "no-fallthrough": Rule("fallthrough"),
    "no-func-assign": _own("no-func-assign", "high"),
    "no-global-assign": _partly("shadowed-builtin"),
    "no-import-assign": _own("no-import-assign", "high"),
    "no-invalid-regexp": Rule("invalid-regex"),
    "no-loss-of-precision": Rule("precision-loss"),
    "no-new-wrappers": Rule("legacy-construct", sure=False),
    "no-obj-calls": Rule("not-callable", sure=False),
    "no-promise-executor-return": _partly("async-misuse"),
    "no-redeclare": Rule("redefinition", sure=False),
    "no-self-assign": Rule("self-assignment"),
    "no-self-compare": Rule("self-comparison"),
    "no-setter-return": _own("no-setter-return"),
    "no-shadow-restricted-names": Rule("shadowed-builtin", severity="medium", sure=False),
    "no-sparse-arrays": Rule("sparse-array"),
    "no-this-before-super": _own("no-this-before-super", "high"),
    "no-throw-literal": Rule("bad-raise", severity="medium"),
    "no-unassigned-vars": Rule("used-before-assignment", severity="medium", sure=False),
    "no-unexpected-multiline": _own("no-unexpected-multiline"),
    "no-unneeded-ternary": _partly("simplifiable"),
    "no-unreachable": Rule("unreachable-code"),
    "no-unsafe-finally": Rule("jump-in-finally"),
    "no-unsafe-negation": Rule("test-misuse", sure=False),
    "no-unsafe-optional-chaining": Rule("null-dereference", sure=False),
    "no-unused-expressions": Rule("no-effect", sure=False),
    "no-unused-vars": Rule("unused-variable"),
    "no-useless-backreference": Rule("invalid-regex", severity="medium", sure=False),
    "no-useless-catch": Rule("needless-pass", sure=False),
    "no-var": Rule("var-declaration"),
    "no-with": _partly("legacy-construct"),
    "preserve-caught-error": Rule("chained-exception-lost"),
    "require-yield": _own("require-yield", "low"),
    "use-isnan": Rule("nan-comparison"),
    "valid-typeof": _partly("constant-condition"),
    # What only oxlint looks for
    "bad-array-method-on-arguments": _partly("unknown-member"),
    "bad-char-at-comparison": _partly("constant-condition"),
    "bad-comparison-sequence": _own("bad-comparison-sequence", "high"),
    "bad-min-max-func": _own("bad-min-max-func"),
    "bad-object-literal-comparison": _partly("constant-condition"),
    "bad-replace-all-arg": _own("bad-replace-all-arg", "high"),
    "const-comparisons": _partly("constant-condition"),
    "double-comparisons": _partly("simplifiable"),
    "erasing-op": _own("erasing-op"),
    "misrefactored-assign-op": _own("misrefactored-assign-op"),
    "missing-throw": Rule("missing-raise"),
    "no-accumulating-spread": _partly("quadratic-concat"),
    "number-arg-out-of-range": _partly("call-arguments"),
    "uninvoked-array-callback": _own("uninvoked-array-callback"),
    # Relatives
    "no-await-in-promise-methods": _partly("async-misuse"),
    "no-duplicate-enum-values": _partly("duplicate-key"),
    "no-extra-non-null-assertion": _partly("simplifiable"),
    "no-invalid-fetch-options": _partly("call-arguments"),
    "no-invalid-remove-event-listener": _own("no-invalid-remove-event-listener"),
    "no-misused-new": _own("no-misused-new"),
    "no-non-null-asserted-optional-chain": _partly("forced-unwrap"),
    "no-non-null-assertion": Rule("forced-unwrap", severity="low"),
    "no-thenable": _own("no-thenable"),
    "no-unsafe-declaration-merging": _own("no-unsafe-declaration-merging"),
    "no-useless-length-check": _partly("simplifiable"),
    "no-useless-spread": Rule("needless-copy", sure=False),
    "prefer-array-find": Rule("needless-iterator", sure=False),
    "prefer-array-flat-map": Rule("needless-iterator", sure=False),
    "prefer-set-has": Rule("linear-membership", sure=False),
    # React
    "exhaustive-deps": _own("exhaustive-deps", "low"),
    "jsx-key": _own("jsx-key"),
    "jsx-no-comment-textnodes": _own("jsx-no-comment-textnodes", "low"),
    "jsx-no-duplicate-props": _partly("duplicate-key"),
    "jsx-no-script-url": _partly("cross-site-scripting"),
    "jsx-no-target-blank": Rule("target-blank", sure=False),
    "no-danger": _partly("cross-site-scripting"),
    "no-danger-with-children": _own("no-danger-with-children"),
    "no-direct-mutation-state": _own("no-direct-mutation-state"),
    "no-string-refs": _partly("legacy-construct"),
    "rules-of-hooks": _own("rules-of-hooks", "high"),
    "void-dom-elements-no-children": _own("void-dom-elements-no-children"),
    # Promises
    "no-multiple-resolved": _partly("async-misuse"),
    "no-new-statics": _partly("async-misuse"),
    "valid-params": _partly("call-arguments"),
}
"""Rule -> its kind. Only what stands here is switched on."""

_OPTIONS: Final[dict[str, object]] = {
    "eqeqeq": ["error", "always", {"null": "ignore"}],
    "no-constant-condition": ["error", {"checkLoops": "none"}],
    # An empty catch is another kind, and others tell it apart.
    "no-empty": ["error", {"allowEmptyCatch": True}],
    "no-unused-expressions": [
        "error",
        {"allowShortCircuit": True, "allowTernary": True, "allowTaggedTemplates": True},
    ],
    "no-redeclare": ["error", {"builtinGlobals": False}],
    "no-unused-vars": ["error", {"args": "none", "caughtErrors": "none", "ignoreRestSiblings": True}],
}
_SCOPES: Final = {
    "typescript": (
        "no-duplicate-enum-values", "no-extra-non-null-assertion", "no-misused-new",
        "no-non-null-asserted-optional-chain", "no-non-null-assertion", "no-unsafe-declaration-merging",
    ),
    "unicorn": (
        "no-await-in-promise-methods", "no-invalid-fetch-options", "no-invalid-remove-event-listener", "no-thenable",
        "no-useless-length-check", "no-useless-spread", "prefer-array-find", "prefer-array-flat-map", "prefer-set-has",
    ),
    "oxc": (
        "bad-array-method-on-arguments", "bad-char-at-comparison", "bad-comparison-sequence", "bad-min-max-func",
        "bad-object-literal-comparison", "bad-replace-all-arg", "const-comparisons", "double-comparisons", "erasing-op",
        "misrefactored-assign-op", "missing-throw", "no-accumulating-spread", "number-arg-out-of-range",
        "uninvoked-array-callback",
    ),
    "react": (
        "exhaustive-deps", "jsx-key", "jsx-no-comment-textnodes", "jsx-no-duplicate-props", "jsx-no-script-url",
        "jsx-no-target-blank", "no-danger", "no-danger-with-children", "no-direct-mutation-state", "no-string-refs",
        "rules-of-hooks", "void-dom-elements-no-children",
    ),
    "promise": ("no-multiple-resolved", "no-new-statics", "valid-params"),
}  # fmt: skip
_SCOPE_OF: Final = {name: scope for scope, names in _SCOPES.items() for name in names}
# These point at both places; the mistake is the later one.
_SECOND: Final = frozenset({"no-dupe-keys", "no-dupe-class-members", "no-redeclare"})
_CODE: Final = re.compile(r"[\w-]+\((?:[\w-]+/)?(?P<rule>[\w-]+)\)\Z")
# Without any of these a file shares its names with whatever else the page loads.
_MODULE: Final = re.compile(r"^\s*(?:import|export)\b|\brequire\(|\bmodule\.exports\b", re.MULTILINE)
# A file that has only `var` is of another time, and consistent.
_MODERN: Final = re.compile(r"^\s*(?:export\s+)?(?:const|let)\s", re.MULTILINE)
_FLOW: Final = re.compile(r"@flow\b")


class _Span(TypedDict):
    offset: int
    length: int
    line: int


class _Label(TypedDict):
    span: _Span


class _Diagnostic(TypedDict):
    message: str
    labels: list[_Label]
    code: NotRequired[str]
    filename: NotRequired[str]
    url: NotRequired[str]


def _config() -> str:
    rules = {
        (f"{_SCOPE_OF[name]}/{name}" if name in _SCOPE_OF else f"eslint/{name}"): _OPTIONS.get(name, "error")
        for name in RULES
        if name != "syntax"
    }
    return json.dumps({"plugins": _PLUGINS, "categories": {"correctness": "off"}, "rules": rules})


def _reads(path: str, language: str | None) -> bool:
    # A declaration file is another language under a name that the flat layout does not keep.
    script = language in {"javascript", "typescript", "tsx"}
    return script and suffix(path) in _SUFFIXES and not path.endswith((".d.ts", ".d.mts", ".d.cts"))


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "--config", "support/oxlint.json", "--disable-nested-config", "--no-ignore", "--threads=1",
        "--format", "json", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    found: dict[str, list[Issue]] = {name: [] for name in files}
    broken: dict[str, str] = {}
    try:
        diagnostics: list[_Diagnostic] = json.loads(result.stdout)["diagnostics"]
        for each in diagnostics:
            name = each.get("filename", "")
            if name in files and each["labels"]:
                if "code" not in each:
                    # What follows a mistake of syntax is often a consequence of it.
                    if name in broken:
                        continue
                    broken[name] = each["message"]
                found[name].extend(_issues(each, files[name]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"it printed something else than its JSON ({error!r}): {result.last_words}") from error
    return {name: _answer(issues, broken.get(name), files[name]) for name, issues in found.items()}


def _answer(issues: list[Issue], broken: str | None, source: Source) -> Answer:
    if any("\udc80" <= char <= "\udcff" for char in source.text):
        return Answer("unparsed", detail="oxlint reads nothing but UTF-8")
    # Types of Flow are no mistake; it passes over such a file without a word, or stops at them.
    if (broken is not None or not issues) and _FLOW.search(source.text[:2000]):
        return Answer("unparsed", detail="oxlint does not read Flow")
    kept = keep(sorted(issues, key=lambda issue: (issue.line, issue.column, issue.rule)), source)
    return Answer("answered" if broken is None else "unparsed", kept, f"oxlint: {broken}" if broken else "")


def _issues(each: _Diagnostic, source: Source) -> list[Issue]:
    rule_id = "syntax"
    if "code" in each:
        match = _CODE.match(each["code"])
        if match is None or match["rule"] not in RULES:
            return []
        rule_id = match["rule"]
    span = each["labels"][-1 if rule_id in _SECOND else 0]["span"]
    start = min(span["offset"], len(encode(source.text)))
    place = byte_edit(source, start, min(start + span["length"], len(encode(source.text))), "")
    if rule_id == "no-var" and _MODERN.search(source.text) is None:
        return []
    if rule_id == "no-unused-vars" and _is_shared(line_of(source, place.line), source):
        return []
    rule = RULES[rule_id]
    if rule_id == "no-unused-vars" and "imported but never used" in each["message"]:
        rule = Rule("unused-import")
    return [
        make_issue(
            rule_id,
            rule,
            source,
            each["message"],
            line=place.line,
            column=place.column,
            end_line=place.end_line,
            url=each.get("url"),
        )
    ]


def _is_shared(line: str, source: Source) -> bool:
    return not line.startswith((" ", "\t")) and _MODULE.search(source.text) is None


_JUDGED: Final = judged({**RULES, "import": Rule("unused-import")})


def _kinds(path: str, language: str | None) -> frozenset[str]:
    claimed = _JUDGED(path, language)
    return claimed - {"forced-unwrap"} if language == "javascript" else claimed


OXLINT = Analyser(
    id="oxlint",
    program="oxlint",
    distribution="oxlint",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    layout="flat",
    support={"oxlint.json": _config()},
)
