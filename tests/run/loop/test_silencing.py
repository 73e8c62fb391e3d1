"""Fixes that repair nothing are refused by their text, and honest ones are not."""

from __future__ import annotations

import time

import pytest

from codedesigner.angle.kinds import KINDS
from codedesigner.change.identifiers import masked
from codedesigner.run.loop.problem import OUTSIDE_CODE, SUPERFLUOUS
from codedesigner.run.loop.silencing import silenced
from codedesigner.run.loop.swallowing import calm, drops

PY = "def mean(items):\n    total = sum(items)\n    return total / len(items)\n"
JS = "function mean(items) {\n  const total = sum(items);\n  return total / items.length;\n}\n"
TRY = "def mean(items):\n    try:\n        return sum(items) / len(items)\n"
JS_TRY = "function mean(items) {\n  try {\n    return sum(items) / items.length;\n"

LAZY = {
    "it changes nothing": [(PY, PY, "python")],
    "it takes the whole of it out": [(PY, "\n", "python"), (PY, "", "python")],
    "it changes nothing but comments and blank space": [
        (PY, PY.replace("    return", "    # never empty\n    return"), "python"),
        (PY, PY.replace("items):\n", 'items):\n    """Of items that are not empty."""\n'), "python"),
        (PY, PY.replace("total / len", "total  /  len"), "python"),
        (JS, JS.replace("  return", "  /* checked */\n  return"), "javascript"),
    ],
    "it asks a tool to say nothing, and repairs nothing": [
        (JS, JS.replace("items.length", "(items as any).length"), "typescript"),
        (PY, PY.replace("sum(items)", "sum(cast(Any, items))"), "python"),
        (PY, PY.replace("(items)\n", "(items)  # noqa\n"), "python"),
        (PY, PY.replace("(items)\n", "(items)  # type: ignore\n"), "python"),
        (PY, PY.replace("total / len(items)", "total / max(1, len(items))  # nosec"), "python"),
        (JS, JS.replace("length;", "length; // eslint-disable-line"), "javascript"),
        (JS, JS.replace("  return", "  // @ts-ignore\n  return"), "typescript"),
        ("fn f() {\n    g();\n}\n", "#[allow(clippy::all)]\nfn f() {\n    g();\n}\n", "rust"),
        ("void f() {\n  g();\n}\n", '@SuppressWarnings("all")\nvoid f() {\n  g();\n}\n', "java"),
        ("func f() {\n\tg()\n}\n", "func f() {\n\tg() //nolint\n}\n", "go"),
        ("def f\n  g\nend\n", "def f\n  g # rubocop:disable all\nend\n", "ruby"),
    ],
    "it drops an error instead of its cause": [
        (PY, TRY + "    except ZeroDivisionError:\n        print(items)\n", "python"),
        (PY, TRY + "    except ZeroDivisionError:\n        return 0.0\n", "python"),
        ("func f() {\n\tg()\n}\n", "func f() {\n\tif err := g(); err != nil {\n\t\tlog.Print(err)\n\t}\n}\n", "go"),
        (
            PY,
            TRY + "    except Exception:\n        pass\n",
            "python",
        ),
        (
            PY,
            TRY + "    except:\n        return 0\n",
            "python",
        ),
        (
            PY,
            TRY + "    except ZeroDivisionError:\n        ...\n",
            "python",
        ),
        (
            PY,
            "def mean(items):\n    with suppress(ZeroDivisionError):\n        return sum(items) / len(items)\n",
            "python",
        ),
        (
            JS,
            JS_TRY + "  } catch (e) {\n  }\n}\n",
            "javascript",
        ),
        (
            JS,
            JS_TRY + "  } catch (e) { console.log(e); }\n}\n",
            "javascript",
        ),
        (JS, "function mean(items) {\n  return ask(items).catch(() => {});\n}\n", "javascript"),
        ("def f\n  g\nend\n", "def f\n  g rescue nil\nend\n", "ruby"),
        ("def f\n  g\nend\n", "def f\n  g\nrescue => e\n  nil\nend\n", "ruby"),
        ("func f() error {\n\treturn g()\n}\n", "func f() error {\n\t_ = g()\n\treturn h()\n}\n", "go"),
        ("func f() {\n\tg()\n}\n", "func f() {\n\tdefer func() { recover() }()\n\tg()\n}\n", "go"),
        ("fn f() {\n    g()?;\n}\n", "fn f() {\n    let _ = g();\n}\n", "rust"),
        ("f() {\n  rm x\n}\n", "f() {\n  rm x || true\n}\n", "bash"),
        (
            "void f() {\n  g();\n}\n",
            "void f() {\n  try {\n    g();\n  } catch (Exception e) {\n    e.printStackTrace();\n  }\n}\n",
            "java",
        ),
    ],
    "it switches a test off": [
        ("def test_f():\n    assert f() == 1\n", "def test_f():\n    assert True, f()\n", "python"),
        ("def test_f():\n    assert f() == 1\n", "@pytest.mark.skip\ndef test_f():\n    assert f() == 1\n", "python"),
        (
            'it("adds", () => {\n  expect(f()).toBe(1);\n});\n',
            'it.skip("adds", () => {\n  expect(f()).toBe(1);\n});\n',
            "javascript",
        ),
    ],
    "it takes an assertion out": [
        ("def test_f():\n    x = f()\n    assert x == 1\n", "def test_f():\n    x = f()\n    print(x)\n", "python"),
    ],
    "it switches code off": [
        (PY, PY.replace("    return", "    if items or True:\n        return"), "python"),
        (PY, PY.replace("    return total", "    if False:\n        return total"), "python"),
        (JS, JS.replace("  return total", "  if (false) return total"), "javascript"),
    ],
    "it brings in a call that can run anything": [
        (PY, PY.replace("sum(items)", 'eval("sum(items)")'), "python"),
        (PY, PY.replace("sum(items)", 'sum(items) or os.system("x")'), "python"),
    ],
    "it puts a placeholder in the place of code": [
        (PY, PY.replace("    return total / len(items)", "    return None"), "python"),
        (PY, PY.replace("    return total / len(items)", "    return 0"), "python"),
        (JS, JS.replace("  return total / items.length;", "  return null;"), "javascript"),
        (PY, "def mean(items):\n    pass\n", "python"),
        (PY, "def mean(items):\n    raise NotImplementedError\n", "python"),
    ],
    "it puts code into a comment": [
        (PY, PY.replace("    return total", "    print(total)\n    # return total"), "python"),
    ],
    "it leaves code behind a return": [
        (PY, PY.replace("    total = sum(items)", "    return items[0]\n    total = sum(items)"), "python"),
    ],
    "it only takes code out": [(PY, PY.replace("    total = sum(items)\n", ""), "python")],
    "it brings in a line of 1225 characters": [(PY, PY.replace("total /", f"{'1 + ' * 300}total /"), "python")],
}


