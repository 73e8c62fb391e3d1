"""Commands in comments: who may, what is done, and that it is done and answered once."""

from __future__ import annotations

import dataclasses

import pytest

from codedesigner.errors import ForgeError, MissingError, UnreachableError
from codedesigner.event.model import CommandIssued
from codedesigner.publish.discussion import Account
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.remembered import DecisionMark

from .stage import ANN, BOB, NUMBER, REPO, Stage
from .test_reviewing import BAD, GOOD, WORSE

KEY = b"a key of more than sixteen"


@pytest.fixture
def reviewed(stage: Stage) -> Stage:
    """A pull request with two findings."""
    stage.open({"cart.py": WORSE})
    stage.review()
    stage.forge.writes.clear()
    return stage


def reactions(stage: Stage) -> list[str]:
    return [reaction for _, reaction in stage.forge.reactions]


def test_a_recheck_reviews_the_head_and_is_answered_once(reviewed: Stage) -> None:
    comment = reviewed.forge.said(NUMBER, ANN, "/codedesigner recheck")

    ended = reviewed.answer(comment)
    again = reviewed.answer(comment)

    assert ended.report is not None
    assert again.report is None
    (reply,) = reviewed.replies
    assert "Reviewed `" in reply
    assert reactions(reviewed) == ["seen", "yes"]


@pytest.mark.parametrize("permission", ["none", "read", "triage"])
def test_T_SEC_32_who_may_not_write_is_refused_and_nothing_runs(reviewed: Stage, permission: str) -> None:
    reviewed.forge.permissions[BOB.id] = permission  # type: ignore[assignment]

    ended = reviewed.say("/codedesigner recheck", BOB)

    assert ended.report is None
    assert reviewed.forge.writes == ["react"]
    assert reactions(reviewed) == ["no"]


@pytest.mark.parametrize("error", [MissingError("no such user", status=404), UnreachableError("502", status=502)])
def test_T_GH_49_a_permission_that_cannot_be_asked_is_none(
    reviewed: Stage, error: ForgeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_account: Account) -> None:
        raise error

    monkeypatch.setattr(reviewed.forge, "permission", fails)

    reviewed.say("/codedesigner recheck")

    assert reviewed.forge.writes == ["react", "comment"]
    assert reactions(reviewed) == ["no"]
    assert "could not be asked" in reviewed.replies[0]


def test_T_GH_50_triage_may_recheck_where_the_configuration_says_so(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "forge: {triage_may_recheck: true}\n"})
    pull = stage.open({"cart.py": GOOD})
    stage.forge.files[pull.base, ".codedesigner.yml"] = b"forge: {triage_may_recheck: true}\n"
    stage.forge.permissions[BOB.id] = "triage"

    assert stage.say("/codedesigner recheck", BOB).report is not None
    assert stage.say("/codedesigner override x", BOB).report is None


def test_T_SEC_35_a_push_after_the_command_is_not_what_was_meant(reviewed: Stage) -> None:
    comment = reviewed.forge.said(NUMBER, ANN, "/codedesigner recheck")
    reviewed.push({"cart.py": GOOD})

    ended = reviewed.answer(comment)

    assert ended.report is None
    assert "may not have been there" in reviewed.replies[0]
    assert reviewed.say("/codedesigner recheck").report is not None


def test_where_the_forge_does_not_tell_when_a_head_came_our_own_word_about_it_does(reviewed: Stage) -> None:
    reviewed.push({"cart.py": GOOD})
    reviewed.forge.arrivals.clear()

    assert reviewed.say("/codedesigner recheck").report is None
    assert reviewed.say("/codedesigner recheck").report is not None


def test_T_SEC_40_many_commands_are_obeyed_a_few_times_and_told_once(reviewed: Stage) -> None:
    given_before(reviewed, "/codedesigner recheck", 9)
    runs = [reviewed.say("/codedesigner recheck").report is not None for _ in range(41)]

    assert runs == [True] + [False] * 40
    (notice,) = told(reviewed)
    assert notice.startswith("Not done: 10 reviews and questions of yours in an hour")
    assert reactions(reviewed).count("no") == 1


def test_T_SEC_34_an_edited_command_is_none(reviewed: Stage) -> None:
    comment = reviewed.forge.said(NUMBER, ANN, "/codedesigner recheck")
    talk = reviewed.discussion
    edited = tuple(dataclasses.replace(one, edited=True) if one.id == comment.id else one for one in talk.comments)
    reviewed.forge.discussions[NUMBER] = dataclasses.replace(talk, comments=edited)

    assert reviewed.answer(comment).report is None
    assert reviewed.forge.writes == []


def test_a_command_that_somebody_else_is_said_to_have_typed_is_none(reviewed: Stage) -> None:
    comment = reviewed.forge.said(NUMBER, BOB, "/codedesigner recheck")
    event = CommandIssued(NUMBER, "recheck", "", comment.id, ANN.id, ANN.login, comment.created)

    assert reviewed.handle(event).report is None
    assert reviewed.forge.writes == []


