"""oxlint, shellcheck, hadolint, yamllint, zizmor, ast-grep: what they say and fix, and what they refuse to obey."""

import asyncio
import json
from pathlib import Path

import pytest

from codedesigner.angle.kinds import KINDS
from codedesigner.change.model import decode
from codedesigner.location.local import ANALYSERS
from codedesigner.location.local.analyser import Analyser, GarbageError
from codedesigner.location.local.ast_grep import RULES, SUFFIXES
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Edit, Fix, Source

OURS = ("ast-grep", "oxlint", "shellcheck", "hadolint", "yamllint", "zizmor")
WORKFLOW = (
    "name: a\non: pull_request_target\npermissions: {}\n"
    "jobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make\n"
)
SCRIPT = "export function f(a) {\n  debugger;\n  return a == 1;\n}\n"
SHELL = "#!/bin/bash\ncd /srv\nrm $1\n"


def examine(name: str, *sources: Source) -> dict[str, Answer]:
    return asyncio.run(LocalReviewer(ANALYSERS[name]).examine(sources)).answers


def ask(name: str, path: str, language: str, text: str) -> Answer:
    return examine(name, Source("k", path, language, text))["k"]


def kinds(answer: Answer) -> list[tuple[str, int]]:
    return [(issue.kind, issue.line) for issue in answer.issues]


@pytest.mark.parametrize(
    ("name", "hostile", "path", "language", "text"),
    [
        (
            "oxlint",
            {
                ".oxlintrc.json": '{"jsPlugins": ["./steal.js"], "rules": {"no-debugger": "off", "eqeqeq": "off"}}',
                "oxlint.config.ts": "export default {}",
                ".eslintignore": "**",
            },
            "src/a.js",
            "javascript",
            SCRIPT,
        ),
        (
            "shellcheck",
            {".shellcheckrc": "disable=all\nsource-path=/\nexternal-sources=true\n"},
            "src/a.sh",
            "bash",
            SHELL,
        ),
        (
            "zizmor",
            {"zizmor.yml": "rules:\n  dangerous-triggers:\n    disable: true\n", ".github/zizmor.yml": "rules: {}\n"},
            ".github/workflows/a.yml",
            "github-workflow",
            WORKFLOW,
        ),
        (
            "hadolint",
            {".hadolint.yaml": "ignored: [DL3007, DL3002]\n", ".hadolint.yml": "ignored: [DL3007]\n"},
            "Dockerfile",
            "dockerfile",
            "FROM debian:latest\nUSER root\n",
        ),
        (
            "yamllint",
            {".yamllint": "rules: {}\n", ".yamllint.yaml": "ignore: '**'\n", ".yamllint.yml": "rules: {}\n"},
            "src/a.yaml",
            "yaml",
            "a: 1\na: 2\n",
        ),
        (
            "ast-grep",
            {
                "sgconfig.yml": "ruleDirs: []\ncustomLanguages:\n  mine: {libraryPath: ./steal.so, extensions: [go]}\n",
                ".gitignore": "*\n",
                ".ignore": "*\n",
            },
            "src/a.go",
            "go",
            "package a\n\nfunc f(a int) bool {\n\treturn a == a\n}\n",
        ),
    ],
)  # fmt: skip
def test_configuration_in_the_change_is_not_obeyed(
    name: str, hostile: dict[str, str], path: str, language: str, text: str
) -> None:
    alone = ask(name, path, language, text)
    assert alone.status == "answered"
    assert alone.issues
    folder = path.rpartition("/")[0]
    near = [
        Source(f"h{number}", place, language, content)
        for number, (file, content) in enumerate(hostile.items())
        for place in (file, f"{folder}/{file}" if folder else file)
    ]
    unique = {source.path: source for source in near}
    numbered = [Source(f"h{n}", each.path, language, each.text) for n, each in enumerate(unique.values())]
    assert examine(name, *numbered, Source("k", path, language, text))["k"] == alone


