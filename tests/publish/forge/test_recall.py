from __future__ import annotations

from dataclasses import replace

from codedesigner.publish.discussion import Account, Comment, Discussion, Thread
from codedesigner.publish.forge.marks import Signer
from codedesigner.publish.forge.recall import Remembered, recall
from codedesigner.publish.forge.remembered import DecisionMark, NoticeMark, ReplyMark, SummaryMark, What

from .world import ADA, ME

SIGNER = Signer("shop/cart", 7, b"key")
STRANGER = Account("66", "codedesigner[bot]", bot=True)


def said(name: str, body: str, at: float = 1.0, author: Account = ME) -> Comment:
    return Comment(name, author, body, at)


def remembered(*comments: Comment, threads: tuple[Thread, ...] = ()) -> Remembered:
    return recall(Discussion(comments, threads), ME, SIGNER)


def decision(what: What, at: float, sha: str = "") -> DecisionMark:
    return DecisionMark(what=what, by="4", login="ada", reason="so", at=at, comment=f"c{at}", sha=sha)


def test_nothing_is_remembered_of_nothing() -> None:
    assert remembered() == Remembered()
    assert remembered(said("1", "hello", author=ADA), said("2", "hello")) == Remembered()


def test_t_sec_41_somebody_elses_summary_is_not_ours_whatever_it_says() -> None:
    mine, other = SummaryMark(runs=3), SummaryMark(runs=10**15, next=1_000_000)
    planted = said("1", SIGNER.ended("Planted", other), 0.5, STRANGER)
    found = remembered(planted, said("2", SIGNER.ended("Summary", mine)))
    assert found.summary is not None
    assert (found.summary.id, found.state, found.spare) == ("2", mine, ())
    assert remembered(planted).summary is None


def test_t_sec_43_a_summary_that_others_edited_is_none() -> None:
    edited = replace(said("1", SIGNER.ended("Summary", SummaryMark(runs=3))), edited=True, edited_by=ADA)
    assert remembered(edited).state == SummaryMark()


def test_of_two_summaries_the_oldest_stays_and_the_newest_knowledge_counts() -> None:
    found = remembered(
        said("10", SIGNER.ended("b", SummaryMark(runs=5)), 2.0), said("9", SIGNER.ended("a", SummaryMark(runs=4)), 2.0)
    )
    assert found.summary is not None
    assert (found.summary.id, found.state.runs, [one.id for one in found.spare]) == ("9", 5, ["10"])


def test_the_last_word_counts_and_an_override_counts_for_its_commit() -> None:
    marks = [
        decision("off", 3),
        decision("on", 1),
        decision("override", 2, "a" * 40),
        decision("override", 4, "b" * 40),
    ]
    found = remembered(*(said(str(n), SIGNER.ended("ok", mark)) for n, mark in enumerate(marks)))
    assert found.switched == marks[0]
    assert found.override("a" * 40) == marks[2]
    assert found.override("c" * 40) is None
    assert found.dismissals == ()
    assert remembered().switched is None


def test_answers_are_found_in_threads_too_and_counted_by_thread() -> None:
    question = said("5", "why?", 2.0, ADA)
    answer = said("6", SIGNER.ended("because", ReplyMark(comment="5", to="question")), 3.0)
    thread = Thread("t", "a.py", "RIGHT", 1, None, (said("4", "x"), question, answer))
    other = replace(thread, id="u", comments=(said("7", "x"),))
    command = said("8", SIGNER.ended("done", ReplyMark(comment="3", to="recheck"), NoticeMark(name="limit")))
    found = remembered(command, threads=(thread, other, replace(thread, id="v", comments=())))
    assert [found.replied(name) for name in ("5", "3", "4")] == [True, True, False]
    assert (found.answers(thread), found.answers(other)) == (1, 0)
    assert found.notices == (NoticeMark(name="limit"),)
