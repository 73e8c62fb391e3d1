"""Paths and first lines -> languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codedesigner.change.languages import language_of


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a/b.py", "python"),
        ("a/b.pyi", "python"),
        ("a.MJS", "javascript"),
        ("a.cts", "typescript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("a.go", "go"),
        ("a.java", "java"),
        ("a.rs", "rust"),
        ("a.c", "c"),
        ("a.h", "cpp"),
        ("a.hpp", "cpp"),
        ("a.cs", "csharp"),
        ("Gemfile", "ruby"),
        ("a.gemspec", "ruby"),
        ("a.php", "php"),
        ("build.gradle.kts", "kotlin"),
        ("a.swift", "swift"),
        ("build.sbt", "scala"),
        ("a.bats", "bash"),
        ("a.lua", "lua"),
        ("Dockerfile", "dockerfile"),
        ("deploy/Dockerfile.prod", "dockerfile"),
        ("a.dockerfile", "dockerfile"),
        ("a.yaml", "yaml"),
        (".github/workflows/ci.yml", "github-workflow"),
        ("x/.github/workflows/ci.yaml", "github-workflow"),
        (".github/workflows/deep/ci.yml", "yaml"),
        (".github/dependabot.yml", "yaml"),
        ("tools/action.yml", "github-workflow"),
        ("a.json", "json"),
        ("pyproject.toml", "toml"),
        ("README.md", "markdown"),
        ("requirements.txt", "text"),
        ("a.zsh", None),
        ("a.unheard", None),
        ("noext", None),
        (".py", None),
        ("", None),
    ],
)
def test_by_path(path: str, language: str | None) -> None:
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("first_line", "language"),
    [
        ("#!/bin/sh", "bash"),
        ("#! /usr/bin/env bash\r", "bash"),
        ("#!/usr/bin/env -S python3.12 -u", "python"),
        ("#!/usr/bin/env -i A=1 node --harmony", "javascript"),
        ("\ufeff#!/usr/bin/python2", "python"),
        ("#!/usr/bin/lua5.4", "lua"),
        ("#!/usr/bin/zsh", None),
        ("#!", None),
        ("#!/usr/bin/env", None),
        ("import os", None),
    ],
)
def test_by_first_line(first_line: str, language: str | None) -> None:
    assert language_of("bin/tool", first_line) == language


def test_the_suffix_is_believed_before_the_first_line() -> None:
    assert language_of("a.py", "#!/bin/sh") == "python"


@given(st.text(max_size=40), st.text(max_size=80))
def test_nothing_is_too_odd_to_ask(path: str, first_line: str) -> None:
    language_of(path, "#!" + first_line)