@pytest.mark.parametrize(
    ("name", "path", "language", "open_text", "hushed"),
    [
        ("oxlint", "a.js", "javascript", "debugger;\n", "debugger; // eslint-disable-line\n"),
        ("shellcheck", "a.sh", "bash", "#!/bin/sh\n#\ncd /a\n", "#!/bin/sh\n# shellcheck disable=SC2164\ncd /a\n"),
        ("hadolint", "Dockerfile", "dockerfile", "#\nFROM a\n", "# hadolint ignore=DL3006\nFROM a\n"),
        ("yamllint", "a.yml", "yaml", "a: 1\na: 2\n", "a: 1\na: 2  # yamllint disable-line\n"),
        ("ast-grep", "a.js", "javascript", "//\ndebugger;\n", "// ast-grep-ignore\ndebugger;\n"),
        (
            "zizmor",
            ".github/workflows/a.yml",
            "github-workflow",
            WORKFLOW,
            WORKFLOW.replace("target\n", "target  # zizmor: ignore[dangerous-triggers]\n"),
        ),
    ],
)
def test_comments_do_not_silence(name: str, path: str, language: str, open_text: str, hushed: str) -> None:
    heard = kinds(ask(name, path, language, open_text))
    assert heard
    assert kinds(ask(name, path, language, hushed)) == heard


@pytest.mark.parametrize(
    ("name", "path", "language", "status", "found"),
    [
        ("oxlint", "a.js", "javascript", "unparsed", [("syntax-error", 1)]),
        ("shellcheck", "a.sh", "bash", "unparsed", [("syntax-error", 2)]),
        ("hadolint", "Dockerfile", "dockerfile", "unparsed", [("syntax-error", 1)]),
        ("yamllint", "a.yml", "yaml", "unparsed", [("syntax-error", 2)]),
        ("zizmor", "action.yml", "github-workflow", "unparsed", []),
    ],
)
def test_what_does_not_parse_is_said_and_spoils_nothing_else(
    name: str, path: str, language: str, status: str, found: list[tuple[str, int]]
) -> None:
    broken = {
        "javascript": "function ( {\n",
        "bash": "#!/bin/bash\nif [ a; then\nfi\n",
        "dockerfile": "FORM a\n",
        "yaml": "a: [1\nb: 2\n",
        "github-workflow": "runs: [1\nb: 2\n",
    }[language]
    good = {
        "javascript": ("b.js", SCRIPT), "bash": ("b.sh", SHELL), "dockerfile": ("b/Dockerfile", "FROM a\n"),
        "yaml": ("b.yml", "a: 1\na: 1\n"), "github-workflow": (".github/workflows/b.yml", WORKFLOW),
    }[language]  # fmt: skip
    answers = examine(name, Source("bad", path, language, broken), Source("good", good[0], language, good[1]))
    assert answers["bad"].status == status
    assert answers["bad"].detail
    assert kinds(answers["bad"]) == found
    assert answers["good"].status == "answered"
    assert answers["good"].issues
    assert ask(name, path, language, broken).status == status


@pytest.mark.parametrize("name", ["ast-grep", "oxlint"])
def test_bytes_that_are_no_text_are_not_called_clean(name: str) -> None:
    answer = ask(name, "a.js", "javascript", decode(b"// \xff\ndebugger;\n"))
    assert answer == Answer("unparsed", detail=f"{name} reads nothing but UTF-8")


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize(
    "printed", [b"", b"{}", b"[1]", b"null", b"Killed\n", b'{"comments": 3}', b'{"diagnostics": [1]}']
)
def test_garbage_is_not_taken_for_an_answer(name: str, printed: bytes) -> None:
    analyser: Analyser = ANALYSERS[name]
    result = ProcessResult("exited", 0, printed, b"", 1.0)
    if name == "yamllint" and not printed:
        return  # it prints nothing where it finds nothing
    with pytest.raises(GarbageError):
        analyser.parse(result, {"files/a": Source("k", "a", None, "")})


