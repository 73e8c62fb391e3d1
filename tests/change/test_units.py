"""Changed lines -> units: the table in `units`, row by row, and the laws that hold for every change."""

from __future__ import annotations

import difflib
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codedesigner.change.diff import parse_diff
from codedesigner.change.model import FileChange, Span, Status, Unit, encode, split_lines
from codedesigner.change.units import find_units, function_spans, parses, trace


def change(old: str | None, new: str | None, path: str = "shop.py", old_path: str | None = None) -> FileChange:
    """The change of one file from one text to the other; None where it does not exist."""
    before, after = (split_lines(text or "") for text in (old, new))
    body = list(difflib.unified_diff(before, after, "a/f", "b/f", lineterm=""))
    diff = "\n".join(["diff --git a/f b/f", *body, ""]) if body else ""
    parsed = parse_diff(encode(diff))
    hunks = parsed[0].hunks if parsed else ()
    status: Status = "added" if old is None else "deleted" if new is None else "renamed" if old_path else "modified"
    return FileChange(
        path=path,
        old_path=old_path,
        status=status,
        binary=False,
        added=sum(line.kind == "added" for hunk in hunks for line in hunk.lines),
        removed=sum(line.kind == "removed" for hunk in hunks for line in hunk.lines),
        hunks=hunks,
        old=None if old is None else encode(old),
        new=None if new is None else encode(new),
    )


def seen(*files: FileChange) -> list[tuple[str, str, str, tuple[int, int], tuple[int, ...]]]:
    return [(u.side, u.kind, u.name, (u.span.start, u.span.end), u.changed) for u in find_units(files)]


CART = """\
import math

RATE = 0.2


# What a customer took.
class Cart:
    limit = 3

    # The sum.
    @property
    def total(self):
        def taxed(price):
            return price
        return sum(map(taxed, self.items))

    def pay(self):
        return lambda: self.total


main()
"""


@pytest.mark.parametrize(
    ("line", "replacement", "unit"),
    [
        ("return price", "return price * 2", ("function", "Cart.total.taxed", (13, 14), (14,))),
        ("lambda: self.total", "lambda: 0", ("method", "Cart.pay", (17, 18), (18,))),
        ("@property", "@cached", ("method", "Cart.total", (10, 15), (11,))),
        ("# The sum.", "# All.", ("method", "Cart.total", (10, 15), (10,))),
        ("# What a customer took.", "# A cart.", ("class", "Cart", (6, 18), (6,))),
        ("limit = 3", "limit = 4", ("class", "Cart", (6, 18), (8,))),
        ("class Cart:", "class Cart(Base):", ("class", "Cart", (6, 18), (7,))),
        ("RATE = 0.2", "RATE = 0.3", ("block", "<module>", (3, 3), (3,))),
        ("main()", "start()", ("block", "<module>", (21, 21), (21,))),
    ],
)
def test_a_changed_line_belongs_to_what_encloses_it(
    line: str, replacement: str, unit: tuple[str, str, tuple[int, int], tuple[int, ...]]
) -> None:
    assert seen(change(CART, CART.replace(line, replacement, 1))) == [("RIGHT", *unit)]


def test_a_deleted_function_is_a_unit_of_the_old_side() -> None:
    new = CART.replace("    def pay(self):\n        return lambda: self.total\n", "")
    assert ("LEFT", "method", "Cart.pay", (17, 18), (17, 18)) in seen(change(CART, new))


def test_removed_lines_touch_the_function_that_goes_on() -> None:
    (found,) = trace([change("def f():\n    a()\n    b()\n", "def f():\n    a()\n")])
    assert (found.unit.name, found.unit.side, found.unit.changed, found.removed) == ("f", "RIGHT", (), (3,))


def test_of_several_functions_of_one_name_the_nearest_is_touched() -> None:
    each = "  void f(int a{0}) {{\n    go({0});\n    end({0});\n  }} // {0}\n"
    old = "class A {\n" + "".join(map(each.format, range(3))) + "}\n"
    new = old.replace("    go(1);\n", "")
    assert seen(change(old, new, "A.java")) == [("RIGHT", "method", "A.f", (6, 8), ())]
    gone = old.replace("  void f(int a1) {\n    go(1);\n    end(1);\n  } // 1\n", "")
    assert seen(change(old, gone, "A.java")) == [("LEFT", "method", "A.f", (6, 9), (6, 7, 8, 9))]


def test_a_function_renamed_in_place_is_the_new_one_alone() -> None:
    body = "".join(f"    step({number})\n" for number in range(6))
    (found,) = trace([change("def old():\n" + body, "def new():\n" + body)])
    assert (found.unit.name, found.unit.side, found.removed) == ("new", "RIGHT", (1,))


def test_a_function_renamed_and_rewritten_is_a_new_and_a_deleted_one() -> None:
    found = seen(change("def old():\n    a()\n    b()\n", "def new():\n    x()\n    y()\n"))
    assert [(side, name) for side, _, name, _, _ in found] == [("LEFT", "old"), ("RIGHT", "new")]


