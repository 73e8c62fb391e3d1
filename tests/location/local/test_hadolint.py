"""hadolint through its location: defects, near misses, hostile configuration, broken images."""

import asyncio
from collections.abc import Sequence

import pytest

from codedesigner.location.local.analyser import GarbageError
from codedesigner.location.local.hadolint import HADOLINT
from codedesigner.location.local.process import ProcessResult
from codedesigner.location.local.reviewer import LocalReviewer
from codedesigner.protocol.issue import Answer, Source

FROM = "FROM debian:12\n"

# Name, text, the first and last line and the kind of every issue.
DEFECTS: tuple[tuple[str, str, Sequence[tuple[int, int, str]]], ...] = (
    ("no-tag", "FROM debian\n", [(1, 1, "unpinned-image")]),
    ("latest", "FROM debian:latest\n", [(1, 1, "unpinned-image")]),
    ("root", FROM + "USER root\n", [(2, 2, "runs-as-root")]),
    ("sudo", FROM + "RUN sudo make\n", [(2, 2, "sudo-in-image")]),
    ("lists", FROM + "RUN apt-get update \\\n  # tools\n  && apt-get install -y git\n", [(2, 4, "cache-leftover")]),
    ("asks", FROM + "RUN apt-get update && apt-get install git && rm -rf /var/lib/apt/lists/*\n", [
        (2, 2, "hadolint/asks-for-confirmation"),
    ]),
    ("pip", FROM + "RUN pip install flask\n", [(2, 2, "cache-leftover"), (2, 2, "unpinned-package")]),
    ("npm", FROM + "RUN npm install -g left-pad\n", [(2, 2, "unpinned-package")]),
    ("pipe", FROM + "RUN curl -s http://a/b \\\n  | tar x\n", [(2, 3, "pipefail-misuse")]),
    ("shell-form", FROM + "CMD serve it\n", [(2, 2, "hadolint/shell-form")]),
    ("two-cmds", FROM + 'CMD ["a"]\nCMD ["b"]\n', [(3, 3, "redefinition")]),
    ("two-stages", "FROM a:1 AS x\nFROM b:1 AS x\n", [(2, 2, "redefinition")]),
    ("own-stage", "FROM a:1 AS x\nCOPY --from=x /a /b\n", [(2, 2, "invalid-key")]),
    ("slash", FROM + "COPY a b /c\n", [(2, 2, "invalid-key")]),
    ("port", FROM + "EXPOSE 70000\n", [(2, 2, "invalid-key")]),
    ("workdir", FROM + "WORKDIR app\n", [(2, 2, "hadolint/relative-workdir")]),
    ("env", FROM + "ENV A=1 B=$A\n", [(2, 2, "used-before-assignment")]),
    ("add", FROM + "ADD a /b\n", [(2, 2, "legacy-construct")]),
    ("maintainer", FROM + "MAINTAINER me\n", [(2, 2, "deprecated-instruction")]),
    ("unquoted", FROM + "RUN rm $1\n", [(2, 2, "unquoted-expansion")]),
    ("bashism", FROM + "RUN if [[ -e a ]]; then make; fi\n", [(2, 2, "portability")]),
    ("windows", "# escape=`\n" + FROM + "RUN sudo a `\n  b\nUSER me\n", [(3, 4, "sudo-in-image")]),
)  # fmt: skip

NEAR_MISSES = (
    "FROM scratch\nCOPY a /b\n",
    "ARG TAG=1\nFROM debian:$TAG\nFROM debian@sha256:" + "0" * 64 + "\n",
    FROM + "USER root\nRUN make\nUSER me\n",
    FROM + "RUN apt-get update && apt-get install -y git && rm -rf /var/lib/apt/lists/*\n",
    FROM + "RUN cd /src && make\n",
    FROM + "RUN pip install --no-cache-dir flask==3.0.0 && npm install -g left-pad@1.3.0\n",
    FROM + 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN curl -s http://a/b | tar x\n',
    FROM + 'HEALTHCHECK CMD curl -f http://localhost/ || exit 1\nCMD ["a"]\n',
    FROM + "COPY --from=other/image:1 /a /b\nENV A=1\nENV B=$A\n",
)


