"""Changed lines to functions: beside tree-sitter alone on the same bytes, and from 10 to 10,000 functions."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from bench.measure import Row, seconds
from tree_sitter import Language, Parser

from codedesigner.change.grammars import GRAMMARS
from codedesigner.change.model import FileChange, Hunk, Line
from codedesigner.change.units import find_units

_IN_ONE_FILE = 40
_SIZES = (10, 100, 1_000, 10_000)
_BODY = """\
    def method{0}(self, items, *, limit={0}):
        \"\"\"Adds up.\"\"\"
        total = 0
        for item in items:
            if item.price > limit and not item.free:
                total += item.price * {0}
            else:
                self.log("free", item, sum(other.price for other in items))
        return max(total, key=lambda price: price + {0})

"""
_OLD_LINE, _NEW_LINE = "        total = 0\n", "        total = 1\n"


def measure() -> Sequence[Row]:
    """Functions and bytes a second for 1,000 functions, then the time for each size."""
    files = _files(1_000)
    size = sum(len(file.old or b"") + len(file.new or b"") for file in files)
    ours = seconds(lambda: find_units(files))
    bare = seconds(lambda: _bare(files))
    rows = [
        Row("functions: found", 1_000 / ours, "functions/s", "tree-sitter parse + walk", 1_000 / bare),
        Row("functions: read", size / ours / 1e6, "MB/s", "tree-sitter parse + walk", size / bare / 1e6),
    ]
    per_function = ours / 1_000
    for count in _SIZES:
        sized = _files(count)
        took = seconds(lambda sized=sized: find_units(sized), times=2)  # type: ignore[misc]
        rows.append(Row(f"functions: {count}", took, "s", "at the rate of 1,000", per_function * count))
        one = [_file("one.py", count)]
        took = seconds(lambda one=one: find_units(one), times=2)  # type: ignore[misc]
        rows.append(Row(f"functions: {count} in one file", took, "s", "at the rate of 1,000", per_function * count))
    return rows


def _files(functions: int) -> list[FileChange]:
    """Files of 40 methods with one changed line each."""
    count = max(functions // _IN_ONE_FILE, 1)
    return [_file(f"f{number}.py", functions // count) for number in range(count)]


def _file(path: str, functions: int) -> FileChange:
    old = "class Cart:\n" + "".join(_BODY.format(number) for number in range(functions))
    each = _BODY.count("\n")
    first = 1 + _BODY[: _BODY.index(_OLD_LINE)].count("\n") + 1
    hunks = tuple(
        Hunk(at, 1, at, 1, "", (Line("removed", at, None, _OLD_LINE[:-1]), Line("added", None, at, _NEW_LINE[:-1])))
        for at in range(first, first + each * functions, each)
    )
    new = old.replace(_OLD_LINE, _NEW_LINE)
    return FileChange(
        path=path,
        old_path=None,
        status="modified",
        binary=False,
        added=functions,
        removed=functions,
        hunks=hunks,
        old=old.encode(),
        new=new.encode(),
    )


def _bare(files: Sequence[FileChange]) -> int:
    """Parse both sides of every file and step through every node, in this process."""
    grammar = GRAMMARS["python"]
    parser = Parser(Language(import_module(grammar.module).language()))
    nodes = 0
    for file in files:
        for text in (file.old, file.new):
            cursor = parser.parse(text or b"").walk()
            nodes += 1
            while True:
                if cursor.goto_first_child() or cursor.goto_next_sibling():
                    nodes += cursor.node is not None
                    continue
                while cursor.goto_parent():
                    if cursor.goto_next_sibling():
                        nodes += cursor.node is not None
                        break
                else:
                    break
    return nodes