@pytest.mark.parametrize(
    ("reason", "old", "new", "language"),
    [(reason, *case) for reason, cases in LAZY.items() for case in cases],
)
def test_what_repairs_nothing_is_refused(reason: str, old: str, new: str, language: str) -> None:
    assert silenced(old, new, language) == reason


HONEST = [
    (PY, PY.replace("    return total", "    if not items:\n        return 0\n    return total"), "python"),
    (
        PY,
        PY.replace("    return total", '    if not items:\n        raise ValueError("no items")\n    return total'),
        "python",
    ),
    (PY, PY.replace("total / len(items)", "total / max(1, len(items))"), "python"),
    (
        PY,
        PY.replace("total / len(items)", "total / len(items)  # never empty").replace("sum(items)", "fsum(items)"),
        "python",
    ),
    (
        PY,
        TRY + "    except ZeroDivisionError as e:\n        raise ValueError from e\n",
        "python",
    ),
    (JS, JS.replace("  return", '  if (!items.length) throw new Error("no items");\n  return'), "javascript"),
    (
        "def ask(x):\n    try:\n        f(x)\n    except:\n        pass\n",
        "def ask(x):\n    try:\n        f(x)\n    except OSError as e:\n        log(e)\n",
        "python",
    ),
    ('def f(x):\n    run("a " + x, shell=True)\n', 'def f(x):\n    run(["a", x])\n', "python"),
    ("def f(x):\n    assert x, 'why'\n", "def f(x):\n    if not x:\n        raise ValueError('why')\n", "python"),
    ("def size(path)\n  `du #{path}`\nend\n", "def size(path)\n  `du #{Shellwords.escape(path)}`\nend\n", "ruby"),
    ("q = 'a' + x\n", "q = 'b' + x\n", "python"),
]


@pytest.mark.parametrize(("old", "new", "language"), HONEST)
def test_what_repairs_is_not_refused(old: str, new: str, language: str) -> None:
    assert silenced(old, new, language) is None


def test_where_code_should_not_be_there_taking_it_out_is_the_repair() -> None:
    new = PY.replace("    total = sum(items)\n", "")
    assert silenced(PY, new, "python", superfluous=True) is None
    assert silenced("import os\n", "", "python", superfluous=True, function=False) is None
    assert set(KINDS) >= SUPERFLUOUS


def test_where_the_defect_may_stand_in_a_comment_changing_that_is_the_repair() -> None:
    old = PY.replace("    return", "    # never emtpy\n    return")
    new = old.replace("emtpy", "empty")
    assert silenced(old, new, "python") == "it changes nothing but comments and blank space"
    assert silenced(old, new, "python", outside_code=True) is None
    assert silenced(old, old.replace("# never emtpy", "# noqa"), "python", outside_code=True) is not None
    assert set(KINDS) >= OUTSIDE_CODE


ODD = (
    "\n" * 10_000,
    "if" + "\n" * 10_000,
    "# x\n" * 6_000,
    "#" * 15_000,
    "catch (" * 4_000,
    "catch {" * 4_000,
    "if err " * 4_000,
    "a " * 10_000,
    "(" * 20_000,
    "except " * 4_000,
    "except:\n" * 4_000,
    "rescue\n" * 4_000,
)


@pytest.mark.parametrize("language", ["python", "javascript", "ruby", "go"])
def test_what_is_large_or_odd_takes_no_time(language: str | None) -> None:
    began = time.process_time()
    for odd in ODD:
        for old, new in ((PY, PY + odd), (PY + odd, PY + odd + "x = 1\n"), (PY, PY + odd[:800])):
            silenced(old, new, language)
    assert time.process_time() - began < 4


def test_the_signs_of_a_dropped_error_are_counted() -> None:
    text = "try:\n    f()\nexcept OSError:\n    pass\ntry:\n    g()\nexcept ValueError as e:\n    raise X from e\n"
    assert drops(calm(masked(text, "python")), "python") == 1
    assert drops(masked("# except: pass\nx = 'except: pass'\n", "python"), "python") == 0