@pytest.mark.parametrize("name", OURS)
def test_every_kind_has_an_angle(name: str) -> None:
    analyser = ANALYSERS[name]
    for language, path in {"bash": "a.sh", "dockerfile": "Dockerfile", "yaml": "a.yml", "javascript": "a.js"}.items():
        if analyser.reads(path, language):
            assert analyser.angles(path, language) <= {"correctness", "efficiency", "security", "style"}
    assert set(analyser.own_angles) & set(KINDS) == set()


def test_shellcheck_fixes_count_columns_as_we_do() -> None:
    issue = next(
        each
        for each in ask("shellcheck", "a.sh", "bash", "#!/bin/bash\n\trm 'é😀' $1\n").issues
        if each.rule == "SC2086"
    )
    assert (issue.line, issue.column) == (2, 10)
    assert issue.fix is None  # `$1` may be meant to be several words


def test_shellcheck_tells_of_carriage_returns_once() -> None:
    found = ask("shellcheck", "a.sh", "bash", "#!/bin/bash\r\necho a\r\necho b\r\n").issues
    assert [issue.kind for issue in found] == ["shellcheck/carriage-return"]


def test_shellcheck_does_not_read_what_it_cannot() -> None:
    assert ask("shellcheck", "a", "bash", "#!/usr/bin/env fish\nset a b\n").status == "unparsed"


def test_shellcheck_follows_no_source(tmp_path: Path) -> None:
    secret = tmp_path / "secret.sh"
    secret.write_text("cd /never/shown\n")
    answer = ask(
        "shellcheck", "a.sh", "bash", f"#!/bin/bash\n# shellcheck source={secret}\n. {secret}\ncd /a || exit\n"
    )
    assert answer.issues == ()


@pytest.mark.parametrize(
    ("path", "language", "text", "edit", "safe"),
    [
        ("A.cs", "csharp", "class A {\n  bool é = x.Count() > 0;\n}\n", Edit(2, 12, 2, 25, "x.Any()"), True),
        ("a.rs", "rust", "fn f(a: &[u8]) -> bool {\n    a.len() == 0\n}\n", Edit(2, 5, 2, 17, "a.is_empty()"), True),
        (
            "A.java",
            "java",
            "class A {\n  Object é = new BigDecimal(0.1);\n}\n",
            Edit(2, 14, 2, 33, 'new BigDecimal("0.1")'),
            False,
        ),
    ],
)
def test_ast_grep_fixes(path: str, language: str, text: str, edit: Edit, safe: bool) -> None:
    (issue,) = ask("ast-grep", path, language, text).issues
    assert issue.fix == Fix((edit,), safe)


def test_ast_grep_reads_every_suffix_of_a_language_and_scripts_without_one() -> None:
    texts = {
        "cpp": "void f() {\n  throw new E();\n}\n", "php": "<?php\nvar_dump($a);\n", "ruby": "binding.pry\n",
        "bash": "chmod 777 a\n", "javascript": "debugger;\n", "typescript": "debugger;\n", "python": "breakpoint()\n",
        "scala": "object A { val a = ??? }\n", "kotlin": "fun f(a: String?) = a!!\n", "lua": "debug.debug()\n",
        "csharp": "class A { void F() { Debugger.Break(); } }\n", "tsx": "debugger;\n",
    }  # fmt: skip
    sources = [
        Source(f"{language}.{suffix}", f"x.{suffix}" if suffix else "x", language, text)
        for language, text in texts.items()
        for suffix in ["", *SUFFIXES[language].split()]
    ]
    silent = sorted(key for key, answer in examine("ast-grep", *sources).items() if not answer.issues)
    assert silent == []