def test_methods_of_a_renamed_class_are_not_deleted() -> None:
    old = "class Old:\n    def f(self):\n        a()\n        b()\n        c()\n        d()\n"
    new = old.replace("Old", "New").replace("b()", "x()")
    found = seen(change(old, new))
    assert [(side, name) for side, _, name, _, _ in found] == [("RIGHT", "New"), ("RIGHT", "New.f")]


def test_the_old_text_of_a_renamed_file_is_read_in_its_old_language() -> None:
    old = "function f() {\n  a();\n  b();\n}\n"
    new = "function f(): void {\n  a();\n}\n"
    (found,) = trace([change(old, new, "new.ts", old_path="old.js")])
    assert (found.unit.path, found.unit.name, found.unit.changed, found.removed) == ("new.ts", "f", (1,), (1, 3))


def test_top_level_lines_without_a_definition_between_are_one_block() -> None:
    old = "a = 1\nb = 2\nc = 3\n\n\ndef f():\n    pass\n\n\nd = 4\n"
    new = old.replace("1", "10").replace("3", "30").replace("4", "40")
    assert seen(change(old, new)) == [
        ("RIGHT", "block", "<module>", (1, 3), (1, 3)),
        ("RIGHT", "block", "<module>", (10, 10), (10,)),
    ]


def test_blocks_far_apart_stay_apart() -> None:
    old = "a = 1\n" + "x = 0\n" * 50 + "b = 1\n"
    assert [unit[3] for unit in seen(change(old, old.replace("1", "2")))] == [(1, 1), (52, 52)]


def test_a_block_shows_the_whole_statement_unless_it_is_long() -> None:
    old = "TABLE = {\n" + "".join(f"    {n}: {n},\n" for n in range(60)) + "}\n"
    assert seen(change(old, old.replace("    30: 30,", "    30: 31,")))[0][3] == (1, 62)
    longer = "if on:\n" + "".join(f"    x{n} = {n}\n" for n in range(100))
    assert seen(change(longer, longer.replace("x50 = 50", "x50 = 51")))[0][3] == (52, 52)


def test_a_block_with_nothing_added_is_a_unit_of_the_old_side() -> None:
    old = "import a\nimport b\n\n\ndef f():\n    pass\n"
    assert seen(change(old, old.replace("import b\n", ""))) == [("LEFT", "block", "<module>", (2, 2), (2,))]
    (both,) = trace([change(old, old.replace("import b\n", "import c\n"))])
    assert (both.unit.side, both.unit.changed, both.removed) == ("RIGHT", (2,), (2,))


def test_a_deleted_file_is_all_on_the_old_side_and_a_new_one_on_the_new() -> None:
    text = "import a\n\n\ndef f():\n    pass\n"
    for file, side in ((change(text, None), "LEFT"), (change(None, text), "RIGHT")):
        assert [(unit[0], unit[2], unit[4]) for unit in seen(file)] == [
            (side, "<module>", (1,)),
            (side, "f", (2, 3, 4, 5)),
        ]


def test_a_file_without_a_grammar_is_told_by_its_hunks() -> None:
    old = "\n".join(f"key{n}: {n}" for n in range(40)) + "\n"
    new = old.replace("key3: 3\n", "key3: 4\n").replace("key30: 30\n", "")
    added, removed = find_units([change(old, new, "a.yaml")])
    assert (added.kind, added.side, added.name, added.changed) == ("hunk", "RIGHT", "lines 1-7", (4,))
    assert (removed.side, removed.name, removed.changed) == ("LEFT", "lines 28-34", (31,))
    assert (added.language, added.degraded, added.statements) == ("yaml", None, ())


def test_a_hunk_takes_the_section_that_git_printed() -> None:
    file = change("a: 1\n", "a: 2\n", "a.yaml")
    headed = replace(file, hunks=(replace(file.hunks[0], section="  jobs:   build " + "x" * 500),))
    (unit,) = find_units([headed])
    assert unit.name.startswith("jobs: build xxx")
    assert unit.name.endswith("…")
    assert len(unit.name) < 130


def test_a_file_that_was_not_read_has_no_units() -> None:
    assert find_units([replace(change("a = 1\n", "a = 2\n"), unread="filtered")]) == ()


def test_a_file_whose_text_could_not_be_had_is_told_by_its_hunks() -> None:
    (unit,) = find_units([replace(change("a = 1\n", "a = 2\n"), new=None, old=None)])
    assert (unit.kind, unit.degraded) == ("hunk", "content unavailable")


def test_without_the_old_text_removed_lines_go_where_they_were_taken_from() -> None:
    (found,) = trace(
        [replace(change("def f():\n    a()\n    b()\n    c()\n", "def f():\n    a()\n    c()\n"), old=None)]
    )
    assert (found.unit.name, found.removed) == ("f", (3,))


