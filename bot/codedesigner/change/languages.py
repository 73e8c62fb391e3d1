"""Which language a file is written in, from its path and its first line.

`.h` counts as C++: that grammar reads nearly all of C, while the C grammar loses every class. zsh and fish are not
`bash`; they are unknown rather than read with the wrong grammar.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final

# The languages whose functions are known; `grammars` has a table for each.
WITH_GRAMMAR: Final = frozenset(
    {"python", "javascript", "typescript", "tsx", "go", "java", "rust", "c", "cpp"}
    | {"csharp", "ruby", "php", "kotlin", "swift", "scala", "bash", "lua"}
)

_BY_SUFFIX: Final = {
    suffix: language
    for language, suffixes in {
        "python": "py pyi pyw",
        "javascript": "js mjs cjs jsx",
        "typescript": "ts mts cts",
        "tsx": "tsx",
        "go": "go",
        "java": "java",
        "rust": "rs",
        "c": "c",
        "cpp": "cc cpp cxx c++ h hh hpp hxx h++ ipp inl tpp",
        "csharp": "cs csx",
        "ruby": "rb rake gemspec ru",
        "php": "php phtml php5 php7 php8",
        "kotlin": "kt kts",
        "swift": "swift",
        "scala": "scala sc sbt",
        "bash": "sh bash ksh bats",
        "lua": "lua rockspec",
        "dockerfile": "dockerfile",
        "yaml": "yml yaml",
        "json": "json jsonc webmanifest geojson",
        "toml": "toml",
        "markdown": "md markdown",
        "text": "txt text rst",
    }.items()
    for suffix in suffixes.split()
}

_BY_NAME: Final = {
    name: language
    for language, names in {
        "python": "SConstruct SConscript wscript",
        "ruby": "Rakefile Gemfile Vagrantfile Podfile Fastfile Brewfile Guardfile Capfile",
        "bash": ".bashrc .bash_profile .bash_aliases .profile PKGBUILD",
        "dockerfile": "Dockerfile Containerfile",
        "json": ".eslintrc .babelrc composer.lock",
        "toml": "Pipfile Cargo.lock poetry.lock uv.lock",
        "text": "LICENSE COPYING AUTHORS NOTICE",
        "markdown": "README CHANGELOG",
    }.items()
    for name in names.split()
}

_BY_INTERPRETER: Final = {
    "python": "python",
    "pypy": "python",
    "node": "javascript",
    "nodejs": "javascript",
    "bun": "javascript",
    "deno": "typescript",
    "ts-node": "typescript",
    "tsx": "typescript",
    "ruby": "ruby",
    "php": "php",
    "kotlin": "kotlin",
    "swift": "swift",
    "scala": "scala",
    "sh": "bash",
    "bash": "bash",
    "dash": "bash",
    "ash": "bash",
    "ksh": "bash",
    "bats": "bash",
    "lua": "lua",
    "luajit": "lua",
}

_SHEBANG: Final = re.compile(r"#!\s*(?P<program>\S+)(?P<rest>.*)", re.DOTALL)
_VERSION: Final = re.compile(r"[-0-9.]+$")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*=")
_FIRST_LINE_READ: Final = 500


def language_of(path: str, first_line: str = "") -> str | None:
    """The language id of the file at `path` (posix separators), or None where nothing tells.

    The name decides, then the suffix, then the `#!` of `first_line`.
    """
    pure = PurePosixPath(path)
    name, suffix = pure.name, pure.suffix.lower().lstrip(".")
    if suffix in {"yml", "yaml"} and _is_workflow(pure):
        return "github-workflow"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if name.startswith(("Dockerfile.", "Containerfile.")):
        return "dockerfile"
    return _BY_SUFFIX.get(suffix) or _by_shebang(first_line[:_FIRST_LINE_READ])


def _is_workflow(path: PurePosixPath) -> bool:
    return path.parts[-3:-1] == (".github", "workflows") or path.stem == "action"


def _by_shebang(first_line: str) -> str | None:
    """`#!/usr/bin/env -S python3.12 -u` and its relatives."""
    found = _SHEBANG.match(first_line.removeprefix("\ufeff"))
    if found is None:
        return None
    words = [found["program"], *found["rest"].split()]
    if PurePosixPath(words[0]).name == "env":
        words = [word for word in words[1:] if not word.startswith("-") and not _ASSIGNMENT.match(word)]
    if not words:
        return None
    program = PurePosixPath(words[0]).name
    return _BY_INTERPRETER.get(program) or _BY_INTERPRETER.get(_VERSION.sub("", program))
