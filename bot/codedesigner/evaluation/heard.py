"""What a panel said about one pull request, grouped into what means the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codedesigner.evaluation.dataset import Comment, PullRequest
from codedesigner.vote.grouping import Group, grouped
from codedesigner.vote.likeness import SHIPPED, Likeness
from codedesigner.vote.remark import Remark


@dataclass(frozen=True, slots=True)
class Heard:
    """One pull request before a panel: `answered` are those of it that looked, in order of name."""

    pull_request: PullRequest
    answered: tuple[str, ...]
    groups: tuple[Group, ...]


def heard(
    pull_request: PullRequest,
    panel: Sequence[str],
    likeness: Likeness = SHIPPED,
    *,
    threshold: float | None = None,
) -> Heard:
    """The panel's comments in groups: as the dataset has them, else as the product makes them."""
    answered = tuple(name for name in sorted(panel) if name in pull_request.reviews)
    remarks = {comment.id: _remark(name, comment) for name in answered for comment in pull_request.reviews[name]}
    if pull_request.findings is None:
        return Heard(pull_request, answered, grouped(tuple(remarks.values()), likeness, threshold=threshold))
    groups = []
    for finding in pull_request.findings:
        members = tuple(remarks[name] for name in finding.members if name in remarks)
        if members:
            groups.append(Group(members, remarks.get(finding.representative, members[0])))
    return Heard(pull_request, answered, tuple(groups))


def _remark(reviewer: str, comment: Comment) -> Remark:
    return Remark(comment.id, reviewer, comment.text, comment.file, comment.line, comment.line)
