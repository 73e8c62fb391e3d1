"""From a change and its repository to the briefs of its functions: what is read, within which bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from codedesigner.change.callers import CodeFile, Definition
from codedesigner.change.git import Git
from codedesigner.change.identifiers import names, names_in_bytes
from codedesigner.change.languages import WITH_GRAMMAR, language_of
from codedesigner.change.model import Change, FileChange, Span, decode, encode, split_lines
from codedesigner.change.parsing import Outline, Source, outlines
from codedesigner.run.brief import Briefs, LazyBriefs
from codedesigner.run.knowledge import BriefLimits
from codedesigner.run.sources import Contents, Excluded, Sources, judge

MOST_PARSED = 400  # files beside the changed ones
MOST_PARSED_BYTES = 3_000_000
PARSE_SECONDS = 5.0  # for one file

# A name behind a word that defines, or at the start of a line with a bracket behind it.
_KEYWORD: Final = re.compile(
    rb"\b(?:def|fn|func|fun|function|class|struct|interface|trait|enum|type|record|object|protocol|module|union"
    rb"|typealias|const|let|val|var)\s+(?:\([^)\n]*\)\s*)?(?:self\.)?([A-Za-z_]\w*)"
)
_HEADED: Final = re.compile(rb"^[ \t]*(?:[\w<>\[\],.?*&:~]+[ \t]+)*[*&]*([A-Za-z_]\w*)[ \t]*\([^;\n]*$", re.MULTILINE)
_WITHOUT_KEYWORD: Final = frozenset({"c", "cpp", "java", "csharp", "javascript", "typescript", "tsx", "bash"})


def briefs(change: Change, git: Git | None, limits: BriefLimits, excluded: Excluded) -> LazyBriefs:
    """The briefs of a change's items. Nothing is read before the first is asked for.

    `excluded(path)`: why the file is not to be looked at. Without `git`, the files of the change are all there is.
    """

    def prepare() -> Briefs:
        sources, contents = judge(change, git, excluded)
        return survey(change, sources, contents)

    return LazyBriefs(prepare, limits)


def survey(change: Change, sources: Sources, contents: Contents) -> Briefs:
    """Indexes what briefs are made from, once for all items."""
    kept = frozenset(sources.changed)
    texts = [file for file in change.files if file.path in kept and file.new is not None]
    files = _parsed((file.path, encode(file.new_text or "")) for file in texts)
    touched = [each for file in files for each in _touched(file, next(f for f in texts if f.path == file.path))]
    asked = frozenset(definition.called for definition in touched)
    used = names("\n".join(_text(each.file, each.span.span) for each in touched)) | _loose(texts)
    paths = {path for file in change.files for path in (file.path, file.old_path) if path is not None}
    others = _parsed(_related(contents.code, asked, used))
    return Briefs([*files, *others], asked, paths, complete=sources.complete, documents=contents.documents)


def _related(around: Mapping[str, bytes], asked: frozenset[str], used: frozenset[str]) -> Iterator[tuple[str, bytes]]:
    """The files that mention what is asked about, or define what it uses: nearest first, as many as may be parsed."""
    mentioned = frozenset(map(encode, asked))
    defined = frozenset(map(encode, used))
    count, room = MOST_PARSED, MOST_PARSED_BYTES
    for path, content in around.items():
        if count <= 0:
            return
        if len(content) <= room and _relates(path, content, mentioned, defined):
            count, room = count - 1, room - len(content)
            yield path, content


def _relates(path: str, content: bytes, mentioned: frozenset[bytes], defined: frozenset[bytes]) -> bool:
    there = names_in_bytes(content)
    if not mentioned.isdisjoint(there):
        return True
    if defined.isdisjoint(there):
        return False
    if not defined.isdisjoint(_KEYWORD.findall(content)):
        return True
    return language_of(path) in _WITHOUT_KEYWORD and not defined.isdisjoint(_HEADED.findall(content))


def _parsed(texts: Iterable[tuple[str, bytes]]) -> list[CodeFile]:
    """Those in a language with a grammar; one that cannot be parsed has no definitions, and its callers are unnamed."""
    known = [(path, text, language) for path, text in texts if (language := language_of(path)) in WITH_GRAMMAR]
    parsed = outlines([Source(language or "", text) for _, text, language in known], timeout_s=PARSE_SECONDS)
    return [
        CodeFile(path, language, decode(text), found.spans if isinstance(found, Outline) else ())
        for (path, text, language), found in zip(known, parsed, strict=True)
    ]


def _touched(file: CodeFile, change: FileChange) -> Iterator[Definition]:
    """The definitions that a hunk reaches into."""
    reached = [Span(max(1, hunk.new_start), max(1, hunk.new_start + hunk.new_count)) for hunk in change.hunks]
    for named in file.spans:
        if any(named.span.overlaps(span) for span in reached):
            yield Definition(file, named)


def _loose(files: Sequence[FileChange]) -> frozenset[str]:
    """The names on added lines, wherever they stand."""
    return names("\n".join(line.text for file in files for line in file.changed_lines("RIGHT")))


def _text(file: CodeFile, span: Span) -> str:
    return "\n".join(split_lines(file.text)[span.start - 1 : span.end])
