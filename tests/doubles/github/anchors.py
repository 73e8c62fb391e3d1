"""Which lines a review can be put on, how GitHub refuses others, and where a comment stands after pushes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.doubles.diffs import FileDiff, Hunk, Line
from tests.doubles.github.model import Pull, ReviewComment
from tests.doubles.github.routes import RefusedError, unprocessable

_THREAD = "pull_request_review_thread"
_SENTENCES = {
    "path": "path is invalid",
    "position": "position is invalid",
    "line": "line must be part of the diff",
    "order": "start line must precede the end line.",
    "start_line": "start_line must be part of the same hunk as the line.",
    "diff_hunk": "diff hunk can't be blank",
    "end_commit_oid": "end commit oid is not part of the pull request",
    "side": "side is not included in the list",
}


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place in the diff."""

    path: str
    side: str
    line: int
    position: int
    hunk: str
    start_side: str | None = None
    start_line: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment stands in the head's diff."""

    line: int
    start_line: int | None
    position: int


def anchor(files: Sequence[FileDiff], given: Mapping[str, Any]) -> Anchor | list[str]:
    """The place that a comment asks for, or the names of the rules that it breaks (keys of `_SENTENCES`)."""
    file = next((each for each in files if each.path == given["path"]), None)
    if file is None:
        return ["path", "diff_hunk"]
    sides = [given.get(name, "RIGHT") for name in ("side", "start_side")]
    if not set(sides) <= {"LEFT", "RIGHT"}:
        return ["side"]
    if given.get("line") is None:
        met = file.at(int(given.get("position") or 0))
        return _at(file, *met) if met else ["position", "diff_hunk"]
    return _ranged(file, given)


def _at(file: FileDiff, hunk: Hunk, line: Line) -> Anchor:
    side = "LEFT" if line.kind == "-" else "RIGHT"
    return Anchor(file.path, side, line.old if side == "LEFT" else line.new, line.position, hunk.until(line.position))


def _ranged(file: FileDiff, given: Mapping[str, Any]) -> Anchor | list[str]:
    side, line, start = given.get("side", "RIGHT"), given["line"], given.get("start_line")
    start_side = given.get("start_side") or side
    met = file.find(side, line)
    problems = [] if met else ["line"]
    if start is not None:
        first = met and met[0].find(start_side, start)
        if start_side == side and start >= line:
            problems.append("order")
        elif first is None:
            problems.append("start_line")
        elif met and first.position >= met[1].position:
            problems.append("order")
    if met is None:
        return [*problems, "diff_hunk"]
    if problems:
        return problems
    hunk, last = met
    text = hunk.until(last.position)
    return Anchor(file.path, side, line, last.position, text, start_side if start is not None else None, start)


def sentences(problems: Sequence[str]) -> str:
    """Broken rules as the endpoint for reviews puts them."""
    each = [f"Pull request review thread {_SENTENCES[name].replace('start_line', 'start line')}" for name in problems]
    if len(each) < 3:
        return " and ".join(each)
    return ", ".join(each[:-1]) + f", and {each[-1]}"


def objects(problems: Sequence[str]) -> list[dict[str, str]]:
    """Broken rules as the endpoint for single comments puts them."""
    found = []
    for name in problems:
        error = {
            "resource": "PullRequestReviewComment",
            "field": f"{_THREAD}.{'start_line' if name == 'order' else name}",
        }
        if name == "diff_hunk":
            error["code"] = "missing_field"
        elif name in ("path", "position", "end_commit_oid", "side"):
            error["code"] = "invalid"
        else:
            error |= {"code": "custom", "message": f"{error['field']} {_SENTENCES[name].removeprefix(f'{name} ')}"}
        found.append(error)
    return found


def refused_review(broken: Iterable[Sequence[str]], style: str) -> RefusedError:
    """The refusal of a whole review; GitHub does not say which comment it was."""
    if style == "objects":
        return RefusedError(422, "Validation Failed", [error for problems in broken for error in objects(problems)])
    if style == "resolved":
        words = ["Path could not be resolved" if "path" in each else "Line could not be resolved" for each in broken]
    else:
        words = [sentences(each) for each in broken]
    return unprocessable(*dict.fromkeys(words))


def place(pull: Pull, comment: ReviewComment) -> Place | None:
    """Where a comment stands now; None is outdated."""
    if comment.off_diff or comment.line is None:
        return None
    if comment.subject == "file":
        return Place(1, None, 1)
    file = pull.project.diffs.file(pull.merge_base(), pull.head_sha, comment.path)
    line = _now(pull, comment, comment.side, comment.line)
    if file is None or line is None:
        return None
    met = file.find(comment.side, line)
    if met is None:
        return None
    if comment.start_line is None:
        return Place(line, None, met[1].position)
    start = _start(pull, comment, line)
    return None if start is None else Place(line, start, met[1].position)


def _start(pull: Pull, comment: ReviewComment, line: int) -> int | None:
    assert comment.start_line is not None
    assert comment.line is not None
    side = comment.start_side or comment.side
    if side != comment.side:
        return _now(pull, comment, side, comment.start_line)
    # A line changed, added or removed inside the range outdates the comment.
    moved = [_now(pull, comment, side, each) for each in range(comment.start_line, comment.line + 1)]
    expected = [line - comment.line + each for each in range(comment.start_line, comment.line + 1)]
    return moved[0] if moved == expected else None


def _now(pull: Pull, comment: ReviewComment, side: str, line: int) -> int | None:
    one, other = (comment.base, pull.merge_base()) if side == "LEFT" else (comment.commit, pull.head_sha)
    return pull.project.diffs.mapped(one, other, comment.path, line)