def test_ast_grep_rules_are_named_after_kinds_and_enough_in_every_language() -> None:
    assert {rule.kind for rule in RULES.values()} <= set(KINDS)
    counts = {grammar: sum(name.startswith(f"{grammar}-") for name in RULES) for grammar in SUFFIXES}
    assert {grammar: count for grammar, count in counts.items() if count < 6} == {}


def test_every_rule_finds_a_planted_defect() -> None:
    from bench.planted import load

    sources = [
        source
        for case in load()
        for source in case.sources()
        if ANALYSERS["ast-grep"].reads(source.path, source.language)
    ]
    hit = {issue.rule for answer in examine("ast-grep", *sources).values() for issue in answer.issues}
    # What a language inherits is shown in one of the family.
    family = {"typescript": "javascript", "tsx": "javascript", "cpp": "c"}
    shown = hit | {
        f"{family[name.partition('-')[0]]}-{name.partition('-')[2]}" for name in hit if name.partition("-")[0] in family
    }
    own = {name for name in RULES if f"{family.get(name.partition('-')[0], '')}-{name.partition('-')[2]}" not in RULES}
    assert sorted(own - shown) == []


def test_oxlint_leaves_names_alone_that_a_page_shares() -> None:
    shared = "function shared() {\n  return 1;\n}\n"
    assert ask("oxlint", "a.js", "javascript", shared).issues == ()
    assert kinds(ask("oxlint", "a.js", "javascript", shared + "export const a = 1;\n")) == [("unused-variable", 1)]


def test_oxlint_does_not_take_flow_for_a_mistake() -> None:
    answer = ask("oxlint", "a.js", "javascript", "/* @flow */\nopaque type A = string;\n")
    assert (answer.status, answer.issues) == ("unparsed", ())


def test_oxlint_places_are_in_code_points() -> None:
    (issue,) = ask("oxlint", "a.js", "javascript", "/* é😀 */ debugger;\n").issues
    assert (issue.line, issue.column) == (1, 10)
    assert not ANALYSERS["oxlint"].reads("a.d.ts", "typescript")


def test_hadolint_is_not_sure_of_documents_in_instructions() -> None:
    answer = ask("hadolint", "Dockerfile", "dockerfile", "FROM a:1\nRUN <<EOF\nFORM\n")
    assert answer.issues == ()


def test_yamllint_does_not_take_a_template_for_a_mistake() -> None:
    answer = ask("yamllint", "chart/templates/a.yaml", "yaml", "a: {{ .Values.a }}\n{{- if .b }}\nb: 1\n{{- end }}\n")
    assert (answer.status, answer.issues) == ("unparsed", ())


def test_what_means_nothing_in_a_test_is_neither_said_nor_judged() -> None:
    text = "export const f = (a) => a === a;\n"
    for name in ("oxlint", "ast-grep"):
        assert kinds(ask(name, "src/a.js", "javascript", text)) == [("self-comparison", 1)]
        assert ask(name, "src/a.test.js", "javascript", text).issues == ()
        assert "self-comparison" not in ANALYSERS[name].kinds("src/a.test.js", "javascript")


def test_zizmor_has_its_own_severity_for_kinds_that_nobody_else_knows() -> None:
    text = WORKFLOW.replace(
        "      - run: make\n", "      - run: make\n        env:\n          ACTIONS_ALLOW_UNSECURE_COMMANDS: true\n"
    )
    found = {issue.rule: issue for issue in ask("zizmor", ".github/workflows/a.yml", "github-workflow", text).issues}
    assert found["insecure-commands"].kind == "zizmor/insecure-commands"
    assert found["insecure-commands"].severity == "high"
    assert found["dangerous-triggers"].severity is None


def test_our_configuration_is_what_the_programs_take() -> None:
    config = json.loads(ANALYSERS["oxlint"].support["oxlint.json"])
    assert "jsPlugins" not in config
    assert config["categories"] == {"correctness": "off"}
    assert ANALYSERS["hadolint"].support["hadolint.yaml"].strip()
