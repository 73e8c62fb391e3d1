"""shellcheck through its location: defects, near misses, hostile configuration, broken scripts, certain fixes."""

import asyncio
from collections.abc import Sequence

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.location.local.shellcheck import RULES, SHELLCHECK
from codedesigner.protocol.issue import Answer, Source

BASH, SH = "#!/bin/bash\n", "#!/bin/sh\n"

# Name, text, the line and kind of every issue.
DEFECTS: tuple[tuple[str, str, Sequence[tuple[int, str]]], ...] = (
    ("unquoted", BASH + "rm $1\n", [(2, "unquoted-expansion")]),
    ("unquoted-all", BASH + "run $@\nrun $*\n", [(2, "unquoted-expansion"), (3, "unquoted-expansion")]),
    ("unquoted-output", BASH + "cp $(where) there\n", [(2, "unquoted-expansion")]),
    ("cd", BASH + "cd /nowhere\nmake clean\n", [(2, "unchecked-cd")]),
    ("array", BASH + 'a=(1 2)\necho "$a"\n', [(3, "array-misuse")]),
    ("test", BASH + 'x=$1\nif [ "$x" > 3 ]; then echo big; fi\n', [(3, "test-misuse")]),
    ("always", BASH + "if [ false ]; then echo z; fi\n", [(2, "test-misuse")]),
    ("masked", BASH + 'f() {\n  local x="$(make)"\n  echo "$x"\n}\nf\n', [(3, "masked-return")]),
    ("read", BASH + 'read line\necho "$line"\n', [(2, "read-without-r")]),
    ("glob", BASH + "find . -name *.py\n", [(2, "glob-misuse")]),
    ("unassigned", BASH + 'echo "$never_set"\n', [(2, "unassigned-variable")]),
    ("unused", BASH + "never_read=1\n", [(2, "unused-variable")]),
    ("bashism", SH + 'x=1\nx+=2\ngrep "$x" <<< "$x"\n', [(3, "portability"), (4, "portability")]),
    ("spaces", BASH + "name = value\n", [(2, "shellcheck/assignment")]),
    ("root", BASH + 'rm -rf "$1/"*\n', [(2, "shellcheck/SC2115")]),
    ("order", BASH + "make 2>&1 >/dev/null\n", [(2, "shellcheck/redirect-order")]),
    ("subshell", BASH + 'n=0\nls | while IFS= read -r _; do\n  n=$((n + 1))\ndone\necho "$n"\n', [
        (4, "shellcheck/lost-in-subshell"),
    ]),
    ("backticks", BASH + "x=`date`\necho \"$x\"\n", [(2, "legacy-construct")]),
    ("cat", BASH + 'cat "$1" | wc -l\n', [(2, "needless-process")]),
    ("expr", BASH + 'x=$(expr "$1" + 2)\necho "$x"\n', [(2, "needless-process")]),
    ("carriage-returns", BASH.replace("\n", "\r\n") + "echo a\r\necho b\r\n", [(1, "shellcheck/carriage-return")]),
    ("operand", BASH + "ok() { return 300; }\nok\n", [(2, "shellcheck/exit-status")]),
)  # fmt: skip

NEAR_MISSES = (
    BASH + 'rm "$1"\nrun "$@"\ncp "$(where)" there\n',
    BASH + "set -e\ncd /nowhere\nmake\n",
    BASH + 'cd /nowhere || exit\na=(1 2)\necho "${a[@]}"\n[ -n "$a" ]\n',
    BASH + 'x=1\nif [ "$x" -gt 3 ]; then echo big; fi\n',
    BASH + 'f() {\n  local x\n  x="$(make)"\n  echo "$x"\n}\nf\n',
    BASH + ". ./settings.sh\necho \"$from_settings\"\nfor_settings=1\n",
    BASH + "base= head=\nIFS= read -r line\necho \"$base$head$line\"\n",
    BASH + "trap 'status=$?; exit $status' EXIT\n",
    BASH + "set -- $(getopt ab \"$@\")\neval \"$(ssh-agent)\"\n",
    BASH + 'for i in 1 2 3; do echo again; done\n',
    BASH + 'echo "here: ${BASH_SOURCE}"\n',
    SH + 'f() {\n  local x=1\n  echo "$x"\n}\nf\n',
    "LIBRARY_SETTING=1\nhelper() { echo \"$output\"; }\n",
)  # fmt: skip


def look(*texts: str, path: str = "bin/x.sh") -> list[Answer]:
    sources = [Source(str(number), path, "bash", text) for number, text in enumerate(texts)]
    answers = asyncio.run(LocalReviewer(SHELLCHECK).examine(sources)).answers
    return [answers[source.key] for source in sources]


@pytest.fixture(scope="module")
def seen() -> dict[str, Answer]:
    return dict(zip([row[0] for row in DEFECTS], look(*(row[1] for row in DEFECTS)), strict=True))


@pytest.mark.parametrize(("name", "_text", "wanted"), DEFECTS, ids=[row[0] for row in DEFECTS])
def test_defects(seen: dict[str, Answer], name: str, _text: str, wanted: Sequence[tuple[int, str]]) -> None:
    assert seen[name].status == "answered"
    assert sorted((issue.line, issue.kind) for issue in seen[name].issues) == sorted(wanted)


