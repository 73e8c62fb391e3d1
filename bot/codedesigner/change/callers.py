"""Who calls what, by name: definitions and the places that mention them, over the texts of many files. Pure.

A name is not a proof. Where several definitions share it, a place counts only if its file also names the class or the
module that is meant; and what is still not told apart is counted and not listed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from codedesigner.change import signatures
from codedesigner.change.enclosing import SpanIndex
from codedesigner.change.identifiers import Mention, last, masked, mentions, names
from codedesigner.change.model import Span, split_lines
from codedesigner.change.parsing import NamedSpan

TOP_LEVEL = "top level"

# Methods there are reached through an object alone.
_NEEDS_OBJECT: Final = frozenset({"python", "javascript", "typescript", "tsx", "go", "rust", "lua", "php"})
# A file sees what other files of its folder define, without naming them.
_SHARES_FOLDER: Final = frozenset({"go", "java", "kotlin", "scala", "csharp", "swift"})
# A name with brackets outside every function declares something there.
_DECLARES: Final = frozenset({"c", "cpp", "java", "csharp", "typescript", "tsx", "swift", "kotlin", "rust", "go"})
_MAKERS: Final = frozenset({"__init__", "__new__", "__post_init__", "constructor", "__construct", "init"})
_ANONYMOUS_FILES: Final = frozenset({"__init__", "__main__", "index", "mod", "lib", "main"})
_TEST_PATH: Final = re.compile(
    r"(^|/)(tests?|specs?|__tests__|testing)/|(^|/)tests?_[^/]*$|[^/]*(_tests?|_spec|\.test|\.spec|Tests?|Spec)\.\w+$"
)


def is_test(path: str) -> bool:
    """Whether a file looks like one of tests, by its path."""
    return _TEST_PATH.search(path) is not None


@dataclass(frozen=True)
class CodeFile:
    """One file: its text and its definitions, as `units.function_spans` has them."""

    path: str
    language: str | None
    text: str
    spans: tuple[NamedSpan, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        """All names in it, those in comments and strings included: imports may be either."""
        return names(self.text)

    @cached_property
    def code(self) -> str:
        """The text without comments and the insides of strings."""
        return masked(self.text, self.language)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of `code`."""
        return split_lines(self.code)

    @cached_property
    def index(self) -> SpanIndex:
        """The definition around a line."""
        return SpanIndex(self.spans)

    @cached_property
    def folder(self) -> str:
        """The folder it lies in."""
        return self.path.rpartition("/")[0]

    @cached_property
    def module(self) -> str:
        """The name by which other files import it."""
        pure = PurePosixPath(self.path)
        return pure.parent.name if pure.stem in _ANONYMOUS_FILES else pure.stem


@dataclass(frozen=True)
class Definition:
    """One definition in one file. A `local` one stands inside a function, and means nothing to other files."""

    file: CodeFile
    span: NamedSpan
    local: bool = False

    @property
    def name(self) -> str:
        """Its qualified name."""
        return self.span.name

    @cached_property
    def called(self) -> str:
        """The name by which it is called: a constructor's is that of its class."""
        simple, owner = last(self.name), self.owner
        return owner if owner and simple in _MAKERS else simple

    @property
    def owner(self) -> str:
        """The name of its class, for a method; else nothing."""
        return last(self.name.rpartition(".")[0]) if self.span.kind == "method" else ""

    @cached_property
    def declaration(self) -> str:
        """How it begins, on one line."""
        return signatures.declaration(self.file.lines, self.span.span, self.name, self.file.language)

    @cached_property
    def declared_with(self) -> frozenset[str]:
        """The names in its declaration, quoted ones included."""
        head = signatures.head(self.file.lines, self.span.span, self.name, self.file.language)
        return names("\n".join(split_lines(self.file.text)[head.start - 1 : head.end]))


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is mentioned: the file, the name of the definition around it, and whether it is called there."""

    file: CodeFile
    inside: str
    mention: Mention


class CallGraph:
    """Definitions by name, and the places that mention those in `asked`, the names that questions will be about."""

    def __init__(self, files: Sequence[CodeFile], asked: Iterable[str]) -> None:
        self.files = {file.path: file for file in files}
        self._defined: defaultdict[str, list[Definition]] = defaultdict(list)
        self._known: defaultdict[tuple[str, str], list[Definition]] = defaultdict(list)
        for file in files:
            for span, local in zip(file.spans, _local(file), strict=True):
                found = Definition(file, span, local)
                self._defined[last(span.name)].append(found)
                self._known[file.path, span.name].append(found)
        self._asked = frozenset(asked)
        self._places: defaultdict[str, list[Place]] = defaultdict(list)
        for file in files:
            self._collect(file)

    def definition(self, path: str, name: str, line: int) -> Definition | None:
        """The definition of that qualified name around the line, or else the nearest of that name."""
        found = self._known.get((path, name), ())
        return min(found, key=lambda each: (line not in each.span.span, abs(each.span.span.start - line)), default=None)

    def named(self, name: str) -> Sequence[Definition]:
        """All definitions of a simple name."""
        return self._defined.get(name, ())

    def users(self, definition: Definition) -> Iterator[Place]:
        """The places that mean it as far as names tell, those inside itself not among them."""
        shared = len(self.named(definition.called)) > 1
        for place in self._places.get(definition.called, ()):
            own = place.file is definition.file
            if own and place.inside == definition.name:
                continue
            if not own and not _reaches(definition, place.file, place.mention):
                continue
            if not shared or own or _knows(place.file, definition):
                yield place

    def meant(self, mention: Mention, file: CodeFile) -> tuple[Definition | None, bool]:
        """(the one definition that a mention in the file means, whether it is one of several that it may mean)."""
        found = [each for each in self.named(mention.name) if each.file is file or _reaches(each, file, mention)]
        for likely in (
            [each for each in found if each.file is file],
            found,
            [each for each in found if _knows(file, each)],
        ):
            if len(likely) == 1:
                return likely[0], False
        return None, bool(found)

    def _collect(self, file: CodeFile) -> None:
        wanted = self._asked & file.names
        if not wanted:
            return
        for mention in mentions(file.code, file.language, wanted):
            at = file.index.innermost(mention.line)
            around = None if at is None else file.spans[at]
            outside = around is None or around.kind == "class"
            if outside and mention.called and file.language in _DECLARES:
                continue
            if around is not None and last(around.name) == mention.name:
                continue  # its own declaration, or that of another one with its name
            inside = TOP_LEVEL if around is None else around.name
            self._places[mention.name].append(Place(file, inside, mention))


def within(file: CodeFile, span: Span, wanted: frozenset[str]) -> Iterator[Mention]:
    """The places of wanted names in some lines of a file."""
    return mentions("\n".join(file.lines[span.start - 1 : span.end]), file.language, wanted)


def _local(file: CodeFile) -> list[bool]:
    """For each definition, whether it stands inside a function."""
    found: list[bool] = []
    for parent in file.index.parents:
        found.append(parent is not None and (found[parent] or file.spans[parent].kind != "class"))
    return found


def _reaches(definition: Definition, file: CodeFile, mention: Mention) -> bool:
    """Whether the name, in another file, may mean it."""
    if definition.local:
        return False
    method = definition.span.kind == "method" and definition.called != definition.owner
    return mention.dotted or not method or file.language not in _NEEDS_OBJECT


def _knows(file: CodeFile, definition: Definition) -> bool:
    other = definition.file
    if file.folder == other.folder and file.language in _SHARES_FOLDER:
        return True
    return bool(file.names & {definition.owner or other.module, other.module} - {""})
