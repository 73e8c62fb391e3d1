"""Paths of a commit, found and read without following anything: no symlink, no submodule, no work tree."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from codedesigner.change.contents import is_binary
from codedesigner.change.git import TreeEntry
from codedesigner.change.languages import language_of
from codedesigner.change.model import decode, split_lines
from codedesigner.run.tools.base import Side, ToolContext, ToolError
from codedesigner.run.tools.shown import clean, clipped

LARGEST_FILE = 1_000_000
LARGEST_TREE = 100_000_000  # bytes that git may print about the paths of a commit
_LINK = "120000"
_SUBMODULE = "160000"
_NEAR = 3


@dataclass(frozen=True, slots=True)
class Place:
    """A path that the commit has."""

    path: str
    entry: TreeEntry

    @property
    def name(self) -> str:
        """The path as it is shown."""
        return clean(self.path)


@dataclass(frozen=True, slots=True)
class Text:
    """A file that can be read as text."""

    path: str
    language: str | None
    text: str

    @property
    def lines(self) -> list[str]:
        """Its lines, without their ends."""
        return split_lines(self.text)


def find_file(context: ToolContext, path: str, side: Side) -> Place:
    """The entry at `path`, given as git has it or as it is shown.

    Raises:
        ToolError: there is none, or a folder.
    """
    commit, git = context.commit(side), context.git(output_bytes=LARGEST_TREE)
    there = git.tree(commit, [path])
    if path in there:
        return Place(path, there[path])
    if there:
        raise ToolError(f"{clean(path)} is a folder at {side}; list_files shows what is in it")
    every = git.tree(commit)
    alike = [Place(real, entry) for real, entry in every.items() if "\\" in path and clean(real) == path]
    if len(alike) == 1:
        return alike[0]
    if alike:
        raise ToolError(f"{clean(path)} is how several files are shown; this one cannot be told apart")
    raise ToolError(f"there is no file {clean(path)} at {side}{_instead(context, path, side, list(every))}")


def _instead(context: ToolContext, path: str, side: Side, every: list[str]) -> str:
    other: Side = "base" if side == "head" else "head"
    if (other == "base" or context.head is not None) and context.git().tree(context.commit(other), [path]):
        return f"; there is one at {other}"
    name = PurePosixPath(path).name
    near = [clipped(real, 200) for real in every if PurePosixPath(real).name == name][:_NEAR]
    return f"; there is {', '.join(near)}" if near else ""


def find_place(context: ToolContext, path: str, side: Side) -> tuple[str, ...]:
    """The path of a file or folder that the commit has, as what a search is narrowed to; nothing for the top.

    Raises:
        ToolError: there is none.
    """
    if not path:
        return ()
    if context.git(output_bytes=LARGEST_TREE).tree(context.commit(side), [path]):
        return (path,)
    return (find_file(context, path, side).path,)


def special(context: ToolContext, place: Place) -> str | None:
    """What is at a place that is no regular file, in words; None for a file."""
    if place.entry.mode == _LINK:
        target = context.git().blobs([place.entry.oid], limit=4096).get(place.entry.oid)
        shown = "a target that cannot be read" if target is None else f"`{clipped(decode(target))}`"
        return f"{place.name} is a symbolic link to {shown}; links are not followed"
    if place.entry.mode == _SUBMODULE:
        return f"{place.name} is a submodule at {place.entry.oid[:12]}; submodules are not followed"
    return None


def content(context: ToolContext, place: Place) -> bytes:
    """The bytes of a file.

    Raises:
        ToolError: they are missing, or too many.
    """
    git = context.git()
    found = git.blobs([place.entry.oid], limit=LARGEST_FILE)
    if place.entry.oid not in found:
        raise ToolError(f"this clone lacks the content of {place.name}")
    data = found[place.entry.oid]
    if data is None:
        size = git.sizes([place.entry.oid])[place.entry.oid]
        raise ToolError(f"{place.name} has {size:,} bytes; files of more than {LARGEST_FILE:,} are not read")
    return data


def as_text(path: str, data: bytes) -> Text | None:
    """The file as text; None for a binary one."""
    if is_binary(data):
        return None
    text = decode(data)
    return Text(path, language_of(path, text[:500].partition("\n")[0]), text)


def read_text(context: ToolContext, path: str, side: Side) -> Text | str:
    """The file as text, or in words why it is none: a link, a submodule, binary.

    Raises:
        ToolError: there is no file, or it cannot be read.
    """
    place = find_file(context, path, side)
    words = special(context, place)
    if words is not None:
        return words
    data = content(context, place)
    return as_text(place.path, data) or f"{place.name} is a binary file of {len(data):,} bytes; it is not shown"
