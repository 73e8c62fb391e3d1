"""zizmor through its location: defects, near misses, hostile configuration, files that are no workflow."""

import asyncio
from collections.abc import Sequence

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.local.zizmor import ZIZMOR
from codedesigner.protocol.issue import Answer, Source

PATH = ".github/workflows/ci.yml"
PINNED = "a" * 40


def workflow(*steps: str, on: str = "push", permissions: str = "permissions: {}") -> str:
    head = f"name: ci\non: {on}\n{permissions}\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"
    return head + "".join(f"      - {step}\n" for step in steps)


SECOND_JOB = "  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make test\n"
STEP = 8  # the line of the first step

# Name, text, the line and kind of every issue.
DEFECTS: tuple[tuple[str, str, Sequence[tuple[int, str]]], ...] = (
    ("injection", workflow('run: echo "${{ github.event.issue.title }}"'), [(STEP, "template-injection")]),
    ("unpinned", workflow("uses: someone/action@v1"), [(STEP, "unpinned-action")]),
    ("trigger", workflow("run: make", on="pull_request_target"), [(2, "dangerous-trigger")]),
    ("default-rights", workflow("run: make", permissions=""), [(5, "excessive-permissions")]),
    ("write-all", workflow("run: make", permissions="permissions: write-all") + SECOND_JOB, [
        (3, "excessive-permissions"),
    ]),
    ("checkout", workflow("uses: actions/checkout@v4"), [(STEP, "credential-persistence")]),
    ("condition", workflow("run: make\n        if: |\n          ${{ github.ref == 'x' }}"), [
        (STEP + 1, "constant-condition"),
    ]),
    ("env-file", workflow('run: echo "A=$TITLE" >> $GITHUB_ENV', on="pull_request_target"), [
        (2, "dangerous-trigger"), (STEP, "zizmor/github-env"),
    ]),
    ("package", workflow("run: npm install left-pad"), [(STEP, "unpinned-package")]),
    ("all-secrets", workflow("run: make\n        env:\n          S: ${{ toJSON(secrets) }}"), [
        (STEP + 2, "secrets-exposed"),
    ]),
)  # fmt: skip

NEAR_MISSES = (
    workflow('run: echo "$TITLE"\n        env:\n          TITLE: ${{ github.event.issue.title }}'),
    workflow(f"uses: someone/action@{PINNED}"),
    workflow("uses: actions/cache@v4", "uses: github/codeql-action/init@v3"),
    workflow("run: make", on="[push, pull_request]"),
    workflow("run: npm install left-pad@1.3.0", "run: npm ci"),
)


def look(*texts: str, path: str = PATH) -> list[Answer]:
    sources = [Source(str(number), path, "github-workflow", text) for number, text in enumerate(texts)]
    answers = asyncio.run(LocalReviewer(ZIZMOR).examine(sources)).answers
    return [answers[source.key] for source in sources]


@pytest.fixture(scope="module")
def seen() -> dict[str, Answer]:
    return dict(zip([row[0] for row in DEFECTS], look(*(row[1] for row in DEFECTS)), strict=True))


@pytest.mark.parametrize(("name", "_text", "wanted"), DEFECTS, ids=[row[0] for row in DEFECTS])
def test_defects(seen: dict[str, Answer], name: str, _text: str, wanted: Sequence[tuple[int, str]]) -> None:
    assert seen[name].status == "answered", seen[name].detail
    assert sorted((issue.line, issue.kind) for issue in seen[name].issues) == sorted(wanted)


def test_near_misses() -> None:
    assert look(*NEAR_MISSES) == [Answer("answered")] * len(NEAR_MISSES)


def test_actions() -> None:
    text = (
        "name: a\ndescription: b\ninputs:\n  who:\n    description: c\nruns:\n  using: composite\n  steps:\n"
        "    - run: echo ${{ inputs.who }}\n      shell: bash\n"
    )
    for path in ("action.yml", ".github/actions/greet/action.yaml"):
        (answer,) = look(text, path=path)
        assert [(issue.kind, issue.line) for issue in answer.issues] == [("template-injection", 9)]


def test_what_it_judges() -> None:
    reviewer = LocalReviewer(ZIZMOR)
    assert reviewer.judges("dangerous-trigger", PATH, "github-workflow")
    assert not reviewer.judges("dangerous-trigger", "action.yml", "github-workflow")
    assert reviewer.judges("template-injection", "action.yml", "github-workflow")
    assert not reviewer.judges("excessive-permissions", PATH, "github-workflow")
    assert not reviewer.can_examine("compose.yml", "yaml")


def test_columns_count_code_points() -> None:
    (answer,) = look(workflow('run: é="é"; echo "${{ github.event.issue.title }}"'))
    (issue,) = answer.issues
    line = workflow('run: é="é"; echo "${{ github.event.issue.title }}"').split("\n")[STEP - 1]
    assert issue.column == line.index("github") + 1


@pytest.mark.parametrize("rule", ["unpinned-uses", "all"])
def test_comments_are_not_obeyed(rule: str) -> None:
    (answer,) = look(workflow(f"uses: someone/action@v1 # zizmor: ignore[{rule}]"))
    assert [issue.kind for issue in answer.issues] == ["unpinned-action"]


def test_configuration_in_the_change_is_not_obeyed() -> None:
    off = "rules:\n  unpinned-uses:\n    disable: true\n"
    sources = [
        Source("0", ".github/zizmor.yml", "github-workflow", off),
        Source("1", "zizmor.yml", "github-workflow", off),
        Source("2", ".github/workflows/zizmor.yml", "github-workflow", off),
        Source("3", PATH, "github-workflow", workflow("uses: someone/action@v1")),
    ]
    answers = asyncio.run(LocalReviewer(ZIZMOR).examine(sources)).answers
    assert [issue.kind for issue in answers["3"].issues] == ["unpinned-action"]


def test_one_bad_file_leaves_the_others_their_answers() -> None:
    broken, no_workflow, fine = look("on: [\n", "a: 1\n", workflow("uses: someone/action@v1"))
    assert (broken.status, broken.issues) == ("unparsed", ())
    assert (no_workflow.status, no_workflow.issues) == ("unparsed", ())
    assert fine.status == "answered"
    assert len(fine.issues) == 1


def test_only_bad_files() -> None:
    for text, said in (("on: [\n", "line 2"), ("a: 1\n", "schema")):
        (answer,) = look(text)
        assert answer.status == "unparsed"
        assert said in answer.detail
    assert {answer.status for answer in look("", "\n", "a: \udcff\n", "- 1\n", "a: &x [*x]\n")} <= {
        "unparsed",
        "failed",
    }


@pytest.mark.parametrize(("code", "stdout"), [(3, b""), (0, b""), (14, b"{"), (14, b'[{"ident": "x"}]'), (0, b"[1]")])
def test_garbage(code: int, stdout: bytes) -> None:
    with pytest.raises(GarbageError, match="zizmor"):
        ZIZMOR.parse(
            ProcessResult("exited", code, stdout, b"oh", 1.0), {PATH: Source("0", PATH, "github-workflow", "")}
        )


def test_what_it_did_not_finish_is_not_answered() -> None:
    answers = ZIZMOR.parse(
        ProcessResult("exited", 0, b"[]", b"", 1.0), {PATH: Source("0", PATH, "github-workflow", "")}
    )
    assert answers[PATH].status == "unparsed"
