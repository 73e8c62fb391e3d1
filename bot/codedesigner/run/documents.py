"""What the documents of a repository say about a function: the sentences that name it, a few of them. Pure.

A sentence counts where it names the function as code, in a code span or with a bracket behind it; so does the first one
under a heading that does. Examples of code, quotations and comments are passed over: they are no statements about it.
What is taken is somebody's prose, and remains data: one line, printable, without addresses, tags and pictures.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from codedesigner.change.callers import Definition
from codedesigner.change.identifiers import names
from codedesigner.change.model import decode
from codedesigner.plan.points import one_line

MOST_PASSAGES = 3  # of one function
LONGEST_SENTENCE = 200
LEAST_NAME = 3
_LONGEST_PARAGRAPH = 4_000
_LONGEST_SPAN = 120

_ENDINGS: Final = frozenset({".md", ".markdown", ".mdx", ".rst", ".txt", ".adoc", ".asciidoc"})
_NO_PROSE: Final = re.compile(
    r"(?i)^(cmakelists|meson|robots|humans|ads|security|.*requirements.*|.*constraints.*)\.txt$"
)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FENCE: Final = re.compile(r"^ {0,3}(?:[-*+>] *)?(`{3,}|~{3,}|-{4,}(?=\s*$)|\.{4,}(?=\s*$))")
_HEADING: Final = re.compile(r"^ {0,3}(?:#{1,6}|={1,6})\s+(?P<title>\S.*?)\s*#*\s*$")
_UNDERLINE: Final = re.compile(r"^\s{0,3}([=\-~^\"'+*#])\1{2,}\s*$")
_ASIDE: Final = re.compile(r">|:[^:`]{1,40}:(?!`)")  # a quotation, or a field of reStructuredText
_LISTED: Final = re.compile(r"^\s{0,8}(?:[-*+•]|\d{1,3}[.)])\s+")
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[^\W\d_a-z]|[`\"(])")
_SPAN: Final = re.compile(r"(`{1,2})(?!`)([^`\n]{1,120})\1(?!`)")
_CHAIN: Final = re.compile(r"[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*){0,8}(?P<called>\s?\()?")
_CALLED: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?:(?:\.|::|->|#)[^\W\d]\w*){0,8}\(")
_LINK: Final = re.compile(r"!?\[([^\[\]]{0,200})\](?:\([^()\s]{0,500}(?:\s[^()]{0,200})?\)|\[[^\[\]]{0,200}\])")
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]{0,300}>")
_ADDRESS: Final = re.compile(r"(?i)\b(?:https?|ftp|file|data|javascript|mailto):\S+")


def is_document(path: str) -> bool:
    """Whether a file is prose about the repository, by its name."""
    pure = PurePosixPath(path)
    return pure.suffix.lower() in _ENDINGS and _NO_PROSE.match(pure.name) is None


class _Named(NamedTuple):
    """A name as a sentence has it: `Cart.total(` is (Cart, total), called."""

    chain: tuple[str, ...]
    called: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document, the names that it has as code, and all words of its paragraph."""

    text: str
    path: str
    named: tuple[_Named, ...]
    words: frozenset[str]


def sentences(path: str, text: str) -> Iterator[Sentence]:
    """The sentences of a document that name something as code, in order."""
    above: tuple[_Named, ...] = ()
    for paragraph, heading in _paragraphs(text, fenced=not path.endswith(".rst")):
        whole = paragraph[:_LONGEST_PARAGRAPH]
        words = names(whole)
        if heading:
            above = tuple(_named(whole))
            continue
        for said in _SENTENCE.split(whole):
            named = (*above, *_named(said))
            above = ()
            if named:
                yield Sentence(one_line(_plain(said), LONGEST_SENTENCE), path, named, words)


def prose(text: str, most: int) -> list[str]:
    """The first paragraphs of a text as lines of prose: no code, no quotations, no comments; bounded, and printable."""
    found: list[str] = []
    for paragraph, _ in _paragraphs(text, fenced=True):
        line = one_line(_plain(paragraph[:_LONGEST_PARAGRAPH]), LONGEST_SENTENCE)
        if line:
            found.append(line)
        if len(found) == most:
            break
    return found


