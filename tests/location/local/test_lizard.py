"""Sizes of functions, measured by the real program in every language that it reads."""

import asyncio

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.lizard import LIZARD, MOST_BRANCHES
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.local.thresholds import MAX_ARGUMENTS, MAX_LINES
from codedesigner.protocol.issue import Answer, Source


def examine(*sources: Source) -> dict[str, Answer]:
    return asyncio.run(LocalReviewer(LIZARD).examine(sources)).answers


def kinds(answer: Answer) -> list[str]:
    return sorted(issue.kind for issue in answer.issues)


def names(count: int) -> list[str]:
    return [f"a{number}" for number in range(count)]


def branchy(count: int) -> str:
    return "def f(a):\n" + "".join(f"    if a == {number}:\n        a += 1\n" for number in range(count - 1))


def long(lines: int) -> str:
    return "def f(a):\n" + "    a += 1\n" * (lines - 1)


TABLE = {
    "branches": (branchy(MOST_BRANCHES + 1), ["too-complex"]),
    "branches allowed": (branchy(MOST_BRANCHES), []),
    "lines": (long(MAX_LINES + 1), ["too-long"]),
    "lines allowed": (long(MAX_LINES), []),
    "comments are no code": (long(20).replace("\n", "\n    # why\n\n\n" * 4), []),
    "arguments": (f"def f({', '.join(names(MAX_ARGUMENTS + 1))}):\n    pass\n", ["too-many-arguments"]),
    "arguments allowed": (f"def f({', '.join(names(MAX_ARGUMENTS))}):\n    pass\n", []),
    "self is no argument": (f"class A:\n    def f(self, {', '.join(names(MAX_ARGUMENTS))}):\n        pass\n", []),
    "empty": ("", []),
    "no function": ("x = 1\n", []),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return examine(*(Source(name, "pkg/module.py", "python", text) for name, (text, _) in TABLE.items()))


@pytest.mark.parametrize("name", TABLE)
def test_what_counts(name: str, answers: dict[str, Answer]) -> None:
    assert (answers[name].status, kinds(answers[name])) == ("answered", TABLE[name][1])


PARAMETERS = {
    "m.js": ("javascript", "function f(%s) { return 1; }\n", "{}"),
    "m.ts": ("typescript", "function f(%s): number { return 1; }\n", "{}: number"),
    "m.tsx": ("tsx", "function f(%s): number { return 1; }\n", "{}: number"),
    "m.go": ("go", "package m\nfunc f(%s) int { return 1 }\n", "{} int"),
    "m.java": ("java", "class M {\n  int f(%s) { return 1; }\n}\n", "int {}"),
    "m.rs": ("rust", "fn f(%s) -> i32 { 1 }\n", "{}: i32"),
    "m.c": ("c", "int f(%s) { return 1; }\n", "int {}"),
    "m.cpp": ("cpp", "int f(%s) { return 1; }\n", "int {}"),
    "m.cs": ("csharp", "class M {\n  int f(%s) { return 1; }\n}\n", "int {}"),
    "m.rb": ("ruby", "def f(%s)\n  1\nend\n", "{}"),
    "m.kt": ("kotlin", "fun f(%s): Int { return 1 }\n", "{}: Int"),
    "m.swift": ("swift", "func f(%s) -> Int { return 1 }\n", "{}: Int"),
    "m.scala": ("scala", "object M {\n  def f(%s): Int = { 1 }\n}\n", "{}: Int"),
    "m.lua": ("lua", "function f(%s)\n  return 1\nend\n", "{}"),
    "bin/tool": ("python", "def f(%s):\n    return 1\n", "{}"),
}


@pytest.fixture(scope="module")
def wide() -> dict[str, Answer]:
    sources = [
        Source(f"{path} {count}", path, language, text % ", ".join(form.format(name) for name in names(count)))
        for path, (language, text, form) in PARAMETERS.items()
        for count in (MAX_ARGUMENTS + 1, MAX_ARGUMENTS - 1)
    ]
    return examine(*sources)


@pytest.mark.parametrize("path", PARAMETERS)
def test_every_language(path: str, wide: dict[str, Answer]) -> None:
    assert kinds(wide[f"{path} {MAX_ARGUMENTS + 1}"]) == ["too-many-arguments"]
    assert kinds(wide[f"{path} {MAX_ARGUMENTS - 1}"]) == []
    first = next(number for number, line in enumerate(PARAMETERS[path][1].split("\n"), 1) if "%s" in line)
    assert [issue.line for issue in wide[f"{path} {MAX_ARGUMENTS + 1}"].issues] == [first]


def test_the_change_cannot_excuse_itself() -> None:
    bad = branchy(MOST_BRANCHES + 1)
    texts = {
        "forgives": bad.replace("def f(a):", "def f(a):  # #lizard forgives"),
        "forgives bare": bad.replace("def f(a):", "def f(a):\n    #lizard forgives(cyclomatic_complexity)"),
        "global": "# #lizard forgive global\n" + bad,
        "generated": "# GENERATED CODE\n" + bad,
    }
    answers = examine(
        *(Source(name, "m.py", "python", text) for name, text in texts.items()),
        Source("whitelist", "whitelizard.txt", "text", "f\n*:f\n"),
        Source("ini", "lizard.ini", None, "[lizard]\nCCN = 999\n"),
        Source("ignore", ".gitignore", None, "*\n"),
    )
    assert {name: kinds(answers[name]) for name in texts} == {name: ["too-complex"] for name in texts}


def test_a_test_may_be_long_and_a_nameless_function_is_not_measured_by_lines() -> None:
    answers = examine(
        Source("test", "tests/test_x.py", "python", long(MAX_LINES + 1)),
        Source("suite", "src/m.js", "javascript", "run(function () {\n" + "  go();\n" * (MAX_LINES + 1) + "});\n"),
    )
    assert (kinds(answers["test"]), kinds(answers["suite"])) == ([], [])
    assert "too-long" not in LIZARD.kinds("tests/test_x.py", "python")


def test_files_it_would_mistake_for_c_are_not_read() -> None:
    assert not LIZARD.reads("m.pyi", "python")
    assert not LIZARD.reads("m.mts", "typescript")
    assert not LIZARD.reads("m.sh", "bash")


def test_parameters_of_php_are_not_judged_but_branches_are() -> None:
    text = "<?php\nfunction f($a) {\n" + "  if ($a) { $a++; }\n" * (MOST_BRANCHES + 1) + "}\n"
    assert "too-many-arguments" not in LIZARD.kinds("m.php", "php")
    assert kinds(examine(Source("k", "m.php", "php", text))["k"]) == ["too-complex"]


@pytest.mark.parametrize("printed", [b"", b"Traceback", b"NLOC,CCN\n1,2\n", b"\xff\xfe"])
def test_garbage_is_no_answer(printed: bytes) -> None:
    with pytest.raises(GarbageError):
        LIZARD.parse(ProcessResult("exited", 0, printed, b"", 1.0), {"files/f0.py": Source("k", "a.py", "python", "")})


def test_a_row_about_an_unknown_file_is_garbage() -> None:
    table = (
        b"NLOC,CCN,token,PARAM,length,location,file,function,long_name,start,end\n1,1,1,1,1,l,elsewhere.py,f,f,1,1\n"
    )
    with pytest.raises(GarbageError, match="elsewhere"):
        LIZARD.parse(ProcessResult("exited", 0, table, b"", 1.0), {"files/f0.py": Source("k", "a.py", "python", "")})


def test_a_file_given_up_half_way_is_not_answered() -> None:
    header = b"NLOC,CCN,token,PARAM,length,location,file,function,long_name,start,end\n"
    words = b"[skip] fail to process 'files/f0.py' with RecursionError - deep\n"
    answers = LIZARD.parse(
        ProcessResult("exited", 0, header, words, 1.0), {"files/f0.py": Source("k", "a.py", "python", "")}
    )
    assert answers["files/f0.py"].status == "unparsed"
