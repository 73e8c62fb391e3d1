"""yamllint through its location: defects, near misses, hostile configuration, files that are no YAML."""

import asyncio
from collections.abc import Sequence

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.local.yamllint import YAMLLINT
from codedesigner.protocol.issue import Answer, Source

# Name, text, the place and kind of every issue.
DEFECTS: tuple[tuple[str, str, Sequence[tuple[int, int, str]]], ...] = (
    ("twice", "a: 1\nb: 2\na: 3\n", [(3, 1, "duplicate-key")]),
    ("twice-inside", "x:\n  é: {b: 1, b: 2}\n", [(2, 13, "duplicate-key")]),
    ("octal", "zip: 01234\n", [(1, 11, "implicit-type")]),
    ("truth", "country: NO\nanswer: yes\n", [(1, 10, "implicit-type"), (2, 9, "implicit-type")]),
    ("alias", "a: &one 1\nb: *oen\n", [(2, 4, "yamllint/anchors")]),
    ("indentation", "a:\n  b: 1\nc:\n     d: 2\n", [(4, 6, "indentation")]),
    ("key-of-lines", '"a\\ns0/x.yml:1:1: [error] b": 1\n"a\\ns0/x.yml:1:1: [error] b": 2\n', [(2, 1, "duplicate-key")]),
    ("windows", "a: 1\r\na: 2\r\n", [(2, 1, "duplicate-key")]),
)  # fmt: skip

NEAR_MISSES = (
    "a: 1\n---\na: 2\n",
    "x: {a: 1}\ny: {a: 2}\n",
    "base: &b {a: 1}\nmore:\n  <<: *b\n  a: 2\n",
    "zip: '01234'\nport: 8080\nexplicit: 0o644\n",
    "country: 'NO'\nok: true\npython: True\n",
    "on: push\nyes: 1\n",
    "a:\n- 1\nb:\n  - 2\n",
    "long:   1    \n\n\n\n# comment\n#comment\nline: " + "x" * 300,
    "",
)


def look(*texts: str, path: str = "deploy/values.yml", language: str = "yaml") -> list[Answer]:
    sources = [Source(str(number), path, language, text) for number, text in enumerate(texts)]
    answers = asyncio.run(LocalReviewer(YAMLLINT).examine(sources)).answers
    return [answers[source.key] for source in sources]


@pytest.fixture(scope="module")
def seen() -> dict[str, Answer]:
    return dict(zip([row[0] for row in DEFECTS], look(*(row[1] for row in DEFECTS)), strict=True))


@pytest.mark.parametrize(("name", "_text", "wanted"), DEFECTS, ids=[row[0] for row in DEFECTS])
def test_defects(seen: dict[str, Answer], name: str, _text: str, wanted: Sequence[tuple[int, int, str]]) -> None:
    assert seen[name].status == "answered"
    assert [(issue.line, issue.column, issue.kind) for issue in seen[name].issues] == list(wanted)


def test_near_misses() -> None:
    assert look(*NEAR_MISSES) == [Answer("answered")] * len(NEAR_MISSES)


def test_it_reads_workflows_and_judges_no_templates() -> None:
    (answer,) = look("on: push\non: push\n", path=".github/workflows/x.yml", language="github-workflow")
    assert [issue.kind for issue in answer.issues] == ["duplicate-key"]
    reviewer = LocalReviewer(YAMLLINT)
    assert reviewer.judges("syntax-error", "a.yml", "yaml")
    assert not reviewer.judges("syntax-error", "chart/templates/a.yml", "yaml")
    assert not reviewer.can_examine("a.json", "json")


@pytest.mark.parametrize(
    "comment", ["# yamllint disable", "# yamllint disable-file", "# yamllint disable rule:key-duplicates"]
)
def test_comments_are_not_obeyed(comment: str) -> None:
    (answer,) = look(f"{comment}\na: 1\na: 2  # yamllint disable-line\n")
    assert [issue.kind for issue in answer.issues] == ["duplicate-key"]


def test_configuration_in_the_change_is_not_obeyed() -> None:
    off = "rules: {key-duplicates: disable}\nignore: '*'\n"
    sources = [
        Source("0", ".yamllint", "yaml", off),
        Source("1", ".yamllint.yml", "yaml", off),
        Source("2", "a.yml", "yaml", "a: 1\na: 2\n"),
    ]
    answers = asyncio.run(LocalReviewer(YAMLLINT).examine(sources)).answers
    assert [issue.kind for issue in answers["2"].issues] == ["duplicate-key"]


def test_broken_files() -> None:
    broken, template, fine = look("a: [1\nb: 2\n", "{{- if .x }}\na: {{ .y }}\n{{- end }}\n", "a: 1\na: 2\n")
    assert broken.status == "unparsed"
    assert [issue.kind for issue in broken.issues] == ["syntax-error"]
    assert (template.status, template.issues) == ("unparsed", ())
    assert fine.status == "answered"
    assert len(fine.issues) == 1


def test_bytes_that_are_no_text_take_no_other_file_with_them() -> None:
    odd, fine = look("a: \udcff\n", "a: 1\na: 2\n")
    assert (odd.status, odd.issues) == ("unparsed", ())
    assert [issue.kind for issue in fine.issues] == ["duplicate-key"]


def test_deep_nesting_fails_alone() -> None:
    deep, fine = look("[" * 600, "a: 1\na: 2\n")
    assert deep.status in ("failed", "unparsed")
    assert len(fine.issues) == 1


@pytest.mark.parametrize(
    ("stdout", "stderr"),
    [
        (b"hello\n", b""),
        (b"other.yml:1:1: [error] x (truthy)\n", b""),
        (b"a.yml:1:1: [error] x\n", b""),
        (b"a.yml:1:1: [error] x (unheard-of)\n", b""),
        (b"", b"Traceback"),
    ],
)
def test_garbage(stdout: bytes, stderr: bytes) -> None:
    with pytest.raises(GarbageError, match="yamllint"):
        YAMLLINT.parse(
            ProcessResult("exited", 1, stdout, stderr, 1.0), {"a.yml": Source("0", "a.yml", "yaml", "a: 1\n")}
        )