class Documents:
    """Sentences by what they name. `contents` are documents, the nearest to the change first."""

    def __init__(self, contents: Mapping[str, bytes], asked: Iterable[str]) -> None:
        wanted = frozenset(asked)
        self._by_name: defaultdict[str, list[tuple[Sentence, _Named]]] = defaultdict(list)
        for path, content in contents.items():
            text = decode(content)
            if wanted.isdisjoint(names(text)):
                continue
            for sentence in sentences(path, text):
                for named in sentence.named:
                    if named.chain[-1] in wanted:
                        self._by_name[named.chain[-1]].append((sentence, named))

    def about(self, definition: Definition, *, shared: bool) -> list[Sentence]:
        """The sentences that mean it, each once. `shared`: other definitions have its name, too."""
        if len(definition.called) < LEAST_NAME:
            return []
        found = self._by_name.get(definition.called, ())
        meant = [sentence for sentence, named in found if _means(sentence, named, definition, shared=shared)]
        return list({sentence.text: sentence for sentence in meant if sentence.text}.values())


def _means(sentence: Sentence, named: _Named, definition: Definition, *, shared: bool) -> bool:
    """A name is not a proof: what others share, or what may be a plain word, has to come with its class or module."""
    homes = {definition.owner or definition.file.module, definition.file.module} - {""}
    beside = bool((sentence.words - {definition.called}) & homes)
    if len(named.chain) > 1:
        own = named.chain[-2].casefold() in {home.casefold() for home in homes}
        return own or (not shared and (named.called or beside))
    if shared:
        return beside
    word = definition.called
    special = "_" in word.strip("_") or re.search(r"[^\W\d_A-Z][A-Z]|\d", word) is not None
    return named.called or special or beside


def _paragraphs(text: str, *, fenced: bool) -> Iterator[tuple[str, bool]]:
    """(text of a paragraph, entry of a list, or row of a table on one line; whether it is a heading)."""
    lines: list[str] = []
    fence = ""
    blank, literal = True, False
    for line in [*_COMMENT.sub("", text).splitlines(), ""]:
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark is not None and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) else fence
            continue
        if mark is not None and (fenced or mark[1][0] == "`") and not _is_underline(line, lines):
            yield from _joined(lines)
            lines, fence = [], mark[1]
            continue
        plain, indented = line.strip(), line.startswith(("   ", "\t"))
        literal = literal and (indented or not plain)
        if not plain:
            literal = literal or bool(lines and lines[-1].endswith("::"))
            yield from _joined(lines)
            lines, blank = [], True
        elif literal or (indented and blank and not _LISTED.match(line)) or _ASIDE.match(plain):
            blank = blank and indented
        elif plain.startswith(".. "):
            literal = True
        else:
            yield from _grown(line, lines)
            blank = False


def _grown(line: str, lines: list[str]) -> Iterator[tuple[str, bool]]:
    """A further line of prose: what it ends, if anything; `lines` is what goes on."""
    heading = _HEADING.match(line)
    if heading is not None:
        yield from _joined(lines)
        yield heading["title"], True
        lines.clear()
    elif _UNDERLINE.match(line):
        if lines:
            *before, title = lines
            yield from _joined(before)
            yield title, True
        lines.clear()
    elif _LISTED.match(line) or line.lstrip().startswith("|"):
        yield from _joined(lines)
        lines[:] = [_LISTED.sub("", line).strip().strip("|")]
    else:
        lines.append(line.strip())


def _is_underline(line: str, lines: list[str]) -> bool:
    return bool(lines) and _UNDERLINE.match(line) is not None


def _joined(lines: list[str]) -> Iterator[tuple[str, bool]]:
    if lines:
        yield " ".join(lines), False


def _named(text: str) -> Iterator[_Named]:
    """The names that a text has as code."""
    outside: list[str] = []
    at = 0
    for span in _SPAN.finditer(text):
        outside.append(text[at : span.start()])
        at = span.end()
        chains = list(_CHAIN.finditer(span[2]))
        called = [one for one in chains if one["called"]]
        yield from (_name(one[0]) for one in called or chains[:1])
    outside.append(text[at:])
    for part in outside:
        yield from (_name(one[0]) for one in _CALLED.finditer(part))


def _name(found: str) -> _Named:
    bare = found.rstrip("( ")
    return _Named(tuple(re.split(r"\.|::|->|#", bare)), bare != found)


def _plain(text: str) -> str:
    """Prose without what leads elsewhere; what stands in code spans is as it was."""
    parts: list[str] = []
    at = 0
    for span in _SPAN.finditer(text):
        parts += [_stripped(text[at : span.start()]), span[0]]
        at = span.end()
    return "".join([*parts, _stripped(text[at:])]).replace("|", "·")


def _stripped(text: str) -> str:
    return _ADDRESS.sub("…", _TAG.sub("", _LINK.sub(r"\1", text)))
