"""What is known about a function by name: its types, who calls it, what it calls, which tests and documents name it.

Code is that of the change and of the commit it leads to, and names alone are taken from it; documents are those of the
commit that the change starts from. So nothing that somebody says about the change is part of it. Line numbers are not,
either: a brief stays the same while lines around the function move.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from codedesigner.change.callers import TOP_LEVEL, CallGraph, CodeFile, Definition, is_test, within
from codedesigner.change.identifiers import last, names
from codedesigner.change.model import Span
from codedesigner.change.nearby import Nearness
from codedesigner.change.signatures import LONGEST
from codedesigner.plan.model import ExecutionItem, FunctionRef
from codedesigner.run.documents import MOST_PASSAGES, Documents
from codedesigner.run.knowledge import BriefLimits, Entry, Knowledge, Part, brief_of, one_line


class Briefs:
    """The brief of each item, made when it is first asked for and then kept.

    `files` are the changed files and others of the repository, `changed` the paths of the former; `complete`: no
    other file of the repository is code.
    """

    def __init__(
        self,
        files: Sequence[CodeFile],
        asked: Iterable[str],
        changed: Collection[str],
        *,
        complete: bool,
        documents: Mapping[str, bytes] | None = None,
    ) -> None:
        known = frozenset(asked)
        self._graph = CallGraph(files, known)
        self._near = Nearness(changed)
        self._complete = complete
        self._documents = Documents(documents or {}, known)
        self._known: dict[FunctionRef, Knowledge] = {}

    def about(self, ref: FunctionRef) -> Knowledge:
        """What is known about a function."""
        if ref not in self._known:
            self._known[ref] = self._found(ref)
        return self._known[ref]

    def of(self, ref: FunctionRef, limits: BriefLimits) -> str:
        """The brief of a function; nothing where nothing is known."""
        return "" if limits.tokens <= 0 else brief_of(self.about(ref), limits)

    def _found(self, ref: FunctionRef) -> Knowledge:
        file = self._graph.files.get(ref.file)
        if file is None:
            return Knowledge(complete=self._complete)
        definition = self._graph.definition(ref.file, ref.name, ref.start_line)
        span = Span(ref.start_line, ref.end_line)
        parts = [] if definition is None else [*self._types(definition), *self._users(definition)]
        parts.append(self._callees(file, definition, span))
        if definition is not None:
            parts.append(self._passages(definition))
        return Knowledge(tuple(part for part in parts if not part.empty), self._complete)

    def _passages(self, definition: Definition) -> Part:
        shared = len(self._graph.named(definition.called)) > 1
        found = self._documents.about(definition, shared=shared)
        entries = tuple(Entry(f"\u201c{one.text}\u201d", one.path) for one in found[:MOST_PASSAGES])
        return Part("documented before this change", entries, "passage", more=len(found) - len(entries))

    def _types(self, definition: Definition) -> Iterable[Part]:
        if definition.owner:
            owners = [each for each in self._graph.named(definition.owner) if each.file is definition.file]
            yield Part(
                "it belongs to",
                tuple(Entry(one_line(owner.declaration, LONGEST), owner.file.path) for owner in owners[:1]),
                "class",
            )
        known = [
            (each, unclear)
            for name in sorted(definition.declared_with - {last(definition.name), definition.owner})
            for each, unclear in [self._type(name, definition.file)]
        ]
        entries = tuple(_declared(each) for each, _ in known if each is not None)
        yield Part("types", entries, "type", sum(unclear for _, unclear in known))

    def _type(self, name: str, file: CodeFile) -> tuple[Definition | None, bool]:
        found = [each for each in self._graph.named(name) if each.span.kind == "class"]
        own = [each for each in found if each.file is file]
        for likely in (own, found):
            if len(likely) == 1:
                return likely[0], False
        return None, bool(found)

    def _users(self, definition: Definition) -> Iterable[Part]:
        places = list(self._graph.users(definition))
        is_class = definition.span.kind == "class"
        callers = {
            (place.inside, place.file.path)
            for place in places
            if (place.mention.called or is_class) and not is_test(place.file.path)
        }
        tests = {
            (place.inside, place.file.path)
            for place in places
            if is_test(place.file.path) and (place.mention.called or place.inside != TOP_LEVEL)
        }
        own = definition.file.path
        verb = "used by" if is_class else "called by"
        yield Part(verb, self._listed(callers, own), "user" if is_class else "caller")
        yield Part("mentioned by the tests", self._listed(tests, own), "test")

    def _listed(self, places: Collection[tuple[str, str]], own: str) -> tuple[Entry, ...]:
        order = sorted(places, key=lambda place: (place[1] != own, self._near(place[1]), place[1], place[0]))
        return tuple(Entry(one_line(name), path) for name, path in order)

    def _callees(self, file: CodeFile, definition: Definition | None, span: Span) -> Part:
        own = "" if definition is None else definition.called
        there = names("\n".join(file.lines[span.start - 1 : span.end]))
        wanted = frozenset(name for name in there if name != own and self._graph.named(name))
        found: dict[str, Definition] = {}
        unclear: set[str] = set()
        called = {(each.name, each.dotted): each for each in within(file, span, wanted) if each.called}
        for mention in called.values():
            meant, several = self._graph.meant(mention, file)
            if meant is not None and meant is not definition and not _inside(meant, file, span):
                found.setdefault(f"{meant.file.path}\0{meant.name}", meant)
            elif several:
                unclear.add(mention.name)
        order = sorted(found.values(), key=lambda each: (each.file is not file, each.file.path, each.name))
        return Part("it calls", tuple(map(_declared, order)), "function", len(unclear))


@dataclass
class LazyBriefs:
    """Briefs that are prepared when the first is asked for. Usable where an item's brief is.

    `beside` is known of the change as a whole, and part of each brief.
    """

    prepare: Callable[[], Briefs]
    limits: BriefLimits = field(default_factory=BriefLimits)
    beside: tuple[Part, ...] = ()

    @cached_property
    def _briefs(self) -> Briefs:
        return self.prepare()

    @cached_property
    def _made(self) -> dict[FunctionRef, str]:
        return {}

    def __call__(self, item: ExecutionItem) -> str:
        if self.limits.tokens <= 0:
            return ""
        ref = item.function_ref
        if ref not in self._made:
            self._made[ref] = brief_of(with_parts(self._briefs.about(ref), self.beside), self.limits)
        return self._made[ref]


def with_parts(known: Knowledge, beside: Sequence[Part]) -> Knowledge:
    """What is known of a function, and of the change that it is part of."""
    return replace(known, parts=(*known.parts, *beside)) if beside else known


@dataclass(frozen=True)
class KeptBriefs:
    """Briefs that were made before. Usable where an item's brief is; one that was not kept is made by `otherwise`."""

    texts: Mapping[FunctionRef, str]
    otherwise: Callable[[ExecutionItem], str]

    def __call__(self, item: ExecutionItem) -> str:
        kept = self.texts.get(item.function_ref)
        return self.otherwise(item) if kept is None else kept


def _inside(definition: Definition, file: CodeFile, span: Span) -> bool:
    return definition.file is file and definition.span.span.start in span


def _declared(definition: Definition) -> Entry:
    said = one_line(definition.declaration, LONGEST)
    whole = last(definition.name) == definition.name and definition.name in said
    return Entry(said if whole else f"{one_line(definition.name)}: {said}", definition.file.path)