def test_broken_code_still_gives_functions() -> None:
    old = "class Cart:\n    def total(self):\n        return 1\n\n    def pay(self):\n        a()\n        return 2\n"
    new = old.replace("class Cart:", "class Cart(((:\n<<<<<<< ours").replace("return 2", "return 3")
    units = find_units([change(old, new)])
    assert {unit.degraded for unit in units} == {"syntax errors"}
    assert [unit.name for unit in units if 9 in unit.changed or 8 in unit.changed] == ["Cart.pay"]


def test_a_trap_degrades_its_file_and_no_other() -> None:
    trap = change(None, "a<" * 200_000 + "\n", "trap.cpp")
    units = find_units([trap, change(None, "def f():\n    pass\n")], timeout_s=1.5)
    assert [(unit.path, unit.kind, unit.name) for unit in units] == [
        ("trap.cpp", "hunk", "lines 1-1"),
        ("shop.py", "function", "f"),
    ]
    assert (units[0].degraded or "").startswith("parser ")
    assert units[1].degraded is None


def test_brackets_two_hundred_thousand_deep_are_read() -> None:
    (unit,) = find_units([change(None, "(" * 200_000 + "\n", "deep.js")])
    assert (unit.kind, unit.degraded) == ("block", "syntax errors")


def test_a_name_of_hostile_length_is_cut_and_marked() -> None:
    text = f"def {'a' * 300}():\n    pass\n\n\ndef {'a' * 301}():\n    pass\n\n\ndef {'a' * 90_000}(): pass\n"
    one, other, longest = find_units([change(None, text)])  # and none for the blank lines between
    assert one.name.startswith("aaaa")
    assert "…" in one.name
    assert max(len(one.name), len(longest.name)) < 200
    assert one.name != other.name


def test_forty_deep_definitions_belong_to_the_fortieth() -> None:
    text = "".join(f"{'  ' * depth}function f{depth}() {{\n" for depth in range(60)) + "}\n" * 60
    spans = function_spans(text, "javascript")
    assert len(spans) == 40
    assert all(len(named.name) < 200 for named in spans)


def test_statements_are_the_logical_lines_of_the_unit() -> None:
    text = "import a\n\ndef f(x):\n    # why\n    if x:\n        go(\n            1,\n        )\n\n    return x\n"
    unit = next(unit for unit in find_units([change(None, text)]) if unit.name == "f")
    assert unit.statements == (Span(3, 3), Span(5, 5), Span(6, 8), Span(10, 10))


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("python", "def f():\n    pass\n", True),
        ("python", "def f(:\n", False),
        ("bash", "f() {\n", False),
        ("yaml", "a: b\n", None),
        (None, "x", None),
    ],
)
def test_whether_a_text_parses(language: str | None, text: str, answer: bool | None) -> None:
    assert parses(language, text) is answer


def test_undecodable_bytes_survive() -> None:
    (named,) = function_spans("def f\udcff():\n    pass\n", "python") or function_spans("def f(): pass\n", "python")
    assert named.name.startswith("f")


def test_this_process_never_loads_a_parser() -> None:
    program = (
        "import sys; from codedesigner.change.units import function_spans;"
        "assert function_spans('def f(): pass', 'python');"
        "assert not any('tree_sitter' in name for name in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


LINES = st.sampled_from(
    [
        *("def f(a):", "    def g(self):", "class A:", "    x = 1", "    return a", "        return (", "y = 2", ""),
        *("# note", "    # note", "@wraps", "    @wraps", ")", "if y:", "else:", "f(", "z = lambda: 0", "\t\x0c"),
    ]
)
TEXTS = st.lists(LINES, max_size=14).map(lambda lines: "".join(line + "\n" for line in lines))


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=12, max_size=12))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_changed_line_belongs_to_exactly_one_unit(texts: list[tuple[str, str]]) -> None:
    files = [change(old, new, f"f{number}.py") for number, (old, new) in enumerate(texts)]
    found = trace(files)
    for file in files:
        mine = [traced for traced in found if traced.unit.path == file.path]
        added = Counter(line for traced in mine if traced.unit.side == "RIGHT" for line in traced.unit.changed)
        removed = Counter(line for traced in mine for line in traced.removed)
        assert added == Counter(line.new for line in file.changed_lines("RIGHT"))
        assert removed == Counter(line.old for line in file.changed_lines("LEFT"))
        for traced in mine:
            _fits(traced.unit, file)


def _fits(unit: Unit, file: FileChange) -> None:
    assert all(line in unit.span for line in unit.changed)
    assert 1 <= unit.span.start <= unit.span.end
    text = file.new_text if unit.side == "RIGHT" else file.old_text
    lines = split_lines(text or "")
    assert unit.span.end <= len(lines)
    held = [line for span in unit.statements for line in range(span.start, span.end + 1)]
    assert len(held) == len(set(held))
    assert all(line in unit.span for line in held)
    code = {n for n in range(unit.span.start, unit.span.end + 1) if (lines[n - 1].split("#")[0]).strip()}
    assert code <= set(held)


@given(TEXTS, TEXTS)
@settings(max_examples=5, deadline=None)
def test_two_readings_are_the_same(old: str, new: str) -> None:
    file = change(old, new)
    assert trace([file]) == trace([file])