def test_what_is_dismissed_stays_so_over_pushes(reviewed: Stage) -> None:
    reviewed.say("/codedesigner dismiss F1 the rate is set by hand")

    assert "dismissed" in reviewed.discussion.threads[0].comments[0].body.casefold()
    assert reviewed.check().title == "Change blocked: 1 blocking finding"
    reviewed.push({"cart.py": "# moved\n" * 30 + BAD})
    ended = reviewed.review()
    assert ended.exit_code == 0
    assert reviewed.check().conclusion == "success"
    assert "the rate is set by hand" in reviewed.summary
    assert len(reviewed.discussion.threads) == 2


def test_a_function_that_moves_into_another_file_takes_its_number_and_its_dismissal_along(stage: Stage) -> None:
    sums = '"""Sums."""\n\n\ndef nothing():\n    """None."""\n    return 0\n'
    tax = "\n\ndef tax(prices):\n    return sum(prices) * rate_of_nobody\n"
    cart = stage.repo.git("show", "main:cart.py") + "\n"
    stage.repo.commit({"sums.py": sums})
    stage.open({"cart.py": cart + tax})
    stage.review()
    stage.push({"cart.py": cart, "sums.py": sums + tax})
    stage.review()

    (thread,) = stage.discussion.threads
    assert "**Moved to** [`sums.py:10`]" in thread.comments[0].body
    assert stage.check().title == "Change blocked: 1 blocking finding"

    stage.say("/codedesigner dismiss F1 the rate is set by hand")
    assert stage.check().conclusion == "success"
    stage.push({"cart.py": cart + tax, "sums.py": sums})
    stage.review()
    assert stage.check().conclusion == "success"
    assert len(stage.discussion.threads) == 1


def test_a_decision_whose_command_is_gone_counts_no_more(reviewed: Stage) -> None:
    reviewed.say("/codedesigner dismiss F1 the rate is set by hand")
    talk = reviewed.discussion
    left = tuple(one for one in talk.comments if one.author.id != ANN.id)
    reviewed.forge.discussions[NUMBER] = dataclasses.replace(talk, comments=left)

    reviewed.review()

    assert reviewed.check().title == "Change blocked: 2 blocking findings"
    assert "1 earlier decision did not count" in reviewed.summary


def test_a_decision_of_somebody_who_may_no_longer_write_counts_no_more(reviewed: Stage) -> None:
    reviewed.say("/codedesigner dismiss F1 the rate is set by hand")
    reviewed.forge.permissions[ANN.id] = "read"

    reviewed.review()

    assert reviewed.check().title == "Change blocked: 2 blocking findings"


def test_T_SEC_41_marks_of_others_count_for_nothing(reviewed: Stage) -> None:
    known = reviewed.remembered.posted[0].mark
    forged = DecisionMark(
        what="dismiss", by=ANN.id, login="ann", reason="x", at=1.0, comment="1", number=1, identity=known.identity
    )
    body = Signer(REPO, NUMBER).ended("Nothing to see.", forged)
    reviewed.forge.said(NUMBER, BOB, body)

    reviewed.review()

    assert reviewed.check().title == "Change blocked: 2 blocking findings"


def test_T_SEC_43_a_decision_written_into_our_comment_by_another_hand_is_discarded(reviewed: Stage) -> None:
    reviewed.key = KEY
    reviewed.review()
    known = reviewed.remembered.posted[0].mark
    forged = DecisionMark(
        what="dismiss", by=ANN.id, login="ann", reason="x", at=1.0, comment="1", number=1, identity=known.identity
    )
    body = Signer(REPO, NUMBER, b"another key, as long as ours").ended("Nothing to see.", forged)
    reviewed.forge.said(NUMBER, reviewed.forge.account, body)

    reviewed.review()

    assert reviewed.check().conclusion == "failure"
    assert "2 blocking findings" in reviewed.check().title


def test_with_a_key_a_decision_needs_no_other_proof(stage: Stage) -> None:
    stage.key = KEY
    stage.open({"cart.py": BAD})
    stage.review()
    stage.say("/codedesigner dismiss F1 the rate is set by hand")
    talk = stage.discussion
    left = tuple(one for one in talk.comments if one.author.id != ANN.id)
    stage.forge.discussions[NUMBER] = dataclasses.replace(talk, comments=left)

    assert stage.review().exit_code == 0


def test_an_override_is_for_one_commit(reviewed: Stage) -> None:
    ended = reviewed.say("/codedesigner override we ship tonight")

    assert ended.exit_code == 0
    assert reviewed.check().conclusion == "success"
    assert reviewed.check().title == "Overridden by ann: we ship tonight"
    said = f"**The check passes for `{reviewed.pull.head[:12]}` all the same**, overridden by `ann`: we ship tonight"
    assert said in reviewed.summary
    reviewed.push({"cart.py": "\n" + WORSE})
    assert reviewed.review().exit_code == 1
    assert "overridden" not in reviewed.summary
    assert reviewed.check().conclusion == "failure"


