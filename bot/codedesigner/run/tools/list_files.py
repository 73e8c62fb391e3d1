"""What a folder holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from codedesigner.change.git import TreeEntry
from codedesigner.config.shape import Closed
from codedesigner.run.tools.arguments import At, Place
from codedesigner.run.tools.base import Tool, ToolContext, ToolError, ToolResult
from codedesigner.run.tools.places import LARGEST_TREE, find_place
from codedesigner.run.tools.shown import clean, clipped, counted, listed

_KINDS = {"120000": "symbolic link", "160000": "submodule"}
_MOST_SIZED = 2000


class ListFiles(Closed):
    """Which folder, and how deep."""

    path: Place = ""
    recursive: Annotated[bool, Field(description="Whether to list all below it, not only its own entries.")] = False
    at: At = "head"


def _look(asked: ListFiles, context: ToolContext) -> ToolResult:
    commit, git = context.commit(asked.at), context.git(output_bytes=LARGEST_TREE)
    paths = find_place(context, asked.path, asked.at)
    entries = git.tree(commit, paths)
    if not entries:
        raise ToolError(f"there is no file at {asked.at}")
    top = "" if not paths or paths[0] in entries else f"{paths[0]}/"
    files, folders = _parted(entries, top, recursive=asked.recursive)
    sizes = git.sizes([entry.oid for entry in list(files.values())[:_MOST_SIZED] if entry.is_file])
    rows = {f"{name}/": counted(count, "file") for name, count in folders.items()}
    rows |= {name: _kind(entry, sizes) for name, entry in files.items()}
    head = f"{clean(top) or 'top'} at {asked.at}: {counted(len(files), 'file')}"
    head += f", {counted(len(folders), 'folder')}" if folders else ""
    lines = [f"{clipped(name, 1000)}  {what}" for name, what in sorted(rows.items())]
    text, cut = listed(head, lines, context.most_characters, "entry of the list")
    return ToolResult(text, cut.replace("entry of the lists", "entries") if cut else "")


def _parted(
    entries: Mapping[str, TreeEntry], top: str, *, recursive: bool
) -> tuple[dict[str, TreeEntry], dict[str, int]]:
    """Names below `top`: of files, and of folders with how many files each has."""
    files: dict[str, TreeEntry] = {}
    folders: dict[str, int] = {}
    for path, entry in entries.items():
        name = path.removeprefix(top)
        folder, slash, _ = name.partition("/")
        if recursive or not slash or not path.startswith(top):
            files[name] = entry
        else:
            folders[folder] = folders.get(folder, 0) + 1
    return files, folders


def _kind(entry: TreeEntry, sizes: Mapping[str, int]) -> str:
    if not entry.is_file:
        return _KINDS.get(entry.mode, "neither file nor link")
    return counted(sizes[entry.oid], "byte") if entry.oid in sizes else "size not looked up"


async def _run(asked: ListFiles, context: ToolContext) -> ToolResult:
    return await asyncio.to_thread(_look, asked, context)


LIST_FILES = Tool("list_files", ListFiles, _run)
