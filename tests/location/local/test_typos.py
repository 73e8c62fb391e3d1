"""Misspelt words, found by the real program, and those that are names, foreign or code."""

import asyncio

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.local.typos import TYPOS
from codedesigner.protocol.issue import Answer, Edit, Source

# Put together here, so that no spelling checker stumbles over this file.
BAD = "rec" + "ieve"
THE = "t" + "eh"
MESSAGE = "mes" + "age"


def examine(*sources: Source) -> dict[str, Answer]:
    return asyncio.run(LocalReviewer(TYPOS).examine(sources)).answers


def say(path: str, language: str | None, text: str) -> tuple[str, str | None, str]:
    return path, language, text.replace("BAD", BAD)


DEFECTS = {
    "python comment": say("m.py", "python", "x = 1  # we BAD it\n"),
    "docstring": say("m.py", "python", 'def f():\n    """Will\n    BAD it."""\n'),
    "python string": say("m.py", "python", 'print("you did BAD it")\n'),
    "after a quote in a comment": say("m.py", "python", "# don't\nx = 'a'  # BAD\n"),
    "c comment": say("m.c", "c", "/* they BAD\n * it and BAD\n */\nint x;\n"),
    "js line comment": say("m.js", "javascript", "const a = `b`; // BAD it\n"),
    "go": say("m.go", "go", "// Get will BAD it.\nfunc Get() {}\n"),
    "yaml comment": say("m.yml", "yaml", "a: 1 # to BAD it\n"),
    "lua": say("m.lua", "lua", "-- to BAD it\n"),
    "markdown": say("a.md", "markdown", "# Title\n\nYou BAD a letter.\n"),
    "text": say("a.txt", "text", "You BAD a letter.\n"),
    "sentence": say("a.md", "markdown", "It came. BAD it.\n".replace("BAD", BAD.title())),
    "not utf-8": say("a.txt", "text", "caf\udce9 and BAD it.\n"),
}
NEAR_MISSES = {
    "identifier": say("m.py", "python", "BAD = 1\nprint(BAD)\n"),
    "name in a comment": say("m.py", "python", "BAD = 1\n# BAD is what it was\n"),
    "part of a name": say("m.py", "python", "# see BAD_it and do.BAD and BAD() and --BAD and aBAD and BAD2\n"),
    "key": say("m.py", "python", 'x["BAD"] = {"BAD": 1}\n'),
    "path": say("a.md", "markdown", "See docs/BAD/x.html and http://a.b/BAD and `BAD it`.\n"),
    "fenced": say("a.md", "markdown", "Text.\n\n```\nyou BAD it\n```\n"),
    "indented": say("a.txt", "text", "Text::\n\n    you BAD it\n"),
    "somebody": say("a.md", "markdown", "Thanks to Mr BAD for it.\n".replace("BAD", BAD.title())),
    "doctest": say("m.py", "python", '"""Do.\n\n>>> print BAD it now\n"""\n'),
    "string in a test": say("tests/test_m.py", "python", 'print("you did BAD it")\n'),
    "short": say("a.md", "markdown", f"In {THE} end.\n"),
    "yaml value": say("m.yml", "yaml", "a: BAD it now\n"),
    "hexadecimal": say("a.md", "markdown", "Commit 0badBAD1 and deadBEEFba.\n"),
    "jargon": say("a.md", "markdown", "A writeable file.\n"),
    "French": say("a.md", "markdown", "Les exemples et les resultats du programme sont dans le dossier. " * 20),
}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return examine(*(Source(name, *rest) for name, rest in {**DEFECTS, **NEAR_MISSES}.items()))


@pytest.mark.parametrize("name", DEFECTS)
def test_found(name: str, answers: dict[str, Answer]) -> None:
    text = DEFECTS[name][2].split("\n")
    assert answers[name].issues
    for issue in answers[name].issues:
        assert (issue.kind, issue.rule) == ("misspelling", "typo")
        assert text[issue.line - 1][issue.column - 1 :].lower().startswith(BAD)
    assert len(answers[name].issues) == DEFECTS[name][2].lower().count(BAD)


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_left_alone(name: str, answers: dict[str, Answer]) -> None:
    assert answers[name] == Answer("answered")


def test_only_prose_is_corrected_and_only_if_there_is_one_way(answers: dict[str, Answer]) -> None:
    (issue,) = answers["python comment"].issues
    assert issue.fix is not None
    assert issue.fix.safe
    assert issue.fix.edits == (Edit(1, 13, 1, 20, "receive"),)
    assert answers["python string"].issues[0].fix is None
    sold = examine(Source("k", "a.md", "markdown", "It " + "sou" + "ld be.\n"))["k"]
    assert [issue.fix for issue in sold.issues] == [None]


@pytest.mark.parametrize(
    "path",
    [
        "locale/de/LC_MESSAGES/x.po", "poetry.lock", "package-lock.json", "README.fr.md", "docs/zh/a.md", "AUTHORS",
        "a/translations/x.md", "LICENSE.txt", "jquery.min.js", "words.txt",
    ],
)  # fmt: skip
def test_other_peoples_words_are_not_read(path: str) -> None:
    assert not TYPOS.reads(path, "text")


def test_the_change_cannot_excuse_itself() -> None:
    rules = f'[default.extend-words]\n{BAD} = "{BAD}"\n[files]\nextend-exclude = ["*"]\n'
    answers = examine(
        Source("toml", "typos.toml", "toml", rules),
        Source("_toml", "_typos.toml", "toml", rules),
        Source(".toml", ".typos.toml", "toml", rules),
        Source("project", "pyproject.toml", "toml", rules.replace("[", "[tool.typos.")),
        Source("ignore", ".ignore", None, "*\n"),
        Source("comment", "a.py", "python", f"x = 1  # {BAD} it, typos:ignore  spellchecker:disable-line\n"),
        Source(
            "off", "b.py", "python", f"# spellchecker:off\n# {BAD} it\n# typos: off\n# cspell:disable\n# {BAD} it\n"
        ),
    )
    assert [issue.line for issue in answers["comment"].issues] == [1]
    assert [issue.line for issue in answers["off"].issues] == [2, 5]


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (0, b"Traceback"),
        (2, b""),
        (0, b'{"type":"typo","path":"s0/a.md","line_num":1,"byte_offset":0,"typo":"x","corrections":["y"]}\n'),
        (2, b'{"type":"typo","path":"elsewhere","line_num":1,"byte_offset":0,"typo":"x","corrections":["y"]}\n'),
        (2, b'{"type":"typo","path":"s0/a.md"}\n'),
        (0, b'{"type":"error","message":"no"}\n'),
        (0, b"[]\n"),
    ],
)
def test_garbage_is_no_answer(code: int, printed: bytes) -> None:
    with pytest.raises(GarbageError):
        TYPOS.parse(ProcessResult("exited", code, printed, b"", 1.0), {"s0/a.md": Source("k", "a.md", "markdown", "x")})


def test_message_names_the_word_and_what_is_meant() -> None:
    (issue,) = examine(Source("k", "a.md", "markdown", f"A long {MESSAGE} came.\n"))["k"].issues
    assert issue.message == f"`{MESSAGE}` should be `message`."
