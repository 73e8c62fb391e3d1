"""What a change is, in sentences that need no model; and what in it a person should look at, whatever was found."""

from __future__ import annotations

import re
from collections import Counter

from codedesigner.change.model import Status
from codedesigner.publish.obstacles import steers_builds
from codedesigner.publish.plain import plural
from codedesigner.publish.report import FileReport, Report
from codedesigner.publish.sanitise import code

_MOST = 8
_ALL_KINDS = ("source", "tests", "documentation", "builds and CI", "binary")
_VERBS: dict[Status, str] = {
    "added": "adds",
    "modified": "changes",
    "renamed": "renames",
    "copied": "copies",
    "deleted": "removes",
    "type_changed": "changes the type of",
}
_TESTS = r"(?:^|/)(?:tests?|spec|__tests__)/|(?:^|/)test_[^/]*$|[._-](?:test|spec)\.[^/]+$"
_DOCUMENTATION = r"(?:^|/)docs?/|\.(?:md|rst|adoc|txt)$|(?:^|/)(?:LICENSE|CHANGELOG)[^/]*$"
_ASKED = re.compile(r"(?:^|/)[^/]*(?:locations|angles)[^/]*\.(?:ya?ml|json)$", re.IGNORECASE)
_KINDS = (
    ("tests", re.compile(_TESTS, re.IGNORECASE)),
    ("documentation", re.compile(_DOCUMENTATION, re.IGNORECASE)),
)


def walkthrough(report: Report) -> str:
    """The change in sentences: what happens to how many files, of what kind, and which functions it touches."""
    files = report.change.files
    if not files:
        return "The change has no files."
    statuses = Counter(file.status for file in files)
    verbs = [f"{_VERBS[status]} {plural(statuses[status], 'file')}" for status in _VERBS if statuses[status]]
    kinds = Counter(kind_of(file) for file in files)
    of = [
        f"{kinds[kind]:,} {kind}"
        for kind in ("source", "tests", "documentation", "builds and CI", "binary")
        if kinds[kind]
    ]
    names = list(
        dict.fromkeys(name for file in files for name in file.functions if not name.startswith(("<", "lines ")))
    )
    lines = f"+{sum(file.added for file in files):,} −{sum(file.removed for file in files):,} lines"
    sentences = [f"It {_listed(verbs)} ({lines}): {', '.join(of)}."]
    if names:
        more = f" and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
        sentences.append(f"Functions: {', '.join(code(name) for name in names[:_MOST])}{more}.")
    return " ".join(sentences)


def kind_of(file: FileReport) -> str:
    """What kind of file it is, by its name."""
    if file.binary:
        return "binary"
    if steers_builds(file.path):
        return "builds and CI"
    return next((kind for kind, pattern in _KINDS if pattern.search(file.path)), "source")


def steering_notices(report: Report, configuration: str = ".codedesigner.yml") -> tuple[str, ...]:
    """What is said of a change that edits what decides about it: the reviewer's configuration, and CI. Markdown."""
    paths = sorted({path for file in report.change.files for path in (file.path, file.old_path) if path is not None})
    notices = []
    if configuration in paths:
        notices.append(
            f"The change edits {code(configuration)}. It was reviewed under the configuration of the commit that it "
            "starts from; the edit counts once it is merged. A person should look at it."
        )
    asked = [path for path in paths if _ASKED.search(path)]
    if asked:
        more = f" and {len(asked) - _MOST:,} more" if len(asked) > _MOST else ""
        notices.append(
            f"The change edits what says whom a reviewer asks, and what: {', '.join(map(code, asked[:_MOST]))}{more}. "
            "Nothing of it counted here. An address in there is where code and keys go once somebody uses the file: "
            "a person should look at it."
        )
    others = [path for path in paths if path != configuration and steers_builds(path)]
    if others:
        more = f" and {len(others) - _MOST:,} more" if len(others) > _MOST else ""
        notices.append(
            f"The change edits what steers builds, dependencies or CI: {', '.join(map(code, others[:_MOST]))}{more}. "
            "That can decide whether this review runs at all. A person should look at it."
        )
    return tuple(notices)


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