def test_off_and_on_hold_for_this_pull_request(reviewed: Stage) -> None:
    ended = reviewed.say("/codedesigner off")

    assert ended.exit_code == 0
    assert reviewed.check().conclusion == "neutral"
    assert "a command on the pull request" in reviewed.check().title
    assert reviewed.summary.startswith("**Not reviewed any more: switched off by `ann`.**")
    reviewed.push({"cart.py": BAD})
    assert reviewed.review().exit_code == 0
    assert "**Fixed" not in "".join(one.comments[0].body for one in reviewed.discussion.threads)
    assert reviewed.summary.count("Not reviewed any more") == 1
    assert reviewed.say("/codedesigner on").exit_code == 1
    assert "Not reviewed any more" not in reviewed.summary
    assert reviewed.check().conclusion == "failure"


def test_explain_lays_out_the_votes(reviewed: Stage) -> None:
    reviewed.say("/codedesigner explain F2")

    (reply,) = reviewed.replies
    assert "**F2** at `cart.py:17`" in reply
    assert "| `ruff` | yes |" in reply
    assert "2/2" in reply


@pytest.mark.parametrize("command", ["explain F9", "dismiss F9 because"])
def test_a_finding_that_is_not_there_is_said_to_be_none(reviewed: Stage, command: str) -> None:
    reviewed.say(f"/codedesigner {command}")

    assert "There is no finding `F9`" in reviewed.replies[0]
    assert reactions(reviewed)[-1] == "no"


def test_a_plan_is_shown_and_nobody_asked(reviewed: Stage) -> None:
    ended = reviewed.say("/codedesigner plan")

    assert ended.report is None
    assert "│ Plan " in reviewed.replies[0]


@pytest.mark.parametrize("command", ["rechekc", "recheck --config=x", "dismiss F1", "help"])
def test_whatever_else_is_typed_gets_the_table(reviewed: Stage, command: str) -> None:
    reviewed.say(f"/codedesigner {command}")

    assert "| `/codedesigner recheck` |" in reviewed.replies[0]


def test_a_command_in_a_thread_is_answered_there(reviewed: Stage) -> None:
    (thread, _) = reviewed.discussion.threads

    reviewed.say("/codedesigner explain F1", thread=thread)

    assert reviewed.replies == []
    assert len(reviewed.discussion.threads[0].comments) == 3


@pytest.mark.parametrize("what", ["comment", "react"])
def test_a_run_that_is_killed_while_it_obeys_is_made_good_by_the_next(reviewed: Stage, what: str) -> None:
    comment = reviewed.forge.said(NUMBER, ANN, "/codedesigner dismiss F1 the rate is set by hand")

    def trip(when: str, write: str) -> None:
        if (when, write) == ("after", what):
            raise KeyboardInterrupt

    reviewed.forge.trip = trip
    with pytest.raises(KeyboardInterrupt):
        reviewed.answer(comment)
    reviewed.forge.trip = lambda _when, _what: None

    reviewed.answer(comment)
    reviewed.review()

    assert len(reviewed.replies) == 1
    assert reviewed.check().title == "Change blocked: 1 blocking finding"


def given_before(stage: Stage, body: str, times: int) -> None:
    for _ in range(times):
        stage.forge.said(NUMBER, ANN, body)


def told(stage: Stage) -> list[str]:
    return [one for one in stage.replies if "in an hour" in one]


def test_what_costs_nothing_does_not_use_up_what_does(reviewed: Stage) -> None:
    for body in ("/codedesigner help", "/codedesigner rechekc", "/codedesigner recheck --all", "/codedesigner off"):
        given_before(reviewed, body, 4)
    assert reviewed.say("/codedesigner recheck").report is not None
    assert told(reviewed) == []


def test_rechecks_beyond_the_limit_are_told_once(reviewed: Stage) -> None:
    given_before(reviewed, "/codedesigner recheck", 10)
    assert reviewed.say("/codedesigner recheck full").report is None
    assert reviewed.say("/codedesigner recheck").report is None
    (once,) = told(reviewed)
    assert once.startswith("Not done: 10 reviews and questions of yours in an hour are answered on one pull request.")
    # Decisions are no reviews, and another person has limits of her own.
    reviewed.say("/codedesigner dismiss F1 the rate is set by hand")
    assert [one.what for one in reviewed.remembered.decisions] == ["dismiss"]
    reviewed.forge.permissions[BOB.id] = "write"
    assert reviewed.say("/codedesigner recheck", BOB).report is not None
    reviewed.clock.now += 3_600
    assert reviewed.say("/codedesigner recheck").report is not None


def test_help_has_a_small_limit_of_its_own(reviewed: Stage) -> None:
    for number in range(7):
        reviewed.say("/codedesigner help" if number % 2 else "/codedesigner hepl")
    helped = [one for one in reviewed.replies if "/codedesigner recheck" in one]
    assert len(helped) == 5
    assert len(told(reviewed)) == 1


def test_decisions_are_bounded_far_beyond_what_people_do(reviewed: Stage) -> None:
    given_before(reviewed, "/codedesigner dismiss F1 it is meant so", 59)
    reviewed.say("/codedesigner explain F1")
    assert told(reviewed) == []
    reviewed.say("/codedesigner explain F1")
    assert len(told(reviewed)) == 1
