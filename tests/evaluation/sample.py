"""A small dataset with all that reports can tell."""

from __future__ import annotations

from typing import Any

from codedesigner.evaluation.dataset import PullRequest

TEXTS = (
    "The counter `total` is read outside the lock, so two threads can lose an update",
    "`parse_header` accepts a negative length and allocates that much",
    "The retry loop in `fetch_page` never ends when the server keeps closing",
    "Password is written to the debug log in `sign_in`",
)
NOISE = "Consider renaming variable number {} for readability in module {}"


def comment(name: str, text: str, *golden: int) -> dict[str, Any]:
    return {"id": name, "text": text, "label": "match" if golden else "nomatch", "golden": list(golden)}


def entry(number: int, repo: str) -> dict[str, Any]:
    """`good` finds three of four, `fair` two, `poor` one and much else; what is found is said in like words."""
    found = {"good": (0, 1, 2), "fair": (0, 1), "poor": (number % 4,)}
    reviews = {
        name: [comment(f"{name}#{issue}", f"{TEXTS[issue]} ({name})", issue) for issue in issues]
        for name, issues in found.items()
    }
    reviews["poor"] += [comment(f"poor#n{each}", NOISE.format(each, "abcdef"[each])) for each in range(3)]
    reviews["fair"].append(comment("fair#n", "The import of json is unused in tests"))
    return {
        "pr": f"{repo}/{number}",
        "repo": repo,
        "golden": [{"id": issue, "text": text, "severity": "high"} for issue, text in enumerate(TEXTS)],
        "reviews": reviews,
        "usage": {name: {"tokens": 1000 * (place + 1), "usd": 0.01 * (place + 1)} for place, name in enumerate(found)},
    }


def entries() -> list[dict[str, Any]]:
    """Six pull requests of three repositories, as they stand in a file."""
    return [entry(number, repo) for repo in ("a/a", "b/b", "c/<c>") for number in (1, 2)]


def grouped(one: dict[str, Any]) -> dict[str, Any]:
    """The same, with what is in one group said, not found out."""
    said: dict[str, list[str]] = {}
    for comments in one["reviews"].values():
        for each in comments:
            said.setdefault(str(each["golden"] or each["id"]), []).append(each["id"])
    return one | {"findings": [{"members": members, "representative": members[0]} for members in said.values()]}


def sample() -> tuple[PullRequest, ...]:
    """The six, read."""
    return tuple(PullRequest.model_validate(each) for each in entries())


def grouped_sample() -> tuple[PullRequest, ...]:
    """The six with their groups, for what must not change when grouping gets better."""
    return tuple(PullRequest.model_validate(grouped(each)) for each in entries())
