"""Where code drops an error without a word: handlers that do nothing, results that nobody looks at. Pure.

What is counted is a sign, not a proof: a fix that brings one more sign than there was is not offered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_BRACES: Final = frozenset(
    {"javascript", "typescript", "tsx", "java", "csharp", "cpp", "php", "kotlin", "scala", "swift"}
)
_UNTYPED: Final = frozenset({"javascript", "typescript", "tsx"})  # whatever is thrown comes to the one handler
_FLAGS: Final = re.MULTILINE
LONGEST_LINE: Final = 500  # characters of a line that are looked at
_LONGEST_BODY: Final = 2_000  # characters of a handler; a longer one does something
_BLANKS: Final = re.compile(r"(?<=\S)[ \t]+")

# language -> what drops an error by itself
_SIGNS: Final[dict[str, re.Pattern[str]]] = {
    "python": re.compile(r"\bsuppress\s*\("),
    "ruby": re.compile(r"^[ \t]*(?!rescue\b)\S[^\n]*?\brescue\b[ \t]*\S", _FLAGS),
    "go": re.compile(
        r"(?:^|[\s,;{])_\s*(?:,\s*\w+\s*)?:?=(?!=)|,\s*_\s*:?=(?!=)|\brecover\s*\(\s*\)"
        r"|\bif\s[^\n{]*\b\w*[eE]rr\w*\s*!=\s*nil\s*\{\s*(?:return(?:\s+nil)?\s*;?|continue\s*;?"
        r"|(?:log|fmt|slog|logger)\.\w+\([^\n]*\))?\s*\}",
        _FLAGS,
    ),
    "rust": re.compile(
        r"\blet\s+_\s*=|\.ok\(\)\s*;|\bcatch_unwind\b|\bErr\s*\(\s*_\w*\s*\)\s*(?:=>\s*(?:\{\s*\}|\(\))|=[^\n{]*\{\s*\})"
    ),
    "bash": re.compile(r"\|\|\s*(?:true|:)(?=\s|;|$)|2>\s*/dev/null|&>\s*/dev/null|\bset\s+\+e", _FLAGS),
    "c": re.compile(r"\(\s*void\s*\)\s*\w+\s*\("),
    "cpp": re.compile(r"\(\s*void\s*\)\s*\w+\s*\("),
    "swift": re.compile(r"\btry\?"),
    "kotlin": re.compile(r"\brunCatching\b"),
    "lua": re.compile(r"\bx?pcall\s*\("),
    "php": re.compile(r"(?<![\w\"'])@\$?\w+\s*\("),
}
_SILENT_CATCH: Final = re.compile(
    r"\.catch\s*\(\s*(?:function\s*\(\s*\w*\s*\)|\(\s*\w*\s*\)\s*=>|\w+\s*=>)\s*"
    r"(?:\{\s*\}|null|undefined|void 0|false|\[\s*\]|\{\s*return;?\s*\})\s*\)"
)
_MADE_UP: Final = (
    r"None|null|nil|undefined|[Tt]rue|[Ff]alse|[-+]?\d[\d_.]*\w?|\"\s*\"|'\s*'|`\s*`|\[\s*\]|\{\s*\}|\(\s*\)"
)
_IDLE: Final = re.compile(rf"(?:pass|\.\.\.|continue|break|next|(?:{_MADE_UP})|return(?:\s+(?:{_MADE_UP}))?|)\s*;?")
_LOGGED: Final = re.compile(
    r"(?:\w+\.)*(?:console\.\w+|print(?:ln|f|StackTrace|_r)?|puts|warn|warning|debug|info|log|logger|error|exception"
    r"|WriteLine|echo)\b[^\n;]*;?"
)
_PYTHON_HANDLER: Final = re.compile(r"^([ \t]*)except\b\s*\*?([^:\n]*):([^\n]*)", _FLAGS)
_BROAD: Final = re.compile(
    r"\b(?:Exception|BaseException|RuntimeException|Throwable|StandardError|Error)\b|^\s*\.\.\.\s*$"
)
_CATCH: Final = re.compile(r"\bcatch\b\s*(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?([^{;\n]*)\{")
_RUBY_HANDLER: Final = re.compile(r"^([ \t]*)rescue\b([^\n]*)", _FLAGS)
_RAISES: Final = re.compile(r"\b(?:raise|throw|rethrow|panic|exit|abort|fatalError|reject)\b")


def drops(code: str, language: str | None) -> int:
    """How many signs there are that an error is dropped, in code without comments and the insides of strings."""
    sign = _SIGNS.get(language or "")
    count = 0 if sign is None else len(sign.findall(code))
    if language == "python":
        count += sum(_idle(body, broad=not types.strip() or _broad(types)) for types, body in _python_handlers(code))
    elif language == "ruby":
        count += sum(_idle(body, broad=_broad_ruby(types)) for types, body in _ruby_handlers(code))
    elif language in _BRACES:
        count += len(_SILENT_CATCH.findall(code))
        count += sum(
            _idle(body, broad=language in _UNTYPED or not types.strip() or _broad(types))
            for types, body in _catches(code)
        )
    return count


def calm(text: str) -> str:
    """The text without what makes patterns slow: blank lines, runs of blanks, and the ends of very long lines."""
    lines = (line[:LONGEST_LINE].rstrip() for line in text.split("\n"))
    return "\n".join(_BLANKS.sub(" ", line) for line in lines if line.strip())


def _broad(types: str) -> bool:
    return _BROAD.search(types) is not None


def _broad_ruby(types: str) -> bool:
    named = types.partition("=>")[0].strip()
    return not named or _broad(named)


def _idle(body: str, *, broad: bool) -> bool:
    """Whether a handler does nothing but write the error down; one that catches everything must not go on, either."""
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    if all(_IDLE.fullmatch(line) or _LOGGED.fullmatch(line) for line in lines):
        return True
    if not broad or _RAISES.search(body):
        return False
    return all(_IDLE.fullmatch(line) or _LOGGED.fullmatch(line) or line.startswith("return") for line in lines)


def _python_handlers(code: str) -> Iterator[tuple[str, str]]:
    """(what is caught, body) of every handler."""
    for match in _PYTHON_HANDLER.finditer(code):
        yield match[2], _indented(code, match.end(), len(match[1]), match[3])


def _indented(code: str, at: int, depth: int, first: str) -> str:
    body = [first]
    for line in code[at : at + _LONGEST_BODY].split("\n")[1:]:
        if line.strip() and len(line) - len(line.lstrip()) <= depth:
            break
        body.append(line)
    return "\n".join(body)


def _ruby_handlers(code: str) -> Iterator[tuple[str, str]]:
    for match in _RUBY_HANDLER.finditer(code):
        types, _, inline = match[2].partition(" then ")
        body = [inline]
        for line in code[match.end() : match.end() + _LONGEST_BODY].split("\n")[1:]:
            if re.match(r"\s*(?:rescue|else|ensure|end)\b", line):
                break
            body.append(line)
        yield types, "\n".join(body)


def _catches(code: str) -> Iterator[tuple[str, str]]:
    for match in _CATCH.finditer(code):
        depth, at = 1, match.end()
        while at < min(len(code), match.end() + _LONGEST_BODY) and depth:
            depth += {"{": 1, "}": -1}.get(code[at], 0)
            at += 1
        yield f"{match[1] or ''} {match[2]}", code[match.end() : max(match.end(), at - 1)]
