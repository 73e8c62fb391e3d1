"""Fixes that repair nothing: they hide a defect, switch something off, or take it out. Pure.

A fix is held against the text before it. Where a fix looks like one of these, it is not offered: a person may still
decide that it is right, and then writes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from codedesigner.change.directives import suppressions
from codedesigner.change.identifiers import masked, uncommented
from codedesigner.run.loop.swallowing import LONGEST_LINE, calm, drops

_ASKING: Final = re.compile(
    r"(?://|#|/\*|--|<!--)[^\n]*?\b(?:nolint|rubocop:|reek:|noinspection|nosec\b|phpcs:|phpstan-|psalm-|swiftlint:"
    r"|ktlint-|detekt:|checkstyle:off|cppcheck-suppress|coverity\[|luacheck:|scalastyle:off|lint:ignore|brakeman"
    r"|istanbul ignore|c8 ignore|v8 ignore|pragma:? no (?:cover|branch)|coverage:ignore|fmt:\s*(?:off|skip)|NOSONAR"
    r"|deepcode ignore|snyk|skipcq|codespell|pyre-|pytype:|sorbet|stylelint-|prettier-ignore|lgtm|nofollow)"
    r"|@SuppressWarnings\b|@Suppress\b|@nowarn\b|\bSuppressMessage\b|#!?\[\s*(?:allow|expect|cfg_attr)\s*\("
    r"|#\s*pragma\s+warning\s+disable|#\s*pragma\s+(?:GCC|clang)\s+diagnostic|@ts-(?:ignore|expect-error|nocheck)"
    r"|\bas\s+any\b|\bas\s+unknown\s+as\b|\bcast\(\s*[\"']?(?:typing\.)?Any\b"
    r"|\bwarnings\.(?:simplefilter|filterwarnings)\(\s*[\"']ignore|\blogging\.disable\(",
    re.IGNORECASE,
)
_SKIPPED: Final = re.compile(
    r"pytest\.mark\.(?:skip|skipif|xfail)\b|\bpytest\.skip\s*\(|\bunittest\.skip\w*|\bself\.skipTest\s*\("
    r"|\b(?:it|test|describe|context)\.(?:skip|todo)\b|\b(?:xit|xdescribe|xtest)\s*\(|\bt\.Skip(?:f|Now)?\s*\("
    r"|@(?:Ignore|Disabled)\b|\[\s*(?:Ignore|Skip)\b|#\[\s*ignore\b"
    r"|\bassert\s*\(?\s*(?:True|true|1)\b|\bexpect\(\s*true\s*\)|^[ \t]*(?:skip|pending)\b",
    re.MULTILINE,
)
_ASSERTED: Final = re.compile(r"\bassert\w*\b|\bexpect\s*\(|\brequire\.\w+\s*\(|\bshould\b", re.IGNORECASE)
_RAISED: Final = re.compile(r"\b(?:raise|throw|panic)\b")
_SWITCHED: Final = re.compile(
    r"\b(?:if|elif|while|unless)\b\s*\(?\s*(?:False|false|0|!\s*true|not\s+True|nil|null|None)\s*\)?\s*(?:[:{\n]|then\b|$)"
    r"|\b(?:if|while)\s*\(\s*(?:false|0|!\s*true|null)\s*\)|^[ \t]*#[ \t]*if[ \t]+0\b"
    r"|\b(?:and\s+False|&&\s*false|or\s+True)\b|\|\|\s*true\b",
    re.MULTILINE,
)
_DANGEROUS: Final = re.compile(
    r"(?<![\w.])(?:eval|exec|system|popen|shell_exec|passthru|__import__)\s*\(|\bos\.(?:system|popen|exec\w*)\s*\("
    r"|\bshell\s*=\s*True\b|\bchild_process\b|\bnew\s+Function\s*\(|\bRuntime\.getRuntime\b|\bProcessBuilder\b"
    r"|\b(?:inst\w+|class|module)_eval\b|\bProcess\.Start\b|\bunsafe\s*\{|\binnerHTML\s*=|\bpickle\.loads?\s*\("
    r"|\b(?:curl|wget)\s|\bverify\s*=\s*False\b"
)
_PLACEHOLDER: Final = re.compile(
    r"(?:pass|\.\.\.|;|return\s*;?|(?:return\s+)?(?:None|null|nil|undefined|\(\)|Ok\(\(\)\));?"
    r"|(?:raise|throw)\s+(?:new\s+)?(?:NotImplemented\w*|UnsupportedOperation\w*)\b.*|(?:todo|unimplemented)!?\(.*"
    r"|panic!?\(\s*\"(?:todo|not |un)[^\n]*)"
)
_CONSTANT: Final = re.compile(
    r"(?:return\s+)?(?:None|null|nil|undefined|True|False|true|false|[-+]?\d[\d_.]*\w?|\"\s*\"|'\s*'|`\s*`|\[\s*\]|\{\s*\}"
    r"|\(\s*\)|0x[0-9a-fA-F]+|String::new\(\)|Vec::new\(\)|vec!\[\]|Default::default\(\));?"
)
_RETURNED: Final = re.compile(r"return\b[^\n]*")
_CLOSING: Final = re.compile(r"[\]})\s;,]*(?:end|fi|done|esac)?[\s;,]*")
_MOST_GROWTH: Final = 2  # times as many lines as before
_FREE_GROWTH: Final = 20  # lines more that need no reason
_TELLING: Final = 6  # characters of a line of code that cannot stand in a comment by chance
_FEW: Final = 3  # lines that any fix may take out


@dataclass(frozen=True)
class _Texts:
    """The function before and after, and its lines of code: without comments, blank lines and what only closes."""

    old: str
    new: str
    language: str | None
    before: Sequence[str]
    after: Sequence[str]

    @cached_property
    def code(self) -> tuple[str, str]:
        """Before and after, without comments and the insides of strings, for patterns to be looked for."""
        return calm(masked(self.old, self.language)), calm(masked(self.new, self.language))

    @property
    def added(self) -> list[str]:
        """Lines of code that were not there."""
        return list((Counter(self.after) - Counter(self.before)).elements())

    @property
    def removed(self) -> list[str]:
        """Lines of code that are there no longer."""
        return list((Counter(self.before) - Counter(self.after)).elements())


def silenced(
    old: str,
    new: str,
    language: str | None,
    *,
    superfluous: bool = False,
    function: bool = True,
    outside_code: bool = False,
) -> str | None:
    """Why `new` is no repair of `old`; None where nothing speaks against it.

    `superfluous`: the defect is that code is there, so that taking it out is the repair. `function`: the texts are
    those of a whole function, of which something has to be left. `outside_code`: the defect may stand in a comment or
    in blank space, so that changing no more than that can be the repair.
    """
    texts = _Texts(old, new, language, _code(old, language), _code(new, language))
    if old == new:
        return "it changes nothing"
    if not new.strip():
        return None if superfluous and not function else "it takes the whole of it out"
    swollen = _swells(texts)  # first: the others take their time on what is large
    if swollen is not None:
        return swollen
    if texts.before == texts.after and _plain(old, language) == _plain(new, language):
        return _asks(texts) or (None if outside_code else "it changes nothing but comments and blank space")
    checks = (_asks, _skips, _drops, _switches, _endangers, _asserts_less, _hides, _stands_in)
    found = next((reason for check in (*checks, *([_empties] if function else [])) if (reason := check(texts))), None)
    return found or (None if superfluous else _takes_out(texts))


def _code(text: str, language: str | None) -> list[str]:
    lines = (" ".join(line.split()) for line in uncommented(text, language).split("\n"))
    return [line for line in lines if line and not _CLOSING.fullmatch(line)]


def _plain(text: str, language: str | None) -> str:
    return "".join(uncommented(text, language).split())


def _more(pattern: re.Pattern[str], old: str, new: str) -> bool:
    return len(pattern.findall(new)) > len(pattern.findall(old))


def _tools(text: str) -> Counter[str]:
    return Counter(each.tool for each in suppressions(text))


def _asks(texts: _Texts) -> str | None:
    brought = _tools(texts.new) - _tools(texts.old)
    if brought or _more(_ASKING, calm(texts.old), calm(texts.new)):
        return "it asks a tool to say nothing, and repairs nothing"
    return None


def _skips(texts: _Texts) -> str | None:
    skipped = _more(_SKIPPED, *texts.code)
    return "it switches a test off" if skipped else None


def _drops(texts: _Texts) -> str | None:
    old, new = texts.code
    dropped = drops(new, texts.language) > drops(old, texts.language)
    return "it drops an error instead of its cause" if dropped else None


def _switches(texts: _Texts) -> str | None:
    switched = _more(_SWITCHED, *texts.code)
    return "it switches code off" if switched else None


def _endangers(texts: _Texts) -> str | None:
    old, new = (Counter("".join(match.split()) for match in _DANGEROUS.findall(text)) for text in texts.code)
    return "it brings in a call that can run anything" if new - old else None


def _asserts_less(texts: _Texts) -> str | None:
    old, new = texts.code
    fewer = _more(_ASSERTED, new, old) and not _more(_RAISED, old, new)
    return "it takes an assertion out" if fewer else None


def _hides(texts: _Texts) -> str | None:
    """Whether code that is gone stands in a comment now."""
    gone = {line for line in texts.removed if len(line) >= _TELLING}
    if not gone:
        return None
    said = [" ".join(each.split()) for each in _comments(texts.new, texts.language)]
    hidden = any(line in each for line in gone for each in said)
    return "it puts code into a comment" if hidden else None


def _comments(text: str, language: str | None) -> list[str]:
    """What is a comment of each line that has one."""
    found: list[str] = []
    for line, code in zip(text.split("\n"), uncommented(text, language).split("\n"), strict=True):
        apart = [at for at, pair in enumerate(zip(line, code, strict=True)) if pair[0] != pair[1]]
        if apart:
            found.append(line[apart[0] : apart[-1] + 1])
    return found


def _stands_in(texts: _Texts) -> str | None:
    if texts.added and not _worked(texts.added):
        return "it puts a placeholder in the place of code"
    return None


def _swells(texts: _Texts) -> str | None:
    lines, most = texts.new.count("\n"), _MOST_GROWTH * texts.old.count("\n") + _FREE_GROWTH
    if lines > most:
        return f"it makes {lines} lines of {texts.old.count(chr(10))}"
    longest = max((len(line) for line in texts.added), default=0)
    return f"it brings in a line of {longest} characters" if longest > LONGEST_LINE else None


def _empties(texts: _Texts) -> str | None:
    """Whether what is left does no work."""
    head = next((n for n, pair in enumerate(zip(texts.before, texts.after, strict=False)) if pair[0] != pair[1]), 0)
    body, was = _worked(texts.after[max(1, head) :]), _worked(texts.before[max(1, head) :])
    if was and not body and not _worked(texts.after[1:]):
        return "it empties the function"
    if _unreachable(texts):
        return "it leaves code behind a return"
    removed, added = len(texts.removed), len(texts.added)
    if removed > _FEW and removed * 2 > len(texts.before) and added * 2 < removed:
        return f"it takes {removed} of {len(texts.before)} lines of code out"
    return None


def _worked(lines: Iterable[str]) -> list[str]:
    return [line for line in lines if not _PLACEHOLDER.fullmatch(line) and not _CONSTANT.fullmatch(line)]


def _unreachable(texts: _Texts) -> bool:
    """Whether a new `return` stands right before code at the same indentation."""
    code = [line for line in uncommented(texts.new, texts.language).split("\n") if line.strip()]
    added = set(texts.added)
    return any(
        " ".join(line.split()) in added and _RETURNED.fullmatch(line.strip()) and _indent(line) == _indent(behind)
        for line, behind in pairwise(code)
        if not _CLOSING.fullmatch(behind) and not behind.strip().startswith(("case ", "default", "when ", "else"))
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _takes_out(texts: _Texts) -> str | None:
    return "it only takes code out" if texts.removed and not texts.added else None
