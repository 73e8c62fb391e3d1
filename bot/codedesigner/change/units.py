"""Changed lines -> the functions they lie in.

What a line belongs to:

    a line of ...                                 belongs to
    --------------------------------------------  ----------------------------------------------------------------
    a function inside a function                  the innermost one that has a name: `outer.inner`
    a lambda, closure or anonymous function       the named function around it
    ... bound to a name outside every function    itself, by that name: `const f = () => 1`, a class field,
                                                  `f = lambda`, `M.f = function`, an entry of a table or object
                                                  (`api.get`); `export default` without a name is `default`
    a decorator, attribute or annotation, or a    the definition (in Python only at the same indentation)
      comment directly above a definition
    a class outside its methods                   the class: kind `class`, its whole span, only those lines changed;
                                                  so too struct, enum, interface, trait, `impl` (named by its type)
    a property with code of its own               itself, as a method (Kotlin, Swift, C#); without code, the class
    anything else: imports, `if` at top level     `<module>`, kind `block`: the statements that hold the changed
                                                  lines, together where no definition and at most 40 unchanged
                                                  lines lie between
    a blank line beside a definition that the     that definition, whose unit's span then reaches as far
      change touches
    a function that the change deleted            itself on side LEFT, with the old span
    a removed line whose function is still there  that function on side RIGHT (the nearest where several share the
                                                  name), even where no line was added to it
    a removed line outside every definition       the `<module>` block of lines added near it; where there are
                                                  none, a `<module>` block on side LEFT
    a function renamed in place                   the new one alone while half of the lines are still there; else
                                                  the new one, and the old one as deleted
    a renamed or copied file                      as in any file: its old text is compared with its new one
    a file without a grammar, or that could       its hunk: kind `hunk`, named by the section that git printed,
      not be parsed                               else `lines A-B`; LEFT where the hunk only removes
    a file marked as unread                       nothing

Names are qualified with `.` in every language (`Cart.total`; in Rust, C++, PHP and for Lua's `:` too). Namespaces of
C++ and TypeScript, Rust's `mod` and Ruby's `module` are part of the name; packages, and namespaces of C# and PHP, are
not. Go methods carry their receiver's type, extensions the extended type. Overloads share a name. Long names are cut
and end in `…` and a checksum. A line on which one definition ends and the next begins belongs to the first; within a
statement that lies on one line no further definition is looked for. Prototypes of C and C++ are not functions.

Where the new side has syntax errors, definitions that the errors hide are taken from the old side, and units say so:
`degraded` is `syntax errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.change.attribution import Traced, attribute
from codedesigner.change.enclosing import SpanIndex, enclosing
from codedesigner.change.hunkunits import by_hunks
from codedesigner.change.languages import WITH_GRAMMAR, language_of
from codedesigner.change.model import FileChange, Unit, encode
from codedesigner.change.parsing import NamedSpan, Outline, Parsed, Source, Unparsed, outlines

__all__ = [
    "NamedSpan",
    "SpanIndex",
    "Traced",
    "enclosing",
    "find_units",
    "function_spans",
    "outlined",
    "parses",
    "trace",
]

_FIRST_LINE_BYTES = 500


def find_units(files: Sequence[FileChange], *, timeout_s: float = 10.0) -> tuple[Unit, ...]:
    """The units that the change touched, file by file, from top to bottom.

    Parsing happens in child processes; `timeout_s` is the time that one file may take.
    """
    return tuple(traced.unit for traced in trace(files, timeout_s=timeout_s))


def trace(files: Sequence[FileChange], *, timeout_s: float = 10.0) -> tuple[Traced, ...]:
    """The units with the removed lines that belong to each: every changed line of a file belongs to exactly one."""
    jobs = [_Job(file) for file in files if file.unread is None and file.hunks]
    _parse([job for job in jobs if job.new_source or job.old_source], timeout_s)
    return tuple(traced for job in jobs for traced in job.traced())


def function_spans(text: str, language: str | None, *, timeout_s: float = 10.0) -> tuple[NamedSpan, ...]:
    """The definitions of a text, in order, properly nested; none for a language without a grammar."""
    outline = _one(text, language, timeout_s)
    return outline.spans if isinstance(outline, Outline) else ()


def parses(language: str | None, text: str, *, timeout_s: float = 10.0) -> bool | None:
    """Whether `text` has no syntax errors; None without a grammar, or where the parser gave up."""
    outline = _one(text, language, timeout_s)
    return not outline.broken if isinstance(outline, Outline) else None


def outlined(texts: Sequence[tuple[str | None, str]], *, timeout_s: float = 10.0) -> tuple[Outline | None, ...]:
    """The outline of each (language, text), in order; None without a grammar, or where the parser gave up."""
    known = [(at, language, text) for at, (language, text) in enumerate(texts) if language in WITH_GRAMMAR]
    parsed = outlines([Source(language or "", encode(text)) for _, language, text in known], timeout_s=timeout_s)
    found: list[Outline | None] = [None] * len(texts)
    for (at, _, _), outline in zip(known, parsed, strict=True):
        found[at] = outline if isinstance(outline, Outline) else None
    return tuple(found)


def _one(text: str, language: str | None, timeout_s: float) -> Parsed:
    if language not in WITH_GRAMMAR or language is None:
        return Unparsed("no grammar")
    return outlines([Source(language, encode(text))], timeout_s=timeout_s)[0]


@dataclass(slots=True)
class _Job:
    """One file on its way from bytes to units."""

    file: FileChange
    language: str | None
    new_source: Source | None
    old_source: Source | None
    new: Parsed | None = None
    old: Parsed | None = None

    def __init__(self, file: FileChange) -> None:
        self.file = file
        self.language = _language(file.path, file.new if file.new is not None else file.old)
        self.new_source = _source(file.path, file.new)
        self.old_source = _source(file.old_path or file.path, file.old)
        self.new = self.old = None

    def traced(self) -> list[Traced]:
        if self.file.status == "deleted":
            return self._deleted()
        if self.new_source is None:
            missing = "content unavailable" if self.file.new is None and self.language in WITH_GRAMMAR else None
            return by_hunks(self.file, self.language, missing)
        if not isinstance(self.new, Outline):
            return by_hunks(self.file, self.language, self.new.reason if self.new else None)
        old = self.old if isinstance(self.old, Outline) else None
        reason = self.old.reason if isinstance(self.old, Unparsed) else None
        return attribute(self.file, self.language, self.new, old, reason)

    def _deleted(self) -> list[Traced]:
        if isinstance(self.old, Outline):
            return attribute(self.file, self.language, None, self.old, None)
        return by_hunks(self.file, self.language, self.old.reason if self.old else None)


def _parse(jobs: Sequence[_Job], timeout_s: float) -> None:
    """New sides, and the old sides that have removed lines or must stand in for a broken new side."""
    wanted = [(job, side) for job in jobs for side in ("new", "old") if _needed(job, side)]
    _fill(wanted, timeout_s)
    broken = [job for job in jobs if isinstance(job.new, Outline) and job.new.broken and job.old is None]
    _fill([(job, "old") for job in broken if job.old_source], timeout_s)


def _needed(job: _Job, side: str) -> bool:
    if side == "new":
        return job.new_source is not None
    return job.old_source is not None and any(True for _ in job.file.changed_lines("LEFT"))


def _fill(wanted: Sequence[tuple[_Job, str]], timeout_s: float) -> None:
    sources = [source for job, side in wanted if (source := job.new_source if side == "new" else job.old_source)]
    for (job, side), parsed in zip(wanted, outlines(sources, timeout_s=timeout_s), strict=True):
        if side == "new":
            job.new = parsed
        else:
            job.old = parsed


def _language(path: str, text: bytes | None) -> str | None:
    first = b"" if text is None else text[:_FIRST_LINE_BYTES].partition(b"\n")[0]
    return language_of(path, first.decode("utf-8", "replace"))


def _source(path: str, text: bytes | None) -> Source | None:
    language = _language(path, text)
    return None if text is None or language is None or language not in WITH_GRAMMAR else Source(language, text)
