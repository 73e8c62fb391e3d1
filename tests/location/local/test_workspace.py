import stat

import pytest

from codedesigner.location.local.workspace import NEUTRAL_NAME, harmless_path, workspace
from codedesigner.protocol.issue import Source


def _source(path: str, language: str | None = None, text: str = "x\n", key: str = "k") -> Source:
    return Source(key, path, language, text)


@pytest.mark.parametrize(
    "path",
    [
        "src/pkg/module.py", "tests/test_a.py", "pkg/__init__.py", "Dockerfile", "docker/Dockerfile", "a.d.ts",
        ".github/workflows/ci.yml", ".github/workflows/release.yaml", "tools/action.yml", "run.sh", "Makefile",
    ],
)  # fmt: skip
def test_names_that_matter_are_kept(path: str) -> None:
    assert harmless_path(_source(path)) == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pyproject.toml", "file.toml"), ("setup.cfg", "file.cfg"), ("a/mypy.ini", "a/file.ini"),
        ("ruff.toml", "file.toml"), ("tox.ini", "file.ini"), ("typos.toml", "file.toml"), ("ty.toml", "file.toml"),
        ("sub/package.json", "sub/file.json"), ("tsconfig.json", "file.json"), ("zizmor.yml", "file.yml"),
        (".github/zizmor.yml", "file.yml"), ("sgconfig.yml", "file.yml"), ("hadolint.yaml", "file.yaml"),
        ("eslint.config.mjs", "file.mjs"), ("oxlint.config.ts", "file.ts"), ("conftest.py", "file.py"),
    ],
)  # fmt: skip
def test_what_a_program_would_obey_gets_a_name_that_means_nothing(path: str, expected: str) -> None:
    assert harmless_path(_source(path)) == expected


@pytest.mark.parametrize(
    "path",
    [
        ".bandit", ".pylintrc", "pylintrc", ".yamllint", ".hadolint.yaml", ".eslintrc.js", ".shellcheckrc",
        ".oxlintrc.json", "a/.ruff.toml", ".gitignore", "../../etc/passwd", "/etc/passwd", "-rf", "--config=x.py",
        "a b.py", "a;b.py", "a\nb.py", "\udcff.py", "a/" * 40 + "x.py", "x" * 300 + ".py", "a//b.py", "./a.py",
        ".github/workflows/../../x.yml", ".github/workflows/-x.yml",
    ],
)  # fmt: skip
def test_hidden_and_odd_names_are_replaced(path: str) -> None:
    name = harmless_path(_source(path, "python")).removeprefix(".github/workflows/")
    assert name.split("/")[-1].startswith("file.")
    assert ".." not in name
    assert not name.startswith(("/", "-"))


def test_the_same_path_may_come_twice() -> None:
    sources = [_source("a.py", "python", "1\n", "old"), _source("a.py", "python", "2\n", "new")]
    with workspace(sources, "paths", {}) as space:
        assert {name: (space.folder / name).read_text() for name in space.sources} == {
            "s0/a.py": "1\n",
            "s1/a.py": "2\n",
        }
        assert [source.key for source in space.sources.values()] == ["old", "new"]


def test_flat_names_belong_to_no_module() -> None:
    sources = [_source(path, "python", key=path) for path in ("ast.py", "pkg/json.py", "stubs/os.pyi")]
    with workspace(sources, "flat", {}) as space:
        assert all(NEUTRAL_NAME.search(name) for name in space.sources)
        assert [name.rpartition(".")[2] for name in space.sources] == ["py", "py", "pyi"]


def test_the_folder_is_ours_alone_and_gone_afterwards() -> None:
    with workspace([_source("a.py")], "paths", {"x.toml": "a = 1\n"}) as space:
        top = space.folder.parent
        assert stat.S_IMODE(top.stat().st_mode) == 0o700
        assert (space.folder / "support" / "x.toml").read_text() == "a = 1\n"
        assert list(space.home.iterdir()) == []
    assert not top.exists()


def test_bytes_that_are_not_utf_8_are_written_as_they_were() -> None:
    with workspace([_source("a.py", text="x = '\udcff'\r\n")], "paths", {}) as space:
        assert (space.folder / "s0/a.py").read_bytes() == b"x = '\xff'\r\n"
