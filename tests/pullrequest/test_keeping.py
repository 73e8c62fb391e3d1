"""What people decide about a head that was reviewed asks nobody again, and comes to what a whole review comes to."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from codedesigner.errors import UnreachableError
from codedesigner.publish.discussion import Comment
from codedesigner.publish.forge.marks import Signer, split_marks
from codedesigner.publish.forge.remembered import ReportMark
from codedesigner.pullrequest.desk import Ended

from .stage import ANN, BOB, NUMBER, REPO, Stage
from .test_reviewing import BAD, WORSE

KEY = b"a key of more than sixteen"


def opened(stage: Stage, text: str = WORSE) -> Stage:
    """A pull request with two findings that block, reviewed once."""
    stage.open({"cart.py": text})
    stage.review()
    stage.reviews.clear()
    return stage


@pytest.fixture(params=[None, KEY], ids=["without a key", "with a key"])
def reviewed(stage: Stage, request: pytest.FixtureRequest) -> Stage:
    """The same; marks are signed, or proved by the check."""
    stage.key = request.param
    return opened(stage)


def told(stage: Stage, ended: Ended) -> dict[str, object]:
    """All that a person sees and a program reads, without times and costs, and what names a comment."""
    assert ended.report is not None
    report = ended.report.model_dump(mode="json", include={"gate", "coverage", "findings", "change"})
    check = stage.check()
    return {
        "exit": ended.exit_code,
        "report": report,
        "check": (check.conclusion, check.title, check.summary, check.text, check.annotations),
        "threads": [[split_marks(one.body)[0] for one in thread.comments] for thread in stage.discussion.threads],
        "summary": re.sub(r"\d+\.\d s", "N s", split_marks(stage.summary)[0]),
    }


def whole(stage: Stage) -> Ended:
    """The same head reviewed again, everybody asked."""
    asked = len(stage.reviews)
    ended = stage.review()
    assert len(stage.reviews) == asked + 1
    return ended


@pytest.mark.parametrize(
    "commands",
    [
        ["dismiss F1 it is meant"],
        ["dismiss F1 it is meant", "dismiss F2 so is this"],
        ["override it has to go out"],
        ["dismiss F2 it is meant", "override the rest as well"],
    ],
)
def test_a_decision_asks_nobody_and_comes_to_what_a_whole_review_comes_to(reviewed: Stage, commands: list[str]) -> None:
    for command in commands:
        ended = reviewed.say(f"/codedesigner {command}")

    assert reviewed.reviews == []
    assert ended.report is not None
    assert (ended.report.usage.model_calls, ended.report.usage.duration_ms) == (0, 0)
    seen = told(reviewed, ended)
    assert seen == told(reviewed, whole(reviewed))
    assert reviewed.check().conclusion == ("failure" if len(commands) == 1 and "dismiss" in commands[0] else "success")


def test_off_and_on_again_ask_nobody(reviewed: Stage) -> None:
    before = told(reviewed, whole(reviewed))
    reviewed.reviews.clear()

    off = reviewed.say("/codedesigner off")
    assert (off.exit_code, reviewed.check().conclusion) == (0, "neutral")
    reviewed.reviews.clear()  # of a mode that is off nothing is asked either
    on = reviewed.say("/codedesigner on")

    assert reviewed.reviews == []
    assert on.exit_code == 1
    after = told(reviewed, on)
    assert (after["check"], after["threads"], after["report"]) == (before["check"], before["threads"], before["report"])


def test_explaining_and_planning_ask_nobody(reviewed: Stage) -> None:
    reviewed.say("/codedesigner explain F1")
    reviewed.say("/codedesigner plan")

    assert reviewed.reviews == []
    assert len(reviewed.replies) == 2


def test_a_recheck_asks_only_where_something_is_left_to_ask(reviewed: Stage) -> None:
    reviewed.say("/codedesigner recheck")
    assert reviewed.reviews == []
    reviewed.say("/codedesigner recheck full")
    assert len(reviewed.reviews) == 1
    reviewed.push({"cart.py": BAD})
    reviewed.say("/codedesigner recheck")
    assert len(reviewed.reviews) == 2


def test_a_recheck_of_what_could_not_be_covered_asks_again_and_a_dismissal_does_not(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "limits: {file_bytes: 400}\n"})
    stage.open({"cart.py": BAD, "large.py": f"TEXT = '{'x' * 500}'\n"})
    stage.review()
    assert stage.check().conclusion == "failure"
    stage.reviews.clear()

    stage.say("/codedesigner dismiss F1 it is meant")
    assert (stage.reviews, stage.check().conclusion) == ([], "failure")
    assert "could not finish" in stage.check().title


def test_what_a_finding_below_the_cap_leaves_room_for_is_posted(stage: Stage) -> None:
    stage.repo.commit({".codedesigner.yml": "limits: {findings: 1}\nfix: {enabled: false}\n"})
    opened(stage)
    assert stage.check().title == "Change blocked: 1 blocking finding"

    ended = stage.say("/codedesigner dismiss F1 it is meant")

    assert stage.reviews == []
    assert stage.check().title == "Change blocked: 1 blocking finding"
    assert ended.report is not None
    seen = [(one.id, one.disposition, one.reason) for one in ended.report.findings]
    again = whole(stage).report
    assert again is not None
    assert seen == [(one.id, one.disposition, one.reason) for one in again.findings]
    assert len(stage.discussion.threads) == 2


# What cannot be proved, or is about something else, is reviewed as a whole.


def replaced(stage: Stage, change: Callable[[Comment], Comment]) -> None:
    """The summary, as somebody has made it."""

    def of(one: Comment) -> Comment:
        return change(one) if "codedesigner:summary" in one.body else one

    talk = stage.discussion
    stage.forge.discussions[NUMBER] = replace(
        talk, comments=tuple(map(of, talk.comments)), reviews=tuple(map(of, talk.reviews))
    )


def emptied(stage: Stage) -> str:
    """The mark of a report that says of this head that there is nothing."""
    kept = stage.remembered.report
    assert kept is not None
    gate = kept.report.gate.model_copy(update={"conclusion": "pass", "title": "No findings", "blocking": ()})
    report = kept.report.model_copy(update={"findings": (), "gate": gate})
    return Signer(REPO, NUMBER).mark(kept.model_copy(update={"report": report}))


def with_mark(stage: Stage, mark: str) -> Callable[[Comment], Comment]:
    def change(one: Comment) -> Comment:
        text, marks = split_marks(one.body)
        others = [each for each in marks if "codedesigner:report" not in each]
        return replace(one, body="\n".join([text, "", *others, mark, ""]))

    return change


def test_a_report_that_somebody_else_wrote_into_the_summary_counts_for_nothing(reviewed: Stage) -> None:
    replaced(reviewed, with_mark(reviewed, emptied(reviewed)))

    reviewed.say("/codedesigner dismiss F1 it is meant")

    assert len(reviewed.reviews) == 1
    assert reviewed.check().title == "Change blocked: 1 blocking finding"


def test_a_summary_that_somebody_edited_counts_for_nothing(reviewed: Stage) -> None:
    replaced(reviewed, lambda one: replace(one, edited=True, edited_by=BOB))

    reviewed.say("/codedesigner override it has to go out")

    assert len(reviewed.reviews) == 1


def test_a_report_that_is_signed_for_another_pull_request_counts_for_nothing(stage: Stage) -> None:
    stage.key = KEY
    opened(stage)
    kept = stage.remembered.report
    assert kept is not None
    replaced(stage, with_mark(stage, Signer(REPO, NUMBER + 1, KEY).mark(kept)))

    stage.say("/codedesigner dismiss F1 it is meant")

    assert len(stage.reviews) == 1


def test_a_report_of_another_head_counts_for_nothing(reviewed: Stage) -> None:
    old = reviewed.remembered.report
    assert old is not None
    reviewed.push({"cart.py": WORSE + "\n\nEXTRA = 1\n"})

    reviewed.say("/codedesigner dismiss F1 it is meant")
    assert len(reviewed.reviews) == 1

    # Put back, it is still about the old head, whatever it is signed with.
    replaced(reviewed, with_mark(reviewed, Signer(REPO, NUMBER, reviewed.key).mark(old)))
    reviewed.say("/codedesigner dismiss F2 this as well")
    assert len(reviewed.reviews) == 2


@pytest.mark.parametrize("update", [{"basis": "0" * 64}, {"format": 2}], ids=["basis", "format"])
def test_a_report_of_another_version_or_configuration_counts_for_nothing(
    reviewed: Stage, update: dict[str, object]
) -> None:
    kept = reviewed.remembered.report
    assert kept is not None
    other = ReportMark.model_construct(**{**dict(kept), **update})
    signer = Signer(REPO, NUMBER, reviewed.key)
    replaced(reviewed, with_mark(reviewed, signer.mark(other)))
    reviewed.forge.checks[reviewed.pull.head, "codedesigner"] = replace(reviewed.check(), kept=signer.digest(other))

    reviewed.say("/codedesigner dismiss F1 it is meant")

    assert len(reviewed.reviews) == 1


def test_without_a_key_only_a_check_that_has_ended_proves_a_report(stage: Stage) -> None:
    opened(stage)
    head = stage.pull.head
    for check in (
        replace(stage.check(), conclusion=None),
        replace(stage.check(), kept=""),
        replace(stage.check(), kept="0" * 64),
    ):
        stage.forge.checks[head, "codedesigner"] = check
        stage.reviews.clear()
        stage.say("/codedesigner override it has to go out")
        assert len(stage.reviews) == 1


def test_where_the_check_cannot_be_read_the_report_is_not_proved(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(stage)

    async def fails(_sha: str, _name: str) -> str:
        raise UnreachableError("502", status=502)

    monkeypatch.setattr(stage.forge, "kept", fails)
    stage.say("/codedesigner dismiss F1 it is meant")

    assert len(stage.reviews) == 1
    assert any("cannot be proved" in line for line in stage.lines)


def test_a_dismissal_that_no_longer_counts_brings_the_finding_back_by_a_whole_review(stage: Stage) -> None:
    opened(stage)
    stage.say("/codedesigner dismiss F1 it is meant")
    talk = stage.discussion
    stage.forge.discussions[NUMBER] = replace(
        talk, comments=tuple(one for one in talk.comments if one.author.id != ANN.id)
    )

    stage.say("/codedesigner dismiss F2 so is this")

    assert len(stage.reviews) == 1
    assert stage.check().title == "Change blocked: 1 blocking finding"


def test_a_report_that_is_too_long_is_not_kept_and_the_summary_says_so(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codedesigner.publish.forge.summary.MOST_MARK", 100)
    opened(stage)

    assert stage.remembered.report is None
    assert "too long to be kept here" in stage.summary
    assert stage.check().kept == ""
    stage.say("/codedesigner dismiss F1 it is meant")
    assert len(stage.reviews) == 1


def test_a_run_that_died_before_its_check_was_completed_has_proved_nothing(stage: Stage) -> None:
    stage.open({"cart.py": WORSE})
    writes = 0

    def trip(when: str, what: str) -> None:
        nonlocal writes
        writes += (when, what) == ("before", "check")
        if writes == 2:
            raise KeyboardInterrupt

    stage.forge.trip = trip
    with pytest.raises(KeyboardInterrupt):
        stage.review()
    stage.forge.trip = lambda _when, _what: None
    stage.reviews.clear()

    stage.say("/codedesigner dismiss F1 it is meant")

    assert len(stage.reviews) == 1
    assert stage.check().title == "Change blocked: 1 blocking finding"


def test_what_is_told_to_people_is_not_sent_around_with_what_is_kept(stage: Stage) -> None:
    stage.open({"cart.py": BAD})
    sent: list[str] = []
    post = stage.forge.post

    async def seen(*given: object, body: str, **more: object) -> object:
        sent.append(body)
        return await post(*given, body=body, **more)  # type: ignore[arg-type]

    stage.forge.post = seen  # type: ignore[method-assign, assignment]
    stage.review()

    assert "codedesigner:summary" in sent[0]
    assert "codedesigner:report" not in sent[0]
    assert stage.remembered.report is not None


def test_a_mark_that_expands_without_end_is_none(stage: Stage) -> None:
    opened(stage)
    bomb = _bomb()
    replaced(stage, with_mark(stage, bomb))
    assert stage.remembered.report is None
    assert stage.remembered.summary is not None


def _bomb() -> str:

    packed = base64.b64encode(zlib.compress(b" " * 30_000_000, 9)).decode("ascii")
    return f"<!-- codedesigner:report {packed} -->"
