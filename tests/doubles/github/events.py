"""The webhooks that a reviewer takes, by their names in GitHub's description."""

from __future__ import annotations

WEBHOOKS: tuple[str, ...] = (
    "pull-request-opened",
    "pull-request-synchronize",
    "pull-request-reopened",
    "pull-request-ready-for-review",
    "pull-request-converted-to-draft",
    "pull-request-edited",
    "pull-request-closed",
    "issue-comment-created",
    "issue-comment-edited",
    "issue-comment-deleted",
    "pull-request-review-comment-created",
    "pull-request-review-comment-edited",
    "pull-request-review-comment-deleted",
    "pull-request-review-submitted",
    "merge-group-checks-requested",
    "merge-group-destroyed",
    "check-run-rerequested",
    "check-run-requested-action",
    "check-suite-rerequested",
    "workflow-dispatch",
    "installation-created",
    "installation-deleted",
    "installation-repositories-added",
    "installation-repositories-removed",
    "ping",
)
