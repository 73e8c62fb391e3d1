"""Who calls what, by name."""

from __future__ import annotations

import pytest

from codedesigner.change.callers import TOP_LEVEL, CallGraph, CodeFile, Definition, is_test, within
from codedesigner.change.identifiers import Mention
from codedesigner.change.languages import language_of
from codedesigner.change.model import Span, encode
from codedesigner.change.parsing import Outline, Source, outlines

CART = """\
class Cart:
    def __init__(self, items):
        self.items = items

    def total(self):
        return sum_of(self.items)


def sum_of(items):
    # total(items) would be wrong
    return sum(items)
"""
SHOP = """\
from cart import Cart


def pay(items):
    cart = Cart(items)
    return cart.total()


def show(basket):
    print("total()")
    def total():
        return 1
    return total()
"""
OTHER = """\
class Bill:
    def total(self):
        return 0


def close(bill):
    return bill.total()
"""
FILES = {"src/cart.py": CART, "src/shop.py": SHOP, "src/bill.py": OTHER}


def parsed(files: dict[str, str]) -> list[CodeFile]:
    languages = {path: language_of(path) for path in files}
    found = outlines([Source(languages[path] or "", encode(text)) for path, text in files.items()])
    return [
        CodeFile(path, languages[path], text, outline.spans if isinstance(outline, Outline) else ())
        for (path, text), outline in zip(files.items(), found, strict=True)
    ]


def graph(files: dict[str, str], *asked: str) -> CallGraph:
    return CallGraph(parsed(files), asked)


def definition(found: CallGraph, path: str, name: str) -> Definition:
    one = found.definition(path, name, 1)
    assert one is not None
    return one


def users(found: CallGraph, path: str, name: str) -> set[tuple[str, str]]:
    return {(one.file.path, one.inside) for one in found.users(definition(found, path, name)) if one.mention.called}


def test_callers_are_the_functions_around_a_call() -> None:
    found = graph(FILES, "sum_of", "total")
    assert users(found, "src/cart.py", "sum_of") == {("src/cart.py", "Cart.total")}


def test_of_several_with_a_name_the_one_whose_class_or_module_the_file_names_is_meant() -> None:
    found = graph(FILES, "total")
    assert users(found, "src/cart.py", "Cart.total") == {("src/shop.py", "pay")}
    assert users(found, "src/bill.py", "Bill.total") == {("src/bill.py", "close")}


def test_a_constructor_is_called_by_the_name_of_its_class() -> None:
    found = graph(FILES, "Cart")
    assert users(found, "src/cart.py", "Cart.__init__") == {("src/shop.py", "pay")}
    assert users(found, "src/cart.py", "Cart") == {("src/shop.py", "pay")}


def test_a_call_means_the_one_definition_that_it_may_mean() -> None:
    files = parsed(FILES)
    found = CallGraph(files, ())
    shop = next(file for file in files if file.path == "src/shop.py")
    calls = {one.name: found.meant(one, shop) for one in within(shop, Span(4, 6), frozenset({"Cart", "total"}))}
    assert calls["Cart"][0] is not None
    assert calls["Cart"][0].file.path == "src/cart.py"
    other = CallGraph([*parsed({"a.py": "def pick(): pass\n", "b.py": "def pick(): pass\n"}), shop], ())
    assert other.meant(call_in("pick()"), shop) == (None, True)
    assert other.meant(call_in("absent()"), shop) == (None, False)


def call_in(text: str) -> Mention:
    file = CodeFile("c.py", "python", text, ())
    return next(within(file, Span(1, 1), file.names))


def test_what_stands_inside_a_function_means_nothing_elsewhere() -> None:
    found = graph(
        {"a.py": "def outer():\n    def inner(): pass\n    inner()\n", "b.py": "def f():\n    inner()\n"}, "inner"
    )
    assert users(found, "a.py", "outer.inner") == {("a.py", "outer")}


def test_a_call_outside_every_function_is_at_top_level() -> None:
    found = graph({"a.py": "def run(): pass\n\nrun()\n"}, "run")
    assert users(found, "a.py", "run") == {("a.py", TOP_LEVEL)}


@pytest.mark.parametrize(
    ("path", "text", "caller"),
    [
        ("a.go", "package a\nfunc Load() int { return 1 }\nfunc Use() int { return Load() }\n", "Use"),
        ("a.rs", "fn load() -> i32 { 1 }\nfn used() -> i32 { load() }\n", "used"),
        ("a.c", "int load(void);\nint load(void) { return 1; }\nint used(void) { return load(); }\n", "used"),
        ("A.java", "class A {\n int load() { return 1; }\n int used() { return load(); }\n}\n", "A.used"),
        ("a.ts", "export function load() { return 1 }\nexport const used = () => load()\n", "used"),
        ("a.rb", "def load\n  1\nend\n\ndef used\n  load\nend\n", "used"),
        ("a.sh", "load() {\n  echo 1\n}\nused() {\n  load\n}\n", "used"),
        ("a.php", "<?php\nfunction load() { return 1; }\nfunction used() { return load(); }\n", "used"),
        ("a.kt", "fun load() = 1\nfun used() = load()\n", "used"),
        ("a.swift", "func load() -> Int { return 1 }\nfunc used() -> Int { return load() }\n", "used"),
        ("a.cs", "class A {\n int load() { return 1; }\n int used() { return load(); }\n}\n", "A.used"),
        ("a.lua", "function load()\n return 1\nend\nfunction used()\n return load()\nend\n", "used"),
        ("a.scala", "object A {\n def load = 1\n def used = load\n}\n", "A.used"),
        ("a.js", "function load() { return 1 }\nfunction used() { return load() }\n", "used"),
        ("a.cpp", "int load() { return 1; }\nint used() { return load(); }\n", "used"),
    ],
)
def test_it_works_for_every_language_with_a_grammar(path: str, text: str, caller: str) -> None:
    found = graph({path: text}, "load", "Load")
    named = next(span.name for span in found.files[path].spans if span.name.rpartition(".")[2].lower() == "load")
    assert users(found, path, named) == {(path, caller)}


@pytest.mark.parametrize(
    ("path", "test"),
    [
        ("tests/test_cart.py", True),
        ("src/cart_test.go", True),
        ("web/cart.spec.ts", True),
        ("src/test/java/CartTest.java", True),
        ("spec/cart_spec.rb", True),
        ("src/contest.py", False),
        ("src/latest/cart.py", False),
        ("src/testimony.py", False),
    ],
)
def test_tests_are_known_by_their_paths(path: str, test: bool) -> None:
    assert is_test(path) == test
