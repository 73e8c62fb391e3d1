"""Merge queues: a check on the queue's own commit, and nothing said anywhere."""

from __future__ import annotations

from .stage import Stage
from .test_reviewing import BAD, GOOD


def merged(stage: Stage) -> str:
    """The commit that a queue makes of the pull request."""
    return stage.repo.git("commit-tree", "topic^{tree}", "-p", stage.pull.base, "-p", stage.pull.head, "-m", "queue")


def test_T_GH_37_the_check_of_the_queues_commit_is_completed_and_nothing_is_posted(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    head = merged(stage)

    ended = stage.queue(head)

    assert ended.exit_code == 1
    assert stage.check(head).conclusion == "failure"
    assert stage.check(head).title.startswith("Merge queue: ")
    assert stage.forge.writes == ["check", "check"]


def test_T_GH_38_a_queue_that_does_not_name_its_pull_request_is_red(stage: Stage) -> None:
    stage.open({"cart.py": GOOD})
    head = merged(stage)

    ended = stage.queue(head, None)

    assert ended.exit_code == 3
    assert stage.check(head).conclusion == "failure"
    assert "not understood" in stage.check(head).title


def test_what_people_decided_on_the_pull_request_holds_in_the_queue(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    stage.say("/codedesigner dismiss F1 the rate is set by hand")

    assert stage.queue(merged(stage)).exit_code == 0


def test_an_override_of_the_head_holds_for_what_the_queue_makes_of_it(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    stage.say("/codedesigner override we ship tonight")
    head = merged(stage)

    assert stage.queue(head).exit_code == 0
    assert stage.check(head).conclusion == "success"
    stage.push({"cart.py": "\n" + BAD})
    assert stage.queue(merged(stage)).exit_code == 1