def look(*texts: str) -> list[Answer]:
    sources = [Source(str(number), "Dockerfile", "dockerfile", text) for number, text in enumerate(texts)]
    answers = asyncio.run(LocalReviewer(HADOLINT).examine(sources)).answers
    return [answers[source.key] for source in sources]


@pytest.fixture(scope="module")
def seen() -> dict[str, Answer]:
    return dict(zip([row[0] for row in DEFECTS], look(*(row[1] for row in DEFECTS)), strict=True))


@pytest.mark.parametrize(("name", "_text", "wanted"), DEFECTS, ids=[row[0] for row in DEFECTS])
def test_defects(seen: dict[str, Answer], name: str, _text: str, wanted: Sequence[tuple[int, int, str]]) -> None:
    assert seen[name].status == "answered"
    assert sorted((issue.line, issue.end_line, issue.kind) for issue in seen[name].issues) == sorted(wanted)


def test_near_misses() -> None:
    assert look(*NEAR_MISSES) == [Answer("answered")] * len(NEAR_MISSES)


def test_what_it_judges() -> None:
    reviewer = LocalReviewer(HADOLINT)
    for kind in ("unpinned-image", "cache-leftover", "sudo-in-image", "hadolint/shell-form"):
        assert reviewer.judges(kind, "Dockerfile", "dockerfile")
    # An image without USER runs as root, too, and it says nothing about that.
    for kind in ("runs-as-root", "syntax-error", "unquoted-expansion"):
        assert not reviewer.judges(kind, "Dockerfile", "dockerfile")
    assert not reviewer.can_examine("x.sh", "bash")


@pytest.mark.parametrize(
    "pragma", ["# hadolint ignore=DL3006", "# hadolint global ignore=DL3006", "#hadolint ignore=DL3006"]
)
def test_pragmas_are_not_obeyed(pragma: str) -> None:
    assert [issue.kind for issue in look(f"{pragma}\nFROM debian\n")[0].issues] == ["unpinned-image"]


def test_configuration_in_the_change_is_not_obeyed() -> None:
    sources = [
        Source("0", ".hadolint.yaml", "dockerfile", "ignored: [DL3006]\n"),
        Source("1", "support/hadolint.yaml", "dockerfile", "ignored: [DL3006]\n"),
        Source("2", "Dockerfile", "dockerfile", "FROM debian\n"),
    ]
    answers = asyncio.run(LocalReviewer(HADOLINT).examine(sources)).answers
    assert [issue.kind for issue in answers["2"].issues] == ["unpinned-image"]


def test_broken_images() -> None:
    broken, fine = look(FROM + "RUM make\n", "FROM debian\n")
    assert broken.status == "unparsed"
    assert [(issue.kind, issue.line) for issue in broken.issues] == [("syntax-error", 2)]
    assert fine.status == "answered"


def test_here_documents_are_not_its_strength_and_no_mistake() -> None:
    (answer,) = look(FROM + "RUN <<EOF\nmake\nEOF\n# next\nUSER me\n")
    assert (answer.status, answer.issues) == ("unparsed", ())


def test_odd_files() -> None:
    texts = ("", "\n", "FROM \udcff\n", "FROM a:1\0\n", "\ufeffFROM a:1\n", "FROM a:1\r\nRUN make\r\n")
    assert {answer.status for answer in look(*texts)} <= {"answered", "unparsed"}


@pytest.mark.parametrize("stdout", [b"", b"[1]", b'[{"file": "other"}]', b'[{"file": "Dockerfile"}]'])
def test_garbage(stdout: bytes) -> None:
    with pytest.raises(GarbageError, match="hadolint"):
        HADOLINT.parse(
            ProcessResult("exited", 1, stdout, b"", 1.0), {"Dockerfile": Source("0", "Dockerfile", "dockerfile", "")}
        )
