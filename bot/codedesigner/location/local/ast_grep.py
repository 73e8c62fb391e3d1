"""ast-grep with our own rules: shapes of syntax trees that are mistakes, in seventeen languages.

The rules lie in `rules/<grammar>.yml`, one document each. A rule's id is `<grammar>-<kind>` or
`<grammar>-<kind>--<variant>`; `severity: info` makes its findings low, and `metadata: {safe: true}` says that its fix
keeps what the code does. C++ and TypeScript also get the rules of C and
JavaScript, save those that say `# not in: <grammar>`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NotRequired, TypedDict

from codedesigner.location.local.analyser import Analyser, GarbageError, Rule
from codedesigner.location.local.polyglot import applies, byte_edit, json_array, keep, make_issue, suffix
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.python import keep_worthy
from codedesigner.protocol.issue import Answer, Fix, Issue, Source

_RULES: Final = Path(__file__).parent / "rules"
_SEPARATOR: Final = "\n---\n"
_ID: Final = re.compile(r"^id: (?P<grammar>[a-z]+)-(?P<kind>[a-z0-9-]+?)(?:--(?P<variant>[a-z0-9-]+))?$", re.MULTILINE)
_HEIRS: Final = {"c": ("cpp",), "javascript": ("typescript", "tsx")}

SUFFIXES: Final = {
    "python": "py pyw",
    "javascript": "js mjs cjs jsx",
    "typescript": "ts mts cts",
    "tsx": "tsx",
    "go": "go",
    "java": "java",
    "rust": "rs",
    "c": "c",
    "cpp": "cc cpp cxx h hh hpp hxx ipp inl tpp",
    "csharp": "cs csx",
    "ruby": "rb rake gemspec ru",
    "php": "php phtml php5 php7 php8",
    "kotlin": "kt kts",
    "swift": "swift",
    "scala": "scala sc sbt",
    "bash": "sh bash ksh bats",
    "lua": "lua rockspec",
}
"""Grammar -> suffixes: what our configuration tells the program, and what it is given."""

# A pattern sees one expression. Where the defect is in how a value got there, its silence says nothing.
_PARTIAL: Final = frozenset({
    "sql-injection", "shell-injection", "command-injection", "code-injection", "cross-site-scripting",
    "path-traversal", "weak-random", "unsafe-deserialization", "unhandled-error", "resource-leak", "no-effect",
    "format-string-injection", "secrets-exposed", "unsafe-yaml-load", "prototype-pollution", "blocking-in-async",
    "legacy-construct", "simplifiable", "test-misuse", "duplicate-case", "quadratic-concat",
})  # fmt: skip
# Where others judge the same kinds, only what all of them find in the same places is claimed.
_CLAIMED: Final = {
    "python": frozenset({"unsafe-yaml-load", "bare-except", "work-in-loop"}),
    "bash": frozenset({"remote-script", "permissive-mode", "tls-verification-off", "host-key-unchecked"}),
}  # fmt: skip
# Not so here, where the whole of it is one expression.
_COMPLETE: Final = {"lua": frozenset({"quadratic-concat"})}
_CLAIMED_SCRIPT: Final = frozenset({
    "debug-leftover", "self-comparison", "self-assignment", "assignment-in-condition", "nan-comparison",
    "tls-verification-off", "weak-hash", "swallowed-exception", "work-in-loop",
})  # fmt: skip


class _Position(TypedDict):
    line: int
    column: int


class _Range(TypedDict):
    start: _Position
    end: _Position


class _Offsets(TypedDict):
    start: int
    end: int


class _Match(TypedDict):
    file: str
    ruleId: str
    severity: str
    message: str
    range: _Range
    replacement: NotRequired[str]
    replacementOffsets: NotRequired[_Offsets]


def _documents() -> dict[str, list[str]]:
    """Grammar -> its rules, inherited ones included."""
    packs = {path.stem: path.read_text("utf-8").split(_SEPARATOR) for path in sorted(_RULES.glob("*.yml"))}
    for grammar, heirs in _HEIRS.items():
        for heir in heirs:
            packs.setdefault(heir, []).extend(
                rule.replace(f"id: {grammar}-", f"id: {heir}-", 1).replace(
                    f"language: {grammar}", f"language: {heir}", 1
                )
                for rule in packs[grammar]
                if f"# not in: {heir}" not in rule
            )
    return packs


_PACKS: Final = _documents()
RULES: Final[dict[str, Rule]] = {
    match[0].removeprefix("id: "): Rule(match["kind"], severity="low" if "\nseverity: info\n" in rule else None)
    for rules in _PACKS.values()
    for rule in rules
    for match in _ID.finditer(rule)
}
"""Rule id -> its kind, for all grammars."""
_SAFE: Final = frozenset(
    match[0].removeprefix("id: ")
    for rules in _PACKS.values()
    for rule in rules
    for match in _ID.finditer(rule)
    if "\nmetadata: {safe: true}\n" in rule
)


def _kinds_of(grammar: str) -> frozenset[str]:
    mine = frozenset(rule.kind for name, rule in RULES.items() if name.startswith(f"{grammar}-"))
    if grammar in {"javascript", "typescript", "tsx"}:
        return mine & _CLAIMED_SCRIPT
    return mine & _CLAIMED.get(grammar, (mine - _PARTIAL) | _COMPLETE.get(grammar, frozenset()))


_CLAIMS: Final = {grammar: _kinds_of(grammar) for grammar in SUFFIXES}
_CONFIG: Final = json.dumps(
    {
        "ruleDirs": ["rules"],
        "languageGlobs": {grammar: [f"*.{each}" for each in names.split()] for grammar, names in SUFFIXES.items()},
    }
)


def _reads(path: str, language: str | None) -> bool:
    known = SUFFIXES.get(language or "")
    # Without a suffix it gets the one of its language.
    return known is not None and suffix(path).removeprefix(".") in {"", *known.split()}


def _kinds(path: str, language: str | None) -> frozenset[str]:
    return frozenset(kind for kind in _CLAIMS.get(language or "", frozenset()) if applies(kind, path))


def _command(program: Path, files: Sequence[str]) -> list[str]:
    return [
        str(program), "scan", "--config", "support/sgconfig.yml", "--json=compact", "--custom-languages=ignore",
        "--threads", "1", *files,
    ]  # fmt: skip


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    found: dict[str, list[Issue]] = {name: [] for name in files}
    try:
        matches: list[_Match] = json_array(result.stdout)
        for match in matches:
            found[match["file"]].append(_issue(match, files[match["file"]]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"it printed something else than its JSON ({error!r}): {result.last_words}") from error
    return {name: _answer(issues, files[name]) for name, issues in found.items()}


def _answer(issues: list[Issue], source: Source) -> Answer:
    # It passes over such a file without a word.
    if any("\udc80" <= char <= "\udcff" for char in source.text):
        return Answer("unparsed", detail="ast-grep reads nothing but UTF-8")
    # A chain of calls may fit a rule at several of its ends; they begin at one place and mean one thing.
    single = {(issue.line, issue.column, issue.kind): issue for issue in reversed(issues)}
    kept = keep((single[place] for place in sorted(single)), source)
    return Answer("answered", keep_worthy(kept, source) if source.language == "python" else kept)


def _issue(match: _Match, source: Source) -> Issue:
    start, end = match["range"]["start"], match["range"]["end"]
    last = end["line"] + 1 if end["column"] or end["line"] == start["line"] else end["line"]
    fix = None
    if "replacement" in match and "replacementOffsets" in match:
        offsets = match["replacementOffsets"]
        fix = Fix(
            (byte_edit(source, offsets["start"], offsets["end"], match["replacement"]),), match["ruleId"] in _SAFE
        )
    return make_issue(
        match["ruleId"],
        RULES[match["ruleId"]],
        source,
        match["message"],
        line=start["line"] + 1,
        column=start["column"] + 1,
        end_line=last,
        fix=fix,
    )


AST_GREP = Analyser(
    id="ast-grep",
    program="ast-grep",
    distribution="ast-grep-cli",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    layout="flat",
    support={
        "sgconfig.yml": _CONFIG,
        **{f"rules/{grammar}.yml": _SEPARATOR.join(rules) for grammar, rules in _PACKS.items()},
    },
)