def test_near_misses() -> None:
    assert look(*NEAR_MISSES) == [Answer("answered")] * len(NEAR_MISSES)


def test_it_judges_what_its_rules_find_and_nothing_else() -> None:
    reviewer = LocalReviewer(SHELLCHECK)
    sure = {rule.kind for rule in RULES.values() if rule.sure} | {"syntax-error"}
    assert {kind for kind in sure if reviewer.judges(kind, "a.sh", "bash")} == sure
    assert not reviewer.judges("unused-variable", "a.sh", "bash")
    assert not reviewer.judges("unquoted-expansion", "a.py", "python")
    assert reviewer.angles("a.sh", "bash") == {"correctness", "efficiency", "style"}


def test_places_count_code_points_and_a_tab_is_one() -> None:
    (answer,) = look(BASH + '\techo "ééé\t😀" $1\n')
    (issue,) = answer.issues
    assert (issue.line, issue.end_line, issue.column) == (2, 2, 15)


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("echo x > $1", 'echo x > "$1"'),
        ("cat $1/readme", 'cat "$1"/readme'),
        ("[ -e $1 ]", '[ -e "$1" ]'),
        ("cd $1 || exit", 'cd "$1" || exit'),
        ("\techo é > $1", '\techo é > "$1"'),
        ("make -C $1 $2", None),  # quoted, an empty $2 would become an argument
        ("gcc -I$1 x$MYFLAGS", 'gcc -I"$1" x$MYFLAGS'),
        ("x=`date`; echo \"$x\"", 'x=$(date); echo "$x"'),
        ("x=`(date)`; echo \"$x\"", None),
        ("x=`date # now`\necho \"$x\"", None),
        ("x=`echo \\`date\\``; echo \"$x\"", None),
    ],
)  # fmt: skip
def test_fixes_only_what_is_certain(line: str, fixed: str | None) -> None:
    (answer,) = look(f"{BASH}MYFLAGS=$3\n{line}\n")
    fixes = [issue.fix for issue in answer.issues if issue.fix is not None]
    if fixed is None:
        assert fixes == []
        return
    (fix,) = fixes
    text = line
    for edit in reversed(fix.edits):
        assert (edit.line, edit.end_line) == (3, 3)
        text = text[: edit.column - 1] + edit.text + text[edit.end_column - 1 :]
    assert fix.safe
    assert text == fixed


@pytest.mark.parametrize(
    "directive",
    [
        "# shellcheck disable=all",
        "# shellcheck disable=SC2086",
        "# shellcheck shell=zsh",
        "#shellcheck source=/dev/null",
    ],
)
def test_directives_are_not_obeyed(directive: str) -> None:
    for text in (f"{BASH}{directive}\nrm $1\n", f"{directive}\nrm $1\n"):
        assert [issue.kind for issue in look(text)[0].issues] == ["unquoted-expansion"]


def test_configuration_in_the_change_is_not_obeyed() -> None:
    sources = [Source("0", ".shellcheckrc", "bash", "disable=all\n"), Source("1", "x.sh", "bash", BASH + "rm $1\n")]
    answers = asyncio.run(LocalReviewer(SHELLCHECK).examine(sources)).answers
    assert [issue.kind for issue in answers["1"].issues] == ["unquoted-expansion"]


def test_sourced_files_are_not_read() -> None:
    (answer,) = look(BASH + ". /etc/passwd\n. /proc/self/environ\necho ok\n")
    assert answer == Answer("answered")


def test_broken_scripts() -> None:
    no_fi, no_quote, fine = look(
        BASH + "if true; then\n  echo a\n", BASH + "if [ -f a; then\n  echo a\nfi\n", BASH + "rm $1\n"
    )
    for answer in (no_fi, no_quote):
        assert answer.status == "unparsed"
        assert [issue.kind for issue in answer.issues] == ["syntax-error"]
        assert answer.detail.startswith("shellcheck: line ")
    assert fine.status == "answered"


@pytest.mark.parametrize(
    "text",
    [
        BASH + '[ "$1" "$2" ] || exit\n',
        "#!/bin/sh\n'''exec' python3 \"$0\" \"$@\"\n' '''\nimport sys\nif True:\n    sys.exit(main(1))\n",
        "#!/bin/zsh\nprint -l **/*(.)\n",
    ],
    ids=["operator-in-a-variable", "two-languages", "zsh"],
)
def test_what_it_cannot_read_is_no_mistake(text: str) -> None:
    (answer,) = look(text)
    assert (answer.status, answer.issues) == ("unparsed", ())
    assert answer.detail


def test_odd_files() -> None:
    texts = ("", "\n", "\udcff\udcfe $x\n", "echo a\0b\n", "\ufeffecho a\n", "#!/bin/sh")
    assert {answer.status for answer in look(*texts)} <= {"answered", "unparsed"}


@pytest.mark.parametrize(
    "stdout",
    [b"", b"[]", b"{}", b'{"comments": 1}', b'{"comments": [{"file": "other"}]}', b'{"comments": [{"code": 1}]}'],
)
def test_garbage(stdout: bytes) -> None:
    with pytest.raises(GarbageError, match="shellcheck"):
        SHELLCHECK.parse(ProcessResult("exited", 0, stdout, b"", 1.0), {"s0/x.sh": Source("0", "x.sh", "bash", "")})
