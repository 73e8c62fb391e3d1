"""The tables of `docs/reviewers.md`, from the analysers themselves.

`.venv/bin/python docs/reviewers_table.py` prints them; a test compares them with the page.
"""

from __future__ import annotations

from collections import defaultdict

from codedesigner.angle.kinds import KINDS
from codedesigner.location.local import ANALYSERS

SAMPLES = {
    "Python": ("src/app.py", "python"),
    "JavaScript": ("src/app.js", "javascript"),
    "TypeScript": ("src/app.ts", "typescript"),
    "Go": ("app/main.go", "go"),
    "Java": ("src/App.java", "java"),
    "Rust": ("src/lib.rs", "rust"),
    "C": ("src/app.c", "c"),
    "C++": ("src/app.cpp", "cpp"),
    "C#": ("src/App.cs", "csharp"),
    "Ruby": ("lib/app.rb", "ruby"),
    "PHP": ("src/App.php", "php"),
    "Kotlin": ("src/App.kt", "kotlin"),
    "Swift": ("Sources/App.swift", "swift"),
    "Scala": ("src/App.scala", "scala"),
    "Lua": ("app.lua", "lua"),
    "Bash": ("run.sh", "bash"),
    "GitHub workflow": (".github/workflows/ci.yml", "github-workflow"),
    "Dockerfile": ("Dockerfile", "dockerfile"),
    "YAML": ("config/app.yml", "yaml"),
    "Text": ("notes.md", "markdown"),
}


def who_reads() -> str:
    """Language -> the analysers that read it, with how many kinds each can judge there."""
    rows = ["| language | analysers (kinds that each can judge) |", "| --- | --- |"]
    for language, (path, name) in SAMPLES.items():
        readers = [
            f"{analyser} ({len(value.kinds(path, name))})"
            for analyser, value in sorted(ANALYSERS.items())
            if value.reads(path, name)
        ]
        rows.append(f"| {language} | {', '.join(readers)} |")
    return "\n".join(rows)


def shared_kinds() -> str:
    """The kinds that several analysers can judge for one language: where a vote has several voters."""
    judges: dict[tuple[str, tuple[str, ...]], set[str]] = defaultdict(set)
    for language, (path, name) in SAMPLES.items():
        for kind in KINDS:
            able = tuple(
                analyser
                for analyser, value in sorted(ANALYSERS.items())
                if value.reads(path, name) and kind in value.kinds(path, name)
            )
            if len(able) > 1:
                judges[kind, able].add(language)
    rows = ["| kind | angle | judged by | in |", "| --- | --- | --- | --- |"]
    order = list(SAMPLES)
    for (kind, able), languages in sorted(judges.items(), key=lambda entry: (KINDS[entry[0][0]].angle, entry[0])):
        where = ", ".join(sorted(languages, key=order.index))
        rows.append(f"| `{kind}` | {KINDS[kind].angle} | {', '.join(able)} | {where} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(who_reads(), shared_kinds(), sep="\n\n")
