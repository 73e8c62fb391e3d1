"""A pull request from its opening to its merge: what stands on it at each step."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from codedesigner.errors import ConfigError, ForbiddenError, UnreachableError
from codedesigner.event.model import ReviewRequested
from codedesigner.publish.discussion import NewThread

from .conftest import CART
from .stage import NUMBER, Stage

TAX = "\n\ndef tax(prices):\n    return total(prices) * {}\n"
BAD = CART + TAX.format("rate_of_nobody")
WORSE = BAD + "\n\ndef net(prices):\n    return total(prices) - discount_of_nobody\n"
GOOD = CART + TAX.format(3)


def seen(stage: Stage) -> dict[str, Any]:
    """The pull request as a person sees it; what differs from run to run, such as a duration, is left out."""

    def plain(body: str) -> str:
        return re.sub(r"\d+\.\d s|\(https://forge\.test[^)]*\)", "…", re.sub(r"<!-- .*? -->", "", body)).strip()

    check = stage.check()
    return {
        "summary": plain(stage.summary),
        "replies": [plain(body) for body in stage.replies],
        "threads": [
            (one.path, one.line, one.resolved, [plain(comment.body) for comment in one.comments])
            for one in stage.discussion.threads
        ],
        "check": (check.sha, check.conclusion, check.title, check.text),
    }


def test_a_finding_stands_on_its_line_in_the_summary_and_in_the_check(stage: Stage) -> None:
    pull = stage.open({"cart.py": BAD})

    ended = stage.review()

    assert ended.exit_code == 1
    (thread,) = stage.discussion.threads
    assert (thread.path, thread.line, thread.side) == ("cart.py", 13, "RIGHT")
    assert "Name is not defined" in thread.comments[0].body
    assert "**2/2**" in thread.comments[0].body
    assert "F1" in stage.summary
    assert stage.check().conclusion == "failure"
    assert stage.check().title == "Change blocked: 1 blocking finding"
    assert [one.start_line for one in stage.check().annotations] == [13]
    assert stage.check().sha == pull.head
    assert stage.forge.writes == ["check", "post", "edit", "check"]


def test_of_two_summaries_that_runs_made_at_once_the_second_points_to_the_first(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    stage.forge.said(NUMBER, stage.forge.account, stage.summary)

    stage.review()

    first = stage.remembered.summary
    assert first is not None
    assert stage.remembered.spare == ()
    assert [body.split("\n")[0] for body in stage.replies] == [f"See [the summary]({first.url})."]


def test_of_two_first_summaries_one_is_left_at_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.open({"cart.py": GOOD})
    comment = stage.forge.comment

    async def beside(pull: Any, body: str, *, key: str) -> Any:
        stage.forge.said(NUMBER, stage.forge.account, body)
        return await comment(pull, body, key=f"{key} of the other run")

    monkeypatch.setattr(stage.forge, "comment", beside)
    stage.review()

    first = stage.remembered.summary
    assert first is not None
    assert [body.split("\n")[0] for body in stage.replies] == [f"See [the summary]({first.url})."]


def test_of_two_runs_that_post_in_the_same_moment_one_thread_is_left_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.open({"cart.py": BAD})
    post = stage.forge.post

    async def beside(*given: Any, **named: Any) -> Any:
        await post(*given, **named)
        return await post(*given, **named)

    monkeypatch.setattr(stage.forge, "post", beside)
    stage.review()

    first, second = (one.comments[0].body for one in stage.discussion.threads)
    assert "Name is not defined" in first.split("\n")[0]
    assert second.startswith("**Said twice: it stands in [another comment](")
    assert stage.remembered.twice == ()
    # Each has the summary above its threads, too: the older is kept, the other points to it.
    summary = stage.remembered.summary
    assert summary is not None
    assert (summary, stage.discussion.comments) == (stage.discussion.reviews[0], ())
    assert stage.discussion.reviews[1].body.startswith(f"See [the summary]({summary.url}).")


def test_of_a_summary_in_a_comment_and_one_above_a_review_the_older_is_kept(stage: Stage) -> None:
    stage.open({"cart.py": GOOD})
    stage.review()
    (comment,) = stage.discussion.comments
    stage.push({"cart.py": BAD})
    stage.forge.discussions[NUMBER] = replace(
        stage.discussion, reviews=(replace(comment, id="1", review=True, created=comment.created + 1),)
    )

    stage.review()

    above, run = stage.discussion.reviews
    assert "F1" in stage.discussion.comments[0].body
    assert above.body.startswith(f"See [the summary]({comment.url}).")
    assert run.body.startswith("1 new finding on ")


def test_T_XF_08_the_same_commit_again_posts_nothing(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    before = seen(stage)

    stage.review()

    assert seen(stage) == before
    assert "post" not in stage.forge.writes[4:]
    assert "comment" not in stage.forge.writes[4:]


def test_what_is_fixed_says_so_with_the_commit_and_the_check_is_green(stage: Stage) -> None:
    stage.open({"cart.py": WORSE})
    stage.review()
    pull = stage.push({"cart.py": BAD})

    ended = stage.review()

    first, second = stage.discussion.threads
    assert second.comments[0].body.startswith(f"**Fixed in [`{pull.head[:7]}`]")
    assert "**Fixed" not in first.comments[0].body
    assert not second.resolved
    assert "fixed in" in stage.summary
    assert ended.exit_code == 1
    stage.push({"cart.py": GOOD})
    assert stage.review().exit_code == 0
    assert stage.check().conclusion == "success"
    assert len(stage.discussion.threads) == 2


def test_a_finding_that_moves_keeps_its_thread_and_its_name(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    stage.push({"cart.py": "# moved\n" * 30 + BAD})

    stage.review()

    assert len(stage.discussion.threads) == 1
    assert "| F1 |" in stage.summary
    assert "still there" in stage.summary


def test_T_GH_62_after_a_force_push_everything_is_found_again(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    stage.push({"cart.py": "import os\n" + BAD}, force=True)

    stage.review()

    assert len(stage.discussion.threads) == 2  # the unused import is new, the other finding is known
    assert "F2" in stage.summary


def test_threads_of_what_is_fixed_are_resolved_where_that_is_asked_for(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "forge: {resolve_threads: true}\n"})
    stage.open({"cart.py": BAD})
    stage.review()
    stage.push({"cart.py": GOOD})

    stage.review()

    (thread,) = stage.discussion.threads
    assert thread.resolved
    stage.push({"cart.py": BAD})
    stage.review()
    (thread,) = stage.discussion.threads
    assert not thread.resolved
    assert "Back again" in thread.comments[0].body


def test_T_GH_28_what_may_not_be_resolved_is_said_and_ends_nothing(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "forge: {resolve_threads: true}\n"})
    stage.open({"cart.py": BAD})
    stage.review()
    stage.push({"cart.py": GOOD})
    stage.forge.forbidden = frozenset({"resolve"})

    ended = stage.review()

    assert ended.exit_code == 0
    assert any("threads were not resolved" in note for note in ended.notes)
    assert "0 threads resolved" in stage.lines
    assert stage.discussion.threads[0].comments[0].body.startswith("**Fixed")


def test_T_GH_29_a_thread_that_people_answered_stays(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    stage.review()
    (thread,) = stage.discussion.threads
    stage.say("I see.", thread=thread)
    stage.push({"cart.py": GOOD})

    stage.review()

    assert len(stage.discussion.threads[0].comments) == 2


def test_a_comment_that_the_forge_refuses_stands_in_the_summary(stage: Stage) -> None:
    def refuses(thread: NewThread) -> str | None:
        return "line must be part of the diff" if "discount" in thread.body else None

    stage.forge.refuses = refuses
    stage.open({"cart.py": WORSE})

    stage.review()

    assert len(stage.discussion.threads) == 1
    assert "discount" in stage.summary
    assert "line must be part of the diff" in stage.summary


def test_a_head_that_moves_during_the_review_is_not_spoken_over(stage: Stage) -> None:
    old = stage.open({"cart.py": BAD})

    def trip(when: str, what: str) -> None:
        if (when, what) == ("after", "check") and stage.pull.head == old.head:
            stage.push({"cart.py": GOOD})

    stage.forge.trip = trip

    ended = stage.review()

    assert any("nothing is posted" in note for note in ended.notes)
    assert stage.discussion.threads == ()
    assert stage.summary == ""
    assert stage.check(old.head).conclusion == "failure"
    stage.review()
    assert stage.check().conclusion == "success"


def test_an_event_about_an_old_head_completes_its_check_and_says_nothing(stage: Stage) -> None:
    old = stage.open({"cart.py": BAD})
    new = stage.push({"cart.py": GOOD})

    ended = stage.handle(ReviewRequested(old.base, old.head, NUMBER))

    assert ended.exit_code == 3
    assert stage.check(old.head).conclusion == "cancelled"
    assert new.head[:7] in stage.check(old.head).title
    assert stage.forge.writes == ["check"]


def test_T_GH_70_checks_that_a_run_left_running_are_ended_by_the_next(stage: Stage) -> None:
    old = stage.open({"cart.py": BAD})
    stage.review()

    def trip(when: str, what: str) -> None:
        if what == "check" and stage.check(old.head).conclusion is None:
            raise KeyboardInterrupt

    stage.forge.trip = trip
    with pytest.raises(KeyboardInterrupt):
        stage.review()
    stage.forge.trip = lambda _when, _what: None
    assert stage.check(old.head).conclusion is None
    stage.push({"cart.py": GOOD})

    stage.review()

    assert stage.check(old.head).conclusion == "cancelled"
    assert stage.check().conclusion == "success"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(4))
def test_a_run_that_is_killed_at_any_write_is_made_good_by_the_next(stage: Stage, at: int, when: str) -> None:
    stage.open({"cart.py": WORSE})
    count = 0

    def trip(phase: str, _what: str) -> None:
        nonlocal count
        if phase == when:
            count += 1
            if count > at:
                raise KeyboardInterrupt

    stage.forge.trip = trip
    with pytest.raises(KeyboardInterrupt):
        stage.review()
    stage.forge.trip = lambda _when, _what: None

    stage.review()

    assert len(stage.discussion.threads) == 2
    assert stage.discussion.comments == ()
    assert len(stage.discussion.reviews) == 1
    assert [thread.line for thread in stage.discussion.threads] == [13, 17]
    assert stage.check().title == "Change blocked: 2 blocking findings"
    assert stage.summary.count("Name is not defined") == 2


def test_T_GH_41_a_token_that_may_only_read_reviews_all_the_same(stage: Stage) -> None:
    stage.forge.forbidden = frozenset({"check", "post", "comment", "edit", "react", "resolve", "reply"})
    stage.open({"cart.py": BAD})

    ended = stage.review()

    assert ended.exit_code == 1
    assert ended.report is not None
    assert stage.forge.writes == []
    assert any("may not post" in line for line in stage.lines)
    assert any("may not check" in line for line in stage.lines)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("a bug with a ghp_" + "a" * 36), ConfigError("is wrong"), UnreachableError("no answer", status=502)],
)
def test_T_GH_35_whatever_breaks_the_check_is_red_and_says_that_the_reviewer_broke(
    stage: Stage, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_given: object, **_more: object) -> None:
        raise error

    monkeypatch.setattr("codedesigner.pullrequest.checkout.reviewed", breaks)
    stage.open({"cart.py": BAD})

    with pytest.raises(type(error)):
        stage.review()

    assert stage.check().conclusion == "failure"
    assert stage.check().title.startswith("The reviewer broke")
    assert "ghp_" not in stage.check().title + stage.check().summary
    assert stage.discussion.threads == ()


def test_a_draft_is_reviewed_unless_the_configuration_says_otherwise(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "forge: {drafts: skip}\n"})
    stage.open({"cart.py": GOOD}, draft=True)

    ended = stage.review()

    assert ended.exit_code == 3
    assert stage.check().conclusion == "action_required"
    assert stage.summary == ""


def test_T_SEC_23_a_change_does_not_configure_its_own_reviewer(stage: Stage) -> None:
    stage.open({"cart.py": BAD, ".codedesigner.yml": "gate: {fail_on: never}\nenabled: false\n"})

    ended = stage.review()

    assert ended.exit_code == 1
    assert "edits `.codedesigner.yml`" in stage.summary


def test_T_SEC_29_the_patterns_of_the_base_commit_apply(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": 'paths: {exclude: ["secret/"]}\n'})
    stage.open({".codedesigner.yml": 'paths: {exclude: ["**"]}\n', "cart.py": BAD, "secret/a.py": "x = nobody\n"})

    ended = stage.review()

    assert ended.exit_code == 1
    assert [one.path for one in stage.discussion.threads] == ["cart.py"]


def test_a_base_configuration_that_is_wrong_is_the_reviewers_fault(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "gate: {fail_onn: high}\n"})
    stage.open({"cart.py": GOOD})

    with pytest.raises(ConfigError):
        stage.review()

    assert stage.check().conclusion == "failure"
    assert "fail_onn" in stage.check().title


def test_nothing_that_is_not_open_is_reviewed(stage: Stage) -> None:
    stage.open({"cart.py": BAD}, state="merged")

    assert stage.review().exit_code == 0
    assert stage.forge.writes == []


def test_a_token_that_may_not_read_is_an_error(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def forbidden(_pull: object) -> None:
        raise ForbiddenError("the token may not read", status=403)

    stage.open({"cart.py": BAD})
    monkeypatch.setattr(stage.forge, "discussion", forbidden)

    with pytest.raises(ForbiddenError):
        stage.review()

    assert stage.check().conclusion == "failure"
